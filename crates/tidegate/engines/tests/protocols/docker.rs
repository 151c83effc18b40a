//! Docker's remote network drivers.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tidegate_api::{CreateNetwork, EndpointView, NetworkView};
use tidegate_engines::docker::{Asked, CreateEndpoint, Join, failed, read};

const NETWORK: &str = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
const ENDPOINT: &str = "3f2a9c81be070000000000000000000000000000000000000000000000000000";

fn ask(call: &str, body: &Value) -> Result<Asked, String> {
    let path = format!("/NetworkDriver.{call}");
    let asked = read(&path, body.to_string().as_bytes());
    asked.unwrap().map_err(|refused| refused.to_string())
}

/// A network with these options of a user.
fn network(options: Value) -> Value {
    json!({
        "NetworkID": NETWORK,
        "Options": { "com.docker.network.enable_ipv6": true, "com.docker.network.generic": options },
        "IPv4Data": [{ "AddressSpace": "LocalDefault", "Gateway": "10.96.0.9/24", "Pool": "10.96.0.0/24",
                       "AuxAddresses": { "router": "10.96.0.200/24" } }],
        "IPv6Data": [{ "AddressSpace": "LocalDefault", "Gateway": "fd96::1/64", "Pool": "fd96::/64",
                       "AuxAddresses": { "router": "fd96::200/64" } }],
    })
}

fn internal(mut network: Value) -> Value {
    network["Options"]["com.docker.network.internal"] = json!(true);
    network
}

fn created(body: &Value) -> Result<CreateNetwork, String> {
    match ask("CreateNetwork", body)? {
        Asked::CreateNetwork(made) => Ok(*made),
        other => unreachable!("{other:?}"),
    }
}

fn endpoint(interface: Value, options: Value) -> Value {
    json!({ "NetworkID": NETWORK, "EndpointID": ENDPOINT, "Interface": interface, "Options": options })
}

fn wanted(body: &Value) -> Result<CreateEndpoint, String> {
    match ask("CreateEndpoint", body)? {
        Asked::CreateEndpoint(wanted) => Ok(*wanted),
        other => unreachable!("{other:?}"),
    }
}

fn shows(value: &impl serde::Serialize, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(value).unwrap());
}

/// The answer of the daemon for the endpoint.
fn made(gateways: &[&str]) -> EndpointView {
    let view = json!({
        "name": "docker-3f2a9c81be07", "network": "docker-2f259bab93aa", "handed-over": {}, "host-ifname": "tgv7",
        "ifname": "tgd3f2a9c81be07", "mac": "02:2d:0a:60:00:02", "addresses": ["10.96.0.2/24", "fd96::2/64"],
        "gateways": gateways, "ports": [], "network-gateways": ["10.96.0.9", "fd96::1"],
    });
    serde_json::from_value(view).unwrap()
}

#[test]
fn a_network_is_made_with_the_addresses_and_options_of_docker() {
    let options = json!({
        "com.docker.network.bridge.name": "br-web",
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "0",
        "com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected",
        "com.docker.network.bridge.gateway_mode_ipv6": "routed",
        "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
        "com.docker.network.bridge.trusted_host_interfaces": "eth1:eth2",
        "com.docker.network.bridge.default_bridge": "false",
        "com.docker.network.bridge.inhibit_ipv4": "false",
        "com.docker.network.container_iface_prefix": "net",
        "com.docker.network.driver.mtu": "1400",
        "com.docker.network.host_ipv4": "192.0.2.7",
        "com.docker.network.host_ipv6": "2001:db8::7",
        "anti-spoofing": "true",
        "allow": "192.0.2.0/24",
    });
    shows(
        &created(&network(options)).unwrap(),
        expect![[r#"
        {
          "name": "docker-2f259bab93aa",
          "subnets": [
            "10.96.0.0/24",
            "fd96::/64"
          ],
          "gateways": [
            "10.96.0.9",
            "fd96::1"
          ],
          "ranges": [],
          "reserved": {
            "router": "10.96.0.200",
            "router-ipv6": "fd96::200"
          },
          "ipv4": true,
          "ipv6": true,
          "mtu": 1400,
          "host-ips": [
            "127.0.0.1"
          ],
          "allow": [
            "192.0.2.0/24"
          ],
          "bridge": "br-web",
          "policy": {
            "icc": false,
            "anti-spoofing": true,
            "mode4": "nat-unprotected",
            "mode6": "routed",
            "masquerade": false,
            "snat": [
              "192.0.2.7",
              "2001:db8::7"
            ],
            "trusted-interfaces": [
              "eth1",
              "eth2"
            ]
          },
          "labels": {
            "docker.interface-prefix": "net"
          }
        }"#]],
    );
    let bare = created(&network(json!({}))).unwrap();
    assert!(bare.ipv4 && bare.ipv6 && bare.labels.is_empty());
    let open = serde_json::to_value(&bare).unwrap();
    assert_eq!(open.get("policy"), None);
}

#[test]
fn an_internal_network_may_be_isolated_in_both_families() {
    let access = |network: &Value| created(network).map(|made| made.policy.access.to_string());
    let mode = |family: &str| format!("com.docker.network.bridge.gateway_mode_{family}");
    let both = json!({ mode("ipv4"): "isolated", mode("ipv6"): "isolated" });
    let one = json!({ mode("ipv4"): "isolated" });
    for (network, access_or_words) in [
        (internal(network(json!({}))), Ok("internal")),
        (internal(network(both.clone())), Ok("isolated")),
        (
            internal(network(json!({ "access": "isolated" }))),
            Ok("isolated"),
        ),
        (
            internal(network(one.clone())),
            Err("the other family of the network is not isolated"),
        ),
        (
            network(both),
            Err("contradicts a network without --internal"),
        ),
        (
            network(json!({ "access": "internal" })),
            Err("contradicts a network without --internal"),
        ),
        (
            internal(network(json!({ "access": "open" }))),
            Err("contradicts --internal"),
        ),
    ] {
        match (access(&network), access_or_words) {
            (Ok(access), Ok(expected)) => assert_eq!(access, expected),
            (Err(message), Err(words)) => assert!(message.contains(words), "{message}"),
            (other, expected) => unreachable!("{other:?} instead of {expected:?}"),
        }
    }
    let mut ipv4 = internal(network(one));
    ipv4["IPv6Data"] = json!([]);
    assert_eq!(access(&ipv4).unwrap(), "isolated");
}

/// With the IPAM driver `null`, Docker gives out no addresses.
#[test]
fn without_docker_s_ipam_the_addresses_are_tidegate_s() {
    let mut wanted_network = network(json!({}));
    wanted_network["IPv4Data"] = json!([{ "AddressSpace": "null", "Pool": "0.0.0.0/0" }]);
    wanted_network["IPv6Data"] = Value::Null;
    let network = created(&wanted_network).unwrap();
    assert!(network.ipv4 && !network.ipv6 && network.subnets.is_empty());
    let wanted = wanted(&endpoint(
        json!({ "Address": "", "MacAddress": "" }),
        json!({}),
    ))
    .unwrap();
    assert!(wanted.request.addresses.is_empty());
    let answer: Value = serde_json::from_str(&wanted.answer(&made(&[]))).unwrap();
    let expected = json!({ "Interface": {
        "MacAddress": "02:2d:0a:60:00:02", "Address": "10.96.0.2/24", "AddressIPv6": "fd96::2/64",
    } });
    assert_eq!(answer, expected);
}

#[test]
fn an_endpoint_is_handed_over_with_docker_s_addresses_and_without_ports() {
    let interface =
        json!({ "Address": "10.96.0.2/24", "AddressIPv6": "fd96::2/64", "MacAddress": "" });
    let options = json!({
        "com.docker.network.endpoint.exposedports": [{ "Proto": 6, "Port": 80 }],
        "com.docker.network.portmap": [{ "Proto": 6, "Port": 80, "HostPort": 8080, "HostPortEnd": 8080 }],
        "com.docker.network.endpoint.dnsservers": ["9.9.9.9"],
        "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1",
        "com.docker.network.private.no_proxy_6to4": true,
    });
    let first = wanted(&endpoint(interface, options)).unwrap();
    shows(
        &first.request,
        expect![[r#"
        {
          "network": "docker-2f259bab93aa",
          "hand-over": "tgd3f2a9c81be07",
          "name": "docker-3f2a9c81be07",
          "aliases": [],
          "ports": [],
          "addresses": [
            "10.96.0.2",
            "fd96::2"
          ],
          "mac": null,
          "ifname": null,
          "gateway-priority": 0,
          "sysctls": [],
          "owner": {
            "engine": "docker",
            "id": "3f2a9c81be070000000000000000000000000000000000000000000000000000"
          },
          "replace": true
        }"#]],
    );
    let answer: Value = serde_json::from_str(&first.answer(&made(&[]))).unwrap();
    assert_eq!(
        answer,
        json!({ "Interface": { "MacAddress": "02:2d:0a:60:00:02" } })
    );
    // What Docker has chosen must not be in the answer.
    let interface = json!({ "Address": "10.96.0.2/24", "AddressIPv6": "fd96::2/64", "MacAddress": "02:11:22:33:44:5A" });
    let second = wanted(&endpoint(interface, json!({}))).unwrap();
    assert_eq!(
        second.request.mac,
        Some("02:11:22:33:44:5a".parse().unwrap())
    );
    assert_eq!(second.answer(&made(&[])), r#"{"Interface":{}}"#);
}

#[test]
fn docker_is_told_the_interface_and_the_next_hops() {
    let join = ask("Join", &endpoint(Value::Null, Value::Null)).unwrap();
    let Asked::Join(join) = join else {
        unreachable!("{join:?}")
    };
    let answer = |join: &Join, gateways: &[&str], labels: Value| {
        let network = json!({
            "name": "docker-2f259bab93aa", "bridge": "tgb0", "mac": "02:74:01:02:03:04", "subnets": [],
            "mtu": null, "labels": labels, "endpoints": [],
        });
        let network: NetworkView = serde_json::from_value(network).unwrap();
        let answer = join.answer(&made(gateways), &network).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let expected = json!({
        "InterfaceName": { "SrcName": "tgd3f2a9c81be07", "DstPrefix": "eth" },
        "Gateway": "10.96.0.9", "GatewayIPv6": "fd96::1",
    });
    assert_eq!(
        answer(&join, &["10.96.0.9", "fd96::1"], json!({})),
        expected
    );
    let labels = json!({ "docker.interface-prefix": "net" });
    let expected = json!({ "InterfaceName": { "SrcName": "tgd3f2a9c81be07", "DstPrefix": "net" } });
    assert_eq!(answer(&join, &[], labels), expected);
}

#[test]
fn ports_are_published_where_docker_says() {
    let port = |number: u16, proto: u8, ip: &str, first: u16, last: u16| json!({ "Proto": proto, "IP": "", "Port": number, "HostIP": ip, "HostPort": first, "HostPortEnd": last });
    let published = |ports: Vec<Value>| {
        let options = json!({ "com.docker.network.portmap": ports });
        let asked = ask(
            "ProgramExternalConnectivity",
            &endpoint(Value::Null, options),
        )?;
        let Asked::Publish { endpoint, ports } = asked else {
            unreachable!("{asked:?}")
        };
        assert_eq!(endpoint.as_str(), "docker-3f2a9c81be07");
        Ok::<_, String>(ports.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let ports = vec![
        port(80, 6, "", 8080, 8080),
        port(81, 17, "127.0.0.1", 8081, 0),
        port(82, 132, "::1", 8082, 8082),
        port(83, 6, "0.0.0.0", 0, 0),
        port(84, 6, "", 0, 0),
        port(85, 6, "", 8250, 8260),
    ];
    let expected = [
        "8080:80/tcp",
        "127.0.0.1:8081:81/udp",
        "[::1]:8082:82/sctp",
        "0.0.0.0::83/tcp",
        "84/tcp",
        "8250-8260:85/tcp",
    ];
    assert_eq!(published(ports).unwrap(), expected);
    assert_eq!(published(Vec::new()).unwrap(), [""; 0]);
    let refused = published(vec![port(80, 1, "", 8080, 8080)]).unwrap_err();
    assert!(refused.contains("protocol 1 is not known"), "{refused}");
}

#[test]
fn what_is_not_acted_on_is_refused_by_name() {
    let option = |key: &str, value: &str| ("CreateNetwork", network(json!({ key: value })));
    let of_endpoint = |key: &str| ("CreateEndpoint", endpoint(json!({}), json!({ key: "v" })));
    for ((call, body), words) in [
        (
            option("own", "1"),
            "the option \"own\" with the value \"1\" is not supported",
        ),
        (
            option("com.docker.network.bridge.default_bridge", "true"),
            "is not supported",
        ),
        (
            option("com.docker.network.bridge.inhibit_ipv4", "true"),
            "is not supported",
        ),
        (
            option("com.docker.network.bridge.icc", "true"),
            "is not supported",
        ),
        // The names of Tidegate's options are those of no other.
        (option("com.docker.network.icc", "true"), "is not supported"),
        (
            option("com.docker.network.bridge.enable_icc", "maybe"),
            "it is neither true nor false",
        ),
        (
            option("com.docker.network.bridge.gateway_mode_ipv4", "bridge"),
            "invalid gateway mode \"bridge\"",
        ),
        (
            option("com.docker.network.driver.mtu", "big"),
            "it is no number",
        ),
        (
            option("com.docker.network.bridge.name", "a/b"),
            "the bridge: invalid interface name",
        ),
        (
            of_endpoint("own.key"),
            "the key \"own.key\" of the key \"Options\" with the value \"v\" is not supported",
        ),
        (
            ("DeleteNetwork", json!({ "NetworkID": "web" })),
            "the network \"web\" is not one of Docker's identifiers",
        ),
        (
            ("Leave", json!({ "NetworkID": NETWORK })),
            "the request has no key \"EndpointID\"",
        ),
        (("Leave", json!([])), "is not an object"),
    ] {
        let message = ask(call, &body).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
    assert!(read("/IpamDriver.RequestPool", b"{}").is_none());
    assert!(read("/NetworkDriver.AllocateNetwork", b"{}").is_none());
    let why = error_hint::Failure::hinted("no", "ask again").context("cannot do it");
    assert_eq!(failed(&why), r#"{"Err":"cannot do it: no (ask again)"}"#);
}
