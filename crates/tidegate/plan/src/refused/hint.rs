//! What the user can do about a refusal.

use std::borrow::Cow;

use error_hint::Hint;
use tidegate_model::{Fault, Name};

use super::{IpFamily, NAMED, Refused};

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

impl Hint for Refused {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint: String = match self {
            Self::Invalid(invalid) => invalid.hint.to_owned(),
            Self::TooMany { most, .. } => {
                format!("ask for {most} or fewer; see \"Limits\" in tidegate(1)")
            }
            Self::NoNetwork(_) => "see `tidegate network ls`".into(),
            Self::NoEndpoint(_) => "see `tidegate endpoint ls`".into(),
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
            Self::TwoAddresses(..) => "give one for each of IPv4 and IPv6".into(),
            Self::AddressOutside { network, .. } | Self::AddressTaken { network, .. } => {
                format!("see the subnets in `tidegate network inspect {network}`, or leave it out to get a free address")
            }
            Self::Ipv6OffFor { off, .. } => format!("{}; or leave it out", off.advice(INSIDE)),
            Self::NoStation(_) => "give one whose first octet is even, such as 02:42:ac:11:00:02".into(),
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
            Self::RangeOutside { .. } => "give the range's subnet with --subnet".into(),
            Self::TwoRanges { .. } => "give one --ip-range for each subnet".into(),
            Self::NotReservable { .. } => "give an address of its subnets other than the gateway's".into(),
            Self::Contradiction { .. } => "leave one of the two out".into(),
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
            Self::GatewayOutside { .. } => "give the gateway's subnet with --subnet".into(),
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
            Self::PortTaken { binding, holder, held } => format!(
                "publish another port (`-p {}/{}` takes a free one), or `tidegate unpublish {holder} {held}` first",
                binding.port, binding.protocol
            ),
            Self::PortOfResolver { .. } => {
                "publish it on another port, or on another address of the host".into()
            }
            Self::GatewayTaken { held, holder, .. } => {
                format!("choose another --gateway, or `tidegate unpublish {holder} {held}` first")
            }
            Self::NoFreePort { .. } => {
                "give a wider range of host ports, or widen `ports.free` in tidegated.toml".into()
            }
            Self::NotPublished { endpoint, .. } => format!("see `tidegate endpoint inspect {endpoint}`"),
            Self::AmbiguousPort { .. } => "write it HOSTPORT:PORT".into(),
            Self::TwoOfFamily { .. } => "give one for each of IPv4 and IPv6".into(),
            Self::NoDnsServer { .. } => "give the address of a server that the host reaches".into(),
            Self::NamesNotForwarded(_) => {
                "leave out --dns, or create the network with --internal and --dns-forward".into()
            }
            Self::SearchOfNone => "leave out the dot or the domains".into(),
            Self::NoHostIp { .. } => "give an address that the host has, or leave it out".into(),
            Self::LinkLocal { .. } => "give another address of the host, or leave it out".into(),
            Self::PortTwice(..) => "give each host port once".into(),
            Self::PortFamily { .. } => "leave the host address out, or use a network with that family".into(),
            Self::LoopbackOfRouted { .. } => {
                "leave out the host address and limit the clients with --allow, or use a network of mode nat".into()
            }
            Self::AllowTooMany { .. } => {
                "publish fewer ports at once, or list wider prefixes".into()
            }
            Self::AllowOfPortNamesNobody { family, .. }
            | Self::AllowOfNetworkNamesNobody { family, .. } => {
                let everybody = match family {
                    IpFamily::Ipv4 => "0.0.0.0/0",
                    IpFamily::Ipv6 => "::/0",
                };
                format!("add {family} addresses with --allow, or `--allow {everybody}` for everybody")
            }
            Self::AllowDiffers { endpoint, held, .. } => {
                format!("give the same --allow, or `tidegate unpublish {endpoint} {held}` first")
            }
            Self::NotExplainable { .. } => "give an address of an endpoint, of the host, or of another machine".into(),
            Self::NoCommonFamily(..) => "see the addresses in `tidegate endpoint ls`".into(),
            Self::SctpOnIpv6Loopback(_) => "publish it on 127.0.0.1, or on another address of the host".into(),
            Self::Mtu { .. } => "leave out --mtu to use the kernel's default".into(),
        };
        Some(hint.into())
    }
}
