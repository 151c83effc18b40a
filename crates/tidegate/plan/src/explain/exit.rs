//! By which interface a packet leaves its namespace.

use std::net::IpAddr;

use tidegate_model::{Endpoint, StaticRoute};

use super::packet_path::PacketPath;
use crate::steps;

impl<'a> PacketPath<'a> {
    /// The endpoint of the sender's namespace by which the packet leaves (the sender itself if possible), and the next
    /// hop on its link, unless that is the host by a default route.
    pub(super) fn exit(&self, sender: &'a Endpoint) -> Option<(&'a Endpoint, Option<IpAddr>)> {
        let others = self.state.endpoints.values();
        let others =
            others.filter(|other| other.netns_id() == sender.netns_id() && *other != sender);
        let own: Vec<&Endpoint> = std::iter::once(sender).chain(others).collect();
        let is_on_link = |endpoint: &&&Endpoint| {
            let mut nets = endpoint.addresses.iter();
            self.packet
                .daddr
                .is_some_and(|to| nets.any(|net| net.contains(&to)))
        };
        if let Some(endpoint) = own.iter().find(is_on_link) {
            return Some((endpoint, self.packet.daddr));
        }
        if let Some(endpoint) = self.to_resolver(&own) {
            return Some((endpoint, self.packet.daddr));
        }
        if let Some((endpoint, route)) = self.static_route(&own) {
            return Some((endpoint, route.via().or(self.packet.daddr)));
        }
        let is_ipv4 = self.is_ipv4();
        let leads_out = |endpoint: &&&Endpoint| {
            let mut gateways = endpoint.gateways.iter();
            gateways.any(|gateway| gateway.is_ipv4() == is_ipv4)
        };
        // Without a metric of ours, a route has the kernel's default (`IP6_RT_PRIO_USER` for IPv6).
        let unset = if is_ipv4 { 0 } else { 1024 };
        let metric = |endpoint: &&&Endpoint| endpoint.gateway_metric.unwrap_or(unset);
        let exit = own.iter().filter(leads_out).min_by_key(metric)?;
        Some((exit, None))
    }

    /// The most specific static route to the destination.
    fn static_route(&self, own: &[&'a Endpoint]) -> Option<(&'a Endpoint, &'a StaticRoute)> {
        let to = self.packet.daddr?;
        let routes = own.iter().copied();
        let routes = routes.flat_map(|it| it.routes.iter().map(move |route| (it, route)));
        let leading = routes.filter(|(_, route)| route.to().contains(&to));
        leading.max_by_key(|(_, route)| route.to().prefix_len())
    }

    /// The endpoint whose route leads to the DNS server, if that is the destination.
    fn to_resolver(&self, own: &[&'a Endpoint]) -> Option<&'a Endpoint> {
        let to = self.packet.daddr?;
        let leads_there = |endpoint: &&&Endpoint| endpoint.resolvers.contains(&to);
        let metric = |endpoint: &&&Endpoint| {
            let network = self.state.networks.get(&endpoint.network)?;
            Some(steps::resolver_metric(endpoint, network))
        };
        own.iter().filter(leads_there).min_by_key(metric).copied()
    }
}
