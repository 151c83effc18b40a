//! The path of one packet: through the hooks in the kernel's order, with the host's routes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tidegate_api::explain::{Fate, Party, Path, Question};
use tidegate_model::links::Inside;
use tidegate_model::{Access, Endpoint, IfName, Name, Network, PortBinding, Protocol, State};
use tidegate_nft::{Hook, IpVersion, TableState};

use super::access;
use super::beside::Beside;
use super::ends::{End, Who, endpoint_of};
use super::owner;
use super::packet::Packet;
use super::routing::{Bridging, HostRouting};
use super::walk::{Ground, Walk, is_to_host};
use crate::holds;
use crate::ruleset::{NOT_ON_LIST, ON_LIST};

/// The fate of the packet, and why.
pub(super) type FateAndReason = (Fate, String);

/// The ports of DHCP (RFC 2131 section 4.1). Its clients send from no other port.
const DHCP_SERVER: (u16, Protocol) = (67, Protocol::Udp);
const DHCP_CLIENT: u16 = 68;

/// A packet on its way.
pub(super) struct PacketPath<'a> {
    pub(super) state: &'a State,
    routing: &'a HostRouting,
    pub(super) walk: Walk<'a>,
    pub(super) from: End<'a>,
    /// The false source address, if there is one.
    pub(super) claimed: Option<IpAddr>,
    /// Whether the question has the source address.
    is_bound: bool,
    pub(super) to: End<'a>,
    pub(super) asked: Option<(u16, Protocol)>,
    /// If an endpoint sends it: the endpoint, and that of the same namespace by which it leaves.
    pub(super) exit: Option<(&'a Endpoint, &'a Endpoint)>,
    /// Whether it stays in the sender's namespace.
    pub(super) is_inner: bool,
    /// What mends the namespace at one of its ends.
    pub(super) mend: Option<String>,
    pub(super) packet: Packet,
}

/// How an endpoint gets a packet.
pub(super) struct Arriving {
    pub(super) from: Option<IpAddr>,
    pub(super) to: Option<IpAddr>,
    pub(super) port: Option<(u16, Protocol)>,
    pub(super) is_snat: bool,
}

impl<'a> PacketPath<'a> {
    pub(super) fn new(
        state: &'a State,
        routing: &'a HostRouting,
        table: &'a TableState,
        (from, to): (End<'a>, End<'a>),
        question: &Question,
        version: IpVersion,
    ) -> Self {
        let (claimed, asked) = (question.source_address, question.destination.port);
        let is_dhcp = claimed == Some(Ipv4Addr::UNSPECIFIED.into()) && asked == Some(DHCP_SERVER);
        let packet = Packet {
            version,
            iif: None,
            oif: None,
            mac: None,
            saddr: claimed.or(from.address),
            daddr: to.address,
            sport: is_dhcp.then_some(DHCP_CLIENT),
            port: asked,
            asked: asked.map(|(port, _)| port),
            is_dnat: false,
            is_snat: false,
        };
        let steps = Vec::new();
        let is_from_host = matches!(from.who, Who::Host);
        let beside = Beside::new(state, &routing.others, is_from_host);
        Self {
            state,
            routing,
            walk: Walk {
                state,
                table,
                steps,
                beside,
            },
            from,
            claimed,
            is_bound: claimed.is_some() || matches!(question.source, Party::Address(_)),
            to,
            asked,
            exit: None,
            is_inner: false,
            mend: None,
            packet,
        }
    }

    /// What is in the namespaces of endpoints, or why nobody can tell.
    pub(super) fn namespaces(&self) -> &'a BTreeMap<Name, Result<Inside, String>> {
        &self.routing.namespaces
    }

    /// The packet as it arrives.
    pub(super) fn arriving(&self) -> Arriving {
        Arriving {
            from: self.packet.saddr,
            to: self.packet.daddr,
            port: self.packet.port,
            is_snat: self.packet.is_snat,
        }
    }

    /// The fate of the packet, and why.
    pub(super) fn decide(&mut self) -> FateAndReason {
        let (fate, why) = match self.from.who {
            Who::Endpoint(endpoint) => self.leave_endpoint(endpoint),
            Who::Host => self.leave_host(),
            Who::Outside => {
                self.packet.iif = self.routing.entrance(self.from.address, self.is_ipv4());
                self.enter()
            }
        };
        self.with_answers(fate, why)
    }

    /// The path, once its fate is decided.
    pub(super) fn described(self, (fate, why): FateAndReason, hint: Option<String>) -> Path {
        Path {
            source: self.source(),
            destination: self.destination(),
            hint,
            steps: self.walk.steps,
            // What is dropped anyway does not get to the other tables.
            unclear: match fate.is_arrival() {
                true => self.walk.beside.unclear,
                false => Vec::new(),
            },
            fate,
            why,
        }
    }

    /// If it arrives, whether other programs' chains let its answers pass too.
    fn with_answers(&mut self, fate: Fate, why: String) -> FateAndReason {
        if !fate.is_arrival() {
            return (fate, why);
        }
        let ends = [self.from.who, self.to.who];
        if ends.iter().any(|who| matches!(who, Who::Endpoint(_)))
            || matches!(fate, Fate::ReachesEndpoint(_))
        {
            self.walk.beside.crosses_bridge();
        }
        match self.walk.beside.answer_passes() {
            true => (fate, why),
            false => self.dropped(),
        }
    }

    fn leave_endpoint(&mut self, endpoint: &'a Endpoint) -> FateAndReason {
        if let Some(to) = self.packet.daddr {
            let arrives = |at: &Endpoint, why| (Fate::ReachesEndpoint(at.name.clone()), why);
            let own =
                endpoint_of(self.state, to).filter(|own| own.netns_id() == endpoint.netns_id());
            self.is_inner = to.is_loopback() || own.is_some();
            if to.is_loopback() {
                let why = "a loopback address leads to the sender itself";
                return arrives(endpoint, why.to_owned());
            }
            if let Some(own) = own {
                let why = format!("{to} is an address of the sender's own namespace");
                return arrives(own, why);
            }
        }
        let exit = self.exit(endpoint);
        let exit = exit.and_then(|(exit, next)| {
            let network = self.state.networks.get(&exit.network)?;
            Some((exit, network, next))
        });
        let Some((exit, network, next)) = exit else {
            let name = &endpoint.name;
            let shut = access::of_endpoint(self.state, endpoint).map(|shut| format!(": {shut}"));
            return lost(format!(
                "endpoint {name} has no route there: it has no default route{}",
                shut.unwrap_or_default()
            ));
        };
        self.packet.iif = Some(network.bridge.clone());
        self.packet.mac = Some(exit.mac);
        self.exit = Some((endpoint, exit));
        self.take_source_of(exit);
        if let Some(why) = self.stopped_at_port(exit, network) {
            return lost(why);
        }
        let bridging = self.routing.bridging(network, self.is_ipv4());
        match next {
            Some(next) if !self.routing.is_local(next) => self.cross(network, next, bridging),
            _ => self.enter(),
        }
    }

    /// A program that binds to no address gets one of the interface by which its packets leave (ip-route(8), `src`).
    fn take_source_of(&mut self, exit: &Endpoint) {
        if self.is_bound {
            return;
        }
        let mut own = exit.addresses.iter().map(|net| net.addr());
        if let Some(address) = own.find(|ip| ip.is_ipv4() == self.is_ipv4()) {
            self.from.address = Some(address);
            self.packet.saddr = Some(address);
        }
    }

    /// Why the endpoint's bridge port drops packets from the false source address.
    fn stopped_at_port(&self, exit: &Endpoint, network: &Network) -> Option<String> {
        let claimed = self.claimed?;
        let mut own = exit.addresses.iter().map(|net| net.addr());
        let name = &network.name;
        if claimed.is_ipv4() && claimed.is_loopback() {
            Some("bridge ports drop packets from and to 127.0.0.0/8".into())
        } else if claimed == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            // The rules drop what the port drops from this address.
            None
        } else if network.policy.anti_spoofing && !own.any(|own| own == claimed) {
            Some(format!(
                "network {name} has --anti-spoofing: the bridge port of {} drops packets from {claimed}",
                exit.name
            ))
        } else {
            None
        }
    }

    /// Forwards over the bridge to another port.
    fn cross(&mut self, network: &Network, to: IpAddr, bridging: Bridging) -> FateAndReason {
        if self.packet.saddr.is_some_and(is_loopback6) {
            return lost(LOOPBACK6.into());
        }
        let neighbour = endpoint_of(self.state, to);
        let name = &network.name;
        let Some(neighbour) = neighbour.filter(|neighbour| neighbour.network == *name) else {
            return lost(format!("no endpoint of network {name} has {to}"));
        };
        match bridging {
            Bridging::Direct => (
                Fate::ReachesEndpoint(neighbour.name.clone()),
                format!(
                    "frames between endpoints of network {name} stay on the bridge and meet no rule"
                ),
            ),
            Bridging::Apart => lost(format!(
                "network {name} has --no-icc: its bridge ports are isolated from each other"
            )),
            Bridging::Filtered if self.passes(Hook::Prerouting) => {
                self.forward(Some(network.bridge.clone()), true)
            }
            Bridging::Filtered => self.dropped(),
        }
    }

    /// Into the host.
    fn enter(&mut self) -> FateAndReason {
        // `ip6_rcv_core` drops it before any hook. For IPv4, a rule of ours does.
        let ends = [self.packet.saddr, self.packet.daddr];
        if ends.into_iter().flatten().any(is_loopback6) {
            return lost(LOOPBACK6.into());
        }
        if !self.passes(Hook::Prerouting) {
            return self.dropped();
        }
        let is_to_all = self.packet.daddr == Some(Ipv4Addr::BROADCAST.into());
        // `ip_route_input_slow`
        if self.claimed == Some(Ipv4Addr::UNSPECIFIED.into()) && !is_to_all {
            let why = "the kernel drops packets from 0.0.0.0 to a single address; a DHCP request goes to 255.255.255.255";
            return lost(why.into());
        }
        // `fib_validate_source`; IPv6 has no such check.
        if let Some(claimed) = self.claimed.filter(|ip| ip.is_ipv4())
            && self.routing.is_local(claimed)
        {
            return lost(format!(
                "the kernel drops packets that come in from {claimed}, an address of the host itself"
            ));
        }
        if is_to_all || self.is_to_host() {
            return self.reach_host();
        }
        let oif = match self.route() {
            Ok(oif) => oif,
            Err(why) => return lost(why),
        };
        if !self.routing.forwards(self.is_ipv4()) {
            let family = if self.is_ipv4() { "IPv4" } else { "IPv6" };
            return lost(format!(
                "the host does not forward {family}: see `tidegate doctor`"
            ));
        }
        self.forward(oif, false)
    }

    fn leave_host(&mut self) -> FateAndReason {
        self.packet.oif = match self.is_to_host() {
            true => "lo".parse().ok(),
            false => self.route().ok().flatten(),
        };
        if !self.passes(Hook::Output) {
            return self.dropped();
        }
        if self.is_to_host() {
            return self.reach_host();
        }
        if self.packet.saddr.is_some_and(is_loopback6) {
            return lost(
                "the kernel routes nothing from IPv6's loopback address to a bridge".into(),
            );
        }
        match self.route() {
            Ok(oif) => {
                self.packet.oif = oif;
                self.leave()
            }
            Err(why) => lost(why),
        }
    }

    fn forward(&mut self, oif: Option<IfName>, is_bridged: bool) -> FateAndReason {
        self.packet.oif = oif;
        if !self.passes(Hook::Forward) {
            return self.dropped();
        }
        if is_bridged {
            // br_netfilter calls postrouting without an incoming interface.
            self.packet.iif = None;
        }
        self.leave()
    }

    fn leave(&mut self) -> FateAndReason {
        if !self.passes(Hook::Postrouting) {
            return self.dropped();
        }
        let oif = self.packet.oif.as_ref();
        let networks = &self.state.networks;
        let to = self.packet.daddr;
        match to.and_then(|to| endpoint_of(self.state, to)) {
            Some(endpoint) => match networks.get(&endpoint.network) {
                Some(network) if oif == Some(&network.bridge) => {
                    (Fate::ReachesEndpoint(endpoint.name.clone()), self.why())
                }
                _ => lost(self.no_way()),
            },
            None if networks
                .values()
                .any(|network| oif == Some(&network.bridge)) =>
            {
                lost(format!("no endpoint has {}", shown(to)))
            }
            None => (Fate::Leaves, self.why()),
        }
    }

    fn reach_host(&mut self) -> FateAndReason {
        if !self.passes(Hook::Input) {
            return self.dropped();
        }
        if let Some(relayed) = self.relayed() {
            return relayed;
        }
        let why = match (self.packet.is_dnat, self.packet.port) {
            (true, _) => "it is redirected to a port of the host itself".into(),
            (false, None) => format!("{} is an address of the host", shown(self.packet.daddr)),
            (false, Some((port, protocol))) => format!(
                "{port}/{protocol} is not published on {}{}; the packet goes to a program of the host, if one listens",
                shown(self.packet.daddr),
                self.published_elsewhere(port, protocol)
            ),
        };
        (Fate::ReachesHost, why)
    }

    /// The daemon relays connections to a published port on `::1`.
    fn relayed(&self) -> Option<FateAndReason> {
        let (port, protocol) = self.packet.port?;
        if !self.packet.daddr.is_some_and(is_loopback6) {
            return None;
        }
        self.state.endpoints.values().find_map(|endpoint| {
            let network = self.state.networks.get(&endpoint.network)?;
            let to = holds::relayed_to(network, endpoint, port, protocol)?;
            let why = format!("the daemon relays {port}/{protocol} on ::1 to {to}");
            Some((Fate::ReachesEndpoint(endpoint.name.clone()), why))
        })
    }

    /// The outgoing interface; none if there are several.
    fn route(&self) -> Result<Option<IfName>, String> {
        match self.routing.way(self.packet.daddr, self.is_ipv4()) {
            Some(way) if !way.is_blocked => Ok(way.ifname.clone()),
            _ => Err(self.no_way()),
        }
    }

    /// Why the host has no route to the destination.
    fn no_way(&self) -> String {
        let to = self.packet.daddr;
        let endpoint = to.and_then(|to| endpoint_of(self.state, to));
        let network = endpoint.and_then(|endpoint| self.state.networks.get(&endpoint.network));
        match network {
            Some(Network { name, policy, .. }) if policy.access == Access::Isolated => {
                format!("network {name} is isolated: the host has no route to it")
            }
            Some(Network { name, .. }) => {
                format!(
                    "the host's route to {} does not lead to network {name}",
                    shown(to)
                )
            }
            None => format!("the host has no route to {}", shown(to)),
        }
    }

    fn passes(&mut self, hook: Hook) -> bool {
        self.walk.passes(hook, &mut self.packet, self.routing)
    }

    fn is_to_host(&self) -> bool {
        is_to_host(&self.packet, self.routing)
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.packet.version == IpVersion::V4
    }

    fn dropped(&self) -> FateAndReason {
        if let Some(other) = &self.walk.beside.dropped {
            return lost(other.why.clone());
        }
        let rule = self
            .walk
            .steps
            .last()
            .map(|step| match access::of_step(self.state, step) {
                Some(shut) => format!("{}: {shut}", step.rule),
                None => step.rule.clone(),
            });
        let rule = rule.unwrap_or_default();
        let why = match self.kept_out_of() {
            Some((endpoint, port)) => {
                let list = endpoint.allowed(&port).cloned().unwrap_or_default();
                format!("{rule}: {port} of endpoint {} is for {list}", endpoint.name)
            }
            None => rule,
        };
        (Fate::Dropped, why)
    }

    /// The rule that accepted it.
    fn why(&self) -> String {
        let mut steps = self.walk.steps.iter().rev();
        let found = steps.find(|step| step.action == "accept");
        let translated = || self.walk.steps.iter().rev().find(|_| self.packet.is_dnat);
        match found.or_else(translated) {
            Some(step) => match self.let_in_by() {
                Some(list) => format!("{}, {} ({list})", step.rule, ON_LIST),
                None => step.rule.clone(),
            },
            None if matches!(self.from.who, Who::Host) => {
                "no rule drops packets that the host sends".into()
            }
            None => "no rule of Tidegate matches it".into(),
        }
    }

    /// The entry of a port's list that accepted the packet.
    fn let_in_by(&self) -> Option<String> {
        let step = self.walk.steps.iter().find(|step| step.rule == ON_LIST)?;
        let source = step.elements.first()?.element.split(' ').next()?;
        Some(source.to_owned())
    }

    /// The endpoint and its port, if the port's list blocked the packet.
    pub(super) fn kept_out_of(&self) -> Option<(&'a Endpoint, PortBinding)> {
        let (last, before) = self.walk.steps.split_last()?;
        if last.rule != NOT_ON_LIST {
            return None;
        }
        let key = before.last()?.elements.last()?;
        let of_endpoint = |endpoint: &'a Endpoint| {
            let mut ports = endpoint.allow.iter().flat_map(|allowance| &allowance.ports);
            let found = ports.find(|port| key.of == owner::of_port(endpoint, port))?;
            Some((endpoint, *found))
        };
        self.state.endpoints.values().find_map(of_endpoint)
    }

    /// The host addresses on which the port is published, if the packet went to another one.
    fn published_elsewhere(&self, port: u16, protocol: Protocol) -> String {
        let bindings = self.state.endpoints.values().flat_map(|e| &e.ports);
        let of_port = bindings.filter(|b| (b.host_port, b.protocol) == (port, protocol));
        let addresses: Vec<String> = of_port
            .filter_map(|binding| binding.host_ip.map(|ip| ip.to_string()))
            .collect();
        match addresses.is_empty() {
            true => String::new(),
            false => format!(" (only on {})", addresses.join(", ")),
        }
    }

    fn source(&self) -> String {
        let from = self.from;
        self.claimed.map_or_else(
            || from.to_string(),
            |claimed| format!("{from} as {claimed}"),
        )
    }

    fn destination(&self) -> String {
        match (self.asked, self.to.address) {
            (None, _) => self.to.to_string(),
            (Some((port, protocol)), None) => format!("{}:{port}/{protocol}", self.to),
            (Some((port, protocol)), Some(address)) => {
                let who = End {
                    address: None,
                    ..self.to
                };
                format!("{who} {}/{protocol}", SocketAddr::new(address, port))
            }
        }
    }
}

/// `ip6_rcv_core`.
const LOOPBACK6: &str = "the kernel drops packets from and to ::1 that come in by an interface";

fn is_loopback6(ip: IpAddr) -> bool {
    ip.is_ipv6() && ip.is_loopback()
}

fn lost(why: String) -> FateAndReason {
    (Fate::Lost, why)
}

fn shown(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "outside".into(), |ip| ip.to_string())
}
