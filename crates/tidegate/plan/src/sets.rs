//! The sets and maps of the constant ruleset: every change is a change of their elements.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tidegate_model::Protocol;
use tidegate_nft::{
    Datatype, Element, Family, Name, Op, Set, SetId, TableId, Transaction, Type, Value, name,
};

/// Our table.
pub fn table() -> TableId {
    TableId::new(Family::Inet, name!("tidegate"))
}

/// A set or map of the constant ruleset, in the order of the ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NftSet {
    /// Every managed bridge.
    Bridges,
    /// Chains for incoming packets by interface: bridges on which the host has addresses, and so a route back to
    /// every endpoint.
    Entrances,
    /// Bridges with source NAT for outgoing IPv4.
    Translated4,
    /// Bridges with source NAT for outgoing IPv6.
    Translated6,
    /// Bridges whose outgoing IPv4 packets get the address of the outgoing interface.
    Masquerading4,
    /// Bridges whose outgoing IPv6 packets get the address of the outgoing interface.
    Masquerading6,
    /// Bridges whose outgoing IPv4 packets get a configured address (`--snat`).
    Snat4,
    /// Bridges whose outgoing IPv6 packets get a configured address (`--snat`).
    Snat6,
    /// Bridges of internal and isolated networks.
    Internal,
    /// Bridges of routed networks for IPv4: clients reach open ports and ICMP at endpoints' own addresses.
    Routed4,
    /// Bridges of routed networks for IPv6: clients reach open ports and ICMP at endpoints' own addresses.
    Routed6,
    /// Bridges of unprotected networks for IPv4: clients reach every port at endpoints' own addresses.
    Unprotected4,
    /// Bridges of unprotected networks for IPv6: clients reach every port at endpoints' own addresses.
    Unprotected6,
    /// Pairs of bridges: the endpoints of the first reach those of the second. A bridge with itself: its own endpoints
    /// reach each other.
    Peers,
    /// Each bridge with itself, to recognise an endpoint that uses a published port of its own network.
    SameBridge,
    /// Bridges to which the host sends nothing.
    Isolated,
    /// Chains for packets to the host, by bridge, if access is limited.
    HostAccess,
    /// Bridges with the IPv4 addresses of the host on each.
    Gateways4,
    /// Bridges with the IPv6 addresses of the host on each.
    Gateways6,
    /// Bridges with the IPv6 addresses of their endpoints: an IPv6 route lookup costs far more than a lookup here.
    Here6,
    /// Bridges with IPv4 addresses that a namespace has on another network, and its Ethernet address here.
    Elsewhere4,
    /// Bridges with IPv6 addresses that a namespace has on another network, and its Ethernet address here.
    Elsewhere6,
    /// IPv4 subnets of networks, whose addresses are valid sources only on bridges. The key has each twice, because
    /// only concatenated sets may have intervals ([`Set`]).
    Ours4,
    /// IPv6 subnets of networks, whose addresses are valid sources only on bridges. The key has each twice, as in
    /// `ours4`.
    Ours6,
    /// Bridges whose endpoints reach the DNS server at its own addresses.
    Named,
    /// Host ports of the DNS server.
    Resolver,
    /// Ports published on every IPv4 address of the host.
    Publish4,
    /// Ports published on one IPv4 address of the host.
    Publish4At(Protocol),
    /// Ports published on every IPv6 address of the host.
    Publish6,
    /// Ports published on one IPv6 address of the host.
    Publish6At(Protocol),
    /// Ports that are open at endpoints' own IPv4 addresses.
    Open4,
    /// Ports that are open at endpoints' own IPv6 addresses.
    Open6,
    /// Ports published on every IPv4 address of the host that have an allow-list.
    Restricted4,
    /// Ports published on every IPv6 address of the host that have an allow-list.
    Restricted6,
    /// Ports of one IPv4 address, of the host or of an endpoint, that have an allow-list.
    Restricted4At,
    /// Ports of one IPv6 address, of the host or of an endpoint, that have an allow-list.
    Restricted6At,
    /// Clients that may reach the ports of `Restricted4`.
    Allowed4,
    /// Clients that may reach the ports of `Restricted6`.
    Allowed6,
    /// Clients that may reach the ports of `Restricted4At`.
    Allowed4At,
    /// Clients that may reach the ports of `Restricted6At`.
    Allowed6At,
}

impl NftSet {
    /// All sets and maps, in the order of the ruleset.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let interfaces = [
            Self::Bridges,
            Self::Entrances,
            Self::Translated4,
            Self::Translated6,
            Self::Masquerading4,
            Self::Masquerading6,
            Self::Snat4,
            Self::Snat6,
            Self::Internal,
            Self::Routed4,
            Self::Routed6,
            Self::Unprotected4,
            Self::Unprotected6,
            Self::Peers,
            Self::SameBridge,
        ];
        let sources = [
            Self::Isolated,
            Self::HostAccess,
            Self::Gateways4,
            Self::Gateways6,
            Self::Here6,
            Self::Elsewhere4,
            Self::Elsewhere6,
            Self::Ours4,
            Self::Ours6,
            Self::Named,
            Self::Resolver,
        ];
        interfaces
            .into_iter()
            .chain(sources)
            .chain([Self::Publish4])
            .chain(Protocol::ALL.map(Self::Publish4At))
            .chain([Self::Publish6])
            .chain(Protocol::ALL.map(Self::Publish6At))
            .chain([Self::Open4, Self::Open6])
            .chain([Self::Restricted4, Self::Restricted6])
            .chain([Self::Restricted4At, Self::Restricted6At])
            .chain([Self::Allowed4, Self::Allowed6])
            .chain([Self::Allowed4At, Self::Allowed6At])
    }

    /// Its name. Maps of single host addresses exist once for each protocol, because nftables 0.9.8 requires as many
    /// parts in a map's data as in its key.
    fn name(self) -> Name {
        match self {
            Self::Bridges => name!("bridges"),
            Self::Entrances => name!("entrances"),
            Self::Translated4 => name!("translated4"),
            Self::Translated6 => name!("translated6"),
            Self::Masquerading4 => name!("masquerading4"),
            Self::Masquerading6 => name!("masquerading6"),
            Self::Snat4 => name!("snat4"),
            Self::Snat6 => name!("snat6"),
            Self::Internal => name!("internal"),
            Self::Routed4 => name!("routed4"),
            Self::Routed6 => name!("routed6"),
            Self::Unprotected4 => name!("unprotected4"),
            Self::Unprotected6 => name!("unprotected6"),
            Self::Peers => name!("peers"),
            Self::SameBridge => name!("same_bridge"),
            Self::Isolated => name!("isolated"),
            Self::HostAccess => name!("host_access"),
            Self::Gateways4 => name!("gateways4"),
            Self::Gateways6 => name!("gateways6"),
            Self::Here6 => name!("here6"),
            Self::Elsewhere4 => name!("elsewhere4"),
            Self::Elsewhere6 => name!("elsewhere6"),
            Self::Ours4 => name!("ours4"),
            Self::Ours6 => name!("ours6"),
            Self::Named => name!("named"),
            Self::Resolver => name!("resolver"),
            Self::Publish4 => name!("publish4"),
            Self::Publish4At(Protocol::Tcp) => name!("publish4_at_tcp"),
            Self::Publish4At(Protocol::Udp) => name!("publish4_at_udp"),
            Self::Publish4At(Protocol::Sctp) => name!("publish4_at_sctp"),
            Self::Publish6 => name!("publish6"),
            Self::Publish6At(Protocol::Tcp) => name!("publish6_at_tcp"),
            Self::Publish6At(Protocol::Udp) => name!("publish6_at_udp"),
            Self::Publish6At(Protocol::Sctp) => name!("publish6_at_sctp"),
            Self::Open4 => name!("open4"),
            Self::Open6 => name!("open6"),
            Self::Restricted4 => name!("restricted4"),
            Self::Restricted6 => name!("restricted6"),
            Self::Restricted4At => name!("restricted4_at"),
            Self::Restricted6At => name!("restricted6_at"),
            Self::Allowed4 => name!("allowed4"),
            Self::Allowed6 => name!("allowed6"),
            Self::Allowed4At => name!("allowed4_at"),
            Self::Allowed6At => name!("allowed6_at"),
        }
    }

    /// Its declaration, with no elements.
    pub(crate) fn declaration(self) -> Set {
        use Datatype::{EtherAddr, Ifname, InetProto, InetService, Ipv4Addr, Ipv6Addr};
        let set = |key: Type| Set::new(&table(), self.name(), key);
        let map = |key: Type, data: Type| Set::map(&table(), self.name(), key, data);
        match self {
            Self::Bridges
            | Self::Translated4
            | Self::Translated6
            | Self::Isolated
            | Self::Named
            | Self::Masquerading4
            | Self::Masquerading6
            | Self::Internal
            | Self::Routed4
            | Self::Routed6
            | Self::Unprotected4
            | Self::Unprotected6 => set(Ifname.into()),
            Self::Snat4 => map(Ifname.into(), Ipv4Addr.into()),
            Self::Snat6 => map(Ifname.into(), Ipv6Addr.into()),
            Self::Peers | Self::SameBridge => set([Ifname, Ifname].into()),
            Self::Entrances | Self::HostAccess => Set::verdict_map(&table(), self.name(), Ifname),
            Self::Gateways4 => set([Ifname, Ipv4Addr].into()),
            Self::Gateways6 | Self::Here6 => set([Ifname, Ipv6Addr].into()),
            Self::Elsewhere4 => set([Ifname, Ipv4Addr, EtherAddr].into()),
            Self::Elsewhere6 => set([Ifname, Ipv6Addr, EtherAddr].into()),
            Self::Ours4 => set([Ipv4Addr, Ipv4Addr].into()).intervals(),
            Self::Ours6 => set([Ipv6Addr, Ipv6Addr].into()).intervals(),
            Self::Resolver => set([InetProto, InetService].into()),
            Self::Publish4 => map(
                [InetProto, InetService].into(),
                [Ipv4Addr, InetService].into(),
            ),
            Self::Publish4At(_) => map(
                [Ipv4Addr, InetService].into(),
                [Ipv4Addr, InetService].into(),
            ),
            Self::Publish6 => map(
                [InetProto, InetService].into(),
                [Ipv6Addr, InetService].into(),
            ),
            Self::Publish6At(_) => map(
                [Ipv6Addr, InetService].into(),
                [Ipv6Addr, InetService].into(),
            ),
            Self::Open4 | Self::Restricted4At => set([Ipv4Addr, InetProto, InetService].into()),
            Self::Open6 | Self::Restricted6At => set([Ipv6Addr, InetProto, InetService].into()),
            Self::Restricted4 | Self::Restricted6 => set([InetProto, InetService].into()),
            Self::Allowed4 => set([Ipv4Addr, InetProto, InetService].into()).intervals(),
            Self::Allowed6 => set([Ipv6Addr, InetProto, InetService].into()).intervals(),
            Self::Allowed4At => {
                set([Ipv4Addr, Ipv4Addr, InetProto, InetService].into()).intervals()
            }
            Self::Allowed6At => {
                set([Ipv6Addr, Ipv6Addr, InetProto, InetService].into()).intervals()
            }
        }
    }

    /// Its identifier in rules and operations.
    pub(crate) fn id(self) -> SetId {
        self.declaration().id
    }
}

/// An element, with the set or map that it is in.
pub(crate) type Entry = (NftSet, Element);

/// Elements of any sets and maps.
pub(crate) type Elements = Vec<Entry>;

/// The transaction that adds elements.
///
/// It declares each set again with the elements. That adds them, and unlike `add element` does not make libnftables
/// fetch every interval of every set on the host first.
pub(crate) fn add(elements: impl IntoIterator<Item = Entry>) -> Transaction {
    grouped(elements, |container, elements| {
        Op::Add(container.declaration().elements(elements).into())
    })
}

/// The transaction that deletes elements.
pub(crate) fn delete(elements: impl IntoIterator<Item = Entry>) -> Transaction {
    grouped(elements, |container, elements| Op::DeleteElements {
        set: container.id(),
        elements,
    })
}

/// One operation for each set, in the order of the ruleset.
fn grouped(
    elements: impl IntoIterator<Item = Entry>,
    op: impl Fn(NftSet, Vec<Element>) -> Op,
) -> Transaction {
    let mut by_container: BTreeMap<NftSet, Vec<Element>> = BTreeMap::new();
    for (container, element) in elements {
        by_container.entry(container).or_default().push(element);
    }
    let ops = by_container
        .into_iter()
        .map(|(container, own)| op(container, own));
    ops.collect()
}

/// An address as part of an element.
pub(crate) fn address(ip: IpAddr) -> Value {
    match ip {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_sorted_as_in_the_ruleset() {
        assert!(NftSet::all().is_sorted());
    }
}
