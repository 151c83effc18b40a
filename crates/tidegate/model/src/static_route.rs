//! Static routes of endpoints.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::Invalid;

/// A route that an endpoint gives its namespace, through its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaticRoute {
    to: IpNet,
    via: Option<IpAddr>,
}

impl StaticRoute {
    /// A route to a prefix, by a next hop, or to machines on the link itself.
    ///
    /// # Errors
    /// If the prefix has bits after its length, or the next hop is of another family or no address of a machine.
    pub fn new(to: IpNet, via: Option<IpAddr>) -> Result<Self, Invalid> {
        let route = Self { to, via };
        let refuse = |reason, hint| Err(Invalid::new("route", &route.to_string(), reason, hint));
        if to.trunc() != to {
            return refuse(
                "its destination has bits set after the prefix",
                "give the first address of the prefix, such as 10.9.0.0/16",
            );
        }
        let Some(next) = via else {
            return Ok(route);
        };
        if next.is_ipv4() != to.addr().is_ipv4() {
            let hint = "give a next hop of the destination's family";
            return refuse("its next hop is of another family", hint);
        }
        if next.is_unspecified() || next.is_loopback() || next.is_multicast() {
            let hint = "give the address of a router on the endpoint's network";
            return refuse("its next hop is no address of a router", hint);
        }
        Ok(route)
    }

    /// The destination.
    pub fn to(&self) -> IpNet {
        self.to
    }

    /// The next hop; none if the destination is on the link.
    pub fn via(&self) -> Option<IpAddr> {
        self.via
    }

    /// Whether it is a default route.
    pub fn is_default(&self) -> bool {
        self.to.prefix_len() == 0
    }
}

impl fmt::Display for StaticRoute {
    /// `10.9.0.0/16` or `10.9.0.0/16=10.208.0.9`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.via {
            Some(via) => write!(f, "{}={via}", self.to),
            None => write!(f, "{}", self.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(to: &str, via: Option<&str>) -> Result<StaticRoute, Invalid> {
        let via = via.map(|ip| ip.parse().unwrap());
        StaticRoute::new(to.parse().unwrap(), via)
    }

    #[test]
    fn a_route_leads_to_a_prefix_by_a_router_of_its_family() {
        for (to, via, shown) in [
            ("10.9.0.0/16", None, "10.9.0.0/16"),
            ("10.9.0.0/16", Some("10.1.2.9"), "10.9.0.0/16=10.1.2.9"),
            ("fd09::/32", Some("fd01::9"), "fd09::/32=fd01::9"),
        ] {
            assert_eq!(route(to, via).unwrap().to_string(), shown);
        }
        assert!(route("0.0.0.0/0", Some("10.1.2.9")).unwrap().is_default());
    }

    #[test]
    fn a_route_that_cannot_be_is_refused() {
        for (to, via) in [
            ("10.9.0.1/16", None),
            ("10.9.0.0/16", Some("fd01::9")),
            ("10.9.0.0/16", Some("0.0.0.0")),
            ("10.9.0.0/16", Some("127.0.0.1")),
            ("fd09::/32", Some("ff02::1")),
        ] {
            assert!(route(to, via).is_err(), "{to} {via:?}");
        }
    }
}
