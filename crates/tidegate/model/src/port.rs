//! Published ports.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::{Invalid, serde_as_text};

/// A transport protocol whose ports can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "lowercase")
)]
pub enum Protocol {
    /// RFC 9293.
    Tcp,
    /// RFC 768.
    Udp,
    /// RFC 9260.
    Sctp,
}

impl Protocol {
    /// Every protocol, in the order of the ruleset.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The protocol's number in an IP header (IANA "Protocol Numbers").
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    /// `tcp`, `udp` or `sctp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| {
                Invalid::new("protocol", text, "it is not known", "use tcp, udp or sctp")
            })
    }
}

serde_as_text!(Protocol);

/// One published port: packets to a host port reach a port of the endpoint. In a routed network there is no host
/// port. Then it is written `PORT[/tcp|udp|sctp]`, or `0.0.0.0::PORT` for IPv4 only, or `[::]::PORT` for IPv6 only.
///
/// Written `[HOSTIP:]HOSTPORT:PORT[/tcp|udp|sctp]`, with an IPv6 host address in brackets. Ports are 1 to 65535. The
/// default protocol is tcp. Without a host address, the port is published on every address of the host, for all
/// families that the endpoint has. `0.0.0.0` means every IPv4 address, and `[::]` every IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct PortBinding {
    /// Host address: an unspecified one for all of its family, none for all of both families.
    pub host_ip: Option<IpAddr>,
    /// Host port; 0 if there is none.
    pub host_port: u16,
    /// Port of the endpoint.
    pub port: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

impl PortBinding {
    /// Whether it is published on `::1`: the daemon relays that address.
    pub fn is_on_ipv6_loopback(&self) -> bool {
        self.host_ip
            .is_some_and(|ip| ip.is_ipv6() && ip.is_loopback())
    }

    /// The single host address; none if it is every address of one or both families.
    pub fn only_at(&self) -> Option<IpAddr> {
        self.host_ip.filter(|ip| !ip.is_unspecified())
    }

    /// Whether it is published for the family of an address: a host address selects its family.
    pub fn is_of_family(&self, ip: IpAddr) -> bool {
        self.host_ip.is_none_or(|at| at.is_ipv4() == ip.is_ipv4())
    }

    /// Whether packets to a host address reach it.
    pub fn is_at(&self, ip: IpAddr) -> bool {
        self.is_of_family(ip) && self.only_at().is_none_or(|at| at == ip)
    }

    /// Whether both need the same host port: same protocol and port, on the same address, or one of them on every
    /// address of the other's family.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.protocol == other.protocol
            && self.host_port != 0
            && self.host_port == other.host_port
            && match (self.host_ip, other.host_ip) {
                (Some(one), Some(two)) => self.is_at(two) || other.is_at(one),
                (None, _) | (_, None) => true,
            }
    }
}

impl fmt::Display for PortBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_ip {
            Some(IpAddr::V4(ip)) => write!(f, "{ip}:")?,
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:")?,
            None => {}
        }
        match (self.host_port, self.host_ip) {
            (0, None) => {}
            (0, Some(_)) => write!(f, ":")?,
            (host_port, _) => write!(f, "{host_port}:")?,
        }
        write!(f, "{}/{}", self.port, self.protocol)
    }
}

serde_as_text!(PortBinding);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PortBinding {
        text.parse().unwrap()
    }

    #[test]
    fn the_forms_that_users_write_are_understood() {
        for (given, shown) in [
            ("8080:80", "8080:80/tcp"),
            ("53:53/udp", "53:53/udp"),
            ("80", "80/tcp"),
            ("0:80", "80/tcp"),
            ("127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp"),
            ("[::1]:80:80/sctp", "[::1]:80:80/sctp"),
            ("0.0.0.0:1:2", "0.0.0.0:1:2/tcp"),
            ("[::]:1:2", "[::]:1:2/tcp"),
            ("0.0.0.0::2", "0.0.0.0::2/tcp"),
            ("[::]::2/udp", "[::]::2/udp"),
        ] {
            assert_eq!(parse(given).to_string(), shown);
        }
    }

    #[test]
    fn a_refusal_names_the_part_that_is_wrong() {
        for (given, reason) in [
            ("127.0.0.1::80", "it has no host port"),
            ("8000-8001:80-81", "it is a range"),
        ] {
            assert_eq!(
                given.parse::<PortBinding>().unwrap_err().reason,
                reason,
                "{given}"
            );
        }
    }

    #[test]
    fn ports_that_are_not_ports_of_the_host_do_not_conflict() {
        assert!(!parse("80").conflicts_with(&parse("80")));
    }

    #[test]
    fn bindings_conflict_where_they_want_the_same_port_of_the_host() {
        let any = parse("80:80");
        assert!(any.conflicts_with(&parse("127.0.0.1:80:81")));
        assert!(!any.conflicts_with(&parse("80:80/udp")));
        assert!(!parse("127.0.0.1:80:80").conflicts_with(&parse("127.0.0.2:80:80")));
    }

    #[test]
    fn every_address_of_one_family_conflicts_only_with_that_family() {
        let (all4, all6) = (parse("0.0.0.0:80:80"), parse("[::]:80:80"));
        let conflicts = |one: &PortBinding, other| {
            let other = parse(other);
            assert_eq!(one.conflicts_with(&other), other.conflicts_with(one));
            one.conflicts_with(&other)
        };
        assert!(!all4.conflicts_with(&all6) && !all6.conflicts_with(&all4));
        assert!(conflicts(&all4, "80:1") && conflicts(&all6, "80:1"));
        assert!(conflicts(&all4, "0.0.0.0:80:1") && conflicts(&all6, "[::]:80:1"));
        assert!(conflicts(&all4, "127.0.0.1:80:1") && !conflicts(&all6, "127.0.0.1:80:1"));
        assert!(conflicts(&all6, "[::1]:80:1") && !conflicts(&all4, "[::1]:80:1"));
    }

    #[test]
    fn protocols_have_the_numbers_and_names_of_ip_headers() {
        for (protocol, number, name) in [
            (Protocol::Tcp, 6, "tcp"),
            (Protocol::Udp, 17, "udp"),
            (Protocol::Sctp, 132, "sctp"),
        ] {
            assert_eq!((protocol.number(), protocol.as_str()), (number, name));
            assert_eq!(name.parse(), Ok(protocol));
        }
        assert!("icmp".parse::<Protocol>().is_err());
    }

    #[test]
    fn packets_to_a_host_address_reach_the_bindings_of_it_or_of_its_whole_family() {
        for (binding, at, is_of_family, is_at) in [
            ("80:80", "192.0.2.1", true, true),
            ("80:80", "2001:db8::1", true, true),
            ("0.0.0.0:80:80", "192.0.2.1", true, true),
            ("0.0.0.0:80:80", "2001:db8::1", false, false),
            ("[::]:80:80", "2001:db8::1", true, true),
            ("192.0.2.1:80:80", "192.0.2.1", true, true),
            ("192.0.2.1:80:80", "192.0.2.2", true, false),
        ] {
            let at = crate::fixtures::ip(at);
            assert_eq!(
                parse(binding).is_of_family(at),
                is_of_family,
                "{binding} {at}"
            );
            assert_eq!(parse(binding).is_at(at), is_at, "{binding} {at}");
        }
        assert!(parse("[::1]:80:80").is_on_ipv6_loopback());
        for other in ["127.0.0.1:80:80", "[2001:db8::1]:80:80", "80:80"] {
            assert!(!parse(other).is_on_ipv6_loopback(), "{other}");
        }
        assert_eq!(parse("0.0.0.0:80:80").only_at(), None);
        assert_eq!(
            parse("192.0.2.1:80:80").only_at(),
            Some(crate::fixtures::ip("192.0.2.1"))
        );
    }
}
