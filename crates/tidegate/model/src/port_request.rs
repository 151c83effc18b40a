//! Ports of requests.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::serde_as_text;
use crate::{Invalid, PortBinding, PortRange, Protocol};

/// Ports to publish, as the user writes them.
///
/// Written `[HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]`, with an IPv6 host address in brackets. Without a
/// host port, or with 0, each port gets a free one. A range of host ports for one port means a free one of the range.
/// The default protocol is tcp. Without a host address, the network's default applies, or else every address of the
/// host, for all families that the endpoint has. `0.0.0.0` means every IPv4 address, and `[::]` every IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct PortRequest {
    /// Address of the host.
    pub host_ip: Option<IpAddr>,
    /// Host ports: as many as `ports`, or more if that is a single port; none for free ones.
    pub host_ports: Option<PortRange>,
    /// Ports of the endpoint.
    pub ports: PortRange,
    /// Transport protocol.
    pub protocol: Protocol,
}

impl PortRequest {
    /// Whether the daemon must choose a host port.
    pub fn wants_free(&self) -> bool {
        self.host_ports
            .is_none_or(|host_ports| host_ports.count() != self.ports.count())
    }

    /// Whether this selects a published port by its host port: that of a request which names a single side.
    pub fn names_host_port_of(&self, binding: &PortBinding) -> bool {
        let is_one_sided = self.host_ip.is_none() && self.host_ports.is_none();
        is_one_sided && self.protocol == binding.protocol && self.ports.contains(binding.host_port)
    }

    /// Whether this selects a published port. A missing host address or host port matches any.
    pub fn names(&self, binding: &PortBinding) -> bool {
        self.protocol == binding.protocol
            && self.ports.contains(binding.port)
            && (self.host_ip.is_none() || self.host_ip == binding.host_ip)
            && self
                .host_ports
                .is_none_or(|host_ports| host_ports.contains(binding.host_port))
    }
}

const WHAT: &str = "published port";
const HINT: &str = "write it [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp], for example 8080:80, 127.0.0.1::53/udp or [2001:db8::1]:8000-8009:80";

impl FromStr for PortRequest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| Invalid::new(WHAT, text, reason, HINT);
        let (rest, protocol) = match text.split_once('/') {
            Some((rest, protocol)) => (
                rest,
                protocol
                    .parse()
                    .map_err(|e: Invalid| refuse(format!("protocol {:?} is not known", e.given)))?,
            ),
            None => (text, Protocol::Tcp),
        };
        let (rest, ports) = rest.rsplit_once(':').unwrap_or(("", rest));
        let (host_ip, host_ports) = match rest.rsplit_once(':') {
            Some((host, host_ports)) => (Some(host), host_ports),
            None => (None, rest),
        };
        if let Some(address) = host_ip.and_then(unbracketed) {
            let reason = format!("the IPv6 address {address} needs brackets");
            let hint = format!("write [{address}]:{host_ports}:{ports}/{protocol}");
            return Err(Invalid::new(WHAT, text, reason, hint));
        }
        let host_ip = host_ip
            .map(|host| parse_host(host).map_err(refuse))
            .transpose()?;
        let range = |text: &str, what| {
            let parsed: Result<PortRange, Invalid> = text.parse();
            parsed.map_err(|e| refuse(format!("{what}: {}", e.reason)))
        };
        let host_ports = match host_ports {
            "" | "0" => None,
            given => Some(range(given, "host port")?),
        };
        let ports = range(ports, "port")?;
        match host_ports.map(PortRange::count) {
            Some(count) if count != ports.count() && ports.single().is_none() => {
                Err(refuse(format!(
                    "the two ranges differ: {} for {}",
                    counted(count, "host port"),
                    counted(ports.count(), "port")
                )))
            }
            _ => Ok(Self {
                host_ip,
                host_ports,
                ports,
                protocol,
            }),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn parse_host(host: &str) -> Result<IpAddr, String> {
    let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    if let Some(reason) = reason_against_zone(bracketed.unwrap_or(host)) {
        return Err(reason);
    }
    let parsed = match bracketed {
        Some(inner) => inner.parse().map(IpAddr::V6).ok(),
        None => host.parse().map(IpAddr::V4).ok(),
    };
    let parsed = parsed.ok_or_else(|| format!("{host:?} is not an address of the host"))?;
    match no_host_has(parsed) {
        Some(kind) => Err(format!("{parsed} is {kind}, not an address of the host")),
        None => Ok(parsed),
    }
}

/// An IPv6 address of the host that is not in brackets.
fn unbracketed(host: &str) -> Option<Ipv6Addr> {
    host.parse().ok()
}

/// What is wrong with an address of the host that has a zone (RFC 4007 section 11), as in `fe80::1%eth0`; none for any
/// other text.
pub fn reason_against_zone(text: &str) -> Option<String> {
    let (address, _) = text.split_once('%')?;
    let _: Ipv6Addr = address.parse().ok()?;
    Some(format!("{text} {LINK_LOCAL}"))
}

/// Why an IPv6 link-local address cannot be an address at which packets for endpoints arrive, or from which they go out.
pub const LINK_LOCAL: &str = "is a link-local address, and the kernel forwards no packets from or to such addresses \
                              (RFC 4291 section 2.5.6)";

/// The kind of an address on which no port can be published, because no interface can have it; none for any other
/// address.
pub fn no_host_has(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => Some("the broadcast address"),
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => Some("an IPv4-mapped address"),
        ip if ip.is_multicast() => Some("a multicast address"),
        _ => None,
    }
}

impl fmt::Display for PortRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_ip {
            Some(IpAddr::V4(ip)) => write!(f, "{ip}:")?,
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:")?,
            None => {}
        }
        match (self.host_ports, self.host_ip) {
            (Some(host_ports), _) => write!(f, "{host_ports}:")?,
            (None, Some(_)) => write!(f, ":")?,
            (None, None) => {}
        }
        write!(f, "{}/{}", self.ports, self.protocol)
    }
}

serde_as_text!(PortRequest);

const BINDING_HINT: &str = "write it [HOSTIP:]HOSTPORT:PORT[/tcp|udp|sctp], for example 127.0.0.1:8080:80/tcp or [2001:db8::1]:53:53/udp";

impl FromStr for PortBinding {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: &str| Invalid::new("published port", text, reason, BINDING_HINT);
        let request: PortRequest = text.parse()?;
        let host_ip = request.host_ip;
        if request.host_ports.is_none() && host_ip.is_some_and(|ip| !ip.is_unspecified()) {
            return Err(refuse("it has no host port"));
        }
        let host_port = request.host_ports.map_or(Some(0), PortRange::single);
        match (host_port, request.ports.single()) {
            (Some(host_port), Some(port)) => Ok(Self {
                host_ip,
                host_port,
                port,
                protocol: request.protocol,
            }),
            _ => Err(refuse("it is a range")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PortRequest {
        text.parse().unwrap()
    }

    #[test]
    fn the_forms_that_users_write_are_understood() {
        for (given, shown, is_free) in [
            ("80", "80/tcp", true),
            (":80", "80/tcp", true),
            ("0:80", "80/tcp", true),
            ("8080:80", "8080:80/tcp", false),
            ("127.0.0.1::53/udp", "127.0.0.1::53/udp", true),
            ("127.0.0.1:0:53/udp", "127.0.0.1::53/udp", true),
            ("[::1]:80:80/sctp", "[::1]:80:80/sctp", false),
            ("0.0.0.0:1:2", "0.0.0.0:1:2/tcp", false),
            ("8000-8009:80", "8000-8009:80/tcp", true),
            ("8000-8001:80-81", "8000-8001:80-81/tcp", false),
            ("80-81", "80-81/tcp", true),
        ] {
            assert_eq!(parse(given).to_string(), shown);
            assert_eq!(parse(given).wants_free(), is_free, "{given}");
        }
    }

    #[test]
    fn a_refusal_names_the_part_that_is_wrong() {
        for (given, reason) in [
            ("", "port: \"\" is not a number from 1 to 65535"),
            (
                "80:65536",
                "port: \"65536\" is not a number from 1 to 65535",
            ),
            ("x:80", "host port: \"x\" is not a number from 1 to 65535"),
            ("80:+5", "port: \"+5\" is not a number from 1 to 65535"),
            ("80:80/icmp", "protocol \"icmp\" is not known"),
            (
                "8000-8002:80-81",
                "the two ranges differ: 3 host ports for 2 ports",
            ),
            (
                "8000:80-81",
                "the two ranges differ: 1 host port for 2 ports",
            ),
            ("9-8:1", "host port: it ends before it begins"),
            ("example:80:80", "\"example\" is not an address of the host"),
            ("::1:80:80", "the IPv6 address ::1 needs brackets"),
            (
                "224.0.0.1:80:80",
                "224.0.0.1 is a multicast address, not an address of the host",
            ),
            (
                "255.255.255.255:80:80",
                "255.255.255.255 is the broadcast address, not an address of the host",
            ),
            (
                "[fe80::1%eth0]:80:80",
                "fe80::1%eth0 is a link-local address, and the kernel forwards no packets from or to such addresses \
                 (RFC 4291 section 2.5.6)",
            ),
            (
                "[::ffff:192.0.2.1]:80:80",
                "::ffff:192.0.2.1 is an IPv4-mapped address, not an address of the host",
            ),
        ] {
            assert_eq!(
                given.parse::<PortRequest>().unwrap_err().reason,
                reason,
                "{given}"
            );
        }
    }

    #[test]
    fn an_address_without_brackets_is_repeated_with_them() {
        let refused = "::1:80:80/udp".parse::<PortRequest>().unwrap_err();
        assert_eq!(refused.hint, "write [::1]:80:80/udp");
    }

    #[test]
    fn a_single_port_may_be_one_of_the_host() {
        let binding = "8443:443".parse().unwrap();
        for (given, is_its) in [
            ("8443", true),
            ("8440-8449", true),
            ("443", false),
            ("8443/udp", false),
            ("1:8443", false),
            ("127.0.0.1::8443", false),
        ] {
            assert_eq!(parse(given).names_host_port_of(&binding), is_its, "{given}");
        }
        assert!(!parse("443").names_host_port_of(&"443".parse().unwrap()));
    }

    #[test]
    fn a_missing_part_of_a_port_matches_any() {
        let bindings = [
            "8080:80",
            "127.0.0.1:8081:80",
            "53:53/udp",
            "0.0.0.0:9000:80",
        ];
        let bindings = bindings.map(|b| b.parse().unwrap());
        for (given, named) in [
            ("80", &[true, true, false, true][..]),
            ("8081:80", &[false, true, false, false]),
            ("127.0.0.1::80", &[false, true, false, false]),
            ("0.0.0.0::80", &[false, false, false, true]),
            ("[::]::80", &[false, false, false, false]),
            ("50-60/udp", &[false, false, true, false]),
        ] {
            let found: Vec<bool> = bindings.iter().map(|b| parse(given).names(b)).collect();
            assert_eq!(found, named, "{given}");
        }
    }
}
