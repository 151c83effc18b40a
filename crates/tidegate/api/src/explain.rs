//! Request and answer of `tidegate explain`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use tidegate_model::{Invalid, Name, Protocol, serde_as_text};

/// The first packet of a connection that is to be explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    /// Who sends it.
    pub source: Party,
    /// Source address of the packet. Default: the sender's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_address: Option<IpAddr>,
    /// Receiver and port.
    pub destination: Destination,
}

/// One end of a connection: `outside`, `host`, an IP address, or the name of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub enum Party {
    /// Some machine behind the host's default route.
    Outside,
    /// The host.
    Host,
    /// An address of an endpoint, of the host, or of another machine.
    Address(IpAddr),
    /// The name of an endpoint. If its name is `host` or `outside`, which only earlier releases allowed, use its address.
    Endpoint(Name),
}

impl FromStr for Party {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text {
            "outside" => Ok(Self::Outside),
            "host" => Ok(Self::Host),
            name => name.parse().map(Self::Endpoint).map_err(|error| {
                let hint = "give the name of an endpoint, an IP address, host or outside";
                Invalid::new("end of a connection", text, error.reason, hint)
            }),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.pad("outside"),
            Self::Host => f.pad("host"),
            Self::Address(address) => fmt::Display::fmt(address, f),
            Self::Endpoint(name) => fmt::Display::fmt(name, f),
        }
    }
}

serde_as_text!(Party);

/// The receiver of a packet, written `PARTY[:PORT[/tcp|udp|sctp]]`, with an IPv6 address before a port in brackets.
/// Without a port, the packet is an echo request (ICMP or ICMPv6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct Destination {
    /// To whom.
    pub party: Party,
    /// Port, 1 to 65535, and protocol.
    pub port: Option<(u16, Protocol)>,
}

const HINT: &str = "write it DST[:PORT[/tcp|udp|sctp]], for example front:80/tcp, host:8080 or [2001:db8::1]:53/udp";

impl FromStr for Destination {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| Invalid::new("destination", text, reason, HINT);
        let of_part = |error: Invalid| refuse(error.reason);
        let whole: Result<IpAddr, _> = text.parse();
        let (party, port) = match (whole, text.strip_prefix('[')) {
            (Ok(address), _) => (Party::Address(address), None),
            (Err(_), Some(rest)) => {
                let (address, rest) = rest
                    .split_once(']')
                    .ok_or_else(|| refuse("it has no \"]\"".into()))?;
                let address: std::net::Ipv6Addr = address
                    .parse()
                    .map_err(|_| refuse(format!("{address:?} is not an IPv6 address")))?;
                let port = match rest {
                    "" => None,
                    rest => Some(
                        rest.strip_prefix(':')
                            .ok_or_else(|| refuse("there is no \":\" after \"]\"".into()))?,
                    ),
                };
                (Party::Address(address.into()), port)
            }
            (Err(_), None) => match text.split_once(':') {
                None => (text.parse().map_err(of_part)?, None),
                Some((party, port)) => (party.parse().map_err(of_part)?, Some(port)),
            },
        };
        let port = port.map(|port| port_of(port).map_err(refuse)).transpose()?;
        Ok(Self { party, port })
    }
}

fn port_of(text: &str) -> Result<(u16, Protocol), String> {
    let (number, protocol) = match text.split_once('/') {
        None => (text, Protocol::Tcp),
        Some((number, protocol)) => (number, protocol.parse().map_err(|e: Invalid| e.reason)?),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(port @ 1..) if is_number => Ok((port, protocol)),
        _ => Err(format!("{number:?} is not a port")),
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.party, self.port) {
            (party, None) => write!(f, "{party}"),
            (Party::Address(address), Some((port, protocol))) => {
                write!(f, "{}/{protocol}", SocketAddr::new(*address, port))
            }
            (party, Some((port, protocol))) => write!(f, "{party}:{port}/{protocol}"),
        }
    }
}

serde_as_text!(Destination);

/// The path of the packet, one for each family that both ends have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// IPv4 before IPv6; at least one.
    pub paths: Vec<Path>,
}

impl Explanation {
    /// What all paths together come to.
    pub fn verdict(&self) -> Verdict {
        let mut paths = self.paths.iter();
        if paths.any(|path| !path.fate.is_arrival()) {
            return Verdict::Stopped;
        }
        match self.paths.iter().all(|path| path.unclear.is_empty()) {
            true => Verdict::Passes,
            false => Verdict::CannotTell,
        }
    }
}

/// What becomes of a packet by all of its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes, by every path.
    Passes,
    /// By one path at least, it does not arrive.
    Stopped,
    /// No rule that can be judged stops it, but another program's may.
    CannotTell,
}

/// The path of one packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Path {
    /// The sender, with its address if known.
    pub source: String,
    /// The receiver, with its address if known.
    pub destination: String,
    /// The rules that matched, in order.
    pub steps: Vec<Step>,
    /// The fate of the packet.
    pub fate: Fate,
    /// Why.
    pub why: String,
    /// What may stop it and cannot be judged: rules of other programs' tables. Only of a packet that Tidegate lets pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear: Vec<String>,
    /// How to make it pass, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A rule that matched the packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// The chain that the rule is in.
    pub chain: String,
    /// Purpose of the rule.
    pub rule: String,
    /// The elements of sets and maps that made it match.
    pub elements: Vec<MatchedElement>,
    /// Its effect: `accept`, `drop`, `jump publish`, `dnat to 10.208.0.2:80`, …
    pub action: String,
}

/// An element of a set or map that made a rule match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MatchedElement {
    /// The set or map.
    pub set: String,
    /// The element, as nft writes it.
    pub element: String,
    /// The object that it belongs to: a network, two networks, or a published port of an endpoint.
    pub of: String,
}

/// The fate of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It reaches an endpoint.
    ReachesEndpoint(Name),
    /// It reaches the host, and a program there if one listens.
    ReachesHost,
    /// It leaves the host.
    Leaves,
    /// A rule of Tidegate drops it.
    Dropped,
    /// It is lost, but not by a rule of Tidegate.
    Lost,
}

impl Fate {
    /// Whether it reaches a receiver.
    pub fn is_arrival(&self) -> bool {
        match self {
            Self::ReachesEndpoint(_) | Self::ReachesHost | Self::Leaves => true,
            Self::Dropped | Self::Lost => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_users_write_are_understood() {
        for (given, shown) in [
            ("front", "front"),
            ("front:80", "front:80/tcp"),
            ("host:53/udp", "host:53/udp"),
            ("192.0.2.1:80", "192.0.2.1:80/tcp"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:7/sctp", "[2001:db8::1]:7/sctp"),
            ("outside", "outside"),
        ] {
            assert_eq!(given.parse::<Destination>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_refusal_names_the_part_that_is_wrong() {
        for (given, reason) in [
            ("front:", "\"\" is not a port"),
            ("front:0", "\"0\" is not a port"),
            ("front:+80", "\"+80\" is not a port"),
            ("front:80/icmp", "it is not known"),
            ("[192.0.2.1]:80", "\"192.0.2.1\" is not an IPv6 address"),
            ("[::1", "it has no \"]\""),
            ("[::1]80", "there is no \":\" after \"]\""),
            (":80", "it is empty"),
        ] {
            assert_eq!(given.parse::<Destination>().unwrap_err().reason, reason);
        }
    }
}
