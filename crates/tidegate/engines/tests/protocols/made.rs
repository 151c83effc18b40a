//! An endpoint as the daemon answers with it.

use serde_json::{Value, json};
use tidegate_api::{Attach, EndpointView};

/// The answer of the daemon to a request, with addresses of its own.
pub(crate) fn made(request: &Attach) -> EndpointView {
    let mut addresses = vec!["10.99.1.2/24", "fd99::2/64"];
    let given: Vec<String> = request
        .addresses
        .iter()
        .map(|ip| format!("{ip}/24"))
        .collect();
    if let Some(given) = given.first() {
        addresses = vec![given.as_str()];
    }
    let gateways: Value = match request.default_route {
        true => json!(["10.99.1.1", "fd99::1"]),
        false => json!([]),
    };
    let view = json!({
        "name": request.name,
        "network": request.network,
        "netns": { "path": request.netns, "id": { "dev": 4, "ino": 4026532000_u64 } },
        "host-ifname": "tgv7",
        "ifname": request.ifname,
        "mac": "02:2d:0a:63:01:02",
        "addresses": addresses,
        "gateways": gateways,
        "ports": [],
        "owner": request.owner,
        "bridge": { "ifname": "tgb0", "mac": "02:74:01:02:03:04" },
        "network-gateways": ["10.99.1.1", "fd99::1"],
        "resolv-conf": "# by tidegate\nsearch tidegate.internal\nnameserver 169.254.53.53\noptions ndots:2\n",
    });
    serde_json::from_value(view).unwrap()
}
