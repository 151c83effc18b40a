//! The default routes that an endpoint gives its namespace.
//!
//! Every endpoint of an open network adds one. The kernel uses the route with the lowest metric, so the next one
//! takes over by itself when an endpoint is detached. The metric follows from the priority and, among equal
//! priorities, from the order of attachment.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use tidegate_api::Attach;
use tidegate_model::links::{DefaultRoute, NetnsFacts};
use tidegate_model::{Access, Endpoint, GatewayPriority, Network, State, main_of};

use crate::Refused;

/// Next hops, and the metric of their routes.
#[derive(Default)]
pub(crate) struct Gateways {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) metric: Option<u32>,
}

/// No default route if none is wanted, if the network is not open, or if the namespace has a default route from elsewhere.
pub(crate) fn choose(
    state: &State,
    network: &Network,
    request: &Attach,
    addresses: &[IpNet],
    netns: &NetnsFacts,
) -> Result<Gateways, Refused> {
    if network.policy.access != Access::Open || !request.default_route {
        return Ok(Gateways::default());
    }
    let ours: Vec<&Endpoint> = state.endpoints.of_netns(&netns.id).collect();
    let is_foreign = |route: &DefaultRoute| !ours.iter().any(|endpoint| made(endpoint, route));
    let foreign: Vec<&DefaultRoute> = netns
        .default_routes
        .iter()
        .filter(|route| is_foreign(route))
        .collect();
    let gateways: Vec<IpAddr> = main_of(addresses)
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

/// Whether an endpoint of an older release has a default route that would stay in use: a route without a metric of
/// ours has a lower one.
fn stays_first(endpoint: &Endpoint, gateways: &[IpAddr]) -> bool {
    let is_of_family = |has: &IpAddr| gateways.iter().any(|new| new.is_ipv6() == has.is_ipv6());
    endpoint.gateway_metric.is_none() && endpoint.gateways.iter().any(is_of_family)
}

/// The metric that orders an endpoint after those of higher or equal priority, and before those of lower priority.
fn metric(priority: GatewayPriority, ours: &[&Endpoint]) -> Result<u32, Refused> {
    if ours.iter().any(|endpoint| is_of_older_release(endpoint)) {
        return high_metric(priority, ours);
    }
    let taken = || {
        let taken = ours.iter().filter_map(|endpoint| {
            let metric = endpoint.gateway_metric?;
            Some((endpoint.gateway_priority, metric))
        });
        taken.collect::<Vec<_>>().into_iter()
    };
    let last = |is_before: &dyn Fn(GatewayPriority) -> bool| {
        let before = taken().filter(|(other, _)| is_before(*other));
        before.map(|(_, metric)| metric).max().unwrap_or(0)
    };
    let end = taken().filter(|(other, _)| *other < priority);
    let end = end.map(|(_, metric)| metric).min();
    let end = end.unwrap_or(GatewayPriority::KERNELS_METRIC);
    let higher = last(&|other| other > priority);
    let free = last(&|other| other >= priority) + 1..end;
    match free.is_empty() {
        // Directly after the last endpoint of the same priority: nothing may come in between.
        false if free.start > higher + 1 => Ok(free.start),
        false => Ok(within(&free, priority.metric())),
        // The range is used up: take the place of a removed endpoint of the same priority.
        true => (higher + 1..end)
            .rev()
            .find(|place| taken().all(|(_, metric)| metric != *place))
            .ok_or(Refused::NoGatewayPlace(priority)),
    }
}

/// The wanted metric, or a free one near it that usually leaves room on both sides.
fn within(free: &Range<u32>, wanted: u32) -> u32 {
    const ROOM: u32 = 16;
    let (first, last) = (free.start, free.end.saturating_sub(1));
    match last.saturating_sub(first) > 2 * ROOM {
        true => wanted.clamp(first + ROOM, last - ROOM),
        false => first.midpoint(last),
    }
}

/// Whether an endpoint has a default route with a metric of an older release, or the kernel's own.
fn is_of_older_release(endpoint: &Endpoint) -> bool {
    let is_high = |metric| metric >= GatewayPriority::KERNELS_METRIC;
    !endpoint.gateways.is_empty() && endpoint.gateway_metric.is_none_or(is_high)
}

/// The metric after those of the other endpoints of the priority; a free one if the range is used up.
fn high_metric(priority: GatewayPriority, ours: &[&Endpoint]) -> Result<u32, Refused> {
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
