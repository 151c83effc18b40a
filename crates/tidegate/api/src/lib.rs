//! The daemon's API: JSON over HTTP on a unix socket.
//!
//! [`calls`] has the calls, each with its path, parameters and answer. The other modules have the types of parameters
//! and answers. The server, the client, the benchmarks and the generated OpenAPI document all use this one table.
//!
//! The header `Server-Timing` of each answer (<https://www.w3.org/TR/server-timing/>) has the duration of each stage.
//! A refusal has a status of 4xx or 5xx and a [`Refusal`] as its body.

pub mod calls;
mod check;
mod degraded;
mod dns;
pub mod doctor;
mod endpoint;
pub mod event;
pub mod explain;
mod export;
mod given;
mod info;
mod network;
pub mod new_name;
#[cfg(feature = "schema")]
pub mod openapi;
mod owned;
mod policy;
mod refusal;
mod repairs;
mod ruleset;
pub mod traffic;
mod travels;
mod warning;

pub use check::{EndpointCheck, EndpointFinding, EndpointPart};
pub use degraded::{Degraded, Fault};
pub use dns::Dns;
pub use endpoint::{
    Allowance, Attach, Endpoint, EndpointBridge, EndpointView, HandedOver, NetnsId, NetnsRef,
    Owner, Ports, PortsView, Publish, RemoveEndpoint, StaticRoute,
};
pub use export::{
    Connection, Export, ExportedEndpoint, Imported, Removable, TearDown, TornDown, WaitingEndpoint,
};
#[cfg(feature = "schema")]
pub use given::Schemas;
pub use given::{Body, Given, InQuery, Query};
pub use info::{
    Build, DriverInfo, Fight, ForwardingInfo, Info, NamesInfo, Setting, SettingOrigin, SettingsInfo,
};
pub use network::{CreateNetwork, Network, NetworkView, Peer, RemoveNetwork, Subnet};
pub use owned::{OwnedEndpoints, ProposeSubnets, ProposedSubnets, UnusedEndpoints};
pub use policy::Policy;
pub use refusal::{Refusal, RefusalCode, RefusalKind};
pub use repairs::{RecentRepair, Repair, RepairKind, Repaired, Repairs};
pub use ruleset::{RulesetDiff, RulesetText};
pub use travels::Travels;
pub use warning::Warning;

/// Where the daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/tidegate/tidegated.sock";
