//! The store: one row for each network and endpoint in an embedded database. A change is on disk before the command
//! is confirmed.

mod dns_row;
mod endpoint_row;
mod error;
mod layout;
mod network_row;
mod place;
mod rows;
mod waiting_row;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use redb::{Builder, Database, Durability};
use tidegate_model::{Change, GlobalId, State, StateId};

use error::Fault;
pub use error::StoreError;
use place::Known;

const FILE: &str = "state.redb";
/// Bytes of cache: what a commit touches fits. The rows are read once, at the start.
const CACHE: usize = 1 << 20;

/// The database of a state folder. Only one process can have it open.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    id: StateId,
    /// Paths of sysctls that the daemon changed, with their values before.
    sysctls: BTreeMap<String, String>,
    /// The file that was opened last, and what of it is known.
    known: Option<Known>,
    /// The same file, opened to look at its header.
    file: Option<OwnedFd>,
    /// None while it must be opened again: after a disk error the database refuses everything, and it is unknown
    /// whether the last change was written.
    database: Option<Database>,
}

impl Store {
    /// Opens the database of a state directory, and creates both if they are missing.
    ///
    /// # Errors
    /// If the directory cannot be created or written, another daemon has it, or the database is empty, damaged or of
    /// a newer version. A file that cannot be read is never replaced.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        place::make_folder(folder)?;
        let path = folder.join(FILE);
        match place::length(&path)? {
            Some(0) => return Err(StoreError::Emptied { path }),
            Some(_) => {}
            None => make(folder, &path)?,
        }
        let database = open(&path)?;
        let prepared = rows::prepare(&database).and_then(|()| rows::identify(&database, None));
        let id = prepared.map_err(|e| e.at("set up", &path))?;
        let sysctls = rows::sysctls(&database).map_err(|e| e.at("read", &path))?;
        let mut store = Self {
            path,
            id,
            sysctls,
            known: None,
            file: None,
            database: Some(database),
        };
        store.take_up();
        Ok(store)
    }

    /// Like [`Self::open`], but treats an empty file as a new one: a daemon of an older release that was killed at
    /// its first start left such a file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_emptied(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        if place::length(&path)? == Some(0) {
            place::remove(&path)?;
        }
        Self::open(folder)
    }

    /// Whether a state directory has a database, sound or not.
    ///
    /// # Errors
    /// If that cannot be told, or something else is in its place.
    pub fn is_there(folder: &Path) -> Result<bool, StoreError> {
        Ok(place::length(&folder.join(FILE))?.is_some())
    }

    /// The identity of the state. It stays when the file is written again.
    pub const fn id(&self) -> StateId {
        self.id
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the open file is the one that a start would read, with the written content: no program removed,
    /// replaced, emptied or overwrote it.
    pub fn is_in_place(&self) -> bool {
        match (self.known, self.look()) {
            (Some(known), Some(found)) => known.is(&found),
            _ => false,
        }
    }

    /// Writes the whole state to a new file, and renames it to the path when it is complete and on disk. Only then is
    /// the old file closed: the database writes to it once more, and it may still be at that path, emptied. Another
    /// program's file at the path is kept under another name.
    ///
    /// # Errors
    /// If the directory or the disk refuses, or another daemon has the file at the path.
    pub fn rewrite(&mut self, state: &State) -> Result<(), StoreError> {
        tracing::warn!(path = %self.path.display(), "the state file was removed, replaced, emptied or overwritten: \
         writing it again");
        let was = self.known.map(|known| known.identity());
        let is_held = self.database.is_some();
        let new = place::prepare_new(&self.path)?;
        let database = open(&new)?;
        let written = rows::prepare(&database)
            .and_then(|()| rows::identify(&database, Some(self.id)))
            .and_then(|_| rows::set_sysctls(&database, &self.sysctls))
            .and_then(|()| rows::replace(&database, state));
        written.map_err(|e| e.at("write to", &new))?;
        place::put(&new, &self.path, was, is_held)?;
        self.take_up();
        self.database = Some(database);
        Ok(())
    }

    /// Reads everything.
    ///
    /// # Errors
    /// When a row cannot be read, naming it.
    pub fn load(&mut self) -> Result<State, StoreError> {
        let path = self.path.clone();
        rows::load(self.database()?).map_err(|e| e.at("read", &path))
    }

    /// The host's global ID. If there is none yet, writes one: `make` makes it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn global_id(&mut self, make: impl FnOnce() -> GlobalId) -> Result<GlobalId, StoreError> {
        let path = self.path.clone();
        let database = self.database()?;
        if let Some(id) = rows::global_id(database).map_err(|e| e.at("read", &path))? {
            return Ok(id);
        }
        let id = make();
        let written = rows::set_global_id(database, id);
        self.finish(written)?;
        Ok(id)
    }

    /// Records the value that a sysctl had before the daemon changed it, unless one is recorded.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn note_sysctl(&mut self, path: &str, value: &str) -> Result<(), StoreError> {
        if self.sysctls.contains_key(path) {
            return Ok(());
        }
        self.sysctls.insert(path.to_owned(), value.to_owned());
        self.write_sysctls()
    }

    /// The values that sysctls had before the daemon changed them, by their paths below `/proc/sys`.
    pub fn sysctls(&self) -> &BTreeMap<String, String> {
        &self.sysctls
    }

    /// Forgets these values.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn forget_sysctls(&mut self) -> Result<(), StoreError> {
        self.sysctls.clear();
        self.write_sysctls()
    }

    fn write_sysctls(&mut self) -> Result<(), StoreError> {
        // The next command writes a file as a whole that is not in its place, or that a failure may have left half
        // written.
        if self.database.is_none() || !self.is_in_place() {
            return Ok(());
        }
        let sysctls = self.sysctls.clone();
        let written = rows::set_sysctls(self.database()?, &sysctls);
        self.finish(written)
    }

    /// Writes a change of `state`, the state before the change. It is on disk when this returns.
    ///
    /// # Errors
    /// If the disk refuses. The change then counts as not made: the next commit corrects any part of it that was
    /// written.
    pub fn commit(&mut self, state: &State, change: &Change) -> Result<(), StoreError> {
        if !self.is_in_place() {
            self.rewrite(state)?;
        }
        let is_suspect = self.database.is_none();
        let sysctls = self.sysctls.clone();
        let database = self.database()?;
        let written = if is_suspect {
            rows::replace(database, state).and_then(|()| rows::set_sysctls(database, &sysctls))
        } else {
            Ok(())
        }
        .and_then(|()| rows::write(database, state, change));
        self.finish(written)
    }

    /// Ends a write. After a failure, the database accepts no other one until it is opened again.
    fn finish(&mut self, written: Result<(), Fault>) -> Result<(), StoreError> {
        match written {
            Ok(()) => self.known = self.file.as_ref().and_then(Known::of_open),
            Err(_) => {
                self.database = None;
                self.known = self.known.map(Known::after_failure);
            }
        }
        written.map_err(|e| e.at("write to", &self.path))
    }

    /// The file at the path.
    fn look(&self) -> Option<Known> {
        Known::of(&self.path, self.file.as_ref()?)
    }

    /// Records the file at the path as the known one.
    fn take_up(&mut self) {
        self.file = place::open_to_look(&self.path);
        self.known = self.look();
    }

    fn database(&mut self) -> Result<&Database, StoreError> {
        match &mut self.database {
            Some(database) => Ok(database),
            closed => Ok(closed.insert(open(&self.path)?)),
        }
    }
}

/// Creates an empty database atomically. If two daemons do so at once, the second finds that of the first.
fn make(folder: &Path, path: &Path) -> Result<(), StoreError> {
    let _lock = place::lock_folder(folder);
    if place::length(path)?.is_some() {
        return Ok(());
    }
    let new = place::prepare_new(path)?;
    rows::prepare(&open(&new)?).map_err(|e| e.at("set up", &new))?;
    place::put(&new, path, None, false)
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

/// Every write is on disk when it returns (redb's default, made explicit).
const DURABILITY: Durability = Durability::Immediate;

#[cfg(test)]
mod tests;
