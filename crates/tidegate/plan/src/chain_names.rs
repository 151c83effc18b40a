//! The names of the chains that elements of the ruleset lead to.

use tidegate_nft::{Name, name};

/// The chain that sees what comes from bridges on which the host has addresses.
pub(crate) const FROM_ENDPOINT: Name = name!("from_endpoint");
/// The chains that see what comes from networks that do not reach all of the host.
pub(crate) const HOST_NONE: Name = name!("host_none");
/// See [`HOST_NONE`].
pub(crate) const HOST_DNS: Name = name!("host_dns");
/// See [`HOST_NONE`].
pub(crate) const HOST_GATEWAY: Name = name!("host_gateway");
