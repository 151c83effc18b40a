//! A packet as another program's chain sees it, and three-valued comparisons with it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use tidegate_model::IfName;
use tidegate_nft::{Comparison, IpVersion, OtherField, OtherValue};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    No,
    Unknown,
}

impl Holds {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// An interface that the packet passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    Named(IfName),
    /// Some interface of the host, and none of these bridges' names.
    Foreign(Vec<IfName>),
    /// There is none: the packet is the host's own.
    Absent,
}

/// An address of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Is(IpAddr),
    Within(IpNet),
    Unknown,
}

impl From<Option<IpAddr>> for Address {
    fn from(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Unknown, Self::Is)
    }
}

/// A port of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Is(u16),
    /// One that the kernel of a client chooses.
    Ephemeral,
    Unknown,
}

/// The ports that Linux chooses from (`ip_local_port_range`, ip-sysctl).
const EPHEMERAL: std::ops::RangeInclusive<u64> = 32768..=60999;

impl Port {
    fn is(self, value: &OtherValue) -> Holds {
        match (self, value) {
            (Self::Is(port), _) => number(Some(port.into()), value),
            (Self::Ephemeral, OtherValue::Numbers(first, last))
                if last < EPHEMERAL.start() || first > EPHEMERAL.end() =>
            {
                Holds::No
            }
            (Self::Ephemeral | Self::Unknown, _) => Holds::Unknown,
        }
    }
}

/// The state of the packet's connection (`NF_CT_STATE_BIT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    Established = 2,
    New = 8,
}

/// A packet at a hook. What is unknown matches no rule for sure, and fails to match none for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) version: IpVersion,
    pub(crate) iif: Interface,
    pub(crate) oif: Interface,
    pub(crate) saddr: Address,
    pub(crate) daddr: Address,
    /// Number of the transport protocol.
    pub(crate) protocol: Option<u8>,
    pub(crate) sport: Port,
    pub(crate) dport: Port,
    /// The destination port before translation.
    pub(crate) original_dport: Option<u16>,
    pub(crate) state: ConnectionState,
    /// Whether its destination was translated.
    pub(crate) is_dnat: Option<bool>,
    /// Whether its source was translated.
    pub(crate) is_snat: Option<bool>,
}

/// `IPS_SRC_NAT` and `IPS_DST_NAT`.
const SNAT: u64 = 16;
const DNAT: u64 = 32;

impl Seen {
    /// The answer to it, at the same hook.
    pub(crate) fn answer(&self) -> Self {
        Self {
            version: self.version,
            iif: self.oif.clone(),
            oif: self.iif.clone(),
            saddr: self.daddr,
            daddr: self.saddr,
            protocol: self.protocol,
            sport: self.dport,
            dport: self.sport,
            original_dport: self.original_dport,
            state: ConnectionState::Established,
            is_dnat: self.is_dnat,
            is_snat: self.is_snat,
        }
    }

    pub(super) fn holds(&self, comparison: &Comparison) -> Holds {
        let Comparison {
            field,
            negated,
            values,
        } = comparison;
        let equal = match values {
            // Nobody forges it: the way back leads to where the packet came from.
            _ if *field == OtherField::ReversePath => Holds::Yes,
            None => Holds::Unknown,
            Some(values) => self.is_one(field, values),
        };
        let equal = if *negated { equal.negated() } else { equal };
        // A rule that compares a field which the packet lacks does not match, negated or not.
        match self.lacks(field) {
            Holds::Yes => Holds::No,
            Holds::No => equal,
            Holds::Unknown => equal.and(Holds::Unknown),
        }
    }

    fn is_one(&self, field: &OtherField, values: &[OtherValue]) -> Holds {
        let equal = values.iter().map(|value| self.is(field, value));
        equal.fold(Holds::No, Holds::or)
    }

    /// Whether the packet has no such field.
    fn lacks(&self, field: &OtherField) -> Holds {
        let other_protocol = |wanted: u8| match self.protocol {
            Some(protocol) => (protocol != wanted).into(),
            None => Holds::Unknown,
        };
        match field {
            OtherField::Saddr(Some(version))
            | OtherField::Daddr(Some(version))
            | OtherField::OfVersion(version) => (*version != self.version).into(),
            OtherField::Sport(Some(wanted))
            | OtherField::Dport(Some(wanted))
            | OtherField::OfProtocol(wanted) => other_protocol(*wanted),
            OtherField::RoutingHeader => Holds::Yes,
            OtherField::Concatenation(fields) => {
                let lacks = fields.iter().map(|field| self.lacks(field));
                lacks.fold(Holds::No, Holds::or)
            }
            _ => Holds::No,
        }
    }

    fn is(&self, field: &OtherField, value: &OtherValue) -> Holds {
        match field {
            OtherField::Iifname => interface(&self.iif, value),
            OtherField::Oifname => interface(&self.oif, value),
            OtherField::Saddr(_) => address(self.saddr, value),
            OtherField::Daddr(_) => address(self.daddr, value),
            OtherField::L4proto => number(self.protocol.map(u64::from), value),
            OtherField::Nfproto => {
                let family = match self.version {
                    IpVersion::V4 => 2,
                    IpVersion::V6 => 10,
                };
                number(Some(family), value)
            }
            OtherField::Sport(_) => self.sport.is(value),
            OtherField::Dport(_) => self.dport.is(value),
            OtherField::OriginalDport => number(self.original_dport.map(u64::from), value),
            OtherField::CtState => bits(self.state as u64, !0, value),
            OtherField::CtStatus => {
                let bit = |is: Option<bool>, bit| if is == Some(true) { bit } else { 0 };
                let set = bit(self.is_dnat, DNAT) | bit(self.is_snat, SNAT);
                let known = [(self.is_dnat, DNAT), (self.is_snat, SNAT)];
                let known = known.into_iter().filter(|(is, _)| is.is_some());
                bits(set, known.map(|(_, bit)| bit).sum(), value)
            }
            OtherField::ReversePath => Holds::Yes,
            OtherField::DestinationType => self.destination_is(value),
            OtherField::Concatenation(fields) => match value {
                OtherValue::Tuple(parts) => {
                    let parts = fields.iter().zip(parts);
                    let equal = parts.map(|(field, values)| self.is_one(field, values));
                    equal.fold(Holds::Yes, Holds::and)
                }
                _ => Holds::Unknown,
            },
            OtherField::OfProtocol(_)
            | OtherField::OfVersion(_)
            | OtherField::RoutingHeader
            | OtherField::Unknown => Holds::Unknown,
        }
    }
}

impl Seen {
    /// Whether its destination has a type, by the type's name in nft. Before translation, it may have been another.
    fn destination_is(&self, value: &OtherValue) -> Holds {
        let OtherValue::Text(name) = value else {
            return Holds::Unknown;
        };
        let (is_multicast, is_broadcast) = match self.daddr {
            Address::Is(ip) => (ip.is_multicast(), ip == IpAddr::from(Ipv4Addr::BROADCAST)),
            // Nobody forwards these.
            Address::Within(_) | Address::Unknown => (false, false),
        };
        let is_of_one = match (&self.oif, self.is_dnat) {
            _ if is_multicast || is_broadcast => (Holds::No, Holds::No),
            (Interface::Absent, _) => (Holds::Yes, Holds::No),
            (_, Some(false)) => (Holds::No, Holds::Yes),
            (_, Some(true) | None) => (Holds::Unknown, Holds::Unknown),
        };
        match name.as_str() {
            "local" => is_of_one.0,
            "unicast" => is_of_one.1,
            "multicast" => is_multicast.into(),
            "broadcast" => is_broadcast.into(),
            _ => Holds::Unknown,
        }
    }
}

fn interface(interface: &Interface, value: &OtherValue) -> Holds {
    let OtherValue::Text(wanted) = value else {
        return Holds::Unknown;
    };
    let is = |name: &str| match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == wanted,
    };
    match interface {
        Interface::Absent => Holds::No,
        Interface::Named(name) => is(name.as_str()).into(),
        Interface::Foreign(ours) => match ours.iter().any(|name| is(name.as_str())) {
            // A pattern for our bridges names no interface of the host's own.
            true => (wanted == "*").into(),
            false if wanted == "lo" => Holds::No,
            false => Holds::Unknown,
        },
    }
}

fn address(address: Address, value: &OtherValue) -> Holds {
    let is = |ip: IpAddr| match value {
        OtherValue::Net(net) => net.contains(&ip),
        OtherValue::Addresses(first, last) => {
            first.is_ipv4() == ip.is_ipv4() && (first..=last).contains(&&ip)
        }
        _ => false,
    };
    match (address, value) {
        (_, OtherValue::Text(_) | OtherValue::Numbers(..) | OtherValue::Tuple(_)) => Holds::Unknown,
        (Address::Unknown, OtherValue::Net(net)) if is_nobodys(net) => Holds::No,
        (Address::Unknown, _) => Holds::Unknown,
        (Address::Is(ip), _) => is(ip).into(),
        (Address::Within(net), OtherValue::Net(wanted)) => {
            let is_apart = !wanted.contains(&net) && !net.contains(wanted);
            match (wanted.contains(&net), is_apart) {
                (true, _) => Holds::Yes,
                (_, true) => Holds::No,
                _ => Holds::Unknown,
            }
        }
        (Address::Within(_), OtherValue::Addresses(..)) => Holds::Unknown,
    }
}

/// Prefixes to and from which nobody forwards a packet (RFC 6890; RFC 4291 for `::/8`; RFC 7526 for 6to4).
const NOBODYS: [&str; 8] = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "224.0.0.0/3",
    "169.254.0.0/16",
    "::/8",
    "2002::/16",
    "fe80::/10",
    "ff00::/8",
];

fn is_nobodys(net: &IpNet) -> bool {
    let mut prefixes = NOBODYS
        .iter()
        .filter_map(|prefix| prefix.parse::<IpNet>().ok());
    prefixes.any(|prefix| prefix.contains(net))
}

fn number(number: Option<u64>, value: &OtherValue) -> Holds {
    match (number, value) {
        (Some(number), OtherValue::Numbers(first, last)) => {
            (first..=last).contains(&&number).into()
        }
        _ => Holds::Unknown,
    }
}

/// Whether one of the bits is set, of which some are known.
fn bits(set: u64, known: u64, value: &OtherValue) -> Holds {
    match value {
        OtherValue::Numbers(wanted, last) if wanted == last => match set & wanted != 0 {
            true => Holds::Yes,
            false if wanted & !known == 0 => Holds::No,
            false => Holds::Unknown,
        },
        _ => Holds::Unknown,
    }
}
