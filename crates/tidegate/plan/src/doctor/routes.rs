//! Routes of the host into a network's subnet that do not lead to its bridge.

use std::net::IpAddr;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::Route;
use tidegate_model::{Access, IfName, Network, State, Subnet};

use super::{Check, NO_FACTS, Symptoms, finding, sysctls};

pub(super) const CHECK: Check = Check {
    name: "routes",
    facts: NO_FACTS,
    findings,
};

/// Rules drop packets that an endpoint sends from an address to which another route leads, and answers would take that
/// route.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    // The host has no route to an isolated network, and another check reports one that is not on the host.
    let has_route = |network: &&Network| {
        network.policy.access != Access::Isolated && sysctls::has_bridge(state, network)
    };
    let networks = state.networks.values().filter(has_route);
    let subnets =
        networks.flat_map(|network| network.subnets.iter().map(move |subnet| (network, subnet)));
    let led_away = subnets.flat_map(|(network, subnet)| {
        let routes = leading_away(network, subnet, &symptoms.routes);
        routes.map(move |route| of_route(state, symptoms, network, route))
    });
    led_away.collect()
}

/// The routes that packets to addresses of the subnet take instead of the subnet's own.
fn leading_away<'a>(
    network: &'a Network,
    subnet: &'a Subnet,
    routes: &'a [Route],
) -> impl Iterator<Item = &'a Route> {
    let is_own = |route: &&Route| route.ifname.as_ref() == Some(&network.bridge);
    let to_it = routes
        .iter()
        .filter(|route| route.destination == subnet.net);
    let own = to_it.filter(is_own).map(|own| own.metric).min();
    let is_chosen = move |route: &&Route| match route.destination == subnet.net {
        true => own.is_none_or(|own| route.metric < own),
        false => subnet.net.contains(&route.destination),
    };
    routes
        .iter()
        .filter(is_chosen)
        .filter(move |route| !is_own(route))
}

fn of_route(state: &State, symptoms: &Symptoms, network: &Network, route: &Route) -> Finding {
    let Route {
        destination,
        ifname,
        ..
    } = route;
    // The kernel picks the most specific route.
    let takes = |address: IpAddr| {
        let routes = symptoms.routes.iter().map(|route| route.destination);
        let mut best = routes
            .filter(|net| net.contains(&address))
            .collect::<Vec<_>>();
        best.sort_unstable_by_key(ipnet::IpNet::prefix_len);
        best.last() == Some(destination)
    };
    let cut_off: Vec<&str> = state
        .endpoints_of(&network.name)
        .filter(|endpoint| endpoint.addresses.iter().any(|net| takes(net.addr())))
        .map(|endpoint| endpoint.name.as_str())
        .take(NAMED)
        .collect();
    let leads = match (ifname, route.is_blocked) {
        (Some(ifname), _) => format!("leads to interface {ifname}"),
        (None, true) => "blocks packets".to_owned(),
        (None, false) => "leads elsewhere".to_owned(),
    };
    let what = format!(
        "the host's route to {destination} {leads}, not to network {}: packets from endpoints with such addresses are \
         dropped, and answers do not reach them",
        network.name
    );
    let (severity, what) = match cut_off.is_empty() {
        true => (Severity::Warning, what),
        false => (Severity::Fault, format!("{what} ({})", cut_off.join(", "))),
    };
    let of_link = ifname
        .as_ref()
        .map_or_else(String::new, |ifname: &IfName| format!(" dev {ifname}"));
    let advice = format!(
        "`ip route del {destination}{of_link}`, or create the network again with another --subnet"
    );
    finding(severity, what, advice)
}

/// The most endpoints that a finding names.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn route(destination: &str, ifname: Option<&str>, metric: u32) -> Route {
        Route {
            destination: destination.parse().unwrap(),
            ifname: ifname.map(|ifname| ifname.parse().unwrap()),
            metric,
            is_blocked: ifname.is_none(),
        }
    }

    #[test]
    fn a_route_into_the_subnet_by_another_interface_leads_away() {
        let mut state = State::default();
        let request = tidegate_api::CreateNetwork::new("web".parse().unwrap());
        let plan =
            crate::create_network(&state, &request, &Default::default(), &Default::default());
        state.apply(&plan.unwrap().change);
        let network = state.networks.values().next().unwrap();
        let subnet = &network.subnets[0];
        let own = route("10.208.0.0/24", Some("tgb0"), 256);
        let is_away = |other: Route| {
            let routes = [own.clone(), other.clone()];
            leading_away(network, subnet, &routes).next().is_some()
        };
        assert!(is_away(route("10.208.0.128/25", Some("up0"), 1024)));
        assert!(is_away(route("10.208.0.7/32", None, 0)));
        assert!(is_away(route("10.208.0.0/24", Some("up0"), 0)));
        assert!(!is_away(route("10.208.0.0/24", Some("up0"), 1024)));
        assert!(!is_away(route("10.208.0.128/25", Some("tgb0"), 0)));
        assert!(!is_away(route("10.0.0.0/8", Some("up0"), 0)));
        assert!(!is_away(route("0.0.0.0/0", Some("up0"), 0)));
        assert!(!is_away(route("10.208.1.0/24", Some("up0"), 0)));
    }
}
