//! The names of chains to which elements of the ruleset lead.

use tidegate_nft::{Name, name};

/// The chain for packets from bridges on which the host has addresses.
pub(crate) const FROM_ENDPOINT: Name = name!("from_endpoint");
/// The chain for packets to the DNS server's own addresses that are no queries, and for all packets from isolated
/// networks that have names.
pub(crate) const NEIGHBOURS: Name = name!("neighbours");
/// The chains for packets from networks with limited access to the host.
pub(crate) const HOST_NONE: Name = name!("host_none");
/// See [`HOST_NONE`].
pub(crate) const HOST_DNS: Name = name!("host_dns");
/// See [`HOST_NONE`].
pub(crate) const HOST_GATEWAY: Name = name!("host_gateway");
