//! Ranges of ports.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;
use crate::serde_as_text;

/// Consecutive ports, each 1 to 65535: at least one. Written `8000` or `8000-8010`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// The default range of free host ports, above the ephemeral port range of Linux (`ip_local_port_range`,
    /// ip-sysctl of the kernel documentation: 32768 to 60999).
    pub const FREE: Self = Self {
        first: 61000,
        last: 65535,
    };

    /// The range that ends one port later. The caller knows that there is such a port.
    pub(crate) fn extended(self) -> Self {
        Self {
            last: self.last.saturating_add(1),
            ..self
        }
    }

    /// The range of one port of a binding, which is never 0.
    pub fn exactly(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }

    /// How many ports: 1 to 65535.
    pub fn count(self) -> usize {
        usize::from(self.last - self.first) + 1
    }

    /// The port, if it is a single one.
    pub fn single(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }

    /// Whether the port is in it.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// Its ports as ranges of one port, in ascending order.
    pub fn each(self) -> impl Iterator<Item = Self> {
        self.ports().map(Self::exactly)
    }

    /// The ports in ascending order.
    pub fn ports(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }
}

const HINT: &str = "write it 8000 or 8000-8010";

impl FromStr for PortRange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| Invalid::new("port range", text, reason, HINT);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = Self {
            first: parse_port(first).map_err(refuse)?,
            last: parse_port(last).map_err(refuse)?,
        };
        match range.first <= range.last {
            true => Ok(range),
            false => Err(refuse("it ends before it begins".into())),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    let digits_only = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if port > 0 && digits_only => Ok(port),
        _ => Err(format!("{text:?} is not a number from 1 to 65535")),
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(port) => write!(f, "{port}"),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

serde_as_text!(PortRange);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_port_or_from_one_to_another() {
        let range: PortRange = "8000-8002".parse().unwrap();
        assert_eq!(range.ports().collect::<Vec<_>>(), [8000, 8001, 8002]);
        assert_eq!((range.count(), range.single()), (3, None));
        assert!(range.contains(8002) && !range.contains(8003));
        let one: PortRange = "65535-65535".parse().unwrap();
        assert_eq!((one.to_string().as_str(), one.count()), ("65535", 1));
        assert_eq!("1-65535".parse::<PortRange>().unwrap().count(), 65535);
        assert_eq!(PortRange::FREE.to_string(), "61000-65535");
    }

    #[test]
    fn an_invalid_range_is_refused_with_the_reason() {
        for (given, reason) in [
            ("", "\"\" is not a number from 1 to 65535"),
            ("0", "\"0\" is not a number from 1 to 65535"),
            ("+5", "\"+5\" is not a number from 1 to 65535"),
            ("1-65536", "\"65536\" is not a number from 1 to 65535"),
            ("1-2-3", "\"2-3\" is not a number from 1 to 65535"),
            ("5-", "\"\" is not a number from 1 to 65535"),
            ("9-8", "it ends before it begins"),
        ] {
            assert_eq!(given.parse::<PortRange>().unwrap_err().reason, reason);
        }
    }

    #[test]
    fn a_range_is_taken_apart_into_single_ports() {
        let range: PortRange = "8000-8001".parse().unwrap();
        let each: Vec<Option<u16>> = range.each().map(PortRange::single).collect();
        assert_eq!(each, [Some(8000), Some(8001)]);
        assert!(!range.contains(7999));
    }
}
