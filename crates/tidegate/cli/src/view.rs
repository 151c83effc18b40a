//! What the daemon answers, as text for people: plain columns that read without colour.

mod event;
mod info;
mod moved;
mod table;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Deserialize;
use tidegate_api::doctor::{Checked, Diagnosis, Finding, Severity};
use tidegate_api::explain::{Explanation, Fate, MatchedElement, Path};
use tidegate_api::traffic::{PortTraffic, Traffic, TrafficCounts};
use tidegate_api::{
    Allowance, Endpoint, EndpointBridge, EndpointCheck, EndpointFinding, EndpointView, Fault,
    HandedOver, Imported, Network, NetworkView, Owner, Policy, PortsView, Removable, StaticRoute,
    TornDown, WaitingEndpoint, Warning,
};
use tidegate_model::{AllowList, Name, PortBinding, PortRequest, in_ranges};

pub(crate) use self::event::event;
pub(crate) use self::info::info;
pub(crate) use self::moved::{Commands, LeftView, moved, plan};
pub(crate) use self::table::lines;
use self::table::{fields, joined, plain, table, text};
use crate::published::{PublishedPorts, ranges, restricts, shown, shut_in};

/// Networks, one a line.
pub(crate) fn networks(networks: &[NetworkView]) -> String {
    let is_degraded = networks.iter().any(|view| view.degraded.is_some());
    let is_connected = networks.iter().any(|view| !all_peers(view).is_empty());
    let rows = networks.iter().map(|view| {
        let network = &view.network;
        let mut row = vec![
            network.name.to_string(),
            network.bridge.to_string(),
            joined(network.subnets.iter().map(|s| s.net)),
            joined(network.subnets.iter().map(|s| s.gateway)),
            view.endpoints.len().to_string(),
        ];
        row.extend(is_connected.then(|| all_peers(view)));
        row.extend(is_degraded.then(|| status(view.degraded.as_ref())));
        row
    });
    let mut header = vec!["NETWORK", "BRIDGE", "SUBNETS", "GATEWAYS", "ENDPOINTS"];
    header.extend(is_connected.then_some("PEERS"));
    table(&with_status(&header, is_degraded), rows)
}

/// The networks to which it is connected: `db` both ways, `to:db` and `from:db` one way.
fn all_peers(view: &NetworkView) -> String {
    let to = view.one_way_to.iter().map(|name| format!("to:{name}"));
    let from = view.one_way_from.iter().map(|name| format!("from:{name}"));
    let both = peers_both_ways(view).map(ToString::to_string);
    joined(both.chain(to).chain(from))
}

fn peers_both_ways(view: &NetworkView) -> impl Iterator<Item = &Name> {
    let peers = view.network.peers.iter();
    peers.filter(|name| !view.one_way_to.contains(name))
}

/// The columns, and one more where something is not as it is to be.
fn with_status<'a>(header: &[&'a str], is_degraded: bool) -> Vec<&'a str> {
    let status = is_degraded.then_some("STATUS");
    header.iter().copied().chain(status).collect()
}

/// Whether something is on the host as it is to be.
fn status(fault: Option<&Fault>) -> String {
    match fault {
        None => "ok".to_owned(),
        Some(Fault {
            down: true, reason, ..
        }) => format!("degraded, down: {reason}"),
        Some(Fault { reason, .. }) => format!("degraded, in part: {reason}"),
    }
}

/// Everything about a network; some of the waiting endpoints are its own.
pub(crate) fn network(view: &NetworkView, waiting: &[WaitingEndpoint]) -> String {
    let network = &view.network;
    let waiting = waiting.iter().filter(|it| it.network == network.name);
    let rows = [
        ("network", network.name.to_string()),
        ("bridge", network.bridge.to_string()),
        ("mac", network.mac.to_string()),
        ("subnets", joined(network.subnets.iter().map(|s| s.net))),
        (
            "gateways",
            joined(network.subnets.iter().map(|s| s.gateway)),
        ),
        (
            "mtu",
            network
                .mtu
                .map_or_else(|| "the kernel's".into(), |mtu| mtu.to_string()),
        ),
        ("publishes on", joined(&network.host_ips)),
        ("publishes to", publishes_to(view)),
        (
            "address ranges",
            joined(network.subnets.iter().filter_map(|s| s.range)),
        ),
        ("reserved", pairs(&network.reserved)),
        ("access", network.policy.access.to_string()),
        ("host access", network.policy.host_access().to_string()),
        ("forwards names", yes_or_no(forwards_names(&network.policy))),
        ("icc", yes_or_no(network.policy.icc)),
        ("anti-spoofing", yes_or_no(network.policy.anti_spoofing)),
        ("mode for ipv4", network.policy.mode4.to_string()),
        ("mode for ipv6", network.policy.mode6.to_string()),
        ("goes out under", goes_out_under(network)),
        (
            "trusted interfaces",
            joined(&network.policy.trusted_interfaces),
        ),
        ("peers", joined(peers_both_ways(view))),
        ("reaches one way", joined(&view.one_way_to)),
        ("reached one way by", joined(&view.one_way_from)),
        ("labels", pairs(&network.labels)),
        ("dns servers", joined(&network.dns.servers)),
        ("dns search", joined(&network.dns.search)),
        ("dns options", joined(&network.dns.options)),
        ("removed when unused", yes_or_no(network.remove_when_unused)),
        ("endpoints", joined(&view.endpoints)),
        ("waiting", joined(waiting.map(|it| &it.name))),
        ("status", status(view.degraded.as_ref())),
    ];
    fields(&[&rows[..], &warnings(&view.warnings)].concat())
}

/// The clients that reach ports which are published without a list of their own.
fn publishes_to(view: &NetworkView) -> String {
    let network = &view.network;
    let access = network.policy.access;
    let shown_list = |list| shown(list, network.subnets.iter().map(|subnet| subnet.net.addr()));
    match (shut_in(&network.policy), network.allow.is_empty()) {
        (Some(clients), _) => format!("{clients} (the network is {access})"),
        (None, true) if !view.default_allow.is_empty() => format!(
            "{} (`ports.allow` of the configuration)",
            shown_list(&view.default_allow)
        ),
        (None, _) => shown_list(&network.allow),
    }
}

/// Warnings, one a line.
fn warnings(warnings: &[Warning]) -> Vec<(&'static str, String)> {
    let rows = warnings.iter().map(|it| ("warning", it.what.clone()));
    rows.collect()
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// Whether its DNS server forwards names that are not those of endpoints.
fn forwards_names(policy: &Policy) -> bool {
    tidegate_model::Policy::from(policy.clone()).forwards_names()
}

fn pairs(pairs: &BTreeMap<Name, impl Display>) -> String {
    joined(pairs.iter().map(|(name, value)| format!("{name}={value}")))
}

fn goes_out_under(network: &Network) -> String {
    match (network.policy.masquerade, &network.policy.snat[..]) {
        (false, _) => "its own addresses".into(),
        (true, []) => "the host's addresses".into(),
        (true, snat) => joined(snat),
    }
}

/// Endpoints, one a line, and then those that wait for their namespaces.
pub(crate) fn endpoints(endpoints: &[EndpointView], waiting: &[WaitingEndpoint]) -> String {
    let is_degraded = endpoints.iter().any(|view| view.degraded.is_some());
    let has_status = is_degraded || !waiting.is_empty();
    let rows = endpoints.iter().map(|view| {
        let endpoint = &view.endpoint;
        let mut row = vec![
            endpoint.name.to_string(),
            endpoint.network.to_string(),
            place(endpoint),
            endpoint.ifname.to_string(),
            joined(endpoint.addresses.iter().map(|net| net.addr())),
            joined(
                ranges(endpoint)
                    .into_iter()
                    .map(|it| shown_range(endpoint, it)),
            ),
        ];
        row.extend(has_status.then(|| status(view.degraded.as_ref())));
        row
    });
    let waiting = waiting.iter().map(|it| {
        let nothing = String::new;
        vec![
            it.name.to_string(),
            it.network.to_string(),
            it.netns.display().to_string(),
            nothing(),
            nothing(),
            nothing(),
            waits(it),
        ]
    });
    let header = [
        "ENDPOINT",
        "NETWORK",
        "NETNS",
        "INTERFACE",
        "ADDRESSES",
        "PORTS",
    ];
    table(&with_status(&header, has_status), rows.chain(waiting))
}

/// What an endpoint waits for.
fn waits(waiting: &WaitingEndpoint) -> String {
    match &waiting.reason {
        None => "waiting for its namespace".to_owned(),
        Some(reason) => format!("waiting: {reason}"),
    }
}

/// Published ports, and whether a list blocks some of their clients.
fn shown_range(endpoint: &Endpoint, (ports, allow): (PortRequest, Option<&AllowList>)) -> String {
    match allow.filter(|list| restricts(list, endpoint, &ports)) {
        Some(_) => format!("{ports} (restricted)"),
        None => ports.to_string(),
    }
}

/// Published ports, a range a line.
pub(crate) fn ports(ports: &[PublishedPorts]) -> String {
    let rows = ports.iter().map(|published| {
        vec![
            published.ports.to_string(),
            published.endpoint.to_string(),
            published.network.to_string(),
            joined(&published.addresses),
            published.clients.clone(),
            joined(published.held_by),
        ]
    });
    let header = [
        "PORTS",
        "ENDPOINT",
        "NETWORK",
        "ADDRESSES",
        "CLIENTS",
        "HELD BY",
    ];
    table(&header, rows)
}

/// The ports that were published, and all that the endpoint publishes now.
pub(crate) fn published(view: &PortsView) -> String {
    changed(view, ["ENDPOINT", "PUBLISHED", "ALL PORTS"])
}

/// The ports that are no longer published, and those that still are.
pub(crate) fn withdrawn(view: &PortsView) -> String {
    changed(view, ["ENDPOINT", "WITHDRAWN", "STILL PUBLISHED"])
}

fn changed(view: &PortsView, header: [&str; 3]) -> String {
    if view.changed.is_empty() {
        // An older daemon does not tell them.
        return endpoints(std::slice::from_ref(&view.endpoint), &[]);
    }
    let endpoint = &view.endpoint.endpoint;
    let row = vec![
        endpoint.name.to_string(),
        joined(port_ranges(&view.changed)),
        joined(port_ranges(&endpoint.ports)),
    ];
    table(&header, std::iter::once(row))
}

/// Published ports as ranges.
fn port_ranges(ports: &[PortBinding]) -> impl Iterator<Item = PortRequest> {
    let runs = in_ranges(ports.iter().map(|port| ((), *port)));
    runs.into_iter().map(|run| run.range)
}

/// Who may reach the ports that not everybody may.
fn allowed(endpoint: &Endpoint) -> String {
    let shown = |allowance: &Allowance| {
        let ports = joined(port_ranges(&allowance.ports));
        format!("{ports} from {}", allowance.from)
    };
    let shown: Vec<String> = endpoint.allow.iter().map(shown).collect();
    shown.join("; ")
}

/// Everything about an endpoint.
pub(crate) fn endpoint(view: &EndpointView) -> String {
    let endpoint = &view.endpoint;
    let rows = [
        ("endpoint", endpoint.name.to_string()),
        ("aliases", joined(&endpoint.aliases)),
        ("network", endpoint.network.to_string()),
        ("netns", place(endpoint)),
        ("interface", endpoint.ifname.to_string()),
        ("host interface", endpoint.host_ifname.to_string()),
        ("mac", endpoint.mac.to_string()),
        ("addresses", joined(&endpoint.addresses)),
        ("default routes", joined(&endpoint.gateways)),
        ("gateways", joined(&view.network_gateways)),
        ("bridge", bridge(view)),
        ("routes", joined(endpoint.routes.iter().map(route))),
        ("gateway priority", endpoint.gateway_priority.to_string()),
        ("ports", joined(port_ranges(&endpoint.ports))),
        ("allowed", allowed(endpoint)),
        ("host ports held by", format!("the {}", endpoint.host_ports)),
        ("sysctls", joined(&endpoint.sysctls)),
        ("dns servers", joined(&endpoint.dns.servers)),
        ("dns search", joined(&endpoint.dns.search)),
        ("dns options", joined(&endpoint.dns.options)),
        (
            "owner",
            endpoint.owner.as_ref().map_or_else(String::new, owner),
        ),
        ("labels", pairs(&endpoint.labels)),
        ("status", status_on_host(view)),
    ];
    fields(&[&rows[..], &warnings(&view.warnings)].concat())
}

/// The daemon knows the host; nobody tells it what happens in a namespace.
fn status_on_host(view: &EndpointView) -> String {
    match view.degraded.as_ref() {
        None => format!(
            "ok on the host; `tidegate endpoint check {}` looks into the namespace",
            view.endpoint.name
        ),
        fault => status(fault),
    }
}

fn owner(owner: &Owner) -> String {
    format!("{}/{}", owner.engine, owner.id)
}

/// The bridge with its Ethernet address.
fn bridge(view: &EndpointView) -> String {
    let shown = |bridge: &EndpointBridge| format!("{} ({})", bridge.ifname, bridge.mac);
    view.bridge.as_ref().map_or_else(String::new, shown)
}

/// The namespace of an endpoint, as far as it is known.
fn place(endpoint: &Endpoint) -> String {
    match (&endpoint.netns, &endpoint.handed_over) {
        (Some(netns), _) => netns.path.display().to_string(),
        (
            None,
            Some(HandedOver {
                netns_number: Some(number),
            }),
        ) => {
            format!("handed over, in namespace number {number}")
        }
        (None, _) => "handed over".to_owned(),
    }
}

/// What an endpoint lacks, one a line.
pub(crate) fn checked(check: &EndpointCheck) -> String {
    let line =
        |finding: &EndpointFinding| format!("{:<10} {}\n", finding.part.as_str(), finding.what);
    check.findings.iter().map(line).collect()
}

/// `10.9.0.0/16` or `10.9.0.0/16 via 10.208.0.9`
fn route(StaticRoute { to, via }: &StaticRoute) -> String {
    match via {
        Some(via) => format!("{to} via {via}"),
        None => to.to_string(),
    }
}

/// What an import made.
pub(crate) fn imported(made: &Imported) -> String {
    fields(&[
        ("networks", joined(&made.networks)),
        ("attached", joined(&made.attached)),
        ("waiting", joined(&made.waiting)),
    ])
}

/// What a teardown would remove from the host.
pub(crate) fn removable(removable: &Removable) -> String {
    let Removable {
        networks,
        endpoints,
        waiting,
        interfaces,
        table,
        sysctls,
    } = removable;
    fields(&[
        ("networks", joined(networks)),
        ("endpoints", joined(endpoints)),
        ("waiting", joined(waiting)),
        ("interfaces", joined(interfaces)),
        ("table", table.clone()),
        ("sysctls set back", joined(sysctls)),
    ])
}

/// What was removed from the host.
pub(crate) fn torn_down(removed: &TornDown) -> String {
    fields(&[
        ("networks", joined(&removed.networks)),
        ("endpoints", joined(&removed.endpoints)),
        ("sysctls set back", joined(&removed.sysctls)),
    ])
}

/// What the doctor found: a line for each thing that was looked at and is well, and for each
/// finding, with what to do about it below.
pub(crate) fn diagnosis(diagnosis: &Diagnosis) -> String {
    let of_check = |checked: &Checked| match checked.findings.as_slice() {
        [] => format!("ok       {}\n", checked.check),
        findings => findings
            .iter()
            .map(|finding| {
                let state = match finding.severity {
                    Severity::Fault => "FAULT",
                    Severity::Warning => "warning",
                    Severity::CouldNotTell => "unknown",
                };
                let Finding { what, advice, .. } = finding;
                format!(
                    "{state:<8} {}: {what}\n         do: {advice}\n",
                    checked.check
                )
            })
            .collect(),
    };
    diagnosis.checks.iter().map(of_check).collect()
}

/// What becomes of a packet: for each path its fate, the rules that it met, and why.
pub(crate) fn explanation(explanation: &Explanation) -> String {
    let paths: Vec<String> = explanation.paths.iter().map(path).collect();
    paths.join("\n")
}

fn path(path: &Path) -> String {
    let Path {
        source,
        destination,
        why,
        ..
    } = path;
    let fate = match &path.fate {
        Fate::ReachesEndpoint(name) => format!("passes, to endpoint {name}"),
        Fate::ReachesHost => "passes, to the host itself".into(),
        Fate::Leaves => "passes, and leaves the host".into(),
        Fate::Dropped => "is dropped".into(),
        Fate::Lost => "does not arrive".into(),
    };
    let is_clear = path.unclear.is_empty();
    let fate = match is_clear {
        true => fate,
        false => format!("{fate}, unless another table stops it"),
    };
    let unclear = path.unclear.iter();
    let unclear: String = unclear
        .map(|unclear| format!("  unclear: {unclear}\n"))
        .collect();
    let element = |matched: &MatchedElement| {
        let MatchedElement { set, element, of } = matched;
        format!("{element} of {set} ({of})")
    };
    let mut steps = plain();
    steps.add_rows(path.steps.iter().map(|step| {
        [
            format!("  {}", step.chain),
            step.rule.clone(),
            step.action.clone(),
            step.elements
                .iter()
                .map(element)
                .collect::<Vec<_>>()
                .join(", "),
        ]
    }));
    let hint = path.hint.iter().map(|hint| format!("  do: {hint}\n"));
    format!(
        "{source} -> {destination}: {fate}\n{}  why: {why}\n{unclear}{}",
        text(&mut steps),
        hint.collect::<String>()
    )
}

/// What passes through published ports, the busiest first.
pub(crate) fn traffic(traffic: &Traffic) -> String {
    let mut ports: Vec<&PortTraffic> = traffic.ports.iter().collect();
    ports.sort_by_key(|port| {
        let TrafficCounts {
            connections,
            received,
            sent,
        } = port.passed;
        Reverse((received.bytes.saturating_add(sent.bytes), connections))
    });
    let counted = |number: u64| match traffic.counted {
        true => number.to_string(),
        false => String::new(),
    };
    let rows = ports.into_iter().map(|port| {
        let TrafficCounts {
            connections,
            received,
            sent,
        } = port.passed;
        vec![
            port.endpoint.to_string(),
            port.port.to_string(),
            connections.to_string(),
            counted(received.packets),
            counted(received.bytes),
            counted(sent.packets),
            counted(sent.bytes),
        ]
    });
    let header = [
        "ENDPOINT",
        "PORT",
        "OPEN",
        "PACKETS IN",
        "BYTES IN",
        "PACKETS OUT",
        "BYTES OUT",
    ];
    let shown = table(&header, rows);
    match traffic.counted {
        true => shown,
        false => format!(
            "{shown}packets and bytes are not counted: `sysctl -w net.netfilter.nf_conntrack_acct=1`\n"
        ),
    }
}

/// Anything that has a name.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    name: Name,
}

/// Names, one a line.
pub(crate) fn names(named: &[Named]) -> String {
    lines(named.iter().map(|named| &named.name))
}

#[cfg(test)]
mod tests;
