//! How much one request may ask for: what a host with very many of them still carries out in a moment. Everything that is
//! asked for is a message to the kernel, an element, or a descriptor, and others wait meanwhile.

use tidegate_api::{Attach, CreateNetwork};
use tidegate_model::PortRequest;

use crate::Refused;

/// Subnets of a network, and with them gateways and ranges.
const SUBNETS: usize = 64;
/// Addresses of a network that are given to no endpoint.
const RESERVED: usize = 256;
/// Labels of a network.
const LABELS: usize = 256;
/// Trusted interfaces of a network.
const INTERFACES: usize = 64;
/// Aliases of an endpoint.
const ALIASES: usize = 64;
/// Sysctls of an endpoint's interface.
const SYSCTLS: usize = 64;
/// Ports that are published or withdrawn at once: more than the 10,001 that telephony is wont to want.
const PORTS: usize = 16_384;

/// Refuses a request for a network that asks for too much.
pub(crate) fn of_network(request: &CreateNetwork) -> Result<(), Refused> {
    at_most(SUBNETS, request.subnets.len(), "subnets")?;
    at_most(SUBNETS, request.gateways.len(), "gateways")?;
    at_most(SUBNETS, request.ranges.len(), "ranges")?;
    at_most(RESERVED, request.reserved.len(), "auxiliary addresses")?;
    at_most(LABELS, request.labels.len(), "labels")?;
    let interfaces = &request.policy.trusted_interfaces;
    at_most(INTERFACES, interfaces.len(), "trusted interfaces")
}

/// Refuses a request for an endpoint that asks for too much.
pub(crate) fn of_endpoint(request: &Attach) -> Result<(), Refused> {
    at_most(ALIASES, request.aliases.len(), "aliases")?;
    at_most(SYSCTLS, request.sysctls.len(), "sysctls")?;
    of_ports(&request.ports)
}

/// Refuses more ports than are published or withdrawn at once.
pub(crate) fn of_ports(requests: &[PortRequest]) -> Result<(), Refused> {
    let counts = requests.iter().map(|request| request.ports.count());
    at_most(PORTS, counts.sum(), "ports")
}

fn at_most(most: usize, asked: usize, what: &'static str) -> Result<(), Refused> {
    match asked <= most {
        true => Ok(()),
        false => Err(Refused::TooMany { what, asked, most }),
    }
}
