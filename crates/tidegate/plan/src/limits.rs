//! Limits of one request, so that each completes quickly even on a full host. Each item is a message to the kernel,
//! an element or a descriptor, and other requests wait meanwhile.

use tidegate_api::{Attach, CreateNetwork, Dns, ProposeSubnets, new_name};
use tidegate_model::PortRequest;

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
    new_name::of_network(&request.name)?;
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
    for name in request.name.iter().chain(&request.aliases) {
        new_name::of_endpoint(name, &request.network)?;
    }
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
