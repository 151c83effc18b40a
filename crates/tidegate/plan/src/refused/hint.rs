//! What the user can do about a refusal.

use std::borrow::Cow;

use error_hint::Hint;
use ipnet::IpNet;
use tidegate_model::{
    Fault, MacAddr, Name, PortBinding, PortRange, PortRequest, first_address, upper_half,
};

use super::Refused;
use super::holders::unpublish;
use super::words::NAMED;

/// Where a hint about a sysctl applies.
const INSIDE: &str = " in the namespace";

/// The hint for a degraded object.
fn mend(fault: &Fault) -> String {
    let hint = fault.hint.as_deref().unwrap_or("fix that");
    format!("{hint}: the daemon then tries again")
}

/// The command that detaches endpoints, if it is of a size that somebody can read.
fn detach(endpoints: &[Name]) -> String {
    match endpoints.len() {
        1..=NAMED => {
            let names: Vec<&str> = endpoints.iter().map(Name::as_str).collect();
            format!("`tidegate detach {}` first", names.join(" "))
        }
        _ => "detach its endpoints first".to_owned(),
    }
}

/// The same port of the endpoint, at a free port of the host.
fn without_host_port(binding: PortBinding) -> PortRequest {
    PortRequest {
        host_ip: binding.host_ip,
        host_ports: None,
        ports: PortRange::exactly(binding.port),
        protocol: binding.protocol,
    }
}

/// What to do about a port that others have.
fn elsewhere(binding: PortBinding, withdrawal: &str) -> String {
    format!(
        "give another port of the host, or none (`{}` takes a free one); or {withdrawal} first, which ends the connections through it",
        without_host_port(binding)
    )
}

/// Whether clients of the one reach the same port of the endpoint by the other.
fn covers(held: PortBinding, wanted: PortBinding) -> bool {
    let is_same_address = held.host_ip.is_none() || held.host_ip == wanted.host_ip;
    is_same_address && (held.host_port, held.port) == (wanted.host_port, wanted.port)
}

/// Subnets of which one is to be chosen.
fn either(subnets: &[IpNet]) -> String {
    let subnets: Vec<String> = subnets.iter().map(ToString::to_string).collect();
    subnets.join(" or ")
}

/// What to give for something that is outside of the given subnets: with an example in the first one. If there are none
/// of its family, the subnet that it probably belongs to.
fn inside(
    given: IpNet,
    subnets: &[IpNet],
    what: &str,
    example: impl FnOnce(IpNet) -> String,
) -> String {
    match subnets {
        [] => format!(
            "give its subnet too, such as --subnet {}; or leave it out",
            probable_subnet(given)
        ),
        [first, ..] => format!(
            "give {what} of {}, such as {}; or leave it out",
            either(subnets),
            example(*first)
        ),
    }
}

/// The subnet of usual size that an address or a range is probably in.
fn probable_subnet(given: IpNet) -> IpNet {
    let usual = match given {
        IpNet::V4(_) => 24,
        IpNet::V6(_) => 64,
    };
    IpNet::new_assert(given.addr(), usual.min(given.prefix_len())).trunc()
}

impl Hint for Refused {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint: String = match self {
            Self::Invalid(invalid) => invalid.hint.clone().into_owned(),
            Self::TooMany { most, .. } => {
                format!("ask for {most} or fewer; see \"Limits\" in tidegate(1)")
            }
            Self::NoNetwork(_) => "see `tidegate network ls`".into(),
            Self::NoEndpoint(_) => "see `tidegate endpoint ls`".into(),
            Self::EndpointWaits(waiting) => {
                let [attach, forget] = waiting.commands();
                format!("{attach} attaches it; {forget} forgets it")
            }
            Self::NameWaits(waiting) => {
                let [attach, forget] = waiting.commands();
                format!("choose another --name; or {attach}, which attaches it; or {forget} first, which forgets it")
            }
            Self::NetworkDown { fault, .. } | Self::EndpointDown { fault, .. } => mend(fault),
            Self::HostWithoutIpv6 { off, .. } => {
                format!("leave out --ipv6 and all IPv6 options; or {}", off.advice(""))
            }
            Self::NetworkExists(name) => format!("see `tidegate network inspect {name}`, or choose another name"),
            Self::EndpointExists(name) => {
                format!("choose another --name, or leave it out; see `tidegate endpoint inspect {name}`")
            }
            Self::NetworkInUse { endpoints, .. } => {
                format!("{}; --force does both, and cuts them off", detach(endpoints))
            }
            Self::AddressOutside { subnets, .. } => match subnets[..] {
                [] => "leave it out, or use a network with that family".into(),
                _ => format!("give another address of {}, or leave it out to get a free one", either(subnets)),
            },
            Self::AddressTaken { .. } => "give another address, or leave it out to get a free one".into(),
            Self::HandOver(refused) => refused.hint(),
            Self::Allow(refused) => refused.hint(),
            Self::AddressTwice(_) => "give each address once".into(),
            Self::RouteUnusable { route, .. } if route.is_default() => {
                "leave it out, or add --no-default-route".into()
            }
            Self::RouteUnusable { .. } => {
                "give each destination once, by a router on the endpoint's network: --route PREFIX=NEXTHOP".into()
            }
            Self::Ipv6OffFor { off, .. } => format!("{}; or leave it out", off.advice(INSIDE)),
            Self::NoStation(MacAddr([_, b, c, d, e, f])) => {
                format!("give one whose first octet is even, such as {}", MacAddr::local([*b, *c, *d, *e, *f]))
            }
            Self::MacTaken { .. } => "choose another --mac, or leave it out".into(),
            Self::TooManyBound { .. } => {
                "use a network created without --anti-spoofing, or detach an endpoint that is not needed".into()
            }
            Self::IfNameTaken { .. } => "choose another --ifname, or leave it out to get a free name".into(),
            Self::OlderGateway(endpoint) => {
                format!(
                    "leave out --gateway-priority; or `tidegate detach {endpoint}` and attach it again, which gives its \
                     route a priority"
                )
            }
            Self::NoGatewayPlace(_) => "give another --gateway-priority".into(),
            Self::SubnetsOverlap(..) => "give subnets that have no address in common".into(),
            Self::RangeOutside { range, subnets, .. } => match subnets.iter().find(|net| range.contains(*net)) {
                Some(net) => format!("give a part of {net}, such as {}; or leave it out", upper_half(*net)),
                None => inside(*range, subnets, "a part", |net| upper_half(net).to_string()),
            },
            Self::TwoRanges { .. } => "give one --ip-range for each subnet".into(),
            Self::NotReservable { subnets, .. } => match subnets[..] {
                [] => "leave it out, or give the network a subnet of that family".into(),
                _ => format!("give another address of {}", either(subnets)),
            },
            Self::Contradiction { hint, .. } => (*hint).into(),
            Self::Label(_) => "give a shorter text without line breaks".into(),
            Self::BridgeTaken { .. } => "choose another --bridge, or leave it out".into(),
            Self::BridgeNameOurs(_) => "choose a name that does not start with tgb or tgv".into(),
            Self::ConnectedToItself(_) => {
                "its endpoints reach each other unless it was created with --no-icc".into()
            }
            Self::NotConnectable(network) => format!(
                "attach namespaces that need both networks to both: `tidegate attach {network} --netns NETNS`"
            ),
            Self::ConnectedAlready { .. } | Self::NotConnected(..) => {
                "see the peers in `tidegate network inspect`".into()
            }
            Self::PublishIsolated { .. } => "use a network created with --internal, or with neither".into(),
            Self::FamilyOff { family, .. } => {
                format!("leave out --no-{} or the subnet", family.to_string().to_lowercase())
            }
            Self::NoFamily(_) => "leave out --no-ipv4 or --no-ipv6".into(),
            Self::GatewayOutside { gateway, subnets, .. } => {
                inside((*gateway).into(), subnets, "an address", |net| first_address(net).to_string())
            }
            Self::TwoGateways { .. } => "give one --gateway for each subnet".into(),
            Self::OverlapsNetwork { .. } | Self::OverlapsRoute { .. } => {
                "choose another --subnet, or leave it out to get a free one".into()
            }
            Self::PoolsUsedUp { family, .. } => {
                let family = family.to_string().to_lowercase();
                format!("give a free --subnet, or set other pools: `pools.{family}` in tidegated.toml (--{family}-pools)")
            }
            Self::SubnetFull { .. } => {
                "use a network with a wider subnet, or detach an endpoint that is not needed".into()
            }
            Self::Unswept { .. } => "try again in a moment, or give another address".into(),
            Self::AttachedAlready { endpoint, .. } => format!(
                "see `tidegate endpoint inspect {endpoint}`; `tidegate publish {endpoint} PORT` publishes a port of it"
            ),
            Self::OwnerAttached { endpoint, .. } => {
                format!("replace it (--replace), or `tidegate detach {endpoint}` first")
            }
            Self::ReplaceWithoutOwner => "give the owner with --owner ENGINE/ID".into(),
            Self::OtherNetwork { network, .. } => format!("give it the name {network}"),
            Self::NoIpv6InNamespace { off, .. } => {
                format!("{}; or use a network with IPv4", off.advice(INSIDE))
            }
            Self::PortTaken { binding, holders } => elsewhere(*binding, &holders.withdrawal()),
            Self::PublishedAlready { binding, holders, for_others } => {
                let withdrawal = holders.withdrawal();
                match (covers(holders.held(), *binding), for_others) {
                    (true, true) => {
                        format!("to change its clients, {withdrawal} first, which ends the connections through it")
                    }
                    (true, false) => format!("leave it out: clients reach it already; to change which, {withdrawal} first"),
                    (false, _) => elsewhere(*binding, &withdrawal),
                }
            }
            Self::PortOfDns(_) => {
                "give another port of the host; or set another `dns.port` in tidegated.toml (--dns-port), and restart tidegated".into()
            }
            Self::PortOfResolver { .. } => {
                "publish it on another port, or on another address of the host".into()
            }
            Self::GatewayTaken { held, holder, .. } => {
                format!("choose another --gateway, or `tidegate unpublish {holder} {held}` first")
            }
            Self::NoFreePort { protocol, port, is_pool: true, .. } => format!(
                "widen `ports.free` in tidegated.toml (--free-ports), or give a port of the host: `HOSTPORT:{port}/{protocol}`"
            ),
            Self::NoFreePort { port, protocol, is_pool: false, .. } => {
                format!("give a wider range, another one, or none (`{port}/{protocol}` takes a free port)")
            }
            Self::NotPublished { endpoint, .. } => format!("see `tidegate endpoint inspect {endpoint}`"),
            Self::AmbiguousPort { endpoint, of_endpoint, of_host, .. } => {
                let [of_endpoint, of_host] = [of_endpoint, of_host].map(|ports| unpublish(endpoint, ports));
                format!("write it HOSTPORT:PORT: {of_endpoint}, or {of_host}")
            }
            Self::TwoOfFamily { .. } => "give one for each of IPv4 and IPv6".into(),
            Self::NoDnsServer { .. } => "give the address of a server that the host reaches".into(),
            Self::NamesNotForwarded(_) => {
                "leave out --dns, or create the network with --internal and --dns-forward".into()
            }
            Self::SearchOfNone => "leave out the dot or the domains".into(),
            Self::NoHostIp { .. } => "give an address that the host has, or leave it out".into(),
            Self::LinkLocal { .. } => "give another address of the host, or leave it out".into(),
            Self::FreePortOfEngine(_) => "give one host port for each port, or leave out --hold-ports engine".into(),
            Self::PortTwice(..) => "give each host port once".into(),
            Self::PortFamily { .. } => "leave the host address out, or use a network with that family".into(),
            Self::LoopbackOfRouted { .. } => {
                "leave out the host address and limit the clients with --allow, or use a network of mode nat".into()
            }
            Self::NotExplainable { .. } => "give an address of an endpoint, of the host, or of another machine".into(),
            Self::NoCommonFamily(..) => "see the addresses in `tidegate endpoint ls`".into(),
            Self::SctpOnIpv6Loopback(_) => "publish it on 127.0.0.1, or on another address of the host".into(),
            Self::Mtu { least, .. } => format!("give {least} to 65535, or leave out --mtu to use the kernel's default"),
        };
        Some(hint.into())
    }
}
