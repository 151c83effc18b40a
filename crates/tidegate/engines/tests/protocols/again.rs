//! Containers on several networks.

use serde_json::json;
use tidegate_api::{Attach, EndpointView};
use tidegate_engines::without_published;

use crate::made::made;

fn request(network: &str, engine: &str, id: &str, ports: &[&str]) -> Attach {
    let request = json!({
        "network": network,
        "netns": "/run/netns/box",
        "name": format!("{network}-1"),
        "ifname": "eth0",
        "owner": { "engine": engine, "id": id },
        "ports": ports,
    });
    serde_json::from_value(request).unwrap()
}

fn endpoint(network: &str, engine: &str, id: &str, ports: &[&str]) -> EndpointView {
    let mut view = made(&request(network, engine, id, &[]));
    view.endpoint.ports = ports.iter().map(|port| port.parse().unwrap()).collect();
    view
}

#[test]
fn ports_of_the_same_container_on_another_network_are_left_out() {
    let wanted = ["8080:80", "8100-8101:90-91", "127.0.0.1:53:53/udp"];
    let request = request("db", "netavark", "c1/b", &wanted);
    let there = ["8080:80", "8100:90", "8101:91", "127.0.0.1:53:53/udp"];
    for (endpoint, left) in [
        (endpoint("web", "netavark", "c1/a", &there), Some(0)),
        (endpoint("web", "netavark", "c1/a", &there[..2]), Some(2)),
        (endpoint("web", "netavark", "c2/a", &there), None),
        (endpoint("web", "cni", "c1/a", &there), None),
        (endpoint("db", "netavark", "c1/b", &there), None),
        (
            endpoint("web", "netavark", "c1/a", &["8080:81", "8080:80/udp"]),
            None,
        ),
    ] {
        let without = without_published(&request, &[endpoint]);
        assert_eq!(without.map(|without| without.ports.len()), left);
    }
}
