//! What happened, as a line for people.

use jiff::Timestamp;
use tidegate_api::Endpoint;
use tidegate_api::event::{Event, Happening};

use super::table::{dash_if_empty, joined};
use super::{port_ranges, status};

/// One event, on a line.
pub(crate) fn event(event: &Event) -> String {
    let what = match &event.what {
        Happening::NetworkCreated { network } => format!("network {} created", network.name),
        Happening::NetworkRemoved { network } => format!("network {} removed", network.name),
        Happening::PeersChanged { network, peers } => {
            let peers = dash_if_empty(joined(peers));
            format!("network {network} connected to {peers}")
        }
        Happening::Attached { endpoint } => {
            let addresses = joined(endpoint.addresses.iter().map(|net| net.addr()));
            let Endpoint { name, network, .. } = endpoint;
            format!("endpoint {name} attached to {network} as {addresses}")
        }
        Happening::Detached { endpoint } => {
            format!(
                "endpoint {} detached from {}",
                endpoint.name, endpoint.network
            )
        }
        Happening::PortsChanged { endpoint, ports } => {
            let ports = dash_if_empty(joined(port_ranges(ports)));
            format!("endpoint {endpoint} publishes {ports}")
        }
        Happening::TableMended {
            program,
            process,
            what,
        } => {
            let program = program.as_deref().unwrap_or("an unknown program");
            let process = process.map_or_else(String::new, |process| format!(" ({process})"));
            let what = dash_if_empty(what.join(", "));
            format!("table changed by {program}{process}: {what}; put back")
        }
        Happening::TableFought { fight } => format!("table changed again and again: {fight}"),
        Happening::InterfaceMended { interface, what } => {
            let what = what.join(", ");
            format!("interface {interface} changed by another program; put right: {what}")
        }
        Happening::InterfacesFought { times, last } => format!(
            "interfaces changed again and again: put right {times} times in a row, the last time {last}"
        ),
        Happening::RoutingMended { what } => {
            let what = what.join(", ");
            format!("routing changed by another program; put right: {what}")
        }
        Happening::NetworkDegraded { network, fault } => {
            format!("network {network} {}", status(Some(fault)))
        }
        Happening::NetworkRestored { network } => format!("network {network} restored"),
        Happening::EndpointDegraded { endpoint, fault } => {
            format!("endpoint {endpoint} {}", status(Some(fault)))
        }
        Happening::EndpointRestored { endpoint } => format!("endpoint {endpoint} restored"),
        Happening::Missed { events } => format!("{events} events were missed"),
    };
    format!("{}  {what}\n", shown_time(event.time))
}

/// A time in milliseconds since 1970-01-01 UTC.
pub(super) fn shown_time(time: u64) -> String {
    let time = i64::try_from(time).ok().filter(|time| *time > 0);
    let time = time.and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map_or_else(|| "-".into(), |time| time.to_string())
}
