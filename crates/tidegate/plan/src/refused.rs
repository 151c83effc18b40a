//! Why a request cannot be planned: the reasons and their messages. `hint` says what to do, `kind` and
//! `code` how the API answers.

mod address_holder;
mod allow;
mod awaited;
mod code;
mod hand_over;
mod hint;
mod holders;
mod in_document;
mod kind;
mod words;

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::explain::Party;
use tidegate_model::{
    Fault, GatewayPriority, IfName, Invalid, Ipv6Off, LINK_LOCAL, MacAddr, Name, Owner,
    PortBinding, PortRange, PortRequest, Protocol, StaticRoute,
};

use crate::ip_family::IpFamily;
pub use address_holder::AddressHolder;
pub use allow::NoAllowList;
pub use awaited::Awaited;
pub use hand_over::NoHandOver;
pub use holders::Holders;
use words::{counted, given, in_pools, listed_ports, not_usable, of_endpoint, outside};

/// A request that contradicts itself or the state. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A value of the request is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The request exceeds a limit.
    #[error("one command cannot ask for {asked} {what}: at most {most} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        asked: usize,
        /// The most.
        most: usize,
    },
    /// The network does not exist.
    #[error("network {0} does not exist")]
    NoNetwork(Name),
    /// The network is down: it cannot be changed, and nothing can be attached to it.
    #[error("network {network} is degraded: {}", .fault.reason)]
    NetworkDown {
        /// The network.
        network: Name,
        /// Why.
        fault: Box<Fault>,
    },
    /// The endpoint is down, and cannot be changed.
    #[error("endpoint {endpoint} is degraded: {}", .fault.reason)]
    EndpointDown {
        /// The endpoint.
        endpoint: Name,
        /// Why.
        fault: Box<Fault>,
    },
    /// The request needs IPv6, which is turned off on the host.
    #[error("network {network} cannot have IPv6: IPv6 is turned off on the host ({off})")]
    HostWithoutIpv6 {
        /// The network.
        network: Name,
        /// What turns it off.
        off: Ipv6Off,
    },
    /// The endpoint does not exist.
    #[error("endpoint {0} does not exist")]
    NoEndpoint(Name),
    /// The endpoint was imported, and waits for its namespace.
    #[error("endpoint {} is not attached yet: it waits for its namespace {}", .0.endpoint, .0.netns.display())]
    EndpointWaits(Awaited),
    /// An imported endpoint of that name waits for its namespace.
    #[error("endpoint {} exists already: it waits on network {} for its namespace {}", .0.endpoint, .0.network,
            .0.netns.display())]
    NameWaits(Awaited),
    /// The network exists already.
    #[error("network {0} exists already")]
    NetworkExists(Name),
    /// The endpoint exists already.
    #[error("endpoint {0} exists already")]
    EndpointExists(Name),
    /// The network still has endpoints.
    #[error("network {network} still has {}", counted(.endpoints))]
    NetworkInUse {
        /// The network.
        network: Name,
        /// The endpoints attached to it.
        endpoints: Vec<Name>,
    },
    /// Two subnets of one network overlap.
    #[error("subnets {0} and {1} of the same network overlap")]
    SubnetsOverlap(IpNet, IpNet),
    /// A range that is in none of the given subnets.
    #[error("range {range} {} given for network {network} ({})", outside(.subnets, *.range), given(.subnets))]
    RangeOutside {
        /// The network.
        network: Name,
        /// The range.
        range: IpNet,
        /// The given subnets of its family.
        subnets: Vec<IpNet>,
    },
    /// Two ranges in one subnet.
    #[error("subnet {subnet} was given two ranges, {first} and {second}")]
    TwoRanges {
        /// The subnet.
        subnet: IpNet,
        /// The one.
        first: IpNet,
        /// The other.
        second: IpNet,
    },
    /// An address that cannot be reserved, because no endpoint can get it.
    #[error("address {address} cannot be reserved for {label}: it is {why}")]
    NotReservable {
        /// What it is for.
        label: Name,
        /// The address.
        address: IpAddr,
        /// What it is instead.
        why: String,
        /// The network's subnets of its family.
        subnets: Vec<IpNet>,
    },
    /// A policy that contradicts itself.
    #[error("network {network} has contradicting options: {what}")]
    Contradiction {
        /// The network.
        network: Name,
        /// The two things.
        what: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// A label whose value is too long or has control characters.
    #[error("the value of label {0} is longer than 255 bytes or has control characters")]
    Label(Name),
    /// A bridge that another network has.
    #[error("bridge {bridge} belongs to network {network}")]
    BridgeTaken {
        /// The bridge.
        bridge: IfName,
        /// The network that has it.
        network: Name,
    },
    /// A name of a bridge that we might generate for another interface.
    #[error("bridge {0} has a name that Tidegate uses for its own interfaces")]
    BridgeNameOurs(IfName),
    /// A network and itself.
    #[error("network {0} cannot be connected to itself")]
    ConnectedToItself(Name),
    /// A network that is internal or isolated.
    #[error("network {0} is internal or isolated, and cannot be connected to another")]
    NotConnectable(Name),
    /// Two networks that are connected in the requested way already.
    #[error("network {from} is connected to network {to} already, {}", if *.one_way { "one way" } else { "both ways" })]
    ConnectedAlready {
        /// The network whose endpoints reach the other's.
        from: Name,
        /// The other.
        to: Name,
        /// Whether those of the other do not reach them.
        one_way: bool,
    },
    /// Two networks that are not connected.
    #[error("networks {0} and {1} are not connected")]
    NotConnected(Name, Name),
    /// A port of an endpoint that the host cannot reach.
    #[error("port {port} cannot be published: network {network} is isolated from the host")]
    PublishIsolated {
        /// The network.
        network: Name,
        /// The port.
        port: PortRequest,
    },
    /// A subnet was given for a family that was turned off.
    #[error("network {network} has the subnet {subnet}, but is created without {family}")]
    FamilyOff {
        /// The network.
        network: Name,
        /// `IPv4` or `IPv6`.
        family: IpFamily,
        /// The subnet.
        subnet: IpNet,
    },
    /// Neither family is wanted.
    #[error("network {0} would have neither IPv4 nor IPv6")]
    NoFamily(Name),
    /// A gateway that is in none of the given subnets.
    #[error("gateway {gateway} is in none of the subnets given for network {network} ({})", given(.subnets))]
    GatewayOutside {
        /// The network.
        network: Name,
        /// The gateway.
        gateway: IpAddr,
        /// The given subnets of its family.
        subnets: Vec<IpNet>,
    },
    /// Two gateways in one subnet.
    #[error("subnet {subnet} was given two gateways, {first} and {second}")]
    TwoGateways {
        /// The subnet.
        subnet: IpNet,
        /// The one.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// The subnet overlaps a network's.
    #[error("subnet {subnet} overlaps {other} of network {network}")]
    OverlapsNetwork {
        /// The requested subnet.
        subnet: IpNet,
        /// The subnet that is there.
        other: IpNet,
        /// The network that has it.
        network: Name,
    },
    /// The subnet overlaps a route of the host.
    #[error("subnet {subnet} overlaps the host's route to {route}")]
    OverlapsRoute {
        /// The requested subnet.
        subnet: IpNet,
        /// The route's destination.
        route: IpNet,
    },
    /// No free subnet is left in the pools.
    #[error("no free {family} subnet is left{}", in_pools(.pools, .routes, *.networks))]
    PoolsUsedUp {
        /// `IPv4` or `IPv6`.
        family: IpFamily,
        /// The pools.
        pools: Vec<String>,
        /// The host's routes into them, the widest first.
        routes: Vec<IpNet>,
        /// How many subnets of networks are in them.
        networks: usize,
    },
    /// An MTU outside what the families allow.
    #[error("an MTU of {mtu} bytes is outside {least} to 65535")]
    Mtu {
        /// The requested MTU.
        mtu: u32,
        /// The least one for the network's families.
        least: u32,
    },
    /// No free address is left in a subnet.
    #[error("no free address is left in {subnet} of network {network}")]
    SubnetFull {
        /// The subnet.
        subnet: IpNet,
        /// The network.
        network: Name,
    },
    /// Connections of the address's previous holder are still tracked.
    #[error(
        "address {ip} of network {network} is not free yet: connections of its previous holder are still tracked"
    )]
    Unswept {
        /// The address.
        ip: IpAddr,
        /// The network.
        network: Name,
    },
    /// The namespace is attached to the network already.
    #[error("the namespace is attached to network {network} already, as endpoint {endpoint}")]
    AttachedAlready {
        /// The network.
        network: Name,
        /// The endpoint that does it.
        endpoint: Name,
    },
    /// The owner has an endpoint on the network already.
    #[error("{owner} is attached to network {network} already, as endpoint {endpoint}")]
    OwnerAttached {
        /// Who owns the endpoint.
        owner: Owner,
        /// The network.
        network: Name,
        /// Its endpoint.
        endpoint: Name,
    },
    /// An endpoint that is to replace others, and has no owner.
    #[error("an endpoint without an owner cannot replace others")]
    ReplaceWithoutOwner,
    /// A network to be made if there is none, with another name than the one to attach to.
    #[error("network {other} cannot be made for an endpoint of network {network}")]
    OtherNetwork {
        /// The network to attach to.
        network: Name,
        /// The network to be made.
        other: Name,
    },
    /// An interface that cannot be handed over.
    #[error(transparent)]
    HandOver(#[from] NoHandOver),
    /// The same address twice for one endpoint.
    #[error("address {0} is given twice")]
    AddressTwice(IpAddr),
    /// A route that the endpoint cannot use.
    #[error("route {route} cannot be given to the namespace: {reason}")]
    RouteUnusable {
        /// The route.
        route: StaticRoute,
        /// Why.
        reason: String,
    },
    /// An address that no endpoint of the network can have.
    #[error("{ip} {}", not_usable(.subnets, *.ip, .network))]
    AddressOutside {
        /// The address.
        ip: IpAddr,
        /// The network.
        network: Name,
        /// The network's subnets of the address's family.
        subnets: Vec<IpNet>,
    },
    /// An address that is in use.
    #[error("address {ip} of network {network} is taken: {by}")]
    AddressTaken {
        /// The address.
        ip: IpAddr,
        /// The network.
        network: Name,
        /// Who has it.
        by: AddressHolder,
    },
    /// An IPv6 address for a namespace without IPv6.
    #[error("{address} cannot be given: IPv6 is turned off in the namespace ({off})")]
    Ipv6OffFor {
        /// The address.
        address: IpAddr,
        /// What turns IPv6 off.
        off: Ipv6Off,
    },
    /// An Ethernet address that no interface can have.
    #[error("{0} is a multicast or zero address, and no interface can have it")]
    NoStation(MacAddr),
    /// An Ethernet address that is in use on the network.
    #[error("Ethernet address {mac} belongs to {holder}")]
    MacTaken {
        /// The address.
        mac: MacAddr,
        /// Who has it.
        holder: String,
    },
    /// Too many endpoints in networks with anti-spoofing.
    #[error(
        "the host already has {most} endpoints in networks with --anti-spoofing, and cannot have another in network {network}"
    )]
    TooManyBound {
        /// The network.
        network: Name,
        /// The most.
        most: usize,
    },
    /// An interface's name that is taken in the namespace.
    #[error("the namespace has an interface {ifname} already{}", of_endpoint(.holder.as_ref()))]
    IfNameTaken {
        /// The name.
        ifname: IfName,
        /// The endpoint whose interface it is.
        holder: Option<Name>,
    },
    /// A default route of an older release would stay the one in use.
    #[error(
        "a gateway priority above 0 has no effect beside endpoint {0}: its default route was made by an \
         older release, and has no priority"
    )]
    OlderGateway(Name),
    /// A namespace with the most endpoints of one priority.
    #[error("the namespace already has {count} endpoints of gateway priority {0}, and cannot have more",
            count = GatewayPriority::PLACES)]
    NoGatewayPlace(GatewayPriority),
    /// The network has only IPv6, and the namespace none.
    #[error("network {network} has only IPv6, which is turned off in the namespace ({off})")]
    NoIpv6InNamespace {
        /// The network.
        network: Name,
        /// What turns it off.
        off: Ipv6Off,
    },
    /// Another endpoint has the port.
    #[error("port {binding} is published already, by {holders}")]
    PortTaken {
        /// The requested binding.
        binding: PortBinding,
        /// What has the port.
        holders: Holders,
    },
    /// The endpoint itself has the port.
    #[error("port {binding} is already published by this endpoint, {}, as {}", .holders.first.0, .holders.first.1)]
    PublishedAlready {
        /// The requested binding.
        binding: PortBinding,
        /// What has the port, the endpoint first.
        holders: Holders,
        /// Whether other clients than those of the endpoint's own port were asked for.
        for_others: bool,
    },
    /// The port is the one on which the DNS server listens.
    #[error("port {0} is the one on which Tidegate's own DNS server listens (`dns.port`)")]
    PortOfDns(PortBinding),
    /// The port is the DNS port of a network.
    #[error("port {binding} is the DNS port of network {network}")]
    PortOfResolver {
        /// The requested binding.
        binding: PortBinding,
        /// The network.
        network: Name,
    },
    /// A gateway whose DNS port is a published port of an endpoint.
    #[error(
        "endpoint {holder} is published on port 53 of the gateway of network {network}, as {held}: its DNS server needs that port"
    )]
    GatewayTaken {
        /// The network.
        network: Name,
        /// The endpoint.
        holder: Name,
        /// The binding by which it has the port.
        held: PortBinding,
    },
    /// No port of the host is free in a range.
    #[error("no port of {range}/{protocol} is free on the host for port {port}")]
    NoFreePort {
        /// The range.
        range: PortRange,
        /// The protocol.
        protocol: Protocol,
        /// The endpoint's port.
        port: u16,
        /// Whether it is the range of free ports, because the request names no port of the host.
        is_pool: bool,
    },
    /// The endpoint does not publish these ports.
    #[error("endpoint {endpoint} does not publish {ports}")]
    NotPublished {
        /// The endpoint.
        endpoint: Name,
        /// What was to be withdrawn.
        ports: PortRequest,
    },
    /// A port to withdraw that is a port of the endpoint and one of the host.
    #[error(
        "{ports} of endpoint {endpoint} is ambiguous: it is the endpoint's port of {} and the host's port of {}",
        listed_ports(.of_endpoint), listed_ports(.of_host)
    )]
    AmbiguousPort {
        /// The endpoint.
        endpoint: Name,
        /// What was to be withdrawn.
        ports: PortRequest,
        /// The published ports of whose endpoint it is the port.
        of_endpoint: Vec<PortRequest>,
        /// The published ports of whose host it is the port.
        of_host: Vec<PortRequest>,
    },
    /// Two addresses of one family, where one is allowed.
    #[error(
        "network {network} was given two addresses of one family by {flag}, {first} and {second}"
    )]
    TwoOfFamily {
        /// The network.
        network: Name,
        /// The flag of the command line.
        flag: &'static str,
        /// The one.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// An address that no DNS server can have.
    #[error("--dns {ip} is {kind}, not that of a DNS server")]
    NoDnsServer {
        /// The address.
        ip: IpAddr,
        /// What it is.
        kind: &'static str,
    },
    /// Servers for names that are not forwarded.
    #[error("network {0} forwards no names, so --dns has no effect there")]
    NamesNotForwarded(Name),
    /// The root and other search domains.
    #[error("--dns-search . means no search domains, and others are given too")]
    SearchOfNone,
    /// An address of the host that no host can have.
    #[error("{flag} {ip} is {kind}, not an address of the host")]
    NoHostIp {
        /// The flag of the command line.
        flag: &'static str,
        /// The address.
        ip: IpAddr,
        /// What it is.
        kind: &'static str,
    },
    /// A link-local IPv6 address as an address of the host.
    #[error("{what} cannot be used: {ip} {LINK_LOCAL}")]
    LinkLocal {
        /// What was asked for.
        what: String,
        /// The address.
        ip: IpAddr,
    },
    /// A free host port of an endpoint whose engine holds its host ports.
    #[error(
        "port {0} has no host port: the engine that holds the host ports of the endpoint has to name it"
    )]
    FreePortOfEngine(PortRequest),
    /// The same port twice in one request.
    #[error("ports {0} and {1} of one request need the same port of the host")]
    PortTwice(PortBinding, PortBinding),
    /// A port bound to an address of a family that the endpoint does not have.
    #[error("port {request} cannot be published on {host_ip}: the endpoint has no {family}")]
    PortFamily {
        /// What was asked for.
        request: PortRequest,
        /// The address of the host.
        host_ip: IpAddr,
        /// `IPv4` or `IPv6`.
        family: IpFamily,
    },
    /// A port on a loopback address that would be open to everybody.
    #[error(
        "port {request} cannot be published on {host_ip} only: clients reach endpoints of network {network} at their \
         own addresses"
    )]
    LoopbackOfRouted {
        /// The network.
        network: Name,
        /// What was asked for.
        request: PortRequest,
        /// The address of the host.
        host_ip: IpAddr,
    },
    /// An allow-list that cannot be had.
    #[error(transparent)]
    Allow(#[from] NoAllowList),
    /// An address that is not unicast.
    #[error("cannot explain packets to {address}: {reason}")]
    NotExplainable {
        /// The address.
        address: IpAddr,
        /// What it is.
        reason: &'static str,
    },
    /// Two ends of a connection without a common family.
    #[error("{0} and {1} have no address of the same family")]
    NoCommonFamily(Party, Party),
    /// An SCTP port on `::1`: the relay supports only TCP and UDP.
    #[error(
        "port {0} cannot be published on the IPv6 loopback address: the relay for that address does not support SCTP"
    )]
    SctpOnIpv6Loopback(PortRequest),
}
