//! Assigns connections to published ports.

use std::collections::HashMap;

use tidegate_api::traffic::PortTraffic;
use tidegate_model::links::Flow;
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{Endpoint, Name, Network, PortBinding, State};

use crate::steps;

/// The traffic of each published port as the API shows it.
pub fn traffic(state: &State, courses: &[(ConnectionKey, TrafficCounts)]) -> Vec<PortTraffic> {
    let traffic = traffic_of_ports(state, courses).into_iter();
    let shown = |(endpoint, port, passed): (&Name, _, TrafficCounts)| PortTraffic {
        endpoint: endpoint.clone(),
        port,
        passed: passed.into(),
    };
    traffic.map(shown).collect()
}

/// The traffic of each published port, by endpoint and in the order of publishing; zero without a connection.
pub fn traffic_of_ports<'a>(
    state: &'a State,
    courses: &[(ConnectionKey, TrafficCounts)],
) -> Vec<(&'a Name, PortBinding, TrafficCounts)> {
    let mut by_flow: HashMap<Flow, Vec<&(ConnectionKey, TrafficCounts)>> = HashMap::new();
    for course in courses {
        by_flow.entry(flow(&course.0)).or_default().push(course);
    }
    let of_port = |network: &Network, endpoint: &Endpoint, port: &PortBinding| {
        let mut passed = TrafficCounts::default();
        for flow in steps::flows(network, endpoint, std::slice::from_ref(port)) {
            let came = by_flow.get(&flow).into_iter().flatten();
            let is_at_it = |course: &&&(ConnectionKey, TrafficCounts)| {
                !flow.translated || port.is_at(course.0.at)
            };
            came.filter(is_at_it).for_each(|(_, more)| passed += *more);
        }
        passed
    };
    let of_endpoint = |endpoint: &'a Endpoint| {
        let network = state.networks.get(&endpoint.network);
        let ports = network.map(|network| {
            let of_port = |port: &PortBinding| {
                let passed = of_port(network, endpoint, port);
                (&endpoint.name, *port, passed)
            };
            endpoint.ports.iter().map(of_port).collect::<Vec<_>>()
        });
        ports.unwrap_or_default()
    };
    state.endpoints.values().flat_map(of_endpoint).collect()
}

fn flow(course: &ConnectionKey) -> Flow {
    Flow {
        protocol: course.protocol,
        came_to: course.came_to,
        endpoint: course.endpoint,
        port: course.port,
        translated: (course.at, course.came_to) != (course.endpoint, course.port),
    }
}
