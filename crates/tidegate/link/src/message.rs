//! The rtnetlink requests that we make (rtnetlink(7), linux/if_link.h). Pure: values to requests.

use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use ipnet::IpNet;
use netlink_packet_core::{DefaultNla, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    AfSpecInet, AfSpecUnspec, BridgeStpState, InetDevConf, InfoBridge, InfoBridgePort, InfoData,
    InfoKind, InfoPortData, InfoPortKind, InfoVeth, LinkAttribute, LinkExtentMask, LinkFlags,
    LinkInfo, LinkMessage,
};
use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope,
    RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use tidegate_model::links::{Bridge, GROUP, Veth};
use tidegate_model::{IfName, MacAddr, StateId, StaticRoute};
use tidegate_sys::netlink::{DUMP, Request};

// linux/rtnetlink.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWNEIGH: u16 = 28;
const RTM_NEWRULE: u16 = 32;
const RTM_DELRULE: u16 = 33;
const RTM_GETRULE: u16 = 34;
const RTM_NEWNSID: u16 = 88;

/// Addresses of endpoints are not learned and do not count. The limit is for addresses behind them, for example of
/// nested bridges. An entry takes some 128 bytes.
const LEARNED: u32 = 4096;

const CREATE: u16 = NLM_F_CREATE | NLM_F_EXCL;

/// Creates a bridge, down, in our group. [`set_bridge_up`] sets its MTU: only an MTU that is set later stays when ports come
/// and go (`br_mtu_auto_adjust`).
pub(crate) fn new_bridge(bridge: &Bridge) -> Request {
    let link = link([
        name(&bridge.ifname),
        LinkAttribute::Group(GROUP),
        mac(bridge.mac),
        settings(),
    ]);
    Request::new(RTM_NEWLINK, CREATE, &link)
}

/// Gives an existing bridge the settings of a new one.
pub(crate) fn keep_bridge(index: u32, state_id: Option<StateId>) -> Request {
    let mut link = link([settings()]);
    link.header.index = index;
    link.attributes.extend(state_id.map(alias));
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Turns VLAN filtering of a bridge off, as a new bridge has it. A kernel built without it refuses that.
pub(crate) fn no_vlans(index: u32) -> Request {
    set_bridge(index, InfoBridge::VlanFiltering(false))
}

/// Turns the spanning tree protocol of a bridge off, as a new bridge has it.
pub(crate) fn no_spanning_tree(index: u32) -> Request {
    set_bridge(index, InfoBridge::StpState(BridgeStpState::Disabled))
}

fn set_bridge(index: u32, setting: InfoBridge) -> Request {
    let mut link = link([LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Bridge),
        LinkInfo::Data(InfoData::Bridge(vec![setting])),
    ])]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// A bridge that learns at most [`LEARNED`] Ethernet addresses and sends multicast to every port. Kernels before 6.7
/// have no such limit.
///
/// A snooping bridge sends multicast only to ports that report listeners. Ports report when they are queried, and the
/// bridge trusts any querier. An endpoint whose queries its neighbours do not receive could thus cut them off from
/// the host's neighbour solicitations, and from IPv6.
fn settings() -> LinkAttribute {
    let settings = vec![
        InfoBridge::FdbMaxLearned(LEARNED),
        InfoBridge::MulticastSnooping(false),
    ];
    LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Bridge),
        LinkInfo::Data(InfoData::Bridge(settings)),
    ])
}

/// Makes a veth pair, both ends down: the host's as a port of the bridge with index `bridge`, the other in `netns`. Without
/// one, the other stays in the host's namespace, as a link of its engine.
pub(crate) fn new_veth(veth: &Veth, bridge: u32, netns: Option<BorrowedFd<'_>>) -> Request {
    let mtu = veth.mtu.map(LinkAttribute::Mtu);
    let mut peer = link([name(&veth.peer.ifname), mac(veth.peer.mac)]);
    if let Some(netns) = netns {
        let ours = [
            LinkAttribute::Group(GROUP),
            LinkAttribute::NetNsFd(netns.as_raw_fd()),
        ];
        peer.attributes.extend(ours);
    }
    peer.attributes.extend(mtu.clone());
    let info = vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ];
    let mut host = link([
        name(&veth.ifname),
        LinkAttribute::Group(GROUP),
        LinkAttribute::Controller(bridge),
        // The bridge receives frames that the endpoint sends to the gateway. It accepts them only if the port has the
        // same address (`eth_type_trans`).
        mac(veth.bridge_mac),
        LinkAttribute::LinkInfo(info),
    ]);
    host.attributes.extend(mtu);
    Request::new(RTM_NEWLINK, CREATE, &host)
}

/// Brings a link up.
pub(crate) fn set_up(index: u32) -> Request {
    Request::new(RTM_NEWLINK, 0, &up(index))
}

/// Brings a bridge up, with an MTU if one is given, as one of that saved state: no bridge is up without its mark. The
/// kernel ignores the alias of a new link (`rtnl_create_link`).
pub(crate) fn set_bridge_up(index: u32, mtu: Option<u32>, state_id: Option<StateId>) -> Request {
    let mut link = up(index);
    link.attributes.extend(mtu.map(LinkAttribute::Mtu));
    link.attributes.extend(state_id.map(alias));
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Brings a port of a bridge up, isolated or not.
pub(crate) fn set_port_up(index: u32, isolated: bool) -> Request {
    let mut link = up(index);
    if isolated {
        // A kernel before 4.18 does not know it.
        link.attributes.push(port(InfoBridgePort::Isolated(true)));
    }
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Makes a link a port of the bridge with that index.
pub(crate) fn set_master(index: u32, bridge: u32) -> Request {
    let mut link = link([LinkAttribute::Controller(bridge)]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Sets the MTU of a link.
pub(crate) fn set_mtu(index: u32, mtu: u32) -> Request {
    let mut link = link([LinkAttribute::Mtu(mtu)]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Puts a link into our group.
pub(crate) fn regroup(index: u32) -> Request {
    let mut link = link([LinkAttribute::Group(GROUP)]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Takes a link down.
pub(crate) fn set_down(index: u32) -> Request {
    let mut link = up(index);
    link.header.flags = LinkFlags::empty();
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Gives an existing bridge port the settings of [`new_veth`] and [`set_port_up`], and those that a new port has by
/// itself. A kernel ignores the settings that it does not know.
pub(crate) fn keep_port(index: u32, veth: &Veth) -> Request {
    let settings = vec![
        InfoBridgePort::HairpinMode(false),
        InfoBridgePort::Isolated(veth.isolated),
        InfoBridgePort::Learning(true),
        InfoBridgePort::UnicastFlood(true),
        InfoBridgePort::MulticastFlood(true),
        InfoBridgePort::BroadcastFlood(true),
        InfoBridgePort::ProxyARP(false),
        InfoBridgePort::NeighSupress(false),
        InfoBridgePort::Locked(false),
    ];
    let mut link = link([
        mac(veth.bridge_mac),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::PortKind(InfoPortKind::Bridge),
            LinkInfo::PortData(InfoPortData::BridgePort(settings)),
        ]),
    ]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Adds a permanent forwarding entry for the station behind a port: no other port can take the address over by
/// sending from it (`NTF_STICKY`, Linux 5.0), and the bridge need not learn it.
pub(crate) fn new_station(index: u32, station: MacAddr) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = index;
    message.header.state = NeighbourState::Noarp;
    message.header.flags = NeighbourFlags::Controller | NeighbourFlags::Sticky;
    message.attributes = vec![NeighbourAttribute::LinkLayerAddress(station.0.to_vec())];
    Request::new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &message)
}

/// Has the kernel announce the link's IPv4 addresses when its Ethernet address is set (`arp_notify` in
/// ip-sysctl of the kernel documentation).
pub(crate) fn set_arp_notify(index: u32) -> Request {
    let mut settings = InetDevConf::default();
    settings.arp_notify = 1;
    set_inet(index, settings)
}

/// Sets the IPv4 settings of a link that are not 0.
fn set_inet(index: u32, settings: InetDevConf) -> Request {
    let settings = AfSpecUnspec::Inet(vec![AfSpecInet::DevConfRequest(settings)]);
    let mut link = link([LinkAttribute::AfSpecUnspec(vec![settings])]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Makes the reverse path filter of a link loose (`rp_filter` in ip-sysctl of the kernel documentation).
pub(crate) fn set_loose(index: u32) -> Request {
    let mut settings = InetDevConf::default();
    settings.rp_filter = 2;
    set_inet(index, settings)
}

/// Gives a namespace a number in the namespace of the socket (`NETNSA_NSID` of linux/net_namespace.h).
pub(crate) fn number_netns(netns: BorrowedFd<'_>, number: i32) -> Request {
    let mut message = NsidMessage::default();
    message.attributes = vec![
        NsidAttribute::Id(number),
        NsidAttribute::Fd(netns.as_raw_fd().cast_unsigned()),
    ];
    Request::new(RTM_NEWNSID, 0, &message)
}

/// Takes a link down, into another group.
pub(crate) fn retire(index: u32, group: u32) -> Request {
    Request::new(RTM_NEWLINK, 0, &down(index, group))
}

/// As [`retire`], and off its bridge.
pub(crate) fn retire_port(index: u32, group: u32) -> Request {
    let mut link = down(index, group);
    link.attributes.push(LinkAttribute::Controller(0));
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Gives a link another name.
pub(crate) fn rename(index: u32, name: &str) -> Request {
    let mut link = link([LinkAttribute::IfName(name.to_owned())]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Sets a link's Ethernet address.
pub(crate) fn set_mac(index: u32, address: MacAddr) -> Request {
    let mut link = link([mac(address)]);
    link.header.index = index;
    Request::new(RTM_NEWLINK, 0, &link)
}

/// Asks for the link of that name.
pub(crate) fn get_link_named(ifname: &IfName) -> Request {
    Request::new(RTM_GETLINK, 0, &link([name(ifname), skip_statistics()]))
}

/// Asks for the link of that index.
pub(crate) fn get_link(index: u32) -> Request {
    let mut link = link([skip_statistics()]);
    link.header.index = index;
    Request::new(RTM_GETLINK, 0, &link)
}

/// Asks for a link of the namespace with that number (`IFLA_TARGET_NETNSID` of linux/if_link.h, Linux 4.15).
pub(crate) fn get_link_in(netns_number: i32, index: u32) -> Request {
    const TARGET: u16 = 46;
    let target = DefaultNla::new(TARGET, netns_number.to_ne_bytes().to_vec());
    let mut link = link([skip_statistics(), LinkAttribute::Other(target)]);
    link.header.index = index;
    Request::new(RTM_GETLINK, 0, &link)
}

/// Removes the link of that index.
pub(crate) fn delete_link(index: u32) -> Request {
    let mut link = LinkMessage::default();
    link.header.index = index;
    Request::new(RTM_DELLINK, 0, &link)
}

/// Removes every link of a group, all at once.
pub(crate) fn delete_group(group: u32) -> Request {
    Request::new(RTM_DELLINK, 0, &link([LinkAttribute::Group(group)]))
}

/// Takes an address off a link.
pub(crate) fn delete_address(index: u32, net: &IpNet) -> Request {
    Request::new(RTM_DELADDR, 0, &address(index, net))
}

/// Adds an address, without duplicate address detection: it answers at once. An IPv4 address has
/// the broadcast address of its prefix, if the prefix has one (RFC 3021: not below /31).
pub(crate) fn new_address(index: u32, net: &IpNet) -> Request {
    let mut message = address(index, net);
    message.attributes.extend(match net {
        IpNet::V4(v4) if v4.prefix_len() < 31 => Some(AddressAttribute::Broadcast(v4.broadcast())),
        IpNet::V4(_) => None,
        IpNet::V6(_) => Some(AddressAttribute::Flags(AddressFlags::Nodad)),
    });
    Request::new(RTM_NEWADDR, CREATE, &message)
}

/// Adds a default route through a link to a next hop, in the main table.
pub(crate) fn new_default_route(index: u32, gateway: IpAddr, metric: Option<u32>) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(gateway);
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        RouteAttribute::Gateway(gateway.into()),
        RouteAttribute::Oif(index),
    ];
    let metric = metric.map(RouteAttribute::Priority);
    message.attributes.extend(metric);
    Request::new(RTM_NEWROUTE, CREATE, &message)
}

/// Adds a route to one address on a link, in the main table.
pub(crate) fn new_route_to(index: u32, to: IpAddr, metric: u32) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(to);
    message.header.destination_prefix_length = IpNet::from(to).prefix_len();
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Link;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        RouteAttribute::Destination(RouteAddress::from(to)),
        RouteAttribute::Oif(index),
        RouteAttribute::Priority(metric),
    ];
    Request::new(RTM_NEWROUTE, CREATE, &message)
}

/// Adds a static route on a link, in the main table, with the kernel's default metric.
pub(crate) fn new_static_route(index: u32, route: &StaticRoute) -> Request {
    let to = route.to();
    let mut message = RouteMessage::default();
    message.header.address_family = family(to.addr());
    message.header.destination_prefix_length = to.prefix_len();
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![RouteAttribute::Oif(index)];
    if !route.is_default() {
        let to = RouteAddress::from(to.addr());
        message.attributes.push(RouteAttribute::Destination(to));
    }
    match route.via() {
        Some(via) => message.attributes.push(RouteAttribute::Gateway(via.into())),
        None => message.header.scope = RouteScope::Link,
    }
    Request::new(RTM_NEWROUTE, CREATE, &message)
}

/// The table of routes to isolated networks ("tide" in ASCII). Only rules of ours lead to it.
const TABLE: u32 = GROUP;
/// Priority of these rules: before the main table (ip-rule(8)).
const PRIORITY: u32 = 29_801;

/// Adds a route to a subnet on a link, in our table, unless it is there.
pub(crate) fn new_route_of_answers(index: u32, net: &IpNet) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(net.addr());
    message.header.destination_prefix_length = net.prefix_len();
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Link;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        RouteAttribute::Table(TABLE),
        RouteAttribute::Destination(RouteAddress::from(net.network())),
        RouteAttribute::Oif(index),
    ];
    Request::new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &message)
}

/// Adds the rule that routes packets from an address by our table.
pub(crate) fn new_rule_from(source: IpAddr) -> Request {
    Request::new(RTM_NEWRULE, CREATE, &rule_from(source))
}

/// Removes that rule.
pub(crate) fn delete_rule_from(source: IpAddr) -> Request {
    Request::new(RTM_DELRULE, 0, &rule_from(source))
}

fn rule_from(source: IpAddr) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(source);
    message.header.src_len = IpNet::from(source).prefix_len();
    message.header.action = RuleAction::ToTable;
    message.attributes = vec![
        RuleAttribute::Source(source),
        RuleAttribute::Priority(PRIORITY),
        RuleAttribute::Table(TABLE),
    ];
    message
}

/// Queries the route of a packet to `destination`, but not its source address: for that, the kernel would look at the
/// addresses of every link.
pub(crate) fn get_route_to(destination: IpAddr) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(destination);
    message.header.destination_prefix_length = IpNet::from(destination).prefix_len();
    message.header.flags = RouteFlags::FibMatch;
    message.attributes = vec![RouteAttribute::Destination(RouteAddress::from(destination))];
    Request::new(RTM_GETROUTE, 0, &message)
}

/// Asks for every link.
pub(crate) fn list_links() -> Request {
    Request::new(RTM_GETLINK, DUMP, &link([skip_statistics()]))
}

/// Lists the ports of the bridge with that index. A kernel that ignores the index lists every link.
pub(crate) fn list_ports(bridge: u32) -> Request {
    let of_bridge = link([skip_statistics(), LinkAttribute::Controller(bridge)]);
    Request::new(RTM_GETLINK, DUMP, &of_bridge)
}

/// Asks for every address of both families.
pub(crate) fn list_addresses() -> Request {
    Request::new(RTM_GETADDR, DUMP, &AddressMessage::default())
}

/// Asks for the addresses of the link of that index.
pub(crate) fn list_addresses_of(index: u32) -> Request {
    let mut message = AddressMessage::default();
    message.header.index = index;
    Request::new(RTM_GETADDR, DUMP, &message)
}

/// Asks for every route of both families, in every table.
pub(crate) fn list_routes() -> Request {
    Request::new(RTM_GETROUTE, DUMP, &RouteMessage::default())
}

/// Asks for the routes of our table, in both families.
pub(crate) fn list_routes_of_answers() -> Request {
    let mut message = RouteMessage::default();
    message.attributes = vec![RouteAttribute::Table(TABLE)];
    Request::new(RTM_GETROUTE, DUMP, &message)
}

/// Asks for the routing rules of a family (`struct fib_rule_hdr` of linux/fib_rules.h).
pub(crate) fn list_rules(is_ipv6: bool) -> Request {
    let family = if is_ipv6 {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    let mut body = vec![0; 12];
    body[0] = u8::from(family);
    Request::from_bytes(RTM_GETRULE, DUMP, body)
}

fn address(index: u32, net: &IpNet) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(net.addr());
    message.header.prefix_len = net.prefix_len();
    message.header.index = index;
    if is_link_local4(net.addr()) {
        // The kernel takes it as the source of no packet to elsewhere.
        message.header.scope = AddressScope::Link;
    }
    message.attributes = vec![
        AddressAttribute::Local(net.addr()),
        AddressAttribute::Address(net.addr()),
    ];
    message
}

/// 169.254.0.0/16 (RFC 3927).
fn is_link_local4(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_link_local())
}

fn link(attributes: impl Into<Vec<LinkAttribute>>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes = attributes.into();
    message
}

fn port(setting: InfoBridgePort) -> LinkAttribute {
    LinkAttribute::LinkInfo(vec![
        LinkInfo::PortKind(InfoPortKind::Bridge),
        LinkInfo::PortData(InfoPortData::BridgePort(vec![setting])),
    ])
}

fn up(index: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    message
}

fn down(index: u32, group: u32) -> LinkMessage {
    let mut message = up(index);
    message.header.flags = LinkFlags::empty();
    message.attributes = vec![LinkAttribute::Group(group)];
    message
}

fn name(ifname: &IfName) -> LinkAttribute {
    LinkAttribute::IfName(ifname.to_string())
}

fn alias(state_id: StateId) -> LinkAttribute {
    LinkAttribute::IfAlias(state_id.alias())
}

fn mac(mac: MacAddr) -> LinkAttribute {
    LinkAttribute::Address(mac.0.to_vec())
}

/// `RTEXT_FILTER_SKIP_STATS`: without counters, which nothing here reads.
fn skip_statistics() -> LinkAttribute {
    LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])
}

fn family(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}
