//! What a driver brings so that it can be chosen.

use std::path::PathBuf;

use tidegate_nft::{Driver, Error};
use tidegate_sys::Location;

/// Opens a driver in a network namespace.
type Open = fn(Location, &Programs) -> Result<Box<dyn Driver>, Error>;

/// A driver that can be chosen by its name.
pub struct Entry {
    /// As settings write it.
    pub name: &'static str,
    /// Whether it is compiled in.
    pub is_built: bool,
    pub(super) open: Open,
}

/// What the drivers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The `nft` program for the exec driver. Default: found in the usual directories.
    pub nft: Option<PathBuf>,
    /// The program that calls `serve_library` when its argument is `LIBRARY_PROCESS`, for the library
    /// driver.
    pub library: PathBuf,
}

impl Default for Programs {
    /// Any `nft`, and the calling program itself (also when its file was replaced since it started).
    fn default() -> Self {
        Self {
            nft: None,
            library: "/proc/self/exe".into(),
        }
    }
}
