#![doc = include_str!("../README.md")]

mod choice;
mod entry;
mod exec;
mod fault;
#[cfg(feature = "libnftables")]
mod library;
#[cfg(not(feature = "libnftables"))]
#[path = "no_library.rs"]
mod library;
mod location;
mod message;
mod process;
mod script;
mod shared;
mod table;
mod watch;

pub use choice::{DriverChoice, Opened, UnknownDriver, open};
pub use entry::{Entry, Programs};
pub use exec::{ExecDriver, ExecMode, ExecOptions};
#[cfg(feature = "libnftables")]
pub use library::{LIBRARY_PROCESS, LibraryDriver, LibraryOptions, serve_library};
pub use process::{Trouble, Vigil};
pub use table::DRIVERS;
pub use tidegate_sys::Location;
pub use watch::{ForeignChange, Ledger, Notice, TableChanges, Watch};
