//! Chooses host ports for requested ports.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use tidegate_model::{
    Access, HostPorts, IfName, Mode, Network, PortBinding, PortRange, PortRequest, Protocol, State,
};

use crate::ip_family::IpFamily;
use crate::policy::is_link_local;
use crate::{Holders, Refused};

/// Facts of the host that an endpoint and its published ports depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortFacts {
    /// The range of free ports.
    pub free: PortRange,
    /// Ports on which the host listens. Needed only to choose a free port: holding a port shows whether it is
    /// available.
    pub in_use: BTreeSet<(Protocol, u16)>,
    /// Addresses with tracked connections of their previous holders.
    pub unswept: BTreeSet<IpAddr>,
    /// Those of the next [`port_names`](crate::port_names) that a link of the host has.
    pub taken: BTreeSet<IfName>,
}

impl Default for PortFacts {
    fn default() -> Self {
        Self {
            free: PortRange::FREE,
            in_use: BTreeSet::new(),
            unswept: BTreeSet::new(),
            taken: BTreeSet::new(),
        }
    }
}

/// The bindings of an endpoint with these addresses: each requested port with a host port and a host address.
pub(crate) fn bind(
    state: &State,
    network: &Network,
    addresses: &[IpNet],
    requests: &[PortRequest],
    held_by: HostPorts,
    host: &PortFacts,
) -> Result<Vec<PortBinding>, Refused> {
    let mut bound = Bound {
        state,
        host,
        bindings: Vec::new(),
        own: HashSet::new(),
    };
    let is_routed = |net: &IpNet| network.policy.mode_of(net.addr()) == Mode::Routed;
    for request in requests {
        if network.policy.access == Access::Isolated {
            return Err(Refused::PublishIsolated {
                network: network.name.clone(),
                port: *request,
            });
        }
        let at = host_ips(network, addresses, request)?;
        if let Some(ip) = at.iter().flatten().find(|ip| is_link_local(**ip)) {
            return Err(Refused::LinkLocal {
                what: format!("port {request}"),
                ip: *ip,
            });
        }
        let is_open = addresses.iter().all(is_routed);
        let opens_more = |ip: &IpAddr| {
            let is_relayed = ip.is_ipv6() && !is_open;
            ip.is_loopback() && network.policy.mode_of(*ip) == Mode::Routed && !is_relayed
        };
        if let Some(host_ip) = at.iter().flatten().copied().find(opens_more) {
            return Err(Refused::LoopbackOfRouted {
                network: network.name.clone(),
                request: *request,
                host_ip,
            });
        }
        if is_open {
            bound.open(request, &at);
            continue;
        }
        if held_by == HostPorts::Engine && request.wants_free() {
            return Err(Refused::FreePortOfEngine(*request));
        }
        let is_relayed =
            |ip: &Option<IpAddr>| ip.is_some_and(|ip| ip.is_ipv6() && ip.is_loopback());
        if request.protocol == Protocol::Sctp && at.iter().any(is_relayed) {
            return Err(Refused::SctpOnIpv6Loopback(*request));
        }
        for (port, host_ports) in candidates(request, host.free) {
            bound.bind(request, port, &at, host_ports)?;
        }
    }
    Ok(bound.bindings)
}

/// Each port of the endpoint, with its candidate host ports.
fn candidates(
    request: &PortRequest,
    free: PortRange,
) -> impl Iterator<Item = (u16, PortRange)> + use<'_> {
    let host_ports = request.host_ports;
    let one_by_one = host_ports.filter(|_| !request.wants_free());
    let each = one_by_one.into_iter().flat_map(PortRange::each);
    let any = std::iter::repeat(host_ports.unwrap_or(free));
    request.ports.ports().zip(each.chain(any))
}

/// Host addresses of a port: the requested one, else the network's default for families of the endpoint, else all. An
/// unspecified one means all of its family.
fn host_ips(
    network: &Network,
    addresses: &[IpNet],
    request: &PortRequest,
) -> Result<Vec<Option<IpAddr>>, Refused> {
    let has = |ip: &IpAddr| {
        let family = IpFamily::of_address(*ip);
        addresses.iter().any(|net| IpFamily::of(*net) == family)
    };
    if request.host_ip.is_none() && network.host_ips.iter().any(has) {
        let own = network.host_ips.iter().filter(|ip| has(ip));
        return Ok(own.copied().map(Some).collect());
    }
    let host_ip = request
        .host_ip
        .or_else(|| network.host_ips.first().copied());
    match host_ip {
        // The daemon relays it, no matter which families the endpoint has.
        Some(ip) if ip.is_ipv6() && ip.is_loopback() => Ok(vec![host_ip]),
        Some(ip) if !has(&ip) => Err(Refused::PortFamily {
            request: *request,
            host_ip: ip,
            family: IpFamily::of_address(ip),
        }),
        host_ip => Ok(vec![host_ip]),
    }
}

/// The bindings of one request, while they are collected.
struct Bound<'a> {
    state: &'a State,
    host: &'a PortFacts,
    bindings: Vec<PortBinding>,
    /// The host ports of these bindings.
    own: HashSet<(Protocol, u16)>,
}

impl Bound<'_> {
    /// Binds a port of the endpoint to one of `host_ports`, the same on every address of `at`.
    fn bind(
        &mut self,
        request: &PortRequest,
        port: u16,
        at: &[Option<IpAddr>],
        host_ports: PortRange,
    ) -> Result<(), Refused> {
        let protocol = request.protocol;
        let is_pool = request.host_ports.is_none();
        // A pool of one port is a pool: the request did not ask for that port.
        let asked = host_ports.single().filter(|_| !is_pool);
        let host_port = match asked {
            Some(host_port) => host_port,
            None => self
                .choose(protocol, port, at, host_ports)
                .ok_or(Refused::NoFreePort {
                    range: host_ports,
                    protocol,
                    port,
                    is_pool,
                })?,
        };
        for host_ip in at.iter().copied() {
            self.add(PortBinding {
                host_ip,
                host_port,
                port,
                protocol,
            })?;
        }
        Ok(())
    }

    /// Opens ports at the endpoint's own addresses: of the host addresses, only the families matter.
    fn open(&mut self, request: &PortRequest, at: &[Option<IpAddr>]) {
        let host_ip = match at {
            [Some(ip)] if ip.is_ipv4() => Some(IpAddr::from(Ipv4Addr::UNSPECIFIED)),
            [Some(_)] => Some(IpAddr::from(Ipv6Addr::UNSPECIFIED)),
            _ => None,
        };
        for port in request.ports.ports() {
            let binding = PortBinding {
                host_ip,
                host_port: 0,
                port,
                protocol: request.protocol,
            };
            if !self.bindings.contains(&binding) {
                self.bindings.push(binding);
            }
        }
    }

    /// The lowest port that is free at all of these addresses.
    fn choose(
        &self,
        protocol: Protocol,
        port: u16,
        at: &[Option<IpAddr>],
        host_ports: PortRange,
    ) -> Option<u16> {
        let endpoints = &self.state.endpoints;
        let is_asked = |host_port: u16| {
            let mut wanted = at.iter().map(|host_ip| PortBinding {
                host_ip: *host_ip,
                host_port,
                port,
                protocol,
            });
            wanted.any(|binding| {
                self.state.asked_at(&binding).is_some() || self.state.is_dns_server_at(&binding)
            })
        };
        host_ports.ports().find(|host_port| {
            let mut holders = endpoints.with_host_port(protocol, *host_port);
            let wanted = (protocol, *host_port);
            holders.next().is_none()
                && !self.host.in_use.contains(&wanted)
                && !self.own.contains(&wanted)
                && !is_asked(*host_port)
        })
    }

    fn add(&mut self, binding: PortBinding) -> Result<(), Refused> {
        let wanted = (binding.protocol, binding.host_port);
        if self.own.contains(&wanted) {
            let mut own = self.bindings.iter();
            if let Some(twice) = own.find(|other| other.conflicts_with(&binding)) {
                return Err(Refused::PortTwice(*twice, binding));
            }
        }
        let holders = self.state.holders_of(&binding);
        let holders = holders.map(|(holder, held)| (holder.name.clone(), held));
        if let Some(holders) = Holders::of(holders) {
            return Err(Refused::PortTaken { binding, holders });
        }
        if self.state.is_dns_server_at(&binding) {
            return Err(Refused::PortOfDns(binding));
        }
        if let Some(network) = self.state.asked_at(&binding) {
            let network = network.name.clone();
            return Err(Refused::PortOfResolver { binding, network });
        }
        self.own.insert(wanted);
        self.bindings.push(binding);
        Ok(())
    }
}
