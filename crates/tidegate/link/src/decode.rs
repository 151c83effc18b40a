//! Decodes the parts that we need of the kernel's link, address and route messages (rtnetlink(7)). Pure: bytes to
//! values.

mod rule;

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::links::{Bridging, LinkKind, MAIN_TABLE};
use tidegate_model::{IfName, MacAddr, StateId};
use tidegate_sys::netlink::{attribute, attributes};

pub(crate) use self::rule::{answer_rule, routing_rule};

// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_GROUP: u16 = 27;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_INET6_CONF: u16 = 2;
/// Place of `disable_ipv6` among an interface's settings (`DEVCONF_DISABLE_IPV6` of linux/ipv6.h).
const DISABLE_IPV6: usize = 26;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_BRPORT_STATE: u16 = 1;
const IFLA_BRPORT_MODE: u16 = 4;
const IFLA_BRPORT_ISOLATED: u16 = 33;
/// Settings of a port with the value that we give them: hairpin mode, learning, flooding of unknown unicast, proxy
/// ARP, flooding of multicast and broadcast, suppression of neighbour messages, the lock. A kernel that lacks one does
/// not report it.
const OF_PORTS: [(u16, u8); 8] = [
    (IFLA_BRPORT_MODE, 0),
    (8, 1),
    (9, 1),
    (10, 0),
    (27, 1),
    (30, 1),
    (32, 0),
    (39, 0),
];
/// `BR_STATE_LISTENING`, `BR_STATE_LEARNING` and `BR_STATE_BLOCKING` of linux/if_bridge.h: without the spanning tree
/// protocol, the kernel leaves no port in one of them.
const STATES_OF_OTHERS: [u8; 3] = [1, 2, 4];
/// Settings of a bridge that are off: the spanning tree protocol, VLAN filtering, multicast snooping (`IFLA_BR_STP_STATE`,
/// `IFLA_BR_VLAN_FILTERING` and `IFLA_BR_MCAST_SNOOPING`).
const OFF_ON_BRIDGES: [u16; 3] = [5, 7, 23];
/// `IF_OPER_UP` of linux/if.h: it carries packets.
const OPERATIONAL: u8 = 6;
/// `IFF_UP` of linux/if.h.
const IFF_UP: u32 = 1;
// linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
// linux/rtnetlink.h
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_TABLE: u16 = 15;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const RTN_THROW: u8 = 9;
const RTPROT_RA: u8 = 9;
const RT_TABLE_LOCAL: u32 = 255;
/// linux/socket.h.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A link (`RTM_NEWLINK`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkRecord {
    pub(crate) index: u32,
    /// None if the name is not an [`IfName`].
    pub(crate) ifname: Option<IfName>,
    pub(crate) kind: LinkKind,
    pub(crate) group: u32,
    pub(crate) is_up: bool,
    pub(crate) is_operational: bool,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) master: Option<u32>,
    /// The index of a veth's other end, which may be in another namespace.
    pub(crate) other_end: Option<u32>,
    /// The number of the namespace of the other end, if that is in another one.
    pub(crate) other_netns: Option<i32>,
    pub(crate) mtu: u32,
    pub(crate) bridging: Bridging,
    /// Whether the link can have IPv6 addresses: the kernel has IPv6, and it is not turned off for the link.
    pub(crate) has_ipv6: bool,
    /// The saved state that is named in its alias.
    pub(crate) state_id: Option<StateId>,
}

impl LinkRecord {
    /// Reads `struct ifinfomsg` and its attributes; none if the message is too short.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<16>()?;
        let mut link = Self {
            index: u32_at(header, 4)?,
            ifname: None,
            kind: LinkKind::Other,
            group: 0,
            is_up: u32_at(header, 8)? & IFF_UP != 0,
            is_operational: false,
            mac: None,
            master: None,
            other_end: None,
            other_netns: None,
            mtu: 0,
            bridging: Bridging::default(),
            has_ipv6: false,
            state_id: None,
        };
        for (kind, value) in attributes(rest) {
            match kind {
                IFLA_ADDRESS => link.mac = mac(value),
                IFLA_IFNAME => link.ifname = text(value).and_then(|name| name.parse().ok()),
                IFLA_LINK => link.other_end = u32_at(value, 0),
                IFLA_LINK_NETNSID => {
                    link.other_netns = u32_at(value, 0).map(u32::cast_signed);
                }
                IFLA_MASTER => link.master = u32_at(value, 0),
                IFLA_OPERSTATE => link.is_operational = value == [OPERATIONAL],
                IFLA_LINKINFO => {
                    link.kind = link_kind(value);
                    link.bridging = bridging(value);
                }
                IFLA_MTU => link.mtu = u32_at(value, 0)?,
                IFLA_AF_SPEC => link.has_ipv6 = has_ipv6(value),
                IFLA_IFALIAS => link.state_id = text(value).and_then(StateId::of_alias),
                IFLA_GROUP => link.group = u32_at(value, 0)?,
                _ => {}
            }
        }
        Some(link)
    }
}

/// The link and its new reverse path filter in a message about its settings (`struct netconfmsg` of linux/netconf.h).
pub(crate) fn reverse_path(body: &[u8]) -> Option<(u32, u32)> {
    const IFINDEX: u16 = 1;
    const RP_FILTER: u16 = 3;
    let settings = body.get(4..)?;
    let number = |kind| attribute(settings, kind).and_then(|value| u32_at(value, 0));
    (body.first() == Some(&AF_INET)).then_some((number(IFINDEX)?, number(RP_FILTER)?))
}

/// The index in a message about a link (`struct ifinfomsg`).
pub(crate) fn link_index(body: &[u8]) -> Option<u32> {
    u32_at(body, 4)
}

/// An address of a link (`RTM_NEWADDR`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRecord {
    /// The link's index.
    pub(crate) index: u32,
    /// The address with its prefix length.
    pub(crate) local: IpNet,
    /// The on-link destination: the prefix of the address, or the far end of a point-to-point link.
    pub(crate) prefix: IpNet,
}

impl AddressRecord {
    /// Reads `struct ifaddrmsg` and its attributes; none if it is not an IP address.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<8>()?;
        let [family, prefix_length, ..] = *header;
        let net = |kind| {
            let ip = ip(family, attribute(rest, kind)?)?;
            IpNet::new(ip, prefix_length).ok()
        };
        let far = net(IFA_ADDRESS);
        let local = net(IFA_LOCAL).or(far)?;
        Some(Self {
            index: u32_at(header, 4)?,
            local,
            prefix: far.unwrap_or(local).trunc(),
        })
    }
}

/// A route (`RTM_NEWROUTE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteRecord {
    /// Its destination; a prefix length of 0 makes it a default route.
    pub(crate) destination: IpNet,
    /// Index of the outgoing link; none if there are several.
    pub(crate) link: Option<u32>,
    /// Its metric: the lowest is used.
    pub(crate) metric: u32,
    /// Its next hop; none if there is none, or several.
    pub(crate) via: Option<IpAddr>,
    kind: u8,
    table: u32,
    /// Who made it (`rtm_protocol`).
    origin: u8,
}

impl RouteRecord {
    /// Reads `struct rtmsg` and its attributes; none if it is not an IP route.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<12>()?;
        let [family, prefix_length, _, _, table, origin, _, kind, ..] = *header;
        let destination = match attribute(rest, RTA_DST) {
            Some(value) => ip(family, value)?,
            None => unspecified(family)?,
        };
        let number = |kind| attribute(rest, kind).and_then(|value| u32_at(value, 0));
        Some(Self {
            link: number(RTA_OIF),
            metric: number(RTA_PRIORITY).unwrap_or(0),
            via: attribute(rest, RTA_GATEWAY).and_then(|value| ip(family, value)),
            destination: IpNet::new(destination, prefix_length).ok()?.trunc(),
            kind,
            origin,
            table: number(RTA_TABLE).unwrap_or(u32::from(table)),
        })
    }

    /// Whether it leads out of the host to a part of the address space (not a default route).
    pub(crate) fn occupies(&self) -> bool {
        self.kind == RTN_UNICAST
            && self.table != RT_TABLE_LOCAL
            && self.destination.prefix_len() > 0
    }

    /// Whether it is a default route that is used without policy rules.
    pub(crate) fn is_default(&self) -> bool {
        self.kind == RTN_UNICAST && self.table == MAIN_TABLE && self.destination.prefix_len() == 0
    }

    /// Whether it is a default route from a router advertisement. The kernel marks it so; a program in user space uses
    /// another mark or sets the route for good.
    pub(crate) fn is_from_router(&self) -> bool {
        self.is_default() && self.origin == RTPROT_RA
    }

    /// Whether it is in the main table and not a local route.
    pub(crate) fn is_main(&self) -> bool {
        self.table == MAIN_TABLE && self.kind != RTN_LOCAL
    }

    /// The table, unless it is `local` or `main`, or the route only sends the search on (`throw` of ip-route(8)).
    pub(crate) fn other_table(&self) -> Option<u32> {
        let is_other = self.table != MAIN_TABLE && self.table != RT_TABLE_LOCAL;
        (is_other && self.kind != RTN_THROW).then_some(self.table)
    }

    /// Whether it is a unicast route.
    pub(crate) fn is_unicast(&self) -> bool {
        self.kind == RTN_UNICAST
    }

    /// Whether the destination is an address of the host itself.
    pub(crate) fn is_local(self) -> bool {
        self.kind == RTN_LOCAL
    }
}

fn link_kind(info: &[u8]) -> LinkKind {
    match attribute(info, IFLA_INFO_KIND).and_then(text) {
        Some("bridge") => LinkKind::Bridge,
        Some("veth") => LinkKind::Veth,
        _ => LinkKind::Other,
    }
}

/// The settings of a bridge, or of a port of one.
fn bridging(info: &[u8]) -> Bridging {
    let of_kind = |kind, data, wanted| {
        let is_it = attribute(info, kind).and_then(text) == Some(wanted);
        is_it.then(|| attribute(info, data).unwrap_or_default())
    };
    let bridge = of_kind(IFLA_INFO_KIND, IFLA_INFO_DATA, "bridge").unwrap_or_default();
    let port = of_kind(IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA, "bridge").unwrap_or_default();
    let is_on = |setting: &u16| {
        let value = attribute(bridge, *setting).unwrap_or_default();
        value.iter().any(|byte| *byte != 0)
    };
    let is_other = |(setting, ours): &(u16, u8)| {
        let value = attribute(port, *setting);
        value.is_some_and(|value| value != [*ours])
    };
    let state = attribute(port, IFLA_BRPORT_STATE).unwrap_or_default();
    Bridging {
        isolated: attribute(port, IFLA_BRPORT_ISOLATED) == Some(&[1]),
        changed: OFF_ON_BRIDGES.iter().any(is_on)
            || OF_PORTS.iter().any(is_other)
            || state
                .first()
                .is_some_and(|it| STATES_OF_OTHERS.contains(it)),
    }
}

fn has_ipv6(families: &[u8]) -> bool {
    let settings = attribute(families, u16::from(AF_INET6));
    let settings = settings.and_then(|settings| attribute(settings, IFLA_INET6_CONF));
    let disabled = settings.and_then(|settings| u32_at(settings, DISABLE_IPV6 * 4));
    disabled == Some(0)
}

fn mac(value: &[u8]) -> Option<MacAddr> {
    let octets = <[u8; 6]>::try_from(value).ok()?;
    (octets != [0; 6]).then_some(MacAddr(octets))
}

fn text(value: &[u8]) -> Option<&str> {
    std::ffi::CStr::from_bytes_until_nul(value)
        .ok()?
        .to_str()
        .ok()
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let value = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*value))
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => <[u8; 4]>::try_from(value).ok().map(IpAddr::from),
        AF_INET6 => <[u8; 16]>::try_from(value).ok().map(IpAddr::from),
        _ => None,
    }
}

fn unspecified(family: u8) -> Option<IpAddr> {
    match family {
        AF_INET => Some([0; 4].into()),
        AF_INET6 => Some([0; 16].into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::Emitable;
    use netlink_packet_route::AddressFamily;
    use netlink_packet_route::address::{AddressAttribute, AddressMessage};
    use netlink_packet_route::link::{
        AfSpecInet6, AfSpecUnspec, BridgePortState, Inet6DevConf, InfoBridge, InfoBridgePort,
        InfoData, InfoKind, InfoPortData, InfoPortKind, LinkAttribute, LinkFlags, LinkInfo,
        LinkMessage, State,
    };
    use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};

    use super::*;

    fn bytes(message: &impl Emitable) -> Vec<u8> {
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        bytes
    }

    fn link() -> LinkMessage {
        let mut link = LinkMessage::default();
        link.header.index = 7;
        link.header.flags = LinkFlags::Up | LinkFlags::Broadcast;
        link.attributes = vec![
            LinkAttribute::IfName("tide0".into()),
            LinkAttribute::Address(vec![2, 0, 0, 0, 0, 1]),
            LinkAttribute::Link(5),
            LinkAttribute::Mtu(1400),
            LinkAttribute::Controller(3),
            LinkAttribute::Group(9),
            LinkAttribute::OperState(State::Up),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth)]),
            ipv6(0),
        ];
        link
    }

    fn ipv6(disabled: i32) -> LinkAttribute {
        let mut settings = Inet6DevConf::default();
        settings.disable_ipv6 = disabled;
        let settings = AfSpecUnspec::Inet6(vec![AfSpecInet6::DevConf(settings)]);
        LinkAttribute::AfSpecUnspec(vec![settings])
    }

    fn address(attributes: Vec<AddressAttribute>) -> Option<AddressRecord> {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.prefix_len = 24;
        message.attributes = attributes;
        AddressRecord::decode(&bytes(&message))
    }

    fn route(table: u8, kind: RouteType, destination: &str) -> RouteRecord {
        let destination: IpNet = destination.parse().unwrap();
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.destination_prefix_length = destination.prefix_len();
        message.header.table = table;
        message.header.kind = kind;
        if destination.prefix_len() > 0 {
            let attribute = RouteAttribute::Destination(destination.addr().into());
            message.attributes.push(attribute);
        }
        RouteRecord::decode(&bytes(&message)).unwrap()
    }

    #[test]
    fn a_link_says_what_it_is() {
        let wanted = LinkRecord {
            index: 7,
            ifname: Some("tide0".parse().unwrap()),
            kind: LinkKind::Veth,
            group: 9,
            is_up: true,
            is_operational: true,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            master: Some(3),
            other_end: Some(5),
            other_netns: None,
            mtu: 1400,
            bridging: Bridging::default(),
            has_ipv6: true,
            state_id: None,
        };
        assert_eq!(LinkRecord::decode(&bytes(&link())), Some(wanted));
    }

    #[test]
    fn settings_of_bridges_and_ports_that_are_not_ours_are_seen() {
        let read = |info: Vec<LinkInfo>| {
            let mut link = link();
            link.attributes = vec![LinkAttribute::LinkInfo(info)];
            let Bridging { isolated, changed } =
                LinkRecord::decode(&bytes(&link)).unwrap().bridging;
            (isolated, changed)
        };
        let bridge = |setting| {
            let data = InfoData::Bridge(vec![InfoBridge::FdbMaxLearned(4096), setting]);
            read(vec![LinkInfo::Kind(InfoKind::Bridge), LinkInfo::Data(data)])
        };
        assert_eq!(bridge(InfoBridge::VlanFiltering(false)), (false, false));
        assert_eq!(bridge(InfoBridge::VlanFiltering(true)), (false, true));
        assert_eq!(bridge(InfoBridge::MulticastSnooping(true)), (false, true));
        let port = |setting| {
            let data = InfoPortData::BridgePort(vec![setting]);
            let port = LinkInfo::PortKind(InfoPortKind::Bridge);
            read(vec![port, LinkInfo::PortData(data)])
        };
        assert_eq!(port(InfoBridgePort::Isolated(true)), (true, false));
        assert_eq!(port(InfoBridgePort::Learning(true)), (false, false));
        for other in [
            InfoBridgePort::Learning(false),
            InfoBridgePort::UnicastFlood(false),
            InfoBridgePort::HairpinMode(true),
            InfoBridgePort::Locked(true),
            InfoBridgePort::State(BridgePortState::Blocking),
        ] {
            assert_eq!(port(other), (false, true));
        }
        for usual in [BridgePortState::Forwarding, BridgePortState::Disabled] {
            assert_eq!(port(InfoBridgePort::State(usual)), (false, false));
        }
    }

    #[test]
    fn a_foreign_link_is_read_as_far_as_it_can_be() {
        let mut foreign = link();
        foreign.attributes = vec![
            LinkAttribute::IfName("a:b".into()),
            LinkAttribute::Address(vec![0; 6]),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Other("new".into()))]),
        ];
        let read = LinkRecord::decode(&bytes(&foreign)).unwrap();
        assert_eq!((read.ifname, read.mac, read.master), (None, None, None));
        assert_eq!(read.kind, LinkKind::Other);
        assert!(!read.has_ipv6);
        foreign.attributes.push(ipv6(1));
        assert!(!LinkRecord::decode(&bytes(&foreign)).unwrap().has_ipv6);
    }

    #[test]
    fn a_message_that_is_cut_off_anywhere_causes_no_panic() {
        let whole = bytes(&link());
        for length in 0..whole.len() {
            let cut = &whole[..length];
            let _ = AddressRecord::decode(cut);
            let _ = RouteRecord::decode(cut);
            assert_eq!(LinkRecord::decode(cut).is_some(), length >= 16);
        }
    }

    #[test]
    fn the_far_end_of_a_point_to_point_link_is_what_is_reached() {
        let [near, far] = [[192, 0, 2, 1], [198, 51, 100, 77]].map(IpAddr::from);
        let plain = address(vec![AddressAttribute::Address(near)]).unwrap();
        assert_eq!(plain.local.to_string(), "192.0.2.1/24");
        assert_eq!(plain.prefix.to_string(), "192.0.2.0/24");
        let both = vec![
            AddressAttribute::Address(far),
            AddressAttribute::Local(near),
        ];
        let both = address(both).unwrap();
        assert_eq!(both.local.to_string(), "192.0.2.1/24");
        assert_eq!(both.prefix.to_string(), "198.51.100.0/24");
        assert_eq!(address(vec![]), None);
    }

    #[test]
    fn a_rule_counts_if_it_is_for_packets_without_a_mark() {
        let rule = |flags: u32, attributes: &[(u16, u32)]| {
            let mut body = vec![AF_INET, 0, 0, 0, 0, 0, 0, 1];
            body.extend(flags.to_ne_bytes());
            for (kind, value) in attributes {
                body.extend(8_u16.to_ne_bytes());
                body.extend(kind.to_ne_bytes());
                body.extend(value.to_ne_bytes());
            }
            routing_rule(&body).map(|it| (it.table, it.least_prefix))
        };
        let (priority, mark, suppressed, table, uids) = (6, 10, 14, 15, 20);
        // Those of wg-quick(8): main without default routes, then its own table but for its own packets.
        let main = [(priority, 32764), (suppressed, 0), (table, 254)];
        assert_eq!(rule(0, &main), Some((254, 1)));
        assert_eq!(rule(2, &[(mark, 51820), (table, 51820)]), Some((51820, 0)));
        assert_eq!(
            rule(0, &[(table, 52), (suppressed, u32::MAX)]),
            Some((52, 0))
        );
        assert_eq!(rule(0, &[(mark, 1), (table, 7)]), None);
        assert_eq!(rule(0, &[(uids, 0), (table, 7)]), None);
        assert_eq!(rule(2, &[(table, 7)]), None, "for no packet");
    }

    #[test]
    fn what_a_route_means_follows_from_its_type_table_and_length() {
        let (main, local, other) = (254, 255, 100);
        let meaning = |table, kind, destination| {
            let route = route(table, kind, destination);
            (route.occupies(), route.is_default(), route.is_local())
        };
        use RouteType::{BlackHole, Local, Unicast};
        let net = "192.0.2.0/24";
        assert_eq!(meaning(main, Unicast, net), (true, false, false));
        assert_eq!(meaning(other, Unicast, net), (true, false, false));
        assert_eq!(meaning(main, Unicast, "0.0.0.0/0"), (false, true, false));
        assert_eq!(meaning(other, Unicast, "0.0.0.0/0"), (false, false, false));
        assert_eq!(meaning(main, BlackHole, net), (false, false, false));
        assert_eq!(meaning(local, Local, "192.0.2.1/32"), (false, false, true));
    }
}
