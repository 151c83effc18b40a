use super::*;
use expect_test::expect;
use tidegate_api::traffic::Counts;

use crate::published;

fn endpoint_from(json: &str) -> EndpointView {
    serde_json::from_str(json).unwrap()
}

fn front() -> EndpointView {
    endpoint_from(
        r#"{ "name": "front", "network": "web",
             "netns": { "path": "/run/netns/box", "id": { "dev": 4, "ino": 4026532001 } },
             "host-ifname": "tgv1", "ifname": "eth0", "mac": "02:76:00:00:00:01",
             "addresses": ["10.208.0.2/24", "fd74:6964:6567::2/64"],
             "gateways": ["10.208.0.1"], "aliases": ["db", "cache"], "ports": ["8080:80/tcp", "[2001:db8::1]:53:53/udp"] }"#,
    )
}

#[test]
fn a_list_has_a_header_and_a_line_for_each() {
    let mut bare = front();
    bare.endpoint.name = "a-much-longer-name".parse().unwrap();
    bare.endpoint.ports.clear();
    expect![[r#"
        ENDPOINT            NETWORK  NETNS           INTERFACE  ADDRESSES                     PORTS
        front               web      /run/netns/box  eth0       10.208.0.2,fd74:6964:6567::2  8080:80/tcp,[2001:db8::1]:53:53/udp
        a-much-longer-name  web      /run/netns/box  eth0       10.208.0.2,fd74:6964:6567::2  -
    "#]]
    .assert_eq(&endpoints(&[front(), bare], &[]));
}

#[test]
fn ports_that_were_published_or_withdrawn_are_told_beside_those_that_stay() {
    let mut view = PortsView {
        endpoint: front(),
        changed: ["9000:80", "9001:81"]
            .map(|port| port.parse().unwrap())
            .into(),
    };
    expect![[r#"
        ENDPOINT  PUBLISHED            ALL PORTS
        front     9000-9001:80-81/tcp  8080:80/tcp,[2001:db8::1]:53:53/udp
    "#]]
    .assert_eq(&super::published(&view));
    view.endpoint.endpoint.ports.clear();
    expect![[r#"
        ENDPOINT  WITHDRAWN            STILL PUBLISHED
        front     9000-9001:80-81/tcp  -
    "#]]
    .assert_eq(&withdrawn(&view));
    view.changed.clear();
    assert_eq!(withdrawn(&view), endpoints(&[view.endpoint], &[]));
}

#[test]
fn the_busiest_port_comes_first_and_what_is_not_counted_is_not_shown_as_nought() {
    let port = |port: &str, connections, bytes| {
        let counts = |bytes| Counts { packets: 1, bytes };
        PortTraffic {
            endpoint: "front".parse().unwrap(),
            port: port.parse().unwrap(),
            passed: TrafficCounts {
                connections,
                received: counts(bytes),
                sent: counts(7),
            },
        }
    };
    let mut seen = Traffic {
        counted: true,
        ports: vec![port("8080:80", 3, 10), port("53:53/udp", 1, 2000)],
    };
    expect![[r#"
        ENDPOINT  PORT         OPEN  PACKETS IN  BYTES IN  PACKETS OUT  BYTES OUT
        front     53:53/udp    1     1           2000      1            7
        front     8080:80/tcp  3     1           10        1            7
    "#]]
    .assert_eq(&traffic(&seen));
    (seen.counted, seen.ports) = (false, vec![port("8080:80", 3, 0)]);
    expect![[r#"
        ENDPOINT  PORT         OPEN  PACKETS IN  BYTES IN  PACKETS OUT  BYTES OUT
        front     8080:80/tcp  3     -           -         -            -
        packets and bytes are not counted: `sysctl -w net.netfilter.nf_conntrack_acct=1`
    "#]]
    .assert_eq(&traffic(&seen));
}

#[test]
fn a_list_tells_what_is_degraded_only_where_something_is() {
    let mut lost = front();
    lost.endpoint.name = "lost".parse().unwrap();
    lost.endpoint.ports.clear();
    lost.degraded = Some(Fault {
        down: true,
        reason: "cannot look at namespace /n: Too many levels of symbolic links".into(),
        hint: None,
    });
    expect![[r#"
        ENDPOINT  NETWORK  NETNS           INTERFACE  ADDRESSES                     PORTS                                STATUS
        front     web      /run/netns/box  eth0       10.208.0.2,fd74:6964:6567::2  8080:80/tcp,[2001:db8::1]:53:53/udp  ok
        lost      web      /run/netns/box  eth0       10.208.0.2,fd74:6964:6567::2  -                                    degraded, down: cannot look at namespace /n: Too many levels of symbolic links
    "#]]
    .assert_eq(&endpoints(&[front(), lost], &[]));
}

#[test]
fn endpoints_that_wait_are_listed_with_what_they_wait_for() {
    let waiting = [
        ("later", "web", None),
        ("taken", "db", Some("8080:80/tcp is taken")),
    ];
    let waiting = waiting.map(|(name, network, reason)| WaitingEndpoint {
        name: name.parse().unwrap(),
        network: network.parse().unwrap(),
        netns: "/run/netns/later".into(),
        reason: reason.map(ToOwned::to_owned),
    });
    expect![[r#"
        ENDPOINT  NETWORK  NETNS             INTERFACE  ADDRESSES                     PORTS                                STATUS
        front     web      /run/netns/box    eth0       10.208.0.2,fd74:6964:6567::2  8080:80/tcp,[2001:db8::1]:53:53/udp  ok
        later     web      /run/netns/later  -          -                             -                                    waiting for its namespace
        taken     db       /run/netns/later  -          -                             -                                    waiting: 8080:80/tcp is taken
    "#]]
    .assert_eq(&endpoints(&[front()], &waiting));
    let shown = network(&network_with(serde_json::json!({})), &waiting);
    let line = shown.lines().find(|line| line.starts_with("waiting"));
    let names = line.and_then(|line| line.strip_prefix("waiting"));
    assert_eq!(names.map(str::trim), Some("later"), "{shown}");
}

#[test]
fn a_list_of_nothing_is_its_header() {
    assert_eq!(
        networks(&[]),
        "NETWORK  BRIDGE  SUBNETS  GATEWAYS  ENDPOINTS\n"
    );
}

#[test]
fn an_object_is_shown_field_by_field() {
    expect![[r#"
        endpoint            front
        aliases             db,cache
        network             web
        netns               /run/netns/box
        interface           eth0
        host interface      tgv1
        mac                 02:76:00:00:00:01
        addresses           10.208.0.2/24,fd74:6964:6567::2/64
        default routes      10.208.0.1
        gateways            -
        bridge              -
        routes              -
        gateway priority    0
        ports               8080:80/tcp,[2001:db8::1]:53:53/udp
        allowed             -
        host ports held by  the daemon
        sysctls             -
        dns servers         -
        dns search          -
        dns options         -
        owner               -
        labels              -
        status              ok on the host; `tidegate endpoint check front` looks into the namespace
    "#]]
    .assert_eq(&endpoint(&front()));
}

#[test]
fn ranges_are_shown_as_they_were_published_and_lists_beside_them() {
    let mut view = front();
    let port = |number: u16| format!("{}:{number}", 9000 + number).parse().unwrap();
    view.endpoint.ports = (80..90).map(port).collect();
    let allowed =
        serde_json::json!([{ "ports": ["9085:85", "9086:86"], "from": ["192.0.2.0/24"] }]);
    view.endpoint.allow = serde_json::from_value(allowed).unwrap();
    expect![[r#"
        ENDPOINT  NETWORK  NETNS           INTERFACE  ADDRESSES                     PORTS
        front     web      /run/netns/box  eth0       10.208.0.2,fd74:6964:6567::2  9080-9084:80-84/tcp,9085-9086:85-86/tcp (restricted),9087-9089:87-89/tcp
    "#]]
    .assert_eq(&endpoints(std::slice::from_ref(&view), &[]));
    let shown = endpoint(&view);
    let line = |key: &str| {
        shown
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .map(str::trim)
    };
    assert_eq!(line("ports"), Some("9080-9089:80-89/tcp"));
    assert_eq!(
        line("allowed"),
        Some("9085-9086:85-86/tcp from 192.0.2.0/24")
    );
    expect![[r#"
        PORTS                ENDPOINT  NETWORK  ADDRESSES                     CLIENTS       HELD BY
        9080-9084:80-84/tcp  front     web      10.208.0.2,fd74:6964:6567::2  everybody     daemon
        9085-9086:85-86/tcp  front     web      10.208.0.2,fd74:6964:6567::2  192.0.2.0/24  daemon
        9087-9089:87-89/tcp  front     web      10.208.0.2,fd74:6964:6567::2  everybody     daemon
    "#]]
    .assert_eq(&ports(&published::of(std::slice::from_ref(&view), &[])));
    view.endpoint.host_ports = tidegate_model::HostPorts::Engine;
    let of_engine = ports(&published::of(&[view], &[]));
    assert!(
        of_engine
            .lines()
            .skip(1)
            .all(|line| line.ends_with("  engine")),
        "{of_engine}"
    );
}

#[test]
fn a_list_that_blocks_no_client_of_a_port_is_not_told_as_a_limit() {
    let told = |addresses: &[&str], port: &str, from: &str| {
        let mut view = front();
        let endpoint = &mut view.endpoint;
        endpoint.addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
        endpoint.ports = vec![port.parse().unwrap()];
        let allowed = serde_json::json!([{ "ports": [port], "from": [from] }]);
        endpoint.allow = serde_json::from_value(allowed).unwrap();
        let of_network = serde_json::json!({ "subnets": [] });
        let clients = published::of(std::slice::from_ref(&view), &[network_with(of_network)]);
        let is_restricted = endpoints(&[view], &[]).contains(" (restricted)");
        (is_restricted, clients[0].clients.clone())
    };
    let (v4, v6) = ("10.208.0.2/24", "fd74:6964:6567::2/64");
    let everybody = (false, "everybody".to_owned());
    for (addresses, port, from) in [
        (&[v4][..], "8080:80", "0.0.0.0/0"),
        (&[v6], "8080:80", "::/0"),
        (&[v4, v6], "0.0.0.0:8080:80", "0.0.0.0/0"),
    ] {
        assert_eq!(told(addresses, port, from), everybody, "{port} {from}");
    }
    for (addresses, from) in [(&[v4, v6][..], "0.0.0.0/0"), (&[v4], "192.0.2.0/24")] {
        assert_eq!(told(addresses, "8080:80", from), (true, from.to_owned()));
    }
}

fn network_with(json: serde_json::Value) -> NetworkView {
    let mut view = serde_json::json!({
        "name": "web", "bridge": "tgb0", "mac": "02:62:00:00:00:01", "mtu": null, "endpoints": [],
        "subnets": [{ "net": "10.0.1.0/24", "gateway": "10.0.1.1" }],
    });
    let serde_json::Value::Object(more) = json else {
        return serde_json::from_value(view).unwrap();
    };
    view.as_object_mut().unwrap().extend(more);
    serde_json::from_value(view).unwrap()
}

#[test]
fn everybody_is_said_only_where_everybody_reaches_ports() {
    use serde_json::json;
    for (with, wanted) in [
        (json!({}), "everybody"),
        (
            json!({ "default-allow": ["192.0.2.0/24"] }),
            "192.0.2.0/24 (`ports.allow` of the configuration)",
        ),
        (
            json!({ "default-allow": ["0.0.0.0/0", "::/0"] }),
            "everybody (`ports.allow` of the configuration)",
        ),
        (json!({ "allow": ["198.51.100.0/24"] }), "198.51.100.0/24"),
        (json!({ "allow": ["0.0.0.0/0", "::/0"] }), "everybody"),
        // It has only IPv4.
        (json!({ "allow": ["0.0.0.0/0"] }), "everybody"),
        (
            json!({ "allow": ["192.0.2.0/24", "::/0"] }),
            "192.0.2.0/24, ::/0",
        ),
        (
            json!({ "policy": { "access": "internal" } }),
            "the host (the network is internal)",
        ),
        (
            json!({ "policy": { "access": "internal", "trusted-interfaces": ["lan0"] } }),
            "the host, clients of lan0 (the network is internal)",
        ),
        (
            json!({ "policy": { "access": "isolated" } }),
            "nobody (the network is isolated)",
        ),
    ] {
        let shown = network(&network_with(with), &[]);
        let line = shown.lines().find(|line| line.starts_with("publishes to"));
        let told = line.and_then(|line| line.strip_prefix("publishes to"));
        assert_eq!(told.map(str::trim), Some(wanted));
    }
}

#[test]
fn the_list_of_ports_tells_who_reaches_them() {
    let mut view = front();
    view.endpoint.ports = vec![
        "8080:80".parse().unwrap(),
        "127.0.0.1:81:81".parse().unwrap(),
    ];
    let clients = |with| {
        let told = published::of(std::slice::from_ref(&view), &[network_with(with)]);
        let told = told.into_iter().map(|ports| ports.clients);
        told.collect::<Vec<_>>()
    };
    assert_eq!(clients(serde_json::json!({})), ["everybody", "the host"]);
    let internal = serde_json::json!({ "policy": { "access": "internal" } });
    assert_eq!(clients(internal), ["the host", "the host"]);
}

#[test]
fn connected_networks_are_told_with_the_way_and_only_if_there_are_any() {
    let network = |name: &str, to: &[&str], from: &[&str], peers: &[&str]| -> NetworkView {
        let view = serde_json::json!({
            "name": name, "bridge": "tgb0", "mac": "02:62:00:00:00:01", "mtu": null, "endpoints": [],
            "subnets": [{ "net": "10.0.1.0/24", "gateway": "10.0.1.1" }],
            "peers": peers, "one-way-to": to, "one-way-from": from,
        });
        serde_json::from_value(view).unwrap()
    };
    let views = [
        network("web", &["db"], &[], &["db", "lan"]),
        network("db", &[], &["web"], &[]),
        network("alone", &[], &[], &[]),
    ];
    expect![[r#"
        NETWORK  BRIDGE  SUBNETS      GATEWAYS  ENDPOINTS  PEERS
        web      tgb0    10.0.1.0/24  10.0.1.1  0          lan,to:db
        db       tgb0    10.0.1.0/24  10.0.1.1  0          from:web
        alone    tgb0    10.0.1.0/24  10.0.1.1  0          -
    "#]]
    .assert_eq(&networks(&views));
    assert!(!networks(&views[2..]).contains("PEERS"));
    let shown = super::network(&views[0], &[]);
    let lines = shown.lines().map(|line| line.split_once("  "));
    let told: Vec<_> = lines
        .flatten()
        .map(|(key, value)| (key, value.trim()))
        .collect();
    for line in [
        ("peers", "lan"),
        ("reaches one way", "db"),
        ("reached one way by", "-"),
    ] {
        assert!(told.contains(&line), "{shown}");
    }
}
