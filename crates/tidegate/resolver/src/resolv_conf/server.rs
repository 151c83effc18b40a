//! A DNS server as settings name it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;

/// The address of a DNS server. A link-local one needs its interface: `fe80::1%eth0`, or `fe80::1%2` (RFC 4007
/// section 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address.
    pub ip: IpAddr,
    /// The interface of an IPv6 address, by name or index.
    pub scope: Option<String>,
}

/// The server of the host itself.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Server {
    /// The server that is asked where none is named (resolv.conf(5), `nameserver`).
    pub const fn local() -> Self {
        Self {
            ip: LOCAL,
            scope: None,
        }
    }

    /// Whether the address means another server on each link, and the link is not named.
    pub fn lacks_scope(&self) -> bool {
        let is_of_link = matches!(self.ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
        is_of_link && self.scope.is_none()
    }

    /// A port of the server, where `index_of` finds the index of an interface. None if there is no such interface now.
    pub fn at(&self, port: u16, index_of: impl FnOnce(&str) -> Option<u32>) -> Option<SocketAddr> {
        match (self.ip, &self.scope) {
            (IpAddr::V6(ip), Some(scope)) => {
                let index = scope.parse().ok().or_else(|| index_of(scope))?;
                Some(SocketAddrV6::new(ip, port, 0, index).into())
            }
            (ip, _) => Some((ip, port).into()),
        }
    }
}

impl From<IpAddr> for Server {
    fn from(ip: IpAddr) -> Self {
        Self { ip, scope: None }
    }
}

impl FromStr for Server {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('%') {
            Some((ip, scope)) if !scope.is_empty() => Ok(Self {
                ip: ip.parse::<Ipv6Addr>()?.into(),
                scope: Some(scope.to_owned()),
            }),
            _ => text.parse::<IpAddr>().map(Self::from),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Some(scope) => write!(f, "{}%{scope}", self.ip),
            None => self.ip.fmt(f),
        }
    }
}
