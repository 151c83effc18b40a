//! The types of Tidegate's domain: names, addresses, networks, endpoints and port bindings. No IO. Each value is
//! checked when it is created, so all code may rely on it.
//!
//! Values that are one text, one number or one list (names, addresses, ports, modes, allow-lists) are serialized in that
//! form, and checked when they are read. Types with fields are not: the API and the store have types of their own for
//! them, so that a field here can be renamed.

mod allow;
mod degraded;
mod dns;
mod endpoint;
mod endpoints;
#[cfg(test)]
mod fixtures;
mod forwarding;
mod gateway_priority;
mod global_id;
mod host_ports;
mod ifname;
mod in_ranges;
mod invalid;
mod ipv6_off;
pub mod links;
mod mac;
mod name;
mod needs;
mod netns;
mod network;
mod own_sysctl;
mod owner;
mod place;
mod policy;
mod port;
mod port_range;
mod port_request;
mod resolver_address;
mod serde_text;
mod state;
mod state_id;
mod static_route;
mod subnet;
pub mod tracked;
pub mod traffic;

pub use allow::{AllowList, Allowance, Source};
pub use degraded::{Degraded, Fault};
pub use dns::{Dns, DnsOption, SearchDomain};
pub use endpoint::{Endpoint, main_of};
pub use endpoints::Endpoints;
pub use forwarding::Forwarding;
pub use gateway_priority::GatewayPriority;
pub use global_id::GlobalId;
pub use host_ports::HostPorts;
pub use ifname::IfName;
pub use in_ranges::{PortRun, in_ranges};
pub use invalid::Invalid;
pub use ipv6_off::Ipv6Off;
pub use mac::MacAddr;
pub use name::{HOST_NAMES, Name};
pub use needs::Needs;
pub use netns::{InvalidCookie, NetnsCookie, NetnsId, NetnsRef};
pub use network::Network;
pub use own_sysctl::OwnSysctl;
pub use owner::{Owner, OwnerId};
pub use place::{HandedOver, Place};
pub use policy::{Access, HostAccess, Mode, Policy};
pub use port::{PortBinding, Protocol};
pub use port_range::PortRange;
pub use port_request::{LINK_LOCAL, PortRequest, no_host_has, reason_against_zone};
pub use resolver_address::{RESOLVER4, RESOLVER6, RESOLVERS};
pub use state::{Change, DNS_PORT, State, Waiting};
pub use state_id::StateId;
pub use static_route::StaticRoute;
pub use subnet::{Subnet, first_address, overlap, reserved_as, upper_half};
