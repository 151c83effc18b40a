//! What settings name of the host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::IfName;

/// Addresses and interfaces of the host that settings of networks and endpoints name. The host may lack some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Addresses of the host, without loopback and unspecified ones.
    pub addresses: BTreeSet<IpAddr>,
    /// Interfaces of the host.
    pub interfaces: BTreeSet<IfName>,
}

impl Needs {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.interfaces.is_empty()
    }
}
