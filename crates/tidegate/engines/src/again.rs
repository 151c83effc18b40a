//! Containers on several networks.
//!
//! Engines ask for the published ports of a container on each of its networks (seen: podman 4.3 and 5.4), and a host
//! port can lead to one place alone. So ports that the container has on another network already are left out.

use tidegate_api::{Attach, EndpointView, Owner};
use tidegate_model::{PortBinding, PortRequest};

/// A request without the ports that the same container publishes on other networks; none if there are no such ports.
pub fn without_published(request: &Attach, endpoints: &[EndpointView]) -> Option<Attach> {
    let owner = request.owner.as_ref()?;
    let others = endpoints.iter().map(|view| &view.endpoint);
    let others = others.filter(|other| {
        let is_its = |of: &Owner| of.engine == owner.engine && container(of) == container(owner);
        other.network != request.network && other.owner.as_ref().is_some_and(is_its)
    });
    let published: Vec<PortBinding> = others.flat_map(|other| other.ports.clone()).collect();
    let mut without = request.clone();
    without.ports.retain(|port| !is_published(port, &published));
    (without.ports.len() < request.ports.len()).then_some(without)
}

/// The container in an owner: the part before the slash.
fn container(owner: &Owner) -> &str {
    let id = owner.id.as_str();
    id.split_once('/').map_or(id, |(container, _)| container)
}

/// Whether all ports of a request are published.
fn is_published(request: &PortRequest, published: &[PortBinding]) -> bool {
    let Some(host_ports) = request.host_ports else {
        return false;
    };
    let mut pairs = host_ports.ports().zip(request.ports.ports());
    pairs.all(|(host_port, port)| {
        let is_it = |binding: &PortBinding| {
            binding.host_port == host_port && binding.port == port && request.names(binding)
        };
        published.iter().any(is_it)
    })
}
