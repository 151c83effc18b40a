//! The families of netlink(7) that we use.

use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_SOCK_DIAG};

/// The part of the kernel that a socket speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `NETLINK_ROUTE`: links, addresses, routes and queueing disciplines (rtnetlink(7)).
    Route,
    /// `NETLINK_NETFILTER`: nf_tables and connection tracking.
    Netfilter,
    /// `NETLINK_SOCK_DIAG`: the sockets of the namespace (sock_diag(7)).
    SockDiag,
}

impl Family {
    pub(super) const fn number(self) -> isize {
        match self {
            Self::Route => NETLINK_ROUTE,
            Self::Netfilter => NETLINK_NETFILTER,
            Self::SockDiag => NETLINK_SOCK_DIAG,
        }
    }
}
