//! libnftables, safely.
//!
//! [`Context`] wraps a `struct nft_ctx`; it stays on the thread that made it. [`Owner`] is that
//! thread: a handle that any thread can use, with three guarantees that the C library does not give.
//!
//! - Commands are carried out one at a time, in the order in which they were handed in.
//! - The context works in the network namespace that it was opened for.
//! - Its netlink socket has a descriptor far below 1024. libnftables waits with `select()`, and glibc
//!   ends the process when a descriptor there is 1024 or more. The thread has a table of descriptors
//!   of its own (`unshare(CLONE_FILES)`), in which hardly anything is open, so this holds however
//!   many files the process has open, and also when the library opens its socket anew.

mod context;
mod descriptors;
mod owner;

pub use context::{Context, Format, Outcome};
pub use owner::{Gone, Owner};

/// Why a context could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The thread could not be started.
    #[error("starting the thread of libnftables")]
    Thread(#[source] std::io::Error),
    /// The namespace could not be entered.
    #[error("entering the network namespace")]
    Namespace(#[source] std::io::Error),
    /// The socket of libnftables could not be kept below descriptor 1024.
    #[error("giving libnftables descriptors of its own, below 1024")]
    Descriptors(#[source] std::io::Error),
    /// A socket such as the library needs could not be opened; the library would have ended the
    /// process.
    #[error("opening a netlink socket for nf_tables")]
    Netlink(#[source] std::io::Error),
    /// The library made no context.
    #[error("libnftables made no context")]
    Context,
    /// A file in memory for commands could not be made.
    #[error("making a file in memory for commands")]
    Commands(#[source] std::io::Error),
}
