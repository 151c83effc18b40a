//! The daemon's API: JSON over HTTP on a unix socket.
//!
//! [`calls`] has the calls, each with its path, what it takes and what it answers; the rest are the values that travel.
//! The server, the client, the benchmarks and the generated OpenAPI document all use this one table.
//!
//! Each answer says in the header `Server-Timing` (<https://www.w3.org/TR/server-timing/>) where its time went. A
//! refusal has a status of 4xx or 5xx and a [`Refusal`] as its body.

pub mod calls;
pub mod doctor;
mod endpoint;
pub mod event;
pub mod explain;
mod given;
mod info;
mod network;
#[cfg(feature = "schema")]
pub mod openapi;
mod refusal;
mod ruleset;
pub mod traffic;
mod travels;

pub use endpoint::{Attach, EndpointView, Ports, Publish};
#[cfg(feature = "schema")]
pub use given::Schemas;
pub use given::{Body, Given, Query};
pub use info::{Build, DriverInfo, Fight, ForwardingInfo, Info, NamesInfo};
pub use network::{CreateNetwork, NetworkView, Peer, RemoveNetwork};
pub use refusal::{Refusal, RefusalKind};
pub use ruleset::{RulesetDiff, RulesetText};
pub use travels::Travels;
