//! netavark's plugins.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tidegate_api::ProposedSubnets;
use tidegate_engines::netavark::{Create, Setup, failed, info, teardown};

use crate::made::made;

const CONTAINER: &str = "3f2a9c81be070000000000000000000000000000000000000000000000000000";
const NETWORK: &str = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";

/// A network as podman 5.4.2 keeps it.
fn network() -> Value {
    json!({
        "name": "web",
        "id": NETWORK,
        "driver": "tidegate",
        "created": "2026-11-30T18:00:00.000000000Z",
        "subnets": [{ "subnet": "10.99.1.0/24", "gateway": "10.99.1.1" }],
        "ipv6_enabled": false,
        "internal": false,
        "dns_enabled": true,
        "ipam_options": { "driver": "host-local" },
    })
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

fn request(network: Value) -> Value {
    json!({
        "container_id": CONTAINER,
        "container_name": "c1",
        "port_mappings": [
            { "host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp" },
            { "host_ip": "127.0.0.1", "container_port": 9000, "host_port": 9000, "range": 10, "protocol": "udp,tcp" },
        ],
        "network": network,
        "network_options": {
            "interface_name": "eth0",
            "static_ips": ["10.99.1.7"],
            "aliases": ["front", "3f2a9c81be07"],
        },
    })
}

fn setup(request: &Value) -> Result<Setup, String> {
    Setup::read("/run/netns/netns-1".into(), request.to_string().as_bytes()).map_err(|e| e.message)
}

fn shows(value: &impl serde::Serialize, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(value).unwrap());
}

#[test]
fn the_version_of_the_interface_is_told() {
    expect![[r#"{"version":"0.1.0","api_version":"1.0.0"}"#]].assert_eq(&info("0.1.0"));
}

#[test]
fn an_endpoint_is_made_as_podman_says() {
    let wanted = setup(&request(network())).unwrap();
    shows(
        &wanted.request,
        expect![[r#"
            {
              "network": "web",
              "netns": "/run/netns/netns-1",
              "name": "3f2a9c81be07-eth0",
              "aliases": [
                "c1",
                "front",
                "3f2a9c81be07"
              ],
              "ports": [
                "8080:80/tcp",
                "127.0.0.1:9000-9009:9000-9009/udp",
                "127.0.0.1:9000-9009:9000-9009/tcp"
              ],
              "host-ports": "engine",
              "addresses": [
                "10.99.1.7"
              ],
              "mac": null,
              "ifname": "eth0",
              "gateway-priority": 0,
              "sysctls": [],
              "owner": {
                "engine": "netavark",
                "id": "3f2a9c81be070000000000000000000000000000000000000000000000000000/2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9"
              },
              "replace": true,
              "network-if-missing": {
                "name": "web",
                "subnets": [
                  "10.99.1.0/24"
                ],
                "gateways": [
                  "10.99.1.1"
                ],
                "ranges": [],
                "reserved": {},
                "ipv4": true,
                "ipv6": false,
                "mtu": null,
                "host-ips": [],
                "bridge": null,
                "labels": {},
                "remove-when-unused": true
              }
            }"#]],
    );
    let answer: Value = serde_json::from_str(&wanted.answer(&made(&wanted.request))).unwrap();
    shows(
        &answer,
        expect![[r#"
        {
          "dns_search_domains": [
            "tidegate.internal"
          ],
          "dns_server_ips": [
            "169.254.53.53"
          ],
          "interfaces": {
            "eth0": {
              "mac_address": "02:2d:0a:63:01:02",
              "subnets": [
                {
                  "ipnet": "10.99.1.7/24",
                  "gateway": "10.99.1.1"
                }
              ]
            }
          }
        }"#]],
    );
}

#[test]
fn options_and_routes_of_a_network_are_honoured() {
    let network = with(
        network(),
        "options",
        json!({
            "mtu": "1400",
            "isolate": "true",
            "no_default_route": "1",
            "host-ports": "daemon",
            "icc": "false",
            "mode4": "routed",
            "snat": "192.0.2.7",
            "host-ips": "127.0.0.1, ::1",
            "allow": "192.0.2.0/24",
        }),
    );
    let network = with(network, "internal", json!(true));
    let network = with(network, "network_interface", json!("br-web"));
    let network = with(network, "network_dns_servers", json!(["192.0.2.53"]));
    let routes =
        json!([{ "destination": "198.51.100.0/24", "gateway": "10.99.1.9", "metric": null }]);
    let network = with(network, "routes", routes);
    let network = with(network, "dns_enabled", json!(false));
    let wanted = setup(&request(network)).unwrap();
    assert!(!wanted.request.default_route);
    assert_eq!(wanted.request.host_ports.as_str(), "daemon");
    shows(
        &wanted.request.routes,
        expect![[r#"
        [
          {
            "to": "198.51.100.0/24",
            "via": "10.99.1.9"
          }
        ]"#]],
    );
    shows(
        &wanted.request.network_if_missing,
        expect![[r#"
        {
          "name": "web",
          "subnets": [
            "10.99.1.0/24"
          ],
          "gateways": [
            "10.99.1.1"
          ],
          "ranges": [],
          "reserved": {},
          "ipv4": true,
          "ipv6": false,
          "mtu": 1400,
          "host-ips": [
            "127.0.0.1",
            "::1"
          ],
          "allow": [
            "192.0.2.0/24"
          ],
          "bridge": "br-web",
          "policy": {
            "access": "internal",
            "icc": false,
            "mode4": "routed",
            "snat": [
              "192.0.2.7"
            ]
          },
          "labels": {},
          "dns": {
            "servers": [
              "192.0.2.53"
            ]
          },
          "remove-when-unused": true
        }"#]],
    );
    let answer: Value = serde_json::from_str(&wanted.answer(&made(&wanted.request))).unwrap();
    assert_eq!(answer["dns_server_ips"], json!([]));
}

#[test]
fn null_is_nothing() {
    let mut wanted = request(network());
    wanted["port_mappings"] = Value::Null;
    wanted["network_options"]["aliases"] = Value::Null;
    wanted["network_options"]["static_ips"] = Value::Null;
    wanted["network_options"]["options"] = Value::Null;
    wanted["network"]["subnets"] = Value::Null;
    let request = setup(&wanted).unwrap().request;
    assert!(request.ports.is_empty() && request.addresses.is_empty());
    assert_eq!(request.aliases.len(), 1);
}

#[test]
fn what_is_not_acted_on_is_refused_by_name() {
    let option = |key: &str, value: &str| {
        let mut options = json!({});
        options[key] = json!(value);
        request(with(network(), "options", options))
    };
    let of_container = |key: &str, value: Value| {
        let mut request = request(network());
        request["network_options"][key] = value;
        request
    };
    for (request, words) in [
        (
            option("vlan", "5"),
            "the option \"vlan\" with the value \"5\" is not supported",
        ),
        (option("isolate", "false"), "it is not supported"),
        (option("icc", "maybe"), "it is neither true nor false"),
        (option("mode4", "bridge"), "invalid gateway mode \"bridge\""),
        (
            option("host-ports", "podman"),
            "the option \"host-ports\": invalid holder",
        ),
        (
            request(with(network(), "ipam_options", json!({ "driver": "dhcp" }))),
            "the IPAM driver \"dhcp\" is not supported",
        ),
        (
            request(with(
                network(),
                "routes",
                json!([{ "destination": "198.51.100.0/24", "gateway": "10.99.1.9", "metric": 5 }]),
            )),
            "the key \"metric\"",
        ),
        (
            request(with(network(), "name", json!("x".repeat(70)))),
            "it has 70 characters",
        ),
        (
            of_container("options", json!({ "vrf": "red" })),
            "the key \"vrf\"",
        ),
        (
            of_container("interface_name", json!("a/b")),
            "invalid interface name",
        ),
    ] {
        let message = setup(&request).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_teardown_needs_only_the_container_and_the_network() {
    let request = request(with(network(), "options", json!({ "vlan": "5" })));
    let owner = teardown(request.to_string().as_bytes()).unwrap();
    let id = format!("{CONTAINER}/{NETWORK}");
    assert_eq!(
        (owner.engine.as_str(), owner.id.as_str()),
        ("netavark", id.as_str())
    );
    let made = setup(&self::request(network())).unwrap().request.owner;
    assert_eq!(made, Some(owner));
}

/// podman gives the network without an id of subnets, and takes back what it gave, completed.
#[test]
fn a_network_gets_the_subnets_and_gateways_that_it_lacks() {
    let proposed = json!({ "subnets": [
        { "net": "10.89.0.0/24", "gateway": "10.89.0.1" },
        { "net": "fd89::/64", "gateway": "fd89::1" },
    ] });
    let proposed = serde_json::from_value(proposed).unwrap();
    let create = |network: &Value| Create::read(network.to_string().as_bytes());
    let lacking = |network: &Value| {
        let question = create(network).unwrap().question([].into_iter());
        question.map(|question| (question.ipv4, question.ipv6))
    };
    let bare = with(
        with(network(), "subnets", Value::Null),
        "labels",
        json!({ "a": "b" }),
    );
    assert_eq!(lacking(&bare), Some((true, false)));
    let both = with(bare.clone(), "ipv6_enabled", json!(true));
    assert_eq!(lacking(&both), Some((true, true)));
    assert_eq!(lacking(&network()), None);
    let own = with(bare.clone(), "ipam_options", json!({ "driver": "none" }));
    assert_eq!(lacking(&own), None);
    let only_ipv6 = with(both.clone(), "subnets", json!([{ "subnet": "fd01::/64" }]));
    assert_eq!(lacking(&only_ipv6), None);
    let answer: Value = serde_json::from_str(&create(&both).unwrap().answer(&proposed)).unwrap();
    shows(
        &answer,
        expect![[r#"
        {
          "name": "web",
          "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
          "driver": "tidegate",
          "created": "2026-11-30T18:00:00.000000000Z",
          "labels": {
            "a": "b"
          },
          "ipv6_enabled": true,
          "internal": false,
          "dns_enabled": true,
          "ipam_options": {
            "driver": "host-local"
          },
          "subnets": [
            {
              "subnet": "10.89.0.0/24",
              "gateway": "10.89.0.1"
            },
            {
              "subnet": "fd89::/64",
              "gateway": "fd89::1"
            }
          ]
        }"#]],
    );
    let ranges = json!([{ "subnet": "10.1.0.0/16", "lease_range": { "start_ip": "10.1.0.9" } }]);
    let none = ProposedSubnets {
        subnets: Vec::new(),
    };
    let answer = create(&with(bare.clone(), "subnets", ranges))
        .unwrap()
        .answer(&none);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let expected = json!([{
        "subnet": "10.1.0.0/16",
        "lease_range": { "start_ip": "10.1.0.9" },
        "gateway": "10.1.0.1",
    }]);
    assert_eq!(answer["subnets"], expected);
    assert_eq!(answer["ipam_options"]["driver"], "host-local");
    let none = ProposedSubnets {
        subnets: Vec::new(),
    };
    let own: Value = serde_json::from_str(&create(&own).unwrap().answer(&none)).unwrap();
    assert_eq!(own["ipam_options"]["driver"], "none");
    let others = [network().to_string(), "no network".to_owned()];
    let question = create(&bare)
        .unwrap()
        .question(others.iter().map(String::as_bytes));
    assert_eq!(question.unwrap().avoid, ["10.99.1.0/24".parse().unwrap()]);
    let refused = create(&with(network(), "options", json!({ "vlan": "5" }))).unwrap_err();
    assert!(refused.message.contains("\"vlan\""), "{refused}");
}

#[test]
fn a_failure_is_one_text() {
    let why = error_hint::Failure {
        causes: vec!["no route".to_owned()],
        ..error_hint::Failure::hinted("cannot attach", "look there")
    };
    expect![[r#"{"error":"cannot attach: no route (look there)"}"#]].assert_eq(&failed(&why));
}
