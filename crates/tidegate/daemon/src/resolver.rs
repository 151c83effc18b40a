//! Names: endpoints ask a gateway of theirs, and a process of its own answers.
//!
//! What endpoints send is read by nobody who could do anything with it: the process that does has no
//! capability, no file and no way to open one. It is this program, started with [`PROCESS`] as its
//! argument. The daemon binds the [`Sockets`], passes them over the [`ResolverHandle`], and tells there what
//! networks and endpoints there are; the [`supervisor`] replaces a process that ended. What is answered is
//! `tidegate-resolver`'s to decide.

mod handle;
mod liveness;
mod process;
mod sockets;
mod supervisor;
mod upstreams;
mod wire;

pub(crate) use handle::{ResolverHandle, Status};
pub use process::serve;
pub(crate) use sockets::Sockets;
pub(crate) use supervisor::{Names, start};
pub use upstreams::Upstream;
pub(crate) use upstreams::host_conf;

/// The argument with which this program is the process that answers, and is to call [`serve`].
pub const PROCESS: &str = "resolver-process";
