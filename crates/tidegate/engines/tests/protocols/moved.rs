//! Networks of engines that become Tidegate's. The texts are made up in the form of each version.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tidegate_engines::moved::{Document, Engine, Moved};

/// What an engine says.
fn read(engine: Engine, place: &str, said: &Value) -> Moved {
    let document = Document {
        place: place.to_owned(),
        text: said.to_string().into_bytes(),
    };
    engine.read(&[document]).unwrap()
}

/// What becomes of it, in lines: requests, what is lost, commands, and what is left.
fn check(moved: &Moved, expected: Expect) {
    let mut told = String::new();
    for network in &moved.networks {
        told += &format!(
            "{}\n",
            said(serde_json::to_value(&network.request).unwrap())
        );
        for (mark, lines) in [
            ("warning: ", &network.warnings),
            ("- ", &network.remove),
            ("+ ", &network.again),
        ] {
            told.extend(lines.iter().map(|line| format!("{mark}{line}\n")));
        }
    }
    for left in &moved.left {
        told += &format!("left {}: {}\n", left.name, left.why);
    }
    expected.assert_eq(&told);
}

/// A request without what it says by default.
fn said(mut request: Value) -> Value {
    let keys = request.as_object_mut().unwrap();
    keys.retain(|key, value| {
        let is_empty = value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty);
        !(is_empty || key == "ipv4" && *value == json!(true))
    });
    request
}

/// podman 4.3 to 5.4: what `podman network create` with these options writes.
#[test]
fn networks_of_podman_become_bridges_with_the_same_addresses() {
    let web = json!({
        "name": "web",
        "id": "0b1e65a2d3f5b1f2a4b0dcb1f0d3f7f37e0a6d5c4b3a29181706f5e4d3c2b1a0",
        "driver": "bridge",
        "network_interface": "podman1",
        "created": "2026-03-01T09:15:02.123456789+01:00",
        "subnets": [
            { "subnet": "10.89.7.0/24", "gateway": "10.89.7.1",
              "lease_range": { "start_ip": "10.89.7.129", "end_ip": "10.89.7.255" } },
            { "subnet": "fd89:7::/64", "gateway": "fd89:7::1" }
        ],
        "routes": [{ "destination": "10.200.0.0/16", "gateway": "10.89.7.5", "metric": 100 }],
        "ipv6_enabled": true,
        "internal": false,
        "dns_enabled": true,
        "network_dns_servers": ["192.0.2.53"],
        "labels": { "team": "a shop" },
        "options": { "mtu": "1400", "isolate": "true", "no_default_route": "1" },
        "ipam_options": { "driver": "host-local" }
    });
    check(
        &read(Engine::Podman, "/etc/containers/networks/web.json", &web),
        expect![[r#"
            {"name":"web","subnets":["10.89.7.0/24","fd89:7::/64"],"gateways":["10.89.7.1","fd89:7::1"],"ranges":["10.89.7.128/25"],"ipv6":true,"mtu":1400,"labels":{"team":"a shop"},"dns":{"servers":["192.0.2.53"]}}
            - podman network rm web
            + podman network create -d tidegate --subnet 10.89.7.0/24 --gateway 10.89.7.1 --ip-range 10.89.7.129-10.89.7.255 --subnet fd89:7::/64 --gateway fd89:7::1 --dns 192.0.2.53 --route 10.200.0.0/16,10.89.7.5 -o mtu=1400 -o no_default_route=1 --label 'team=a shop' web
        "#]],
    );
    // `podman network inspect` of 5.4 prints a list, with the containers.
    let others = json!([
        {
            "name": "back", "id": "1b", "driver": "bridge", "network_interface": "br-back",
            "subnets": [{ "subnet": "10.89.8.0/24", "gateway": "10.89.8.1",
                          "lease_range": { "start_ip": "10.89.8.10", "end_ip": "10.89.8.99" } }],
            "ipv6_enabled": false, "internal": true, "dns_enabled": true,
            "ipam_options": { "driver": "host-local" },
            "containers": { "77": { "name": "db", "interfaces": {} } }
        },
        {
            "name": "lone", "id": "1c", "driver": "bridge", "network_interface": "podman3",
            "subnets": [{ "subnet": "10.89.9.0/24" }],
            "ipv6_enabled": false, "internal": true, "dns_enabled": false,
            "options": { "mode": "managed", "metric": "100" },
            "ipam_options": { "driver": "host-local" }, "containers": {}
        },
        {
            "name": "plain", "id": "1d", "driver": "bridge", "network_interface": "podman4",
            "subnets": [{ "subnet": "10.89.10.0/24", "gateway": "10.89.10.1" }],
            "ipv6_enabled": false, "internal": false, "dns_enabled": true,
            "options": { "outbound_addr4": "192.0.2.7" },
            "ipam_options": { "driver": "host-local" }, "containers": {}
        }
    ]);
    check(
        &read(Engine::Podman, "x", &others),
        expect![[r#"
        {"name":"back","subnets":["10.89.8.0/24"],"gateways":["10.89.8.1"],"ranges":["10.89.8.32/27"],"ipv6":false,"bridge":"br-back","policy":{"access":"internal"}}
        warning: the range 10.89.8.10 to 10.89.8.99 is no prefix: without an address of their own, endpoints get one of 10.89.8.32/27
        - podman network rm back
        + podman network create -d tidegate --subnet 10.89.8.0/24 --gateway 10.89.8.1 --ip-range 10.89.8.10-10.89.8.99 --internal back
        {"name":"lone","subnets":["10.89.9.0/24"],"ipv6":false,"policy":{"access":"isolated"}}
        - podman network rm lone
        + podman network create -d tidegate --subnet 10.89.9.0/24 --internal --disable-dns lone
        {"name":"plain","subnets":["10.89.10.0/24"],"gateways":["10.89.10.1"],"ipv6":false,"policy":{"snat":["192.0.2.7"]}}
        warning: podman's other networks reached it (no option isolate); networks of Tidegate reach each other only if they are connected: `tidegate network connect`
        - podman network rm plain
        + podman network create -d tidegate --subnet 10.89.10.0/24 --gateway 10.89.10.1 plain
    "#]],
    );
}

#[test]
fn a_network_of_podman_whose_meaning_would_change_is_left() {
    let network = |name: &str, changed: Value| {
        let mut network = json!({
            "name": name, "id": "1", "driver": "bridge",
            "subnets": [{ "subnet": "10.89.9.0/24", "gateway": "10.89.9.1" }],
            "ipam_options": { "driver": "host-local" }
        });
        let network_keys = network.as_object_mut().unwrap();
        network_keys.extend(changed.as_object().unwrap().clone());
        network
    };
    let networks = json!([
        network("podman", json!({})),
        network("lan", json!({ "driver": "macvlan", "network_interface": "eth0" })),
        network("ours", json!({ "driver": "tidegate" })),
        network("tagged", json!({ "options": { "vlan": "7" } })),
        network("vrf", json!({ "options": { "vrf": "blue" } })),
        network("own", json!({ "options": { "mode": "unmanaged" } })),
        network("late", json!({ "options": { "metric": "50" } })),
        network("routes", json!({ "routes": [{ "destination": "10.0.0.0/8", "gateway": "10.89.9.2", "metric": 7 }] })),
        network("dhcp", json!({ "ipam_options": { "driver": "dhcp" } })),
        network("none", json!({ "subnets": null, "ipam_options": { "driver": "none" } })),
        network("open", json!({ "subnets": [{ "subnet": "10.89.9.0/24" }] })),
        network("outside", json!({ "subnets": [{ "subnet": "10.89.9.0/24", "gateway": "10.89.9.1",
            "lease_range": { "start_ip": "10.90.0.1", "end_ip": "10.90.0.9" } }] })),
        network("a b", json!({})),
        network("newer", json!({ "quantum": { "spin": 1 }, "empty": [], "off": false })),
        { "id": "2" },
    ]);
    check(
        &read(Engine::Podman, "made.json", &networks),
        expect![[r#"
            left podman: it is podman's default network, which podman always has
            left lan: its driver is macvlan, and Tidegate's networks are bridges
            left ours: it is on Tidegate already
            left tagged: the option "vlan" with the value "7" has no counterpart
            left vrf: the option "vrf" with the value "blue" has no counterpart
            left own: the option "mode" with the value "unmanaged" has no counterpart
            left late: the option "metric" with the value "50" has no counterpart
            left routes: the route to 10.0.0.0/8 has the metric 7, and Tidegate's routes have none
            left dhcp: its addresses come from dhcp
            left none: its addresses come from none
            left open: it has a subnet without a gateway
            left outside: the range 10.90.0.1 to 10.90.0.9 is not in 10.89.9.0/24
            left a b: the network's name is not one that Tidegate can use: invalid name "a b": it contains ' '
            left newer: the key "quantum" of the network newer with the value {"spin":1} is not supported
            left made.json: the network made.json has no key "name"
        "#]],
    );
}

/// Docker 20.10 to 29: what `docker network inspect` prints.
#[test]
fn networks_of_docker_keep_their_options_and_gateway_modes() {
    let networks = json!([
        {
            "Name": "bridge", "Id": "7b", "Created": "2026-03-01T09:15:02.1Z", "Scope": "local", "Driver": "bridge",
            "EnableIPv6": false, "IPAM": { "Driver": "default", "Options": null,
                "Config": [{ "Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1" }] },
            "Internal": false, "Attachable": false, "Ingress": false, "ConfigFrom": { "Network": "" },
            "ConfigOnly": false, "Containers": {},
            "Options": { "com.docker.network.bridge.default_bridge": "true" }, "Labels": {}
        },
        // As Compose made it with 20.10.
        {
            "Name": "shop_default", "Id": "8b", "Created": "2026-03-01T09:15:02.1Z", "Scope": "local",
            "Driver": "bridge", "EnableIPv6": false, "IPAM": { "Driver": "default", "Options": null,
                "Config": [{ "Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1" }] },
            "Internal": false, "Attachable": true, "Ingress": false, "ConfigFrom": { "Network": "" },
            "ConfigOnly": false, "Containers": { "77": { "Name": "shop-db-1" } }, "Options": {},
            "Labels": { "com.docker.compose.network": "default", "bad key": "x" }
        },
        // With every option of 28 that has a counterpart.
        {
            "Name": "edge", "Id": "9b", "Created": "2026-03-01T09:15:02.1Z", "Scope": "local", "Driver": "bridge",
            "EnableIPv4": true, "EnableIPv6": true, "IPAM": { "Driver": "default", "Options": {}, "Config": [
                { "Subnet": "172.30.0.0/16", "IPRange": "172.30.5.0/24", "Gateway": "172.30.5.254",
                  "AuxiliaryAddresses": { "printer": "172.30.5.9" } },
                { "Subnet": "fd30::/64", "Gateway": "fd30::1/64" } ] },
            "Internal": false, "Attachable": false, "Ingress": false, "ConfigFrom": { "Network": "" },
            "ConfigOnly": false, "Containers": {},
            "Options": {
                "com.docker.network.bridge.name": "br-edge",
                "com.docker.network.bridge.enable_icc": "false",
                "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
                "com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected",
                "com.docker.network.bridge.gateway_mode_ipv6": "routed",
                "com.docker.network.bridge.trusted_host_interfaces": "eth1:eth2",
                "com.docker.network.host_ipv4": "192.0.2.1",
                "com.docker.network.host_ipv6": "2001:db8::1",
                "com.docker.network.container_iface_prefix": "net",
                "com.docker.network.driver.mtu": "1450"
            },
            "Labels": {}
        },
        {
            "Name": "shut", "Id": "ab", "Scope": "local", "Driver": "bridge", "EnableIPv4": true, "EnableIPv6": false,
            "IPAM": { "Driver": "default", "Config": [{ "Subnet": "172.31.0.0/24", "Gateway": "172.31.0.1" }] },
            "Internal": true, "Options": {
                "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
                "com.docker.network.bridge.host_binding_ipv4": "192.0.2.1"
            },
            "Status": { "IPAM": { "Subnets": { "172.31.0.0/24": { "IPsInUse": 3 } } } }
        }
    ]);
    check(
        &read(Engine::Docker, "x", &networks),
        expect![[r#"
        {"name":"shop_default","subnets":["172.18.0.0/16"],"gateways":["172.18.0.1"],"ipv6":false,"labels":{"com.docker.compose.network":"default"}}
        warning: the label "bad key" is lost: Tidegate cannot hold it
        - docker network rm shop_default
        {"name":"edge","subnets":["172.30.0.0/16","fd30::/64"],"gateways":["172.30.5.254","fd30::1"],"ranges":["172.30.5.0/24"],"reserved":{"printer":"172.30.5.9"},"ipv6":true,"mtu":1450,"host-ips":["127.0.0.1"],"bridge":"br-edge","policy":{"icc":false,"mode4":"nat-unprotected","mode6":"routed","snat":["192.0.2.1"],"trusted-interfaces":["eth1","eth2"]}}
        warning: interfaces of containers are named eth0, eth1 … and not net0 …
        - docker network rm edge
        {"name":"shut","subnets":["172.31.0.0/24"],"gateways":["172.31.0.1"],"ipv6":false,"policy":{"access":"isolated"}}
        - docker network rm shut
        left bridge: it is Docker's own network, which Docker always has
    "#]],
    );
}

#[test]
fn a_network_of_docker_whose_meaning_would_change_is_left() {
    let network = |name: &str, changed: Value| {
        let mut network = json!({
            "Name": name, "Id": "1", "Driver": "bridge", "Scope": "local",
            "IPAM": { "Driver": "default", "Config": [{ "Subnet": "172.19.0.0/16", "Gateway": "172.19.0.1" }] }
        });
        let keys = network.as_object_mut().unwrap();
        keys.extend(changed.as_object().unwrap().clone());
        network
    };
    let option = |name: &str, option: &str, value: &str| {
        let option = format!("com.docker.network.{option}");
        network(name, json!({ "Options": { option: value } }))
    };
    let networks = json!([
        network("host", json!({ "Driver": "host" })),
        network("none", json!({ "Driver": "null" })),
        network("lan", json!({ "Driver": "ipvlan" })),
        network("swarm", json!({ "Scope": "swarm" })),
        network("ours", json!({ "Driver": "tidegate" })),
        network("ipam", json!({ "IPAM": { "Driver": "dhcp" } })),
        network(
            "router",
            json!({ "IPAM": { "Config": [{ "Subnet": "172.19.0.0/16",
            "AuxiliaryAddresses": { "DefaultGatewayIPv4": "172.19.0.9" } }] } })
        ),
        network("six", json!({ "EnableIPv6": true })),
        network(
            "range",
            json!({ "IPAM": { "Config": [{ "Subnet": "172.19.0.0/16", "IPRange": "172.19.5.0/24" }] } })
        ),
        network("only", json!({ "ConfigOnly": true })),
        option("inhibited", "bridge.inhibit_ipv4", "true"),
        option("half", "bridge.gateway_mode_ipv4", "isolated"),
        option("mode", "bridge.gateway_mode_ipv4", "quantum"),
        option("switch", "bridge.enable_icc", "maybe"),
        option("unknown", "bridge.quantum", "1"),
    ]);
    check(
        &read(Engine::Docker, "x", &networks),
        expect![[r#"
            left host: it is Docker's own network, which Docker always has
            left none: it is Docker's own network, which Docker always has
            left lan: its driver is ipvlan, and Tidegate's networks are bridges
            left swarm: its scope is swarm, and Tidegate's networks are of one host
            left ours: it is on Tidegate already
            left ipam: its addresses come from the driver dhcp
            left router: containers have another router, 172.19.0.9 (DefaultGatewayIPv4)
            left six: it has IPv6, and no IPv6 subnet
            left range: it has a range of addresses, and its gateway is not told
            left only: the key "ConfigOnly" of the network only with the value true is not supported
            left inhibited: the option "com.docker.network.bridge.inhibit_ipv4" with the value "true" has no counterpart
            left half: one family has the gateway mode isolated, and the other has not
            left mode: the gateway mode "quantum" has no counterpart
            left switch: the option "com.docker.network.bridge.enable_icc" has the value "maybe"
            left unknown: the option "com.docker.network.bridge.quantum" with the value "1" has no counterpart
        "#]],
    );
}

/// The example of the plugin bridge's page has these keys; podman 4.3 and nerdctl write lists.
#[test]
fn networks_of_cni_become_bridges_behind_which_other_plugins_stay() {
    let single = json!({
        "cniVersion": "0.3.1", "name": "dbnet", "type": "bridge", "bridge": "dbbr0", "isDefaultGateway": true,
        "forceAddress": false, "ipMasq": true, "hairpinMode": true,
        "ipam": { "type": "host-local", "subnet": "10.10.0.0/16", "rangeStart": "10.10.1.20", "rangeEnd": "10.10.3.50",
                  "gateway": "10.10.0.254" }
    });
    check(
        &read(Engine::Cni, "/etc/cni/net.d/10-db.conf", &single),
        expect![[r#"
            {"name":"dbnet","subnets":["10.10.0.0/16"],"gateways":["10.10.0.254"],"ranges":["10.10.2.0/24"],"ipv6":false,"bridge":"dbbr0"}
            warning: the range 10.10.1.20 to 10.10.3.50 is no prefix: without an address of their own, endpoints get one of 10.10.2.0/24
            - mv /etc/cni/net.d/10-db.conf /etc/cni/net.d/10-db.conf.moved
            - ip link delete dbbr0
            + echo '{"cniVersion":"0.3.1","name":"dbnet","plugins":[{"type":"tidegate","capabilities":{"portMappings":true,"ips":true,"mac":true,"aliases":true,"dns":true}}]}' > /etc/cni/net.d/10-db.conflist
        "#]],
    );
    let podman = json!({
        "args": { "podman_labels": { "team": "shop" } },
        "cniVersion": "0.4.0", "name": "web",
        "plugins": [
            { "type": "bridge", "bridge": "cni-podman1", "isGateway": true, "ipMasq": true, "hairpinMode": true,
              "mtu": 1400,
              "ipam": { "type": "host-local", "routes": [{ "dst": "0.0.0.0/0" }],
                        "ranges": [[{ "subnet": "10.89.3.0/24", "gateway": "10.89.3.1" }]] },
              "capabilities": { "ips": true } },
            { "type": "portmap", "capabilities": { "portMappings": true } },
            { "type": "firewall", "backend": "" },
            { "type": "tuning" },
            { "type": "dnsname", "domainName": "dns.podman", "capabilities": { "aliases": true } }
        ]
    });
    check(
        &read(Engine::Cni, "/etc/cni/net.d/web.conflist", &podman),
        expect![[r#"
            {"name":"web","subnets":["10.89.3.0/24"],"gateways":["10.89.3.1"],"ipv6":false,"mtu":1400,"labels":{"team":"shop"}}
            - mv /etc/cni/net.d/web.conflist /etc/cni/net.d/web.conflist.moved
            - ip link delete cni-podman1
            + echo '{"cniVersion":"0.4.0","name":"web","plugins":[{"type":"tidegate","capabilities":{"portMappings":true,"ips":true,"mac":true,"aliases":true,"dns":true}},{"type":"tuning"}]}' > /etc/cni/net.d/web.conflist
        "#]],
    );
    // The plugins in another order, both families, names, and a binding to addresses.
    let pods = json!({
        "cniVersion": "1.0.0", "name": "pods", "disableCheck": true,
        "plugins": [
            { "type": "firewall", "ingressPolicy": "same-bridge" },
            { "type": "tuning", "sysctl": { "net.core.somaxconn": "500" } },
            { "type": "bridge", "bridge": "cni0", "isGateway": true, "macspoofchk": true, "portIsolation": true,
              "dns": { "nameservers": ["192.0.2.53"], "domain": "x", "search": ["example.org"], "options": ["ndots:5"] },
              "ipam": { "type": "host-local", "dataDir": "/run/pods",
                        "ranges": [[{ "subnet": "10.244.0.0/24" }], [{ "subnet": "fd24::/64", "rangeStart": "fd24::100" }]],
                        "routes": [{ "dst": "0.0.0.0/0", "gw": "10.244.0.1" }, { "dst": "10.0.0.0/8" }, { "dst": "::/0" }] } },
            { "type": "bandwidth", "ingressRate": 1000 },
            { "type": "portmap", "snat": true }
        ]
    });
    check(
        &read(Engine::Cni, "standard input", &pods),
        expect![[r#"
            {"name":"pods","subnets":["10.244.0.0/24","fd24::/64"],"gateways":["10.244.0.1","fd24::1"],"ranges":["fd24::8000:0:0:0/65"],"ipv6":true,"policy":{"icc":false,"anti-spoofing":true,"masquerade":false},"dns":{"servers":["192.0.2.53"],"search":["example.org"],"options":["ndots:5"]}}
            warning: macspoofchk bound containers to their Ethernet addresses; --anti-spoofing binds them to their IP addresses, too
            warning: the range fd24::100 to … is no prefix: without an address of their own, endpoints get one of fd24::8000:0:0:0/65
            - mv /etc/cni/net.d/pods.conflist /etc/cni/net.d/pods.conflist.moved
            - ip link delete cni0
            + echo '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"tidegate","capabilities":{"portMappings":true,"ips":true,"mac":true,"aliases":true,"dns":true}},{"type":"tuning","sysctl":{"net.core.somaxconn":"500"}},{"type":"bandwidth","ingressRate":1000}]}' > /etc/cni/net.d/pods.conflist
        "#]],
    );
    // podman's internal networks have no address on the bridge; others have no default route.
    let inner = |mut bridge: Value| {
        bridge["ipam"] =
            json!({ "type": "host-local", "ranges": [[{ "subnet": "10.89.4.0/24" }]] });
        let list = json!({ "cniVersion": "0.2.0", "name": "inner", "plugins": [bridge] });
        read(Engine::Cni, "/x/inner.conflist", &list)
    };
    let isolated = inner(json!({ "type": "bridge", "isGateway": false, "ipMasq": false }));
    check(
        &isolated,
        expect![[r#"
        {"name":"inner","subnets":["10.89.4.0/24"],"gateways":["10.89.4.1"],"ipv6":false,"policy":{"access":"isolated"}}
        - mv /x/inner.conflist /x/inner.conflist.moved
        - ip link delete cni0
        + echo '{"cniVersion":"0.4.0","name":"inner","plugins":[{"type":"tidegate","capabilities":{"portMappings":true,"ips":true,"mac":true,"aliases":true,"dns":true}}]}' > /x/inner.conflist
    "#]],
    );
    let internal = inner(json!({ "type": "bridge", "isGateway": true }));
    check(
        &internal,
        expect![[r#"
        {"name":"inner","subnets":["10.89.4.0/24"],"gateways":["10.89.4.1"],"ipv6":false,"policy":{"access":"internal"}}
        - mv /x/inner.conflist /x/inner.conflist.moved
        - ip link delete cni0
        + echo '{"cniVersion":"0.4.0","name":"inner","plugins":[{"type":"tidegate","capabilities":{"portMappings":true,"ips":true,"mac":true,"aliases":true,"dns":true}}]}' > /x/inner.conflist
    "#]],
    );
}

#[test]
fn a_network_of_cni_whose_meaning_would_change_is_left() {
    let ranges = json!([[{ "subnet": "10.89.4.0/24" }]]);
    let mut left = Moved::default();
    for (name, bridge, ipam) in [
        (
            "lan",
            json!({ "type": "macvlan" }),
            json!({ "ranges": ranges }),
        ),
        ("ours", json!({ "type": "tidegate" }), json!({})),
        ("vlan", json!({ "vlan": 7 }), json!({ "ranges": ranges })),
        ("static", json!({}), json!({ "type": "static" })),
        (
            "pool",
            json!({}),
            json!({ "ranges": [[{ "subnet": "10.1.0.0/24" }, { "subnet": "10.2.0.0/24" }]] }),
        ),
        (
            "two",
            json!({}),
            json!({ "ranges": [[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "10.2.0.0/24" }]] }),
        ),
        (
            "layer2",
            json!({ "isGateway": false }),
            json!({ "ranges": ranges, "routes": [{ "dst": "0.0.0.0/0" }] }),
        ),
        (
            "route",
            json!({}),
            json!({ "ranges": ranges, "routes": [{ "dst": "10.0.0.0/8", "gw": "10.89.4.9" }] }),
        ),
        (
            "half",
            json!({}),
            json!({ "ranges": [[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "fd01::/64" }]],
            "routes": [{ "dst": "0.0.0.0/0" }] }),
        ),
        (
            "unplugged",
            json!({ "disableContainerInterface": true }),
            json!({ "ranges": ranges }),
        ),
    ] {
        let mut plugin =
            json!({ "type": "bridge", "isGateway": true, "ipam": { "type": "host-local" } });
        plugin
            .as_object_mut()
            .unwrap()
            .extend(bridge.as_object().unwrap().clone());
        let keys = plugin["ipam"].as_object_mut().unwrap();
        keys.extend(ipam.as_object().unwrap().clone());
        let list = json!({ "cniVersion": "1.0.0", "name": name, "plugins": [plugin] });
        left.left
            .extend(read(Engine::Cni, "x.conflist", &list).left);
    }
    let list = json!({ "name": "chained", "plugins": [{ "type": "bridge" }, { "type": "vrf" }] });
    left.left
        .extend(read(Engine::Cni, "x.conflist", &list).left);
    let list = json!({ "name": "empty", "plugins": [{ "type": "portmap" }] });
    left.left
        .extend(read(Engine::Cni, "x.conflist", &list).left);
    check(
        &left,
        expect![[r#"
        left lan: it has the plugin "macvlan", and Tidegate takes the place of bridge alone
        left ours: it is on Tidegate already
        left vlan: the key "vlan" of the plugin bridge with the value 7 is not supported
        left static: its addresses come from the plugin static
        left pool: it gives out addresses of several ranges together
        left two: containers have several addresses of one family
        left layer2: the bridge has no address (isGateway), and containers have another router
        left route: containers have a route to 10.0.0.0/8
        left half: one family has a default route, and the other has not
        left unplugged: the key "disableContainerInterface" of the plugin bridge with the value true is not supported
        left chained: it has the plugin "vrf", and Tidegate takes the place of bridge alone
        left empty: it has no plugin bridge
    "#]],
    );
}

#[test]
fn networks_are_chosen_by_name() {
    let networks = json!([
        { "Name": "host", "Driver": "host" },
        { "Name": "a", "Driver": "bridge", "IPAM": { "Config": [{ "Subnet": "10.1.0.0/24" }] } },
        { "Name": "b", "Driver": "bridge", "IPAM": { "Config": [{ "Subnet": "10.2.0.0/24" }] } },
    ]);
    let moved = || read(Engine::Docker, "x", &networks);
    let names = |moved: &Moved| {
        let names = moved.networks.iter().map(|it| it.request.name.to_string());
        names.collect::<Vec<String>>()
    };
    let only = |name: &str| moved().only(&[name.to_owned()]);
    assert_eq!(names(&moved().only(&[]).unwrap()), ["a", "b"]);
    let b = only("b").unwrap();
    assert_eq!((names(&b), b.left.len()), (vec!["b".to_owned()], 0));
    let refused = only("c").unwrap_err();
    assert_eq!(refused.to_string(), "the engine has no network c");
    assert_eq!(refused.hint.as_deref(), Some("it has a, b"));
    let refused = only("host").unwrap_err();
    let text = "network host cannot be moved: it is Docker's own network, which Docker always has";
    assert_eq!(refused.to_string(), text);
}

#[test]
fn a_network_that_tidegate_has_already_is_not_made_again() {
    let network = |gateway: &str| {
        let network = json!({
            "name": "a", "bridge": "tgb0", "mac": "02:74:01:02:03:04", "mtu": null,
            "subnets": [{ "net": "10.1.0.0/24", "gateway": gateway }]
        });
        serde_json::from_value(network).unwrap()
    };
    let of_engine = json!([
        { "Name": "a", "Driver": "bridge", "IPAM": { "Config": [{ "Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1" }] } },
    ]);
    for (gateway, is_there) in [("10.1.0.1", true), ("10.1.0.9", false)] {
        let mut moved = read(Engine::Docker, "x", &of_engine);
        let there = moved.take_existing(&[network(gateway)]);
        assert_eq!(there.len(), usize::from(is_there));
        assert_eq!(moved.networks.len(), usize::from(!is_there));
    }
}

#[test]
fn a_text_that_is_no_json_is_refused_with_its_place() {
    let document = Document {
        place: "/etc/cni/net.d/x.conf".to_owned(),
        text: b"{".to_vec(),
    };
    let refused = Engine::Cni.read(&[document]).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("cannot parse /etc/cni/net.d/x.conf: ")
    );
}
