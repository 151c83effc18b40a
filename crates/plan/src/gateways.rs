//! The default routes that an endpoint gives its namespace.
//!
//! Every endpoint of an open network gives its own, so that when one goes the next is in use with no
//! further work: the kernel uses the route with the lowest metric, and the metric follows from the
//! priority and, among endpoints of the same priority, from the order in which they were attached.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::api::Attach;
use tidegate_model::links::{DefaultRoute, NetnsFacts};
use tidegate_model::{Access, Endpoint, GatewayPriority, Network, State};

use crate::Refused;

/// Next hops, and the metric of the routes through them.
#[derive(Default)]
pub(crate) struct Gateways {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) metric: Option<u32>,
}

/// A network with no way out is no way to anywhere; and where somebody else gave the namespace a
/// default route, that is the way.
pub(crate) fn choose(
    state: &State,
    network: &Network,
    request: &Attach,
    addresses: &[IpNet],
    netns: &NetnsFacts,
) -> Result<Gateways, Refused> {
    if network.policy.access != Access::Open {
        return Ok(Gateways::default());
    }
    let ours: Vec<&Endpoint> = state.endpoints.of_netns(&netns.id).collect();
    let is_foreign = |route: &DefaultRoute| !ours.iter().any(|endpoint| made(endpoint, route));
    let foreign: Vec<&DefaultRoute> = netns
        .default_routes
        .iter()
        .filter(|route| is_foreign(route))
        .collect();
    let gateways: Vec<IpAddr> = addresses
        .iter()
        .filter(|net| {
            !foreign
                .iter()
                .any(|route| route.is_ipv6 == net.addr().is_ipv6())
        })
        .filter_map(|net| network.subnet_of(net.addr()).map(|s| s.gateway))
        .collect();
    if gateways.is_empty() {
        return Ok(Gateways::default());
    }
    let priority = request.gateway_priority;
    if let Some(older) = ours
        .iter()
        .find(|endpoint| stays_first(endpoint, &gateways))
        && priority > GatewayPriority::default()
    {
        return Err(Refused::OlderGateway(older.name.clone()));
    }
    Ok(Gateways {
        addresses: gateways,
        metric: Some(metric(priority, &ours)?),
    })
}

/// Whether a default route of the namespace is one that the endpoint gave it.
fn made(endpoint: &Endpoint, route: &DefaultRoute) -> bool {
    let mut gateways = endpoint.gateways.iter();
    route.ifname.as_ref() == Some(&endpoint.ifname)
        && gateways.any(|gateway| gateway.is_ipv6() == route.is_ipv6)
}

/// Whether an endpoint of an older release has a default route that would stay the one in use: one
/// without a metric of ours has a lower one.
fn stays_first(endpoint: &Endpoint, gateways: &[IpAddr]) -> bool {
    let is_of_family = |has: &IpAddr| gateways.iter().any(|new| new.is_ipv6() == has.is_ipv6());
    endpoint.gateway_metric.is_none() && endpoint.gateways.iter().any(is_of_family)
}

/// The metric after those of the priority's other endpoints; one that is free where they have come to
/// the end.
fn metric(priority: GatewayPriority, ours: &[&Endpoint]) -> Result<u32, Refused> {
    let first = priority.first_metric();
    let metrics = first..first + GatewayPriority::PLACES;
    let taken: BTreeSet<u32> = ours
        .iter()
        .filter_map(|endpoint| endpoint.gateway_metric)
        .filter(|metric| metrics.contains(metric))
        .collect();
    let after = taken.last().map_or(first, |last| last + 1);
    (after..metrics.end)
        .chain(metrics)
        .find(|metric| !taken.contains(metric))
        .ok_or(Refused::NoGatewayPlace(priority))
}
