//! Limits of one request, so that each completes quickly even on a full host. Each item is a message to the kernel,
//! an element or a descriptor, and other requests wait meanwhile.

use tidegate_api::explain::Party;
use tidegate_api::{Attach, CreateNetwork, Dns, ProposeSubnets};
use tidegate_model::{Invalid, Name, PortRequest};

use crate::Refused;

/// Subnets of a network, and with them gateways and ranges.
const SUBNETS: usize = 64;
/// Reserved addresses of a network.
const RESERVED: usize = 256;
/// Labels of a network or an endpoint.
const LABELS: usize = 256;
/// Prefixes that a proposed subnet is to avoid.
const AVOIDED: usize = 4096;
/// Trusted interfaces of a network.
const INTERFACES: usize = 64;
/// Aliases of an endpoint.
const ALIASES: usize = 64;
/// Addresses of an endpoint: the filter of a bound port compares each.
const ADDRESSES: usize = 16;
/// Static routes of an endpoint.
const ROUTES: usize = 64;
/// Sysctls of an endpoint's interface.
const SYSCTLS: usize = 64;
/// DNS servers, search domains and DNS options.
const DNS_SERVERS: usize = 8;
const SEARCH_DOMAINS: usize = 32;
const DNS_OPTIONS: usize = 32;
/// Ports published or withdrawn at once: more than the 10,001 that telephony often needs.
const PORTS: usize = 16_384;

/// Refuses a network request that exceeds a limit.
pub(crate) fn of_network(request: &CreateNetwork) -> Result<(), Refused> {
    of_name(&request.name)?;
    at_most(SUBNETS, request.subnets.len(), "subnets")?;
    at_most(SUBNETS, request.gateways.len(), "gateways")?;
    at_most(SUBNETS, request.ranges.len(), "ranges")?;
    at_most(RESERVED, request.reserved.len(), "auxiliary addresses")?;
    at_most(LABELS, request.labels.len(), "labels")?;
    of_dns(&request.dns)?;
    let interfaces = &request.policy.trusted_interfaces;
    at_most(INTERFACES, interfaces.len(), "trusted interfaces")
}

/// Refuses an endpoint request that exceeds a limit.
pub(crate) fn of_endpoint(request: &Attach) -> Result<(), Refused> {
    at_most(ALIASES, request.aliases.len(), "aliases")?;
    request
        .name
        .iter()
        .chain(&request.aliases)
        .try_for_each(of_name)?;
    at_most(ADDRESSES, request.addresses.len(), "addresses")?;
    at_most(ROUTES, request.routes.len(), "routes")?;
    at_most(SYSCTLS, request.sysctls.len(), "sysctls")?;
    at_most(LABELS, request.labels.len(), "labels")?;
    of_dns(&request.dns)?;
    of_ports(&request.ports)
}

/// Refuses a proposal that is to avoid too many prefixes.
pub(crate) fn of_proposal(request: &ProposeSubnets) -> Result<(), Refused> {
    at_most(AVOIDED, request.avoid.len(), "prefixes to avoid")
}

/// Refuses too many ports at once.
pub(crate) fn of_ports(requests: &[PortRequest]) -> Result<(), Refused> {
    let counts = requests.iter().map(|request| request.ports.count());
    at_most(PORTS, counts.sum(), "ports")
}

/// Refuses a new name that somebody could not ask for: one that DNS cannot have, an IP address, and the words of `tidegate
/// explain` for others than endpoints. States of earlier releases may have them.
fn of_name(name: &Name) -> Result<(), Refused> {
    let refuse = |reason: &str, hint| Err(Invalid::new("name", name.as_str(), reason, hint).into());
    if name.has_empty_label() {
        let reason = "it has a dot at the end, or two side by side";
        return refuse(reason, "put a letter or a digit after each dot");
    }
    match name.as_str().to_ascii_lowercase().parse() {
        Ok(Party::Endpoint(_)) | Err(_) => Ok(()),
        Ok(Party::Address(_)) => refuse(
            "it is an IP address",
            "choose a name that is none; `tidegate attach --ip` gives an endpoint its address",
        ),
        Ok(Party::Host) => refuse(
            "`tidegate explain` means the host by it",
            "choose another name, such as host-1",
        ),
        Ok(Party::Outside) => refuse(
            "`tidegate explain` means all machines outside of the host by it",
            "choose another name, such as outside-1",
        ),
    }
}

fn of_dns(dns: &Dns) -> Result<(), Refused> {
    at_most(DNS_SERVERS, dns.servers.len(), "DNS servers")?;
    at_most(SEARCH_DOMAINS, dns.search.len(), "search domains")?;
    at_most(DNS_OPTIONS, dns.options.len(), "DNS options")
}

fn at_most(most: usize, asked: usize, what: &'static str) -> Result<(), Refused> {
    match asked <= most {
        true => Ok(()),
        false => Err(Refused::TooMany { what, asked, most }),
    }
}
