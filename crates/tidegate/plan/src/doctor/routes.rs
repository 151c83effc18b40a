//! Routes of the host that lead packets for a network's subnet away from its bridge, or that the subnet hides.

use std::net::IpAddr;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{MAIN_TABLE, PolicyRouting, Route, RoutingRule};
use tidegate_model::{Access, IfName, Network, State, Subnet, overlap};

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
    let of_subnet = subnets.flat_map(|(network, subnet)| {
        let routes = leading_away(network, subnet, &symptoms.routes);
        let away = routes.map(|route| of_route(state, symptoms, network, route));
        let by_rule = by_rules(network, subnet, &symptoms.policy);
        let hidden = hidden(network, subnet, &symptoms.routes);
        let all = away.chain(by_rule).chain(hidden);
        all.collect::<Vec<_>>()
    });
    of_subnet.collect()
}

/// Routing rules are asked before the main table, which has the subnet's route. A table that they name may have a route
/// that covers the subnet: a VPN's.
fn by_rules(network: &Network, subnet: &Subnet, policy: &PolicyRouting) -> Vec<Finding> {
    let is_ipv6 = subnet.net.addr().is_ipv6();
    let rules = policy.rules.iter().filter(|rule| rule.is_ipv6 == is_ipv6);
    // wg-quick(8) has the main table asked first, without its default routes.
    let has_own = |rule: &&RoutingRule| {
        rule.table == MAIN_TABLE
            && rule.to.is_none_or(|to| to.contains(&subnet.net))
            && rule.least_prefix <= subnet.net.prefix_len()
    };
    let before = rules.take_while(|rule| !has_own(rule));
    let found = before.filter_map(|rule| {
        let is_meant = rule.to.is_none_or(|to| overlap(to, subnet.net));
        let of_table = policy
            .routes
            .iter()
            .filter(|(table, _)| *table == rule.table);
        let overlapping = of_table.map(|(_, route)| route).filter(|route| {
            route.destination.prefix_len() >= rule.least_prefix
                && overlap(route.destination, subnet.net)
        });
        // The most specific one is chosen.
        let chosen = overlapping.max_by_key(|route| route.destination.prefix_len())?;
        let is_own = chosen.ifname.as_ref() == Some(&network.bridge);
        (is_meant && !is_own).then(|| of_rule(network, subnet, rule, chosen))
    });
    found.collect()
}

fn of_rule(network: &Network, subnet: &Subnet, rule: &RoutingRule, route: &Route) -> Finding {
    let RoutingRule {
        priority, table, ..
    } = rule;
    let (net, leads) = (subnet.net, leads(route));
    let destination = route.destination;
    let what = format!(
        "the host's route to {destination} in table {table} {leads}, and rule {priority} has that table asked before the \
         main one: packets for {net} of network {} go there",
        network.name
    );
    let family = if net.addr().is_ipv6() { " -6" } else { "" };
    let first = priority.saturating_sub(1);
    let advice = format!(
        "`ip{family} rule add priority {first} to {net} lookup main` (undo: the same with `del`), or exclude {net} from \
         what that VPN routes"
    );
    finding(Severity::Fault, what, advice)
}

/// Routes of the main table that cover the subnet and lead elsewhere. The subnet's own route is more specific, so that
/// machines behind the other one cannot be reached at such addresses. Half of all addresses stands for a default route.
fn hidden(network: &Network, subnet: &Subnet, routes: &[Route]) -> Vec<Finding> {
    const HALF: u8 = 1;
    let covers = |route: &&Route| {
        let net = route.destination;
        let is_wider = net.prefix_len() < subnet.net.prefix_len() && net.contains(&subnet.net);
        let leads = route
            .ifname
            .as_ref()
            .is_some_and(|ifname| *ifname != network.bridge);
        is_wider && net.prefix_len() > HALF && leads && !route.is_blocked
    };
    let found = routes.iter().filter(covers).map(|route| {
        let net = subnet.net;
        let what = format!(
            "the host's route to {} {} and covers {net} of network {}: from this host and its endpoints, machines there \
             with such addresses cannot be reached",
            route.destination,
            leads(route),
            network.name
        );
        let advice = format!(
            "if there are such machines (a VPN that came after the network), create the network again with another \
             --subnet; else exclude {net} from that route"
        );
        finding(Severity::Warning, what, advice)
    });
    found.collect()
}

/// Where a route leads, in words.
fn leads(route: &Route) -> String {
    match (&route.ifname, route.is_blocked) {
        (Some(ifname), _) => format!("leads to interface {ifname}"),
        (None, true) => "blocks packets".to_owned(),
        (None, false) => "leads elsewhere".to_owned(),
    }
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
    let leads = leads(route);
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
        "create the network again with another --subnet; or, if nothing needs that route, \
         `ip route del {destination}{of_link}`"
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

    fn with_a_network() -> State {
        let mut state = State::default();
        let request = tidegate_api::CreateNetwork::new("web".parse().unwrap());
        let plan =
            crate::create_network(&state, &request, &Default::default(), &Default::default());
        state.apply(&plan.unwrap().change);
        state
    }

    #[test]
    fn tables_that_are_asked_before_the_subnets_own_route_count() {
        let state = with_a_network();
        let network = state.networks.values().next().unwrap();
        let rule = |table, to: Option<&str>, least_prefix| RoutingRule {
            is_ipv6: false,
            priority: 100,
            table,
            to: to.map(|to| to.parse().unwrap()),
            least_prefix,
        };
        let main = rule(MAIN_TABLE, None, 0);
        let count = |rules: &[RoutingRule], destination: &str, ifname| {
            let policy = PolicyRouting {
                rules: rules.to_vec(),
                routes: vec![(52, route(destination, ifname, 0))],
            };
            by_rules(network, &network.subnets[0], &policy).len()
        };
        let vpn = rule(52, None, 0);
        let tun = Some("tun0");
        assert_eq!(count(&[vpn.clone(), main.clone()], "0.0.0.0/0", tun), 1);
        assert_eq!(count(&[vpn.clone(), main.clone()], "10.208.0.0/30", tun), 1);
        assert_eq!(count(&[vpn.clone(), main.clone()], "10.0.0.0/8", None), 1);
        assert_eq!(
            count(&[vpn.clone(), main.clone()], "10.0.0.0/8", Some("tgb0")),
            0
        );
        assert_eq!(count(&[vpn.clone(), main.clone()], "10.209.0.0/16", tun), 0);
        assert_eq!(count(&[main.clone(), vpn.clone()], "0.0.0.0/0", tun), 0);
        let first = rule(MAIN_TABLE, None, 1);
        assert_eq!(
            count(&[first, vpn.clone(), main.clone()], "0.0.0.0/0", tun),
            0
        );
        let ours = rule(MAIN_TABLE, Some("10.208.0.0/24"), 0);
        assert_eq!(
            count(&[ours, vpn.clone(), main.clone()], "0.0.0.0/0", tun),
            0
        );
        let other = rule(MAIN_TABLE, Some("10.1.0.0/24"), 0);
        assert_eq!(count(&[other, vpn, main.clone()], "0.0.0.0/0", tun), 1);
        let short = rule(52, None, 1);
        assert_eq!(count(&[short, main.clone()], "0.0.0.0/0", tun), 0);
        let elsewhere = rule(52, Some("192.0.2.0/24"), 0);
        assert_eq!(count(&[elsewhere, main], "0.0.0.0/0", tun), 0);
    }

    #[test]
    fn a_route_into_the_subnet_by_another_interface_leads_away() {
        let state = with_a_network();
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
