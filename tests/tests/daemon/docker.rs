//! Docker's network driver. The tests do what dockerd does, which moves and configures the interfaces itself.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::{Value, json};
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp};
use tidegate_tests::{Host, Lab, Netns, require_root_kernel};

use crate::drivers;

fn id(first: &str) -> String {
    format!("{first:0<64}")
}

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn socket(host: &Host) -> PathBuf {
    host.folder().join("plugins/tidegate.sock")
}

/// A lab whose daemon serves Docker.
fn lab(driver: &str) -> Lab {
    let mut lab = Lab::with_driver(driver);
    let socket = socket(&lab.host).display().to_string();
    lab.host.add_arguments(&["--docker-socket", &socket]);
    lab.host.stop();
    lab.host.start();
    lab
}

/// Sends a request as dockerd does, and returns status and body of the answer.
fn send(host: &Host, path: &str, body: &str) -> (String, String) {
    let mut stream = UnixStream::connect(socket(host)).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    // One that is refused by its length is not read to its end.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap().to_owned();
    (status, body.to_owned())
}

fn ask(host: &Host, call: &str, body: &Value) -> Value {
    let (status, answer) = send(host, &format!("/{call}"), &body.to_string());
    assert_eq!(status, "HTTP/1.1 200 OK", "{call}: {answer}");
    serde_json::from_str(&answer).unwrap()
}

fn done(host: &Host, call: &str, body: &Value) {
    assert_eq!(ask(host, &format!("NetworkDriver.{call}"), body), json!({}));
}

fn refused(host: &Host, call: &str, body: &Value) -> String {
    let answer = ask(host, &format!("NetworkDriver.{call}"), body);
    answer["Err"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

fn network() -> String {
    id("aa01")
}

fn create_network(host: &Host) {
    let body = json!({
        "NetworkID": network(),
        "Options": { "com.docker.network.enable_ipv6": true, "com.docker.network.generic": {} },
        "IPv4Data": [{ "AddressSpace": "LocalDefault", "Gateway": "10.96.0.1/24", "Pool": "10.96.0.0/24" }],
        "IPv6Data": [{ "AddressSpace": "LocalDefault", "Gateway": "fd96::1/64", "Pool": "fd96::/64" }],
    });
    done(host, "CreateNetwork", &body);
}

/// A container as dockerd starts it: its endpoint with the address `10.96.0.NUMBER`, and a published port.
fn run(lab: &Lab, endpoint: &str, number: u8, netns: &Netns) -> String {
    let host = &lab.host;
    let of = |more: Value| {
        let mut body = json!({ "NetworkID": network(), "EndpointID": id(endpoint) });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let (ipv4, ipv6) = (format!("10.96.0.{number}/24"), format!("fd96::{number}/64"));
    let interface = json!({ "Address": ipv4, "AddressIPv6": ipv6, "MacAddress": "" });
    let made = ask(
        host,
        "NetworkDriver.CreateEndpoint",
        &of(json!({ "Interface": interface, "Options": {} })),
    );
    let mac = made["Interface"]["MacAddress"].as_str().unwrap().to_owned();
    assert_eq!(made["Interface"].as_object().unwrap().len(), 1, "{made}");
    let joined = ask(
        host,
        "NetworkDriver.Join",
        &of(json!({ "SandboxKey": "/var/run/docker/netns/none", "Options": {} })),
    );
    let handed = joined["InterfaceName"]["SrcName"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(joined["InterfaceName"]["DstPrefix"], "eth", "{joined}");
    let link = host.netns.sh(&format!("ip -o link show {handed}"));
    assert!(link.contains(&mac), "{mac}: {link}");
    host.netns
        .sh(&format!("ip link set {handed} netns {}", netns.name()));
    netns.sh(&format!(
        "ip link set {handed} name eth0; ip link set eth0 address {mac}; ip addr add {ipv4} dev eth0; \
         ip addr add {ipv6} dev eth0 nodad; ip link set eth0 up; ip link set lo up; \
         ip route add default via {}; ip -6 route add default via {}",
        joined["Gateway"].as_str().unwrap(),
        joined["GatewayIPv6"].as_str().unwrap(),
    ));
    let ports = json!({ "com.docker.network.portmap": [
        { "Proto": 6, "IP": "", "Port": 80, "HostIP": "", "HostPort": 8080, "HostPortEnd": 8080 },
        { "Proto": 17, "IP": "", "Port": 80, "HostIP": "", "HostPort": 8080, "HostPortEnd": 8080 },
        { "Proto": 6, "IP": "", "Port": 81, "HostIP": "", "HostPort": 0, "HostPortEnd": 0 },
    ] });
    done(
        host,
        "ProgramExternalConnectivity",
        &of(json!({ "Options": ports })),
    );
    let operational = ask(host, "NetworkDriver.EndpointOperInfo", &of(json!({})));
    assert_eq!(operational, json!({ "Value": {} }));
    handed
}

fn is_reached(lab: &Lab) {
    for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
        let reply = ask_tcp(&lab.outside, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
        assert_eq!(reply.server, "front");
    }
    assert_eq!(
        ask_udp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
        "front"
    );
    for to in ["127.0.0.1:8080", "[::1]:8080"] {
        let reply = ask_tcp(&lab.host.netns, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
        assert_eq!(reply.server, "front");
    }
}

#[test]
fn a_container_lives_on_a_network_of_docker_from_its_start_to_its_end() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        // Before the first network the host does not forward.
        create_network(&lab.host);
        done(
            &lab.host,
            "DeleteNetwork",
            &json!({ "NetworkID": network() }),
        );
        let before = lab.host.snapshot().without_store();
        let activated = ask(&lab.host, "Plugin.Activate", &Value::Null);
        assert_eq!(activated, json!({ "Implements": ["NetworkDriver"] }));
        create_network(&lab.host);
        let netns = Netns::new();
        let handed = run(&lab, "bb01", 2, &netns);
        let _server = Server::start(&netns, "front", 80);
        is_reached(&lab);
        // dockerd restarts without its containers, and so does the daemon.
        let mut open = Connection::open(&lab.outside, at("192.0.2.1:8080"));
        open.echo("before").unwrap();
        lab.host.kill();
        lab.host.start();
        open.echo("after").unwrap();
        is_reached(&lab);
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");

        let of = json!({ "NetworkID": network(), "EndpointID": id("bb01") });
        done(&lab.host, "RevokeExternalConnectivity", &of);
        assert!(
            is_closed_tcp(&lab.outside, at("192.0.2.1:8080")),
            "{driver}"
        );
        done(&lab.host, "Leave", &of);
        let home = lab.host.netns.name();
        netns.sh(&format!(
            "ip link set eth0 down; ip link set eth0 name {handed}; ip link set {handed} netns {home}"
        ));
        // What is gone is removed with success: dockerd tries again after an error.
        for _ in 0..2 {
            done(&lab.host, "DeleteEndpoint", &of);
            done(&lab.host, "Leave", &of);
        }
        for _ in 0..2 {
            done(
                &lab.host,
                "DeleteNetwork",
                &json!({ "NetworkID": network() }),
            );
        }
        let after = lab.host.snapshot().without_store();
        assert_eq!(after, before, "{driver}");
    }
}

/// Nobody says anything about the endpoints of a dockerd that was killed, and it gives their addresses out again.
#[test]
fn what_a_killed_dockerd_has_left_gives_way_to_what_it_asks_for_anew() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = lab(&driver);
        create_network(&lab.host);
        let (old, new) = (Netns::new(), Netns::new());
        run(&lab, "bb01", 2, &old);
        let _old = Server::start(&old, "old", 80);
        run(&lab, "bb02", 2, &new);
        let _server = Server::start(&new, "front", 80);
        is_reached(&lab);
        let listed = lab.host.json(&["endpoint", "ls"]);
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        // The network goes with what was left on it.
        done(
            &lab.host,
            "DeleteNetwork",
            &json!({ "NetworkID": network() }),
        );
        assert_eq!(lab.host.json(&["network", "ls"]), json!([]), "{driver}");
    }
}

#[test]
fn what_docker_cannot_have_is_refused_with_the_reason_and_changes_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = lab(&driver);
        let mode = socket(&lab.host).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for root alone");
        create_network(&lab.host);
        let before = lab.host.snapshot();
        let endpoint = json!({ "NetworkID": network(), "EndpointID": id("bb01") });
        let mut options = endpoint.clone();
        options["Options"] = json!({ "own": "1" });
        let mut outside = endpoint.clone();
        outside["Interface"] = json!({ "Address": "10.97.0.2/24" });
        let mut other =
            json!({ "NetworkID": id("aa02"), "IPv4Data": [{ "Pool": "10.96.0.0/16" }] });
        for (call, body, words) in [
            ("CreateEndpoint", &options, "the key \"own\""),
            ("CreateEndpoint", &outside, "10.97.0.2"),
            (
                "Join",
                &endpoint,
                "endpoint docker-bb0100000000 does not exist",
            ),
            (
                "ProgramExternalConnectivity",
                &endpoint,
                "endpoint docker-bb0100000000 does not exist",
            ),
            (
                "CreateNetwork",
                &other.clone(),
                "of network docker-aa0100000000",
            ),
            ("CreateNetwork", &Value::Null, "null is not an object"),
        ] {
            let message = refused(&lab.host, call, body);
            assert!(message.contains(words), "{driver}: {message}");
        }
        other["Options"] = json!({ "com.docker.network.generic": { "parent": "eth0" } });
        let message = refused(&lab.host, "CreateNetwork", &other);
        assert!(message.contains("the option \"parent\""), "{message}");
        let (status, _) = send(&lab.host, "/IpamDriver.RequestPool", "{}");
        assert_eq!(status, "HTTP/1.1 404 Not Found");
        let (status, answer) = send(&lab.host, "/NetworkDriver.Leave", "{");
        assert_eq!(
            status, "HTTP/1.1 200 OK",
            "Docker reads the reason only then"
        );
        assert!(answer.contains("cannot parse the request"), "{answer}");
        let long = "x".repeat((16 << 20) + 1);
        let (_, answer) = send(&lab.host, "/NetworkDriver.Leave", &long);
        assert!(answer.contains("cannot read the request"), "{answer}");
        assert_eq!(lab.host.snapshot(), before, "{driver}");
    }
}
