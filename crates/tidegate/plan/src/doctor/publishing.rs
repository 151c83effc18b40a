//! Published ports that chains of other programs close. Their rules often ask for a port, so each port is judged.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Endpoint, IfName, Mode, Name, Network, PortBinding, State, in_ranges};
use tidegate_nft::{BaseChain, IpVersion};

use super::probes::{Found, is_forwarded, is_reached_by_host, uplink};
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
        if is_told(&network.bridge) {
            continue;
        }
        let outside = is_forwarded(network).then_some(Client::Outside);
        let host = is_reached_by_host(network).then_some(Client::Host);
        let clients = outside.into_iter().chain(host);
        let connections =
            clients.flat_map(|client| connections(state, symptoms, network, endpoint, client));
        for (port, connection) in connections {
            if !sees(chain, connection.version) {
                continue;
            }
            let kind = (
                &network.bridge,
                connection.version == IpVersion::V4,
                port.protocol.number(),
                connection.client,
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
                let place = (connection.client, judge(chain, &seen));
                ports.add(place, &endpoint.name, port);
            }
        }
    }
    ports.findings(chain)
}

/// Who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Client {
    Outside,
    /// The host itself.
    Host,
}

/// Ports with the same course through the rules: bridge, whether it is IPv4, number of the protocol, and who connects.
type Kind<'a> = (&'a IfName, bool, u8, Client);

fn passes(chain: &BaseChain, seen: &Seen) -> bool {
    matches!(
        judge(chain, seen),
        Judgement::Passes | Judgement::Redirects(_)
    )
}

/// The packets of a connection to a published port.
struct Connection {
    client: Client,
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
        // Before routing, and for the host itself, there is no outgoing interface.
        let answer_in = || Seen {
            oif: Interface::Absent,
            ..answer.clone()
        };
        let is_before = chain.priority <= DSTNAT;
        match (self.client, chain.hook.as_str()) {
            (Client::Outside, "prerouting") if is_before => {
                vec![self.arriving.clone(), answer_in()]
            }
            (Client::Outside, "prerouting") => {
                let translated = Seen {
                    oif: Interface::Absent,
                    ..self.forwarded.clone()
                };
                vec![translated, answer_in()]
            }
            (Client::Outside, "forward") => vec![self.forwarded.clone(), answer],
            (Client::Host, "output") if is_before => vec![self.arriving.clone()],
            // The whole hook sees the interface of the first route.
            (Client::Host, "output") => vec![Seen {
                oif: self.arriving.oif.clone(),
                ..self.forwarded.clone()
            }],
            (Client::Host, "prerouting" | "input") => vec![answer_in()],
            (_, "postrouting") => vec![self.forwarded.clone()],
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
            client: self.client,
            version: self.version,
            arriving: any(&self.arriving),
            forwarded: any(&self.forwarded),
        }
    }
}

/// The connections of a client to the published ports of an endpoint, one for each family.
fn connections<'a>(
    state: &'a State,
    symptoms: &'a Symptoms,
    network: &'a Network,
    endpoint: &'a Endpoint,
    client: Client,
) -> impl Iterator<Item = (PortBinding, Connection)> {
    let addresses = || endpoint.addresses.iter().map(|net| net.addr());
    let is_reached = move |port: &&PortBinding| match client {
        Client::Outside => !port.only_at().is_some_and(|ip| ip.is_loopback()),
        Client::Host => !port.is_on_ipv6_loopback(),
    };
    let ports = endpoint.ports.iter().filter(is_reached);
    ports.flat_map(move |port| {
        let of_family = addresses().filter(|ip| port.is_of_family(*ip));
        of_family.map(move |ip| {
            let bridge = &network.bridge;
            let connection = match client {
                Client::Outside => {
                    let uplink = uplink(state, symptoms, ip.is_ipv4());
                    connection(network, *port, ip, client, [uplink, Interface::Absent])
                }
                Client::Host => {
                    let is_routed = network.policy.mode_of(ip) == Mode::Routed;
                    let by = if is_routed {
                        Ok(bridge.clone())
                    } else {
                        "lo".parse()
                    };
                    let by = by.map_or(Interface::Absent, Interface::Named);
                    connection(network, *port, ip, client, [Interface::Absent, by])
                }
            };
            (*port, connection)
        })
    })
}

/// A connection to a published port of the endpoint with this address, which arrives by these interfaces.
fn connection(
    network: &Network,
    port: PortBinding,
    endpoint: IpAddr,
    client: Client,
    [iif, oif]: [Interface; 2],
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
        iif,
        oif,
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
        client,
        version,
        arriving,
        forwarded,
    }
}

/// Published ports by who connects to them, and where that is decided.
type PortsByPlace<'a> = BTreeMap<(Client, Place), Vec<(&'a Name, PortBinding)>>;

/// Published ports by what happens to connections to them, and where.
#[derive(Default)]
struct Ports<'a> {
    dropped: PortsByPlace<'a>,
    unclear: PortsByPlace<'a>,
    /// Whether there are more than are judged.
    is_cut: bool,
}

impl<'a> Ports<'a> {
    fn add(
        &mut self,
        (client, judgement): (Client, Judgement),
        endpoint: &'a Name,
        port: PortBinding,
    ) {
        let (ports, place) = match judgement {
            Judgement::Passes | Judgement::Redirects(_) => return,
            Judgement::Drops(place) => (&mut self.dropped, place),
            Judgement::Unclear(place) => (&mut self.unclear, place),
        };
        let ports = ports.entry((client, place)).or_default();
        if ports.last() != Some(&(endpoint, port)) {
            ports.push((endpoint, port));
        }
    }

    fn findings(&'a self, chain: &BaseChain) -> Vec<Finding> {
        let connections = |client| match client {
            Client::Outside => "connections",
            Client::Host => "the host's own connections",
        };
        // What nobody reaches, the host does not reach either.
        let is_of_all = |of: &PortsByPlace<'_>, (client, place): &(Client, Place), ports| {
            let all = of.get(&(Client::Outside, place.clone()));
            *client == Client::Host && all == Some(ports)
        };
        let told = |of: &'a PortsByPlace<'a>| {
            of.iter()
                .filter(move |(key, ports)| !is_of_all(of, key, ports))
        };
        let dropped = told(&self.dropped).map(|((client, place), ports)| {
            let (named, first) = named(ports);
            let what = format!(
                "{} drops {} to {named} ({})",
                shown(chain),
                connections(*client),
                with_command(chain, place)
            );
            let advice = format!(
                "change that if {} should reach the port, or withdraw the port: {first}",
                match client {
                    Client::Outside => "clients",
                    Client::Host => "the host itself",
                }
            );
            finding(Severity::Fault, what, advice)
        });
        let unclear = told(&self.unclear).map(|((client, place), ports)| {
            let (named, _) = named(ports);
            let what = format!(
                "cannot judge whether {} drops {} to {named}: see {place}",
                shown(chain),
                connections(*client)
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
