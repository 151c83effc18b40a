//! The addresses of an endpoint: requested ones or free ones.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::Attach;
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Endpoint, MacAddr, Network, State, Subnet};

use crate::Refused;
use crate::ip_family::IpFamily;
use crate::refused::AddressHolder;

/// The addresses for each family of the network: the requested ones, or a free one from the first subnet that has one.
/// An `unswept` address is not free: it would get traffic of its previous holder's connections.
pub(crate) fn choose(
    state: &State,
    network: &Network,
    request: &Attach,
    netns: &NetnsFacts,
    unswept: &BTreeSet<IpAddr>,
) -> Result<Vec<IpNet>, Refused> {
    let endpoints = state.endpoints_of(&network.name);
    let given = endpoints.flat_map(|e| e.addresses.iter().map(IpNet::addr));
    let given = Given {
        state,
        network,
        taken: given.chain(network.reserved.values().copied()).collect(),
        unswept,
    };
    let mut addresses = Vec::new();
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        let of_family = |s: &&Subnet| IpFamily::of(s.net) == family;
        let subnets: Vec<&Subnet> = network.subnets.iter().filter(of_family).collect();
        let wanted = wanted(request, family)?;
        let first = wanted.first().copied();
        let off = netns.ipv6_off.as_ref();
        let off = off.filter(|_| family == IpFamily::Ipv6);
        match (first, off, subnets.last()) {
            (Some(address), Some(off), _) => {
                let off = off.clone();
                return Err(Refused::Ipv6OffFor { address, off });
            }
            (Some(_), None, _) => {
                for ip in wanted {
                    addresses.push(given.take(&subnets, ip)?);
                }
            }
            (None, None, Some(last)) => addresses.push(given.free(&subnets, last)?),
            (None, _, _) => {}
        }
    }
    match (addresses.is_empty(), &netns.ipv6_off) {
        (true, Some(off)) => Err(Refused::NoIpv6InNamespace {
            network: network.name.clone(),
            off: off.clone(),
        }),
        _ => Ok(addresses),
    }
}

/// The requested addresses of a family, each once.
fn wanted(request: &Attach, family: IpFamily) -> Result<Vec<IpAddr>, Refused> {
    let all = request.addresses.iter().copied();
    let mut seen = HashSet::new();
    let mut wanted = Vec::new();
    for ip in all.filter(|ip| IpFamily::of_address(*ip) == family) {
        if !seen.insert(ip) {
            return Err(Refused::AddressTwice(ip));
        }
        wanted.push(ip);
    }
    Ok(wanted)
}

/// The addresses of a network that cannot be assigned.
struct Given<'a> {
    state: &'a State,
    network: &'a Network,
    taken: HashSet<IpAddr>,
    unswept: &'a BTreeSet<IpAddr>,
}

impl Given<'_> {
    fn take(&self, subnets: &[&Subnet], ip: IpAddr) -> Result<IpNet, Refused> {
        let network = self.network.name.clone();
        let subnet = subnets.iter().find(|subnet| subnet.is_usable(ip));
        match subnet {
            None => Err(Refused::AddressOutside {
                ip,
                network,
                subnets: subnets.iter().map(|subnet| subnet.net).collect(),
            }),
            Some(subnet) if subnet.gateway == ip || self.taken.contains(&ip) => {
                let by = self.holder(ip);
                Err(Refused::AddressTaken { ip, network, by })
            }
            Some(_) if self.unswept.contains(&ip) => Err(Refused::Unswept { ip, network }),
            Some(subnet) => Ok(subnet.host_net(ip)),
        }
    }

    /// Who has a taken address.
    fn holder(&self, ip: IpAddr) -> AddressHolder {
        let has = |endpoint: &&Endpoint| endpoint.addresses.iter().any(|net| net.addr() == ip);
        let endpoint = self.state.endpoints_of(&self.network.name).find(has);
        let mut reserved = self.network.reserved.iter();
        let reserved = reserved.find(|(_, address)| **address == ip);
        match (endpoint, reserved) {
            (Some(endpoint), _) => AddressHolder::Endpoint(endpoint.name.clone()),
            (None, Some((label, _))) => AddressHolder::Reserved(label.clone()),
            (None, None) => AddressHolder::Gateway,
        }
    }

    fn free(&self, subnets: &[&Subnet], last: &Subnet) -> Result<IpNet, Refused> {
        let free = |is_taken: &dyn Fn(IpAddr) -> bool| {
            let mut subnets = subnets.iter();
            subnets.find_map(|subnet| Some(subnet.host_net(subnet.first_free(is_taken)?)))
        };
        let is_taken = |ip: IpAddr| self.taken.contains(&ip);
        if let Some(found) = free(&|ip| is_taken(ip) || self.unswept.contains(&ip)) {
            return Ok(found);
        }
        let network = self.network.name.clone();
        Err(match free(&is_taken) {
            Some(net) => Refused::Unswept {
                ip: net.addr(),
                network,
            },
            None => Refused::SubnetFull {
                subnet: last.range.unwrap_or(last.net),
                network,
            },
        })
    }
}

/// The requested Ethernet address, which must be unique on the bridge, or one derived from the first IP address.
pub(crate) fn mac(
    state: &State,
    network: &Network,
    request: &Attach,
    addresses: &[IpNet],
) -> Result<MacAddr, Refused> {
    let mac = request.mac.unwrap_or_else(|| mac_of(addresses));
    if !mac.is_station() {
        return Err(Refused::NoStation(mac));
    }
    let mut endpoints = state.endpoints_of(&network.name);
    match endpoints.find(|endpoint| endpoint.mac == mac) {
        Some(holder) => Err(Refused::MacTaken {
            mac,
            holder: holder.name.to_string(),
        }),
        None if network.mac == mac => Err(Refused::MacTaken {
            mac,
            holder: format!("bridge {}", network.bridge),
        }),
        None => Ok(mac),
    }
}

/// An Ethernet address derived from the first IP address. Neighbours cache the Ethernet address of an IP address
/// (arp(7): for a minute, and longer while packets flow). When the IP address is assigned again, their cache is still
/// correct.
fn mac_of(addresses: &[IpNet]) -> MacAddr {
    let [a, b, c, d] = match addresses.first().map(IpNet::addr) {
        Some(IpAddr::V4(ip)) => ip.octets(),
        Some(IpAddr::V6(ip)) => (ip.to_bits() as u32).to_be_bytes(),
        None => [0; 4],
    };
    MacAddr::local([0x76, a, b, c, d])
}
