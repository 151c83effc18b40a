//! Link steps as values: `tidegate-plan` creates them, and `tidegate-link` carries them out over rtnetlink.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::{IfName, Ipv6Off, MacAddr, NetnsId, NetnsRef, Protocol, StateId, StaticRoute};

/// The link group (`IFLA_GROUP`, "tide" in ASCII) that marks a link as ours. The kernel takes it
/// in the same message that creates the link, so no link of ours is ever without it.
pub const GROUP: u32 = 0x7469_6465;

/// One change to the host's links. Each is done completely or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkStep {
    /// Writes a sysctl of the daemon's network namespace unless it already has the value.
    SetSysctl(Sysctl),
    /// Has the host's own interfaces accept router advertisements (`accept_ra`) also while the host forwards IPv6. Call
    /// it before forwarding is turned on: the kernel then forgets the default routes from advertisements.
    KeepRouters,
    /// Creates a bridge with addresses and brings it up.
    AddBridge(Bridge),
    /// Adds missing sysctls and addresses to an existing bridge of ours, and brings it up.
    MendBridge(Bridge),
    /// Gives the host's end of an existing pair of ours all settings of a new one, and brings it up.
    MendVeth(Veth),
    /// Gives a link of ours its name and its group again.
    Reclaim(Reclaim),
    /// Removes a bridge. A missing bridge is not an error.
    DeleteBridge(Bridge),
    /// Removes the rules by which the DNS server answers networks to which the host has no route. Missing rules are not
    /// an error.
    EndAnswers,
    /// Adds the loopback filter to all ports of a bridge, also those that an older release created. Then turns on
    /// `route_localnet` (ip-sysctl of the kernel documentation), so that ports published on 127.0.0.1 work. If the
    /// kernel lacks the filter, `route_localnet` stays off.
    GuardPorts(IfName),
    /// Gives an existing bridge of ours the settings of a new one, except addresses and sysctls.
    KeepBridge(Bridge),
    /// Creates a veth pair: one end on the bridge, the other in the endpoint's namespace, both up.
    AddVeth(Veth),
    /// Gives the host's ends of existing veth pairs the settings of new ones. A missing pair is not an error.
    KeepVeths(Vec<Veth>),
    /// Removes a veth pair by its host end. A missing pair is not an error.
    DeleteVeth(Veth),
    /// Removes a link of ours that nothing needs any more. A missing link is not an error.
    DeleteLink(IfName),
    /// Holds ports of the host, so that no other program can take them. A port that is held already is not an error;
    /// a port of another program is.
    HoldPorts(Vec<PortHold>),
    /// Releases ports of the host. A port that is not held is not an error.
    ReleasePorts(Vec<PortHold>),
}

impl LinkStep {
    /// Its name in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetSysctl(_) => "set-sysctl",
            Self::KeepRouters => "keep-routers",
            Self::AddBridge(_) => "add-bridge",
            Self::KeepBridge(_) => "keep-bridge",
            Self::MendBridge(_) => "mend-bridge",
            Self::MendVeth(_) => "mend-veth",
            Self::Reclaim(_) => "reclaim",
            Self::DeleteBridge(_) => "delete-bridge",
            Self::EndAnswers => "end-answers",
            Self::GuardPorts(_) => "guard-ports",
            Self::AddVeth(_) => "add-veth",
            Self::KeepVeths(_) => "keep-veths",
            Self::DeleteVeth(_) => "delete-veth",
            Self::DeleteLink(_) => "delete-link",
            Self::HoldPorts(_) => "hold-ports",
            Self::ReleasePorts(_) => "release-ports",
        }
    }

    /// The step that undoes this one; none if there is nothing to undo (a sysctl stays set, an unneeded link stays
    /// removed).
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::AddBridge(bridge) => Some(Self::DeleteBridge(bridge.clone())),
            Self::DeleteBridge(bridge) => Some(Self::AddBridge(bridge.clone())),
            Self::AddVeth(veth) => Some(Self::DeleteVeth(veth.clone())),
            Self::DeleteVeth(veth) => Some(Self::AddVeth(veth.clone())),
            Self::HoldPorts(holds) => Some(Self::ReleasePorts(holds.clone())),
            Self::ReleasePorts(holds) => Some(Self::HoldPorts(holds.clone())),
            Self::SetSysctl(_)
            | Self::KeepRouters
            | Self::MendBridge(_)
            | Self::MendVeth(_)
            | Self::Reclaim(_)
            | Self::EndAnswers
            | Self::GuardPorts(_)
            | Self::KeepBridge(_)
            | Self::KeepVeths(_)
            | Self::DeleteLink(_) => None,
        }
    }

    /// The IPv4 part of this step, for a host or a namespace in which IPv6 is turned off; none if it has no such
    /// part.
    pub fn without_ipv6(&self) -> Option<Self> {
        let bridge = |bridge: &Bridge| Bridge {
            addresses: ipv4_of(&bridge.addresses, IpNet::addr),
            answered: ipv4_of(&bridge.answered, IpNet::addr),
            sysctls: not_of_ipv6(&bridge.sysctls),
            ..bridge.clone()
        };
        match self {
            Self::SetSysctl(sysctl) if sysctl.is_of_ipv6() => None,
            Self::KeepRouters => None,
            Self::AddBridge(it) => Some(Self::AddBridge(bridge(it))),
            Self::MendBridge(it) => Some(Self::MendBridge(bridge(it))),
            Self::AddVeth(veth) => Some(Self::AddVeth(Veth {
                peer: Peer {
                    addresses: ipv4_of(&veth.peer.addresses, IpNet::addr),
                    routes: ipv4_of(&veth.peer.routes, |route| route.to().addr()),
                    gateways: ipv4_of(&veth.peer.gateways, |gateway| *gateway),
                    resolvers: ipv4_of(&veth.peer.resolvers, |resolver| *resolver),
                    sysctls: not_of_ipv6(&veth.peer.sysctls),
                    ..veth.peer.clone()
                },
                ..veth.clone()
            })),
            other => Some(other.clone()),
        }
    }
}

/// A sysctl by its path below `/proc/sys` (`net/ipv4/ip_forward`) and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// Path below `/proc/sys`, with slashes.
    pub path: String,
    /// Value as written to the file, without a newline.
    pub value: String,
}

impl Sysctl {
    /// Turns IPv6 off on an interface, which removes its IPv6 addresses.
    pub fn no_ipv6(ifname: &IfName) -> Self {
        Self {
            path: format!("net/ipv6/conf/{ifname}/disable_ipv6"),
            value: "1".to_owned(),
        }
    }

    /// The name for a path below `/proc/sys`, as sysctl(8) takes it: `net.ipv6.conf.eth0/100.accept_ra` of interface
    /// `eth0.100`.
    pub fn name_of(path: &str) -> String {
        let swapped = path.chars().map(|it| match it {
            '/' => '.',
            '.' => '/',
            other => other,
        });
        swapped.collect()
    }

    /// Whether it is one of a single interface (`net/ipv6/conf/tgb0/accept_ra`), and not of the whole host.
    pub fn is_of_interface(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        matches!(parts[..], ["net", _, "conf", ifname, _] if !["all", "default"].contains(&ifname))
    }

    /// Whether it governs IPv6.
    pub fn is_of_ipv6(&self) -> bool {
        self.path.starts_with("net/ipv6/")
    }
}

impl fmt::Display for Sysctl {
    /// As sysctl(8) takes it: `net.ipv4.ip_forward=0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", Self::name_of(&self.path), self.value)
    }
}

fn not_of_ipv6(sysctls: &[Sysctl]) -> Vec<Sysctl> {
    let kept = sysctls.iter().filter(|sysctl| !sysctl.is_of_ipv6());
    kept.cloned().collect()
}

fn ipv4_of<T: Copy>(of_both: &[T], address: impl Fn(&T) -> IpAddr) -> Vec<T> {
    let kept = of_both.iter().filter(|it| address(it).is_ipv4());
    kept.copied().collect()
}

/// A bridge as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its name.
    pub ifname: IfName,
    /// Its Ethernet address. It is set explicitly, so that it does not change with the ports.
    pub mac: MacAddr,
    /// MTU in bytes.
    pub mtu: Option<u32>,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<IpNet>,
    /// Sysctls that exist only once the bridge does.
    pub sysctls: Vec<Sysctl>,
    /// Whether it is sealed: nothing from its ports reaches the host, except queries for names if `answered` is not
    /// empty.
    pub sealed: bool,
    /// Subnets to which only the DNS server has a route.
    pub answered: Vec<IpNet>,
}

/// A link of ours to which another program gave another name or another group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reclaim {
    /// The name that it has.
    pub found: IfName,
    /// The name that it gets.
    pub ifname: IfName,
}

/// The settings of a veth pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veth {
    /// The host's end.
    pub ifname: IfName,
    /// The bridge of the host's end.
    pub bridge: IfName,
    /// The bridge's Ethernet address.
    pub bridge_mac: MacAddr,
    /// MTU of both ends, in bytes.
    pub mtu: Option<u32>,
    /// Whether the port is isolated: no frame passes between isolated ports of a bridge (`IFLA_BRPORT_ISOLATED`).
    pub isolated: bool,
    /// Whether the port is bound: it accepts only frames from the Ethernet and IP addresses of the endpoint.
    pub bound: bool,
    /// The number of the endpoint's namespace in the host's namespace (ip-netns(8), `set`), unless it has one
    /// already. Later endpoints get lower numbers.
    pub netns_number: i32,
    /// The other end.
    pub peer: Peer,
}

/// The end of a veth pair inside an endpoint's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The namespace; none if it is handed over: it stays in the host's namespace, down and without addresses, for a
    /// container engine to move and configure it.
    pub netns: Option<NetnsRef>,
    /// Its name there.
    pub ifname: IfName,
    /// Its Ethernet address.
    pub mac: MacAddr,
    /// Its sysctls.
    pub sysctls: Vec<Sysctl>,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<IpNet>,
    /// Static routes through it.
    pub routes: Vec<StaticRoute>,
    /// Next hops of default routes through it.
    pub gateways: Vec<IpAddr>,
    /// Metric of these routes; none for the kernel's default.
    pub gateway_metric: Option<u32>,
    /// Addresses of the DNS server, each of which gets a route to the link.
    pub resolvers: Vec<IpAddr>,
    /// Metric of these routes, unique in the namespace.
    pub resolver_metric: u32,
}

/// The tracked connections of one published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Port that the client used: a port of the host, or in a routed family the endpoint's own.
    pub came_to: u16,
    /// Address of the endpoint.
    pub endpoint: IpAddr,
    /// Port of the endpoint.
    pub port: u16,
    /// Whether the destination was translated. In a routed family it is not.
    pub translated: bool,
}

/// A held port of the host: no other program can take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortHold {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Address of the host; an unspecified one for all of its family.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The endpoint to which traffic on `::1` is relayed; none if the port is only held.
    pub relay: Option<SocketAddr>,
    /// Whether it is left to another program that has it.
    pub optional: bool,
}

impl std::fmt::Display for PortHold {
    /// `8080/tcp`, `192.0.2.1:8080/tcp` or `[2001:db8::1]:8080/tcp`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            protocol,
            address,
            port,
            relay: _,
            optional: _,
        } = self;
        match address.is_unspecified() {
            true => write!(f, "{port}/{protocol}"),
            false => write!(f, "{}/{protocol}", SocketAddr::new(*address, *port)),
        }
    }
}

/// A link of the host as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub ifname: IfName,
    /// Its kind.
    pub kind: LinkKind,
    /// Its group (`IFLA_GROUP`): ours if it is [`GROUP`].
    pub group: u32,
    /// Whether it is administratively up (`IFF_UP`).
    pub up: bool,
    /// Its Ethernet address, where it has one.
    pub mac: Option<MacAddr>,
    /// The bridge of which it is a port.
    pub master: Option<IfName>,
    /// The number that the host's namespace has for that of a veth's other end; none if both are in one namespace.
    pub other_netns: Option<i32>,
    /// Its addresses, without IPv6 link-local ones.
    pub addresses: Vec<IpNet>,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// Its settings as a bridge, or as a port of one.
    pub bridging: Bridging,
    /// Whether it lacks the IPv6 link-local address that the kernel gives a link which carries packets.
    pub lacks_link_local: bool,
    /// The saved state that it belongs to, by its alias. Only bridges have one, and none that 0.1.0 made.
    pub state_id: Option<StateId>,
}

/// MTU in bytes of a bridge without ports and of a veth, if nobody sets another (`ETH_DATA_LEN` of linux/if_ether.h).
pub const DEFAULT_MTU: u32 = 1500;

/// The settings of a bridge, or of a port of one, as far as they decide which frames pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridging {
    /// Whether the port is isolated (`IFLA_BRPORT_ISOLATED`).
    pub isolated: bool,
    /// Whether another setting is not as we set it: VLAN filtering, the spanning tree protocol or multicast snooping of
    /// a bridge; hairpin mode, learning, flooding, proxying, the lock or the state of a port.
    pub changed: bool,
}

/// The kind of a link (`IFLA_INFO_KIND`); we create only bridges and veths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A bridge.
    Bridge,
    /// One end of a veth pair.
    Veth,
    /// Anything else.
    Other,
}

/// A route of the host's main table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Destination; a prefix length of 0 makes it a default route.
    pub destination: IpNet,
    /// The outgoing link; none if there are several, or if its name is not an [`IfName`].
    pub ifname: Option<IfName>,
    /// Its metric: of routes to the same destination the lowest is used.
    pub metric: u32,
    /// Whether it blocks packets (`blackhole`, `unreachable`, `prohibit` of ip-route(8)).
    pub is_blocked: bool,
}

/// A routing rule that leads packets of any sender without a mark to a table (ip-rule(8)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingRule {
    /// Whether it is about IPv6.
    pub is_ipv6: bool,
    /// Its priority: the lowest is asked first.
    pub priority: u32,
    /// The table.
    pub table: u32,
    /// The destinations that it is about; none for all.
    pub to: Option<IpNet>,
    /// Routes with a shorter prefix do not count (`suppress_prefixlength`).
    pub least_prefix: u8,
}

/// The main table (`RT_TABLE_MAIN` of linux/rtnetlink.h).
pub const MAIN_TABLE: u32 = 254;

/// The routing rules that are asked before the main table, and the routes of their tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRouting {
    /// The rules of both families, by priority, also those for the main table.
    pub rules: Vec<RoutingRule>,
    /// Routes of tables other than `local` and `main`, with their tables.
    pub routes: Vec<(u32, Route)>,
}

/// What the host has of the way of the DNS server's answers to networks to which it has no route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerRouting {
    /// The addresses from which rules lead to our table, whose number is [`GROUP`].
    pub rules: BTreeSet<IpAddr>,
    /// The routes of our table: destinations and links.
    pub routes: BTreeSet<(IpNet, IfName)>,
}

/// Facts about a namespace before it is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetnsFacts {
    /// The namespace.
    pub id: NetnsId,
    /// Names of the interfaces in it.
    pub ifnames: Vec<IfName>,
    /// Its default routes.
    pub default_routes: Vec<DefaultRoute>,
    /// What turns IPv6 off for its new interfaces, as far as its loopback interface shows that.
    pub ipv6_off: Option<Ipv6Off>,
}

/// What a namespace has of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The namespace.
    pub id: NetnsId,
    /// Whether it is the host's namespace, in which an interface that is handed over waits for its engine.
    pub is_at_home: bool,
    /// The interface with the endpoint's name.
    pub link: Option<InsideLink>,
    /// Routes of the main table through that interface.
    pub routes: Vec<InsideRoute>,
}

/// An interface in an endpoint's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsideLink {
    /// Whether it is administratively up.
    pub up: bool,
    /// Its Ethernet address.
    pub mac: Option<MacAddr>,
    /// Its addresses, without IPv6 link-local ones.
    pub addresses: Vec<IpNet>,
    /// Whether it is the other end of the host's interface.
    pub is_pair: bool,
}

/// A route in an endpoint's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsideRoute {
    /// Destination; a prefix length of 0 makes it a default route.
    pub to: IpNet,
    /// Next hop; none if the destination is on the link.
    pub via: Option<IpAddr>,
    /// Its metric.
    pub metric: u32,
}

/// A default route of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRoute {
    /// Whether it is an IPv6 route.
    pub is_ipv6: bool,
    /// The outgoing interface; none if there are several.
    pub ifname: Option<IfName>,
    /// Its metric: the kernel uses the route with the lowest.
    pub metric: u32,
}

#[cfg(test)]
mod tests;
