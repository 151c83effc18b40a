//! Published ports that chains of other programs close. Their rules often ask for a port, so each port is judged.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Endpoint, IfName, Mode, Name, Network, PortBinding, State, in_ranges};
use tidegate_nft::{BaseChain, IpVersion};

use super::probes::{Found, is_forwarded, uplink};
use super::{Symptoms, finding};
use crate::others::{
    Address, ConnectionState, Interface, Judgement, Place, Port, Seen, command, judge, sees, shown,
    with_command,
};

/// The most ports that are judged for a chain.
const MOST: usize = 4096;
/// The most ranges of ports that a finding names.
const NAMED: usize = 5;
/// The priority of the chain that translates destinations (`NF_IP_PRI_NAT_DST`, linux/netfilter_ipv4.h).
const DSTNAT: i64 = -100;

/// What a chain does with connections to published ports. Networks of which it drops everything are not looked at again.
pub(super) fn of_chain(
    state: &State,
    symptoms: &Symptoms,
    chain: &BaseChain,
    found: &Found<'_>,
) -> Vec<Finding> {
    let is_told = |bridge: &IfName| found.dropped.iter().any(|(_, told, _)| *told == bridge);
    let mut ports: Ports<'_> = Ports::default();
    let mut known: BTreeMap<Kind<'_>, bool> = BTreeMap::new();
    let mut judged = 0;
    if chain.kind == "nat" {
        return Vec::new();
    }
    for endpoint in state.endpoints.values() {
        let Some(network) = state.networks.get(&endpoint.network) else {
            continue;
        };
        if !is_forwarded(network) || is_told(&network.bridge) {
            continue;
        }
        for (port, connection) in connections(state, symptoms, network, endpoint) {
            if !sees(chain, connection.version) {
                continue;
            }
            let kind = (
                &network.bridge,
                connection.version == IpVersion::V4,
                port.protocol.number(),
            );
            let all_pass = known.entry(kind).or_insert_with(|| {
                let any = connection.with_any_port();
                any.at(chain).iter().all(|seen| passes(chain, seen))
            });
            if *all_pass {
                continue;
            }
            if judged == MOST {
                ports.is_cut = true;
                break;
            }
            judged += 1;
            for seen in connection.at(chain) {
                ports.add(judge(chain, &seen), &endpoint.name, port);
            }
        }
    }
    ports.findings(chain)
}

/// Ports with the same course through the rules: bridge, whether it is IPv4, and number of the protocol.
type Kind<'a> = (&'a IfName, bool, u8);

fn passes(chain: &BaseChain, seen: &Seen) -> bool {
    matches!(
        judge(chain, seen),
        Judgement::Passes | Judgement::Redirects(_)
    )
}

/// The packets of a connection to a published port.
struct Connection {
    version: IpVersion,
    /// Before its destination is translated.
    arriving: Seen,
    /// After that.
    forwarded: Seen,
}

impl Connection {
    /// How a chain sees its packets and the answers to them.
    fn at(&self, chain: &BaseChain) -> Vec<Seen> {
        let answer = self.forwarded.answer();
        match chain.hook.as_str() {
            "prerouting" if chain.priority <= DSTNAT => vec![self.arriving.clone(), answer],
            "prerouting" => {
                let oif = Interface::Absent;
                let translated = Seen {
                    oif,
                    ..self.forwarded.clone()
                };
                vec![translated, answer]
            }
            "forward" => vec![self.forwarded.clone(), answer],
            "postrouting" => vec![self.forwarded.clone()],
            _ => Vec::new(),
        }
    }

    /// A connection to any port and address.
    fn with_any_port(&self) -> Self {
        let any = |seen: &Seen| Seen {
            daddr: Address::Unknown,
            dport: Port::Unknown,
            original_dport: None,
            ..seen.clone()
        };
        Self {
            version: self.version,
            arriving: any(&self.arriving),
            forwarded: any(&self.forwarded),
        }
    }
}

/// The connections to the published ports of an endpoint that come from outside, one for each family.
fn connections<'a>(
    state: &'a State,
    symptoms: &'a Symptoms,
    network: &'a Network,
    endpoint: &'a Endpoint,
) -> impl Iterator<Item = (PortBinding, Connection)> {
    let addresses = || endpoint.addresses.iter().map(|net| net.addr());
    let is_reached = |port: &&PortBinding| !port.only_at().is_some_and(|ip| ip.is_loopback());
    let ports = endpoint.ports.iter().filter(is_reached);
    ports.flat_map(move |port| {
        let of_family = addresses().filter(|ip| port.is_of_family(*ip));
        of_family.map(|ip| (*port, connection(state, symptoms, network, *port, ip)))
    })
}

/// A connection to a published port of the endpoint with this address.
fn connection(
    state: &State,
    symptoms: &Symptoms,
    network: &Network,
    port: PortBinding,
    endpoint: IpAddr,
) -> Connection {
    let is_translated = network.policy.mode_of(endpoint) != Mode::Routed;
    let (at, came_to) = match is_translated {
        true => (port.only_at(), port.host_port),
        false => (Some(endpoint), port.port),
    };
    let version = match endpoint.is_ipv4() {
        true => IpVersion::V4,
        false => IpVersion::V6,
    };
    let arriving = Seen {
        version,
        iif: uplink(state, symptoms, endpoint.is_ipv4()),
        oif: Interface::Absent,
        saddr: Address::Unknown,
        daddr: at.into(),
        protocol: Some(port.protocol.number()),
        sport: Port::Ephemeral,
        dport: Port::Is(came_to),
        original_dport: Some(came_to),
        state: ConnectionState::New,
        is_dnat: Some(false),
        is_snat: Some(false),
    };
    let forwarded = Seen {
        oif: Interface::Named(network.bridge.clone()),
        daddr: Address::Is(endpoint),
        dport: Port::Is(port.port),
        is_dnat: Some(is_translated),
        is_snat: None,
        ..arriving.clone()
    };
    Connection {
        version,
        arriving,
        forwarded,
    }
}

/// Published ports by what happens to connections to them, and where.
#[derive(Default)]
struct Ports<'a> {
    dropped: BTreeMap<Place, Vec<(&'a Name, PortBinding)>>,
    unclear: BTreeMap<Place, Vec<(&'a Name, PortBinding)>>,
    /// Whether there are more than are judged.
    is_cut: bool,
}

impl<'a> Ports<'a> {
    fn add(&mut self, judgement: Judgement, endpoint: &'a Name, port: PortBinding) {
        let (ports, place) = match judgement {
            Judgement::Passes | Judgement::Redirects(_) => return,
            Judgement::Drops(place) => (&mut self.dropped, place),
            Judgement::Unclear(place) => (&mut self.unclear, place),
        };
        let ports = ports.entry(place).or_default();
        if ports.last() != Some(&(endpoint, port)) {
            ports.push((endpoint, port));
        }
    }

    fn findings(&self, chain: &BaseChain) -> Vec<Finding> {
        let dropped = self.dropped.iter().map(|(place, ports)| {
            let (named, first) = named(ports);
            let what = format!(
                "{} drops connections to {named} ({})",
                shown(chain),
                with_command(chain, place)
            );
            let advice = format!(
                "change that rule if clients should reach the port, or withdraw the port: {first}"
            );
            finding(Severity::Fault, what, advice)
        });
        let unclear = self.unclear.iter().map(|(place, ports)| {
            let (named, _) = named(ports);
            let what = format!(
                "cannot judge whether {} drops connections to {named}: see {place}",
                shown(chain)
            );
            let advice = format!(
                "{} shows the rules; `tidegate explain` judges a packet that you name",
                command(chain, [place])
            );
            finding(Severity::CouldNotTell, what, advice)
        });
        let cut = self.is_cut.then(|| {
            let what = format!(
                "{} has rules about ports, of which connections to {MOST} published ports were judged, not to the others",
                shown(chain)
            );
            let advice = "`tidegate explain` judges a packet that you name";
            finding(Severity::CouldNotTell, what, advice)
        });
        dropped.chain(unclear).chain(cut).collect()
    }
}

/// The first ranges of ports with their endpoints, and the command that withdraws the first one.
fn named(ports: &[(&Name, PortBinding)]) -> (String, String) {
    let runs = in_ranges(ports.iter().copied());
    let texts = runs.iter().take(NAMED);
    let texts = texts.map(|run| format!("{} of endpoint {}", run.range, run.group));
    let mut texts: Vec<String> = texts.collect();
    if let Some(more) = runs.len().checked_sub(NAMED).filter(|more| *more > 0) {
        texts.push(format!("{more} more"));
    }
    let kind = match runs.len() {
        1 => "published port",
        _ => "published ports",
    };
    let withdraw = runs
        .first()
        .map(|run| format!("`tidegate unpublish {} {}`", run.group, run.range));
    (
        format!("{kind} {}", texts.join(", ")),
        withdraw.unwrap_or_default(),
    )
}
