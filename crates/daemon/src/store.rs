//! The state that outlives the daemon: one row for each network and endpoint in an embedded
//! database, on disk before the user is told that something was done.

mod error;
mod rows;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use redb::{Builder, Database, Durability};
use tidegate_model::{Change, State};

pub use error::StoreError;

const FILE: &str = "state.redb";
/// Mode of a state folder that is made: nobody else's business.
const FOLDER_MODE: u32 = 0o700;
/// Bytes of cache: what a commit touches fits. The rows are read once, at the start.
const CACHE: usize = 1 << 20;

/// The database of a state folder. Whoever has it open has it alone.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// None while it has to be opened anew: after an error of the disk the database refuses
    /// everything, and whether the last change was written is not known.
    database: Option<Database>,
}

impl Store {
    /// Opens the database of a state folder, and makes both where they are not there.
    ///
    /// # Errors
    /// When the folder cannot be made or written, another daemon has it, or the database is
    /// damaged or of a newer version. A file that cannot be read is never replaced.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder);
        made.map_err(|source| StoreError::Folder {
            path: folder.into(),
            source,
        })?;
        let path = folder.join(FILE);
        let database = open(&path)?;
        rows::prepare(&database).map_err(|e| e.at(&path))?;
        Ok(Self {
            path,
            database: Some(database),
        })
    }

    /// Reads everything.
    ///
    /// # Errors
    /// When a row cannot be read, naming it.
    pub fn load(&mut self) -> Result<State, StoreError> {
        let path = self.path.clone();
        rows::load(self.database()?).map_err(|e| e.at(&path))
    }

    /// Writes a change of `state`, which is the state before it. It is on disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses. The change then counts as not made: the next commit puts right
    /// whatever part of it was written.
    pub fn commit(&mut self, state: &State, change: &Change) -> Result<(), StoreError> {
        let path = self.path.clone();
        let is_suspect = self.database.is_none();
        let database = self.database()?;
        let written = if is_suspect {
            rows::replace(database, state)
        } else {
            Ok(())
        }
        .and_then(|()| rows::write(database, change, state.number_after(change)));
        if written.is_err() {
            self.database = None;
        }
        written.map_err(|e| e.at(&path))
    }

    fn database(&mut self) -> Result<&Database, StoreError> {
        match &mut self.database {
            Some(database) => Ok(database),
            closed => Ok(closed.insert(open(&self.path)?)),
        }
    }
}

/// Opens the file; redb locks it (flock(2)) for as long as it is open.
fn open(path: &Path) -> Result<Database, StoreError> {
    Builder::new()
        .set_cache_size(CACHE)
        // Checksums of every page: a damaged file is an error here, and no panic later.
        .set_check_integrity_on_open(true)
        .create(path)
        .map_err(|source| StoreError::opening(path, source))
}

/// Every write is on disk when it returns (redb's default, said aloud).
const DURABILITY: Durability = Durability::Immediate;

#[cfg(test)]
mod tests;
