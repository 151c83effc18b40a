//! The resolver: endpoints query a gateway of their network, and a process of its own answers.
//!
//! A process without capabilities and files parses what endpoints send, so that an exploit gains nothing. It is this
//! program, started with the argument [`PROCESS`]. The daemon binds the [`Sockets`], passes them over the
//! [`ResolverHandle`], and sends the networks and endpoints there. The [`supervisor`] replaces a process that ended.
//! `tidegate-resolver` decides the answers.

mod ask_list;
mod asked;
mod handle;
mod host_file;
mod liveness;
mod process;
mod settings;
mod sockets;
mod supervisor;
mod upstreams;
mod wire;

pub(crate) use ask_list::AskList;
pub(crate) use asked::upstreams_now;
pub(crate) use handle::{ResolverHandle, Status};
pub(crate) use host_file::{RESOLV_CONF, host_conf};
pub use process::serve;
pub(crate) use settings::ResolverSettings;
pub(crate) use sockets::Sockets;
pub(crate) use supervisor::{Names, start};
pub use upstreams::Upstream;

/// The argument with which this program is the resolver process and calls [`serve`].
pub const PROCESS: &str = "resolver-process";
