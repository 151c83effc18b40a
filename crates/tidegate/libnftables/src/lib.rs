//! libnftables, safely.
//!
//! [`Context`] wraps a `struct nft_ctx`; it stays on the thread that made it, and works in the network
//! namespace which that thread is in then.
//!
//! The library can end the process that calls it: on sets that a newer release wrote, where memory is
//! short, or when its netlink socket has a descriptor of 1024 or more, for which glibc's `select()`
//! aborts. The last is refused here beforehand; for the rest, call it in a process that may end.

mod context;
mod descriptors;

pub use context::{Context, Format, RunResult};

/// Why a context could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A socket such as the library needs could not be opened; the library would have ended the
    /// process.
    #[error("cannot open a netlink socket for nf_tables")]
    Netlink(#[source] std::io::Error),
    /// The library made no context.
    #[error("libnftables returned no context")]
    Context,
    /// A file in memory for commands could not be made.
    #[error("cannot create a file in memory for commands")]
    Commands(#[source] std::io::Error),
}
