//! The two ends of a connection.

use std::net::{IpAddr, Ipv4Addr};

use tidegate_api::explain::Party;
use tidegate_model::{Endpoint, State};

use super::routing::HostRouting;
use super::walk::Ground;
use crate::Refused;
use crate::lookup::no_endpoint;

/// One end of a connection, in one family.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) who: Who<'a>,
    /// None if unknown: some machine outside, or the host, which chooses one.
    pub(super) address: Option<IpAddr>,
}

#[derive(Clone, Copy)]
pub(super) enum Who<'a> {
    Endpoint(&'a Endpoint),
    Host,
    Outside,
}

impl std::fmt::Display for End<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.who {
            Who::Endpoint(endpoint) => write!(f, "{}", endpoint.name)?,
            Who::Host => write!(f, "host")?,
            Who::Outside => write!(f, "outside")?,
        }
        self.address
            .map_or(Ok(()), |address| write!(f, " {address}"))
    }
}

/// The sender and the receiver; none if one of them has no address of the family.
pub(super) fn ends<'a>(
    state: &'a State,
    routing: &HostRouting,
    (from, to): (&Party, &Party),
    is_ipv4: bool,
) -> Result<Option<(End<'a>, End<'a>)>, Refused> {
    let Some(from) = end(state, routing, from, is_ipv4)? else {
        return Ok(None);
    };
    let Some(to) = end(state, routing, to, is_ipv4)? else {
        return Ok(None);
    };
    let to = match (to.who, to.address) {
        (Who::Host, None) => match host_address(state, routing, from.who, is_ipv4) {
            None => return Ok(None),
            found => End {
                address: found,
                ..to
            },
        },
        _ => to,
    };
    // The host uses the destination address as its source when it talks to itself.
    let from = match (from.who, from.address, to.who) {
        (Who::Host, None, Who::Host) => End {
            address: to.address,
            ..from
        },
        _ => from,
    };
    Ok(Some((from, to)))
}

/// The sender of a packet from 0.0.0.0 to 255.255.255.255, and the host, which is on the sender's link.
pub(super) fn to_all<'a>(
    state: &'a State,
    routing: &HostRouting,
    from: &Party,
) -> Result<Option<(End<'a>, End<'a>)>, Refused> {
    let to = End {
        who: Who::Host,
        address: Some(Ipv4Addr::BROADCAST.into()),
    };
    Ok(end(state, routing, from, true)?.map(|from| (from, to)))
}

fn end<'a>(
    state: &'a State,
    routing: &HostRouting,
    party: &Party,
    is_ipv4: bool,
) -> Result<Option<End<'a>>, Refused> {
    let (who, address) = match party {
        Party::Outside => (Who::Outside, None),
        Party::Host => (Who::Host, None),
        Party::Endpoint(name) => {
            let endpoint = state.endpoints.find(name);
            let endpoint = endpoint.ok_or_else(|| no_endpoint(state, name))?;
            let mut addresses = endpoint.addresses.iter().map(|net| net.addr());
            match addresses.find(|ip| ip.is_ipv4() == is_ipv4) {
                None => return Ok(None),
                found => (Who::Endpoint(endpoint), found),
            }
        }
        Party::Address(ip) => {
            check(*ip, routing)?;
            if ip.is_ipv4() != is_ipv4 {
                return Ok(None);
            }
            let who = match endpoint_of(state, *ip) {
                Some(endpoint) => Who::Endpoint(endpoint),
                None if routing.is_local(*ip) => Who::Host,
                None => Who::Outside,
            };
            (who, Some(*ip))
        }
    };
    Ok(Some(End { who, address }))
}

/// The endpoint that has an address.
pub(super) fn endpoint_of(state: &State, address: IpAddr) -> Option<&Endpoint> {
    let has = |endpoint: &&Endpoint| endpoint.addresses.iter().any(|net| net.addr() == address);
    state.endpoints.values().find(has)
}

/// The address of the host: for an endpoint the gateway of its network, for others that of the first interface.
fn host_address(
    state: &State,
    routing: &HostRouting,
    from: Who<'_>,
    is_ipv4: bool,
) -> Option<IpAddr> {
    let gateway = match from {
        Who::Endpoint(endpoint) => state.networks.get(&endpoint.network).and_then(|network| {
            let mut gateways = network.subnets.iter().map(|subnet| subnet.gateway);
            gateways.find(|ip| ip.is_ipv4() == is_ipv4 && routing.is_local(*ip))
        }),
        Who::Host | Who::Outside => None,
    };
    gateway.or_else(|| routing.uplink(is_ipv4).map(|(_, ip)| ip))
}

/// Refuses an address that is not unicast.
pub(super) fn check(address: IpAddr, routing: &HostRouting) -> Result<(), Refused> {
    match unexplainable(address, routing) {
        Some(reason) => Err(Refused::NotExplainable { address, reason }),
        None => Ok(()),
    }
}

/// Why packets to or from an address cannot be explained.
fn unexplainable(address: IpAddr, routing: &HostRouting) -> Option<&'static str> {
    let is_link_local = match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if address.is_multicast() {
        Some("it is a multicast address")
    } else if is_link_local {
        Some("it is a link-local address, which is ambiguous without an interface")
    } else if address.is_unspecified() {
        Some("it is the unspecified address")
    } else if routing.is_broadcast(address) {
        Some("it is a broadcast address")
    } else {
        None
    }
}
