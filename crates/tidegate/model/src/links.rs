//! What is to be done to the host's links, as values: `tidegate-plan` makes them, and
//! `tidegate-link` carries them out over rtnetlink.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::Serialize;

use crate::{IfName, MacAddr, NetnsId, NetnsRef, Protocol};

/// The link group (`IFLA_GROUP`, "tide" in ASCII) that marks a link as ours. The kernel takes it
/// in the same message that creates the link, so no link of ours is ever without it.
pub const GROUP: u32 = 0x7469_6465;

/// One step on the host's links. Each is done whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkStep {
    /// Writes a sysctl of the daemon's network namespace unless it already has the value.
    SetSysctl(Sysctl),
    /// Makes a bridge, with addresses, up.
    AddBridge(Bridge),
    /// Gives a bridge of ours that is there the sysctls and addresses that it lacks, and brings it up.
    MendBridge(Bridge),
    /// Removes a bridge. A bridge that is not there is not an error.
    DeleteBridge(Bridge),
    /// Has the ports of a bridge keep their endpoints from the host's 127.0.0.0/8, also those that an older release
    /// made, and then lets ports published on 127.0.0.1 through it (`route_localnet` in ip-sysctl of the kernel
    /// documentation). Where the kernel lacks what it takes, the bridge is closed to both.
    GuardPorts(IfName),
    /// Gives a bridge of ours that is there what it has when it is made anew, but for addresses and sysctls.
    KeepBridge(Bridge),
    /// Makes a veth pair: one end on the bridge, the other in the endpoint's namespace, both up.
    AddVeth(Veth),
    /// Gives the host's ends of veth pairs that are there what they have when they are made anew. One that is not
    /// there is not an error.
    KeepVeths(Vec<Veth>),
    /// Removes a veth pair by its host end. A pair that is not there is not an error.
    DeleteVeth(Veth),
    /// Removes a link of ours that nothing needs any more. One that is not there is not an error.
    DeleteLink(IfName),
    /// Holds ports of the host: nothing else on it can take them. A port that is held already is
    /// not an error, one that somebody else has is.
    HoldPorts(Vec<PortHold>),
    /// Lets go of ports of the host. One that is not held is not an error.
    ReleasePorts(Vec<PortHold>),
}

impl LinkStep {
    /// What it is called in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetSysctl(_) => "set-sysctl",
            Self::AddBridge(_) => "add-bridge",
            Self::KeepBridge(_) => "keep-bridge",
            Self::MendBridge(_) => "mend-bridge",
            Self::DeleteBridge(_) => "delete-bridge",
            Self::GuardPorts(_) => "guard-ports",
            Self::AddVeth(_) => "add-veth",
            Self::KeepVeths(_) => "keep-veths",
            Self::DeleteVeth(_) => "delete-veth",
            Self::DeleteLink(_) => "delete-link",
            Self::HoldPorts(_) => "hold-ports",
            Self::ReleasePorts(_) => "release-ports",
        }
    }

    /// The step that undoes this one; none where there is nothing to undo (a sysctl and a link stay set,
    /// what nothing needs stays away).
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::AddBridge(bridge) => Some(Self::DeleteBridge(bridge.clone())),
            Self::DeleteBridge(bridge) => Some(Self::AddBridge(bridge.clone())),
            Self::AddVeth(veth) => Some(Self::DeleteVeth(veth.clone())),
            Self::DeleteVeth(veth) => Some(Self::AddVeth(veth.clone())),
            Self::HoldPorts(holds) => Some(Self::ReleasePorts(holds.clone())),
            Self::ReleasePorts(holds) => Some(Self::HoldPorts(holds.clone())),
            Self::SetSysctl(_)
            | Self::MendBridge(_)
            | Self::GuardPorts(_)
            | Self::KeepBridge(_)
            | Self::KeepVeths(_)
            | Self::DeleteLink(_) => None,
        }
    }

    /// The same step as far as it is one for IPv4; none where nothing is left of it. For a host, or a namespace, in
    /// which IPv6 is turned off.
    pub fn without_ipv6(&self) -> Option<Self> {
        let bridge = |bridge: &Bridge| Bridge {
            addresses: ipv4_of(&bridge.addresses, IpNet::addr),
            sysctls: not_of_ipv6(&bridge.sysctls),
            ..bridge.clone()
        };
        match self {
            Self::SetSysctl(sysctl) if sysctl.is_of_ipv6() => None,
            Self::AddBridge(it) => Some(Self::AddBridge(bridge(it))),
            Self::MendBridge(it) => Some(Self::MendBridge(bridge(it))),
            Self::AddVeth(veth) => Some(Self::AddVeth(Veth {
                peer: Peer {
                    addresses: ipv4_of(&veth.peer.addresses, IpNet::addr),
                    gateways: ipv4_of(&veth.peer.gateways, |gateway| *gateway),
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sysctl {
    /// Path below `/proc/sys`, with slashes.
    pub path: String,
    /// Value as written to the file, without a newline.
    pub value: String,
}

impl Sysctl {
    /// What turns IPv6 off on an interface, and takes its addresses.
    pub fn no_ipv6(ifname: &IfName) -> Self {
        Self {
            path: format!("net/ipv6/conf/{ifname}/disable_ipv6"),
            value: "1".to_owned(),
        }
    }

    /// Whether it governs IPv6.
    pub fn is_of_ipv6(&self) -> bool {
        self.path.starts_with("net/ipv6/")
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bridge {
    /// Its name.
    pub ifname: IfName,
    /// Its Ethernet address; given, so that it does not change with its ports.
    pub mac: MacAddr,
    /// MTU in bytes.
    pub mtu: Option<u32>,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<IpNet>,
    /// Sysctls that exist only once the bridge does.
    pub sysctls: Vec<Sysctl>,
    /// Whether nothing that comes in by its ports reaches the host itself.
    pub sealed: bool,
}

/// A veth pair as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Veth {
    /// The host's end.
    pub ifname: IfName,
    /// The bridge that the host's end is a port of.
    pub bridge: IfName,
    /// The bridge's Ethernet address.
    pub bridge_mac: MacAddr,
    /// MTU of both ends, in bytes.
    pub mtu: Option<u32>,
    /// Whether no frame passes between it and the bridge's other ports that are isolated
    /// (`IFLA_BRPORT_ISOLATED`).
    pub isolated: bool,
    /// Whether it takes from the other end only what comes from that end's Ethernet address and IP addresses.
    pub bound: bool,
    /// The number by which the host's namespace is to know the endpoint's (ip-netns(8), `set`), unless it
    /// knows it already. The later the endpoint, the lower.
    pub netns_number: i32,
    /// The other end.
    pub peer: Peer,
}

/// The end of a veth pair inside an endpoint's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// The namespace.
    pub netns: NetnsRef,
    /// Its name there.
    pub ifname: IfName,
    /// Its Ethernet address.
    pub mac: MacAddr,
    /// Its sysctls.
    pub sysctls: Vec<Sysctl>,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<IpNet>,
    /// Next hops of default routes through it.
    pub gateways: Vec<IpAddr>,
    /// Metric of these routes; the kernel's own where none is given.
    pub gateway_metric: Option<u32>,
}

/// The tracked connections of one published port: those that came to a port and were sent on to the
/// endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Flow {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Port to which they came: one of the host, or in a routed family the endpoint's own.
    pub came_to: u16,
    /// Address of the endpoint to which they were sent on.
    pub endpoint: IpAddr,
    /// Port of the endpoint.
    pub port: u16,
    /// Whether their destination was translated. In a routed family it was not.
    pub translated: bool,
}

/// A port of the host that is kept from everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PortHold {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Address of the host; an unspecified one for all of its family.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Where what comes to it on `::1` is relayed to; none where it is held alone.
    pub relay: Option<SocketAddr>,
}

impl std::fmt::Display for PortHold {
    /// `8080/tcp`, `192.0.2.1:8080/tcp` or `[2001:db8::1]:8080/tcp`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            protocol,
            address,
            port,
            relay: _,
        } = self;
        match address.is_unspecified() {
            true => write!(f, "{port}/{protocol}"),
            false => write!(f, "{}/{protocol}", SocketAddr::new(*address, *port)),
        }
    }
}

/// A link of the host as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// The bridge that it is a port of.
    pub master: Option<IfName>,
    /// Its addresses but for IPv6 link-local ones.
    pub addresses: Vec<IpNet>,
}

/// The kind of a link (`IFLA_INFO_KIND`), as far as we make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// A bridge.
    Bridge,
    /// One end of a veth pair.
    Veth,
    /// Anything else.
    Other,
}

/// A route of the host's main table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Where to; a prefix length of 0 makes it a default route.
    pub destination: IpNet,
    /// The link that it leads through; none where it is several, or one that has no [`IfName`].
    pub ifname: Option<IfName>,
    /// Its metric: of routes to the same destination the lowest is used.
    pub metric: u32,
    /// Whether it leads nowhere: packets are refused or thrown away (`blackhole`, `unreachable`,
    /// `prohibit` of ip-route(8)).
    pub is_blocked: bool,
}

/// What a namespace looks like before something is attached to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetnsFacts {
    /// The namespace.
    pub id: NetnsId,
    /// Names of the interfaces in it.
    pub ifnames: Vec<IfName>,
    /// Its default routes.
    pub default_routes: Vec<DefaultRoute>,
    /// Whether IPv6 can be used in it at all.
    pub ipv6: bool,
}

/// A default route of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DefaultRoute {
    /// Whether it is one of IPv6.
    pub is_ipv6: bool,
    /// The interface that it leads through; none where it is several.
    pub ifname: Option<IfName>,
    /// Its metric: the kernel uses the route with the lowest.
    pub metric: u32,
}
