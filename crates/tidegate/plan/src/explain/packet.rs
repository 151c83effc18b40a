//! The fields of a packet that rules match.

use std::net::IpAddr;

use tidegate_model::{IfName, MacAddr, Protocol};
use tidegate_nft::{
    EtherAddr, Field, InetProto, InetService, IpVersion, Match, Operand, Transport, Value,
};

/// The first packet of a connection. An unknown field equals no value: no address of the host or of an endpoint, and
/// no interface of ours.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) version: IpVersion,
    /// The incoming interface; none for packets of the host.
    pub(super) iif: Option<IfName>,
    /// The outgoing interface; none while it is unknown.
    pub(super) oif: Option<IfName>,
    /// The Ethernet address of the endpoint that sent it.
    pub(super) mac: Option<MacAddr>,
    pub(super) saddr: Option<IpAddr>,
    pub(super) daddr: Option<IpAddr>,
    /// The source port, if it follows from the addresses and the destination port.
    pub(super) sport: Option<u16>,
    /// None for an echo request.
    pub(super) port: Option<(u16, Protocol)>,
    /// The destination port before translation.
    pub(super) asked: Option<u16>,
    pub(super) is_dnat: bool,
    pub(super) is_snat: bool,
}

/// The value of a field.
pub(super) enum Held {
    /// The packet has no such field: rules that use it do not match.
    Absent,
    /// An unknown value: it equals no value of a rule or set.
    Unknown,
    Value(Value),
}

impl From<Option<Value>> for Held {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Unknown, Self::Value)
    }
}

impl Packet {
    pub(super) fn held(&self, field: Field) -> Held {
        let of_version = |version, address: Option<IpAddr>| match self.version == version {
            true => address.map(value).into(),
            false => Held::Absent,
        };
        match field {
            Field::Iifname => self.iif.as_ref().map(crate::elements::interface).into(),
            Field::Oifname => self.oif.as_ref().map(crate::elements::interface).into(),
            Field::L4proto => Held::Value(self.protocol().into()),
            // No rule of ours sets a mark.
            Field::MetaMark | Field::CtMark => Held::Unknown,
            Field::IpSaddr => of_version(IpVersion::V4, self.saddr),
            Field::IpDaddr => of_version(IpVersion::V4, self.daddr),
            Field::Ip6Saddr => of_version(IpVersion::V6, self.saddr),
            Field::Ip6Daddr => of_version(IpVersion::V6, self.daddr),
            Field::EtherSaddr => self.mac.map(|mac| EtherAddr(mac.0).into()).into(),
            Field::EtherDaddr => Held::Unknown,
            Field::Sport(transport) if self.has(transport) => {
                self.sport.map(|port| InetService(port).into()).into()
            }
            Field::Dport(transport) if self.has(transport) => {
                let port = self.port.map(|(port, _)| InetService(port).into());
                port.into()
            }
            Field::Sport(_) | Field::Dport(_) => Held::Absent,
        }
    }

    fn protocol(&self) -> InetProto {
        match (self.port, self.version) {
            (Some((_, protocol)), _) => InetProto(protocol.number()),
            (None, IpVersion::V4) => InetProto::ICMP,
            (None, IpVersion::V6) => InetProto::ICMPV6,
        }
    }

    fn has(&self, transport: Transport) -> bool {
        self.port.is_some_and(|(_, protocol)| match transport {
            Transport::Any => true,
            Transport::Tcp => protocol == Protocol::Tcp,
            Transport::Udp => protocol == Protocol::Udp,
            Transport::Sctp => protocol == Protocol::Sctp,
        })
    }

    pub(super) fn passes(&self, comparison: &Match) -> bool {
        let is_equal = match self.held(comparison.field) {
            Held::Absent => return false,
            Held::Unknown => false,
            Held::Value(value) => equals(&value, &comparison.operand),
        };
        is_equal != comparison.negated
    }

    /// Translates the destination address, and the port if one is given.
    pub(super) fn translate_destination(&mut self, address: IpAddr, port: Option<u16>) {
        self.daddr = Some(address);
        self.is_dnat = true;
        self.change_port(port);
    }

    fn change_port(&mut self, new: Option<u16>) {
        if let (Some((port, _)), Some(new)) = (&mut self.port, new) {
            *port = new;
        }
    }
}

fn equals(value: &Value, operand: &Operand) -> bool {
    match (operand, value) {
        (Operand::Value(wanted), value) => wanted == value,
        (Operand::Ipv4Net(net), Value::Ipv4Addr(ip)) => net.contains(ip),
        (Operand::Ipv6Net(net), Value::Ipv6Addr(ip)) => net.contains(ip),
        (Operand::Ipv4Net(_) | Operand::Ipv6Net(_), _) => false,
    }
}

fn value(ip: IpAddr) -> Value {
    match ip {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => ip.into(),
    }
}
