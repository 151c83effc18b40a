//! Endpoints whose interface a container engine moves and configures. The tests do what an engine does.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tidegate_client::ClientError;
use tidegate_client::api::calls::AddEndpoint;
use tidegate_client::api::{Attach, Body};
use tidegate_client::blocking::Client;
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp};
use tidegate_tests::{Host, Lab, Netns, names, require_root_kernel, wait_until};

use crate::drivers;

/// The name under which the interface is handed over.
const HANDED: &str = "engine0";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// Asks for an endpoint, with some fields of the request.
fn ask(host: &Host, fields: Value) -> Result<Value, ClientError> {
    let request: Attach = serde_json::from_value(fields).unwrap();
    let client = Client::new(host.socket()).unwrap();
    let made = client.call::<AddEndpoint>(Body(request))?;
    Ok(serde_json::to_value(made).unwrap())
}

fn hand_over(host: &Host, network: &str, name: &str, ifname: &str, ports: &[&str]) -> Value {
    let fields = json!({ "network": network, "name": name, "hand-over": ifname, "ports": ports });
    ask(host, fields).unwrap()
}

/// Moves the interface into a namespace and configures it there, with default routes if it is the first.
fn fetch(lab: &Lab, endpoint: &Value, netns: &Netns, ifname: &str) {
    let handed = endpoint["ifname"].as_str().unwrap();
    lab.host
        .netns
        .sh(&format!("ip link set {handed} netns {}", netns.name()));
    netns.sh(&format!("ip link set {handed} name {ifname}"));
    for net in endpoint["addresses"].as_array().unwrap() {
        netns.sh(&format!(
            "ip addr add {} dev {ifname} nodad",
            net.as_str().unwrap()
        ));
    }
    netns.sh(&format!("ip link set {ifname} up"));
    for gateway in endpoint["gateways"].as_array().unwrap() {
        let gateway = gateway.as_str().unwrap();
        netns.try_sh(&format!("ip route add default via {gateway} dev {ifname}"));
    }
}

fn give_back(lab: &Lab, netns: &Netns, ifname: &str) {
    let host = lab.host.netns.name();
    netns.sh(&format!(
        "ip link set {ifname} down; ip link set {ifname} name {HANDED}; ip link set {HANDED} netns {host}"
    ));
}

/// A word of what ip-link(8) shows of a link: the first is its index, the fifth its MTU.
fn link_of(netns: &Netns, ifname: &str, word: usize) -> String {
    let shown = netns.sh(&format!("ip -o link show {ifname}"));
    shown.split_whitespace().nth(word).unwrap().to_owned()
}

fn shown(host: &Host, name: &str) -> Value {
    host.json(&["endpoint", "inspect", name])
}

fn number(host: &Host, name: &str) -> Value {
    shown(host, name)["handed-over"]["netns-number"].clone()
}

/// The published port answers on both families, from outside and from the host.
fn is_reached(lab: &Lab, port: u16) {
    for to in [format!("192.0.2.1:{port}"), format!("[2001:db8::1]:{port}")] {
        let reply = ask_tcp(&lab.outside, at(&to)).unwrap_or_else(|e| panic!("{to}: {e}"));
        assert_eq!(reply.server, "front");
    }
    let reply = ask_tcp(&lab.host.netns, at(&format!("127.0.0.1:{port}"))).unwrap();
    assert_eq!(reply.server, "front");
}

#[test]
fn an_interface_is_handed_over_moved_used_and_comes_back() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web", "--mtu", "1400"]);
        let side = lab.attach("web", "side", &[]);
        let before = lab.host.snapshot().without_store();
        let fields = json!({
            "network": "web", "name": "front", "hand-over": HANDED, "mac": "02:00:00:00:00:20",
            "ports": ["8080:80", "8080:80/udp"], "addresses": ["10.208.0.20", "fd74:6964:6567::20"],
        });
        let endpoint = ask(&lab.host, fields).unwrap();
        let link = lab.host.netns.sh(&format!("ip -o link show {HANDED}"));
        for part in ["02:00:00:00:00:20", "mtu 1400", "state DOWN"] {
            assert!(link.contains(part), "{part}: {link}");
        }
        assert_eq!(endpoint["handed-over"], json!({}), "{endpoint}");
        assert_eq!(endpoint["netns"], Value::Null, "{endpoint}");
        let check = lab.host.tidegate(&["endpoint", "check", "front"]);
        assert!(
            check.stdout.contains("its engine has not moved it yet"),
            "{check:#?}"
        );

        let netns = Netns::new();
        fetch(&lab, &endpoint, &netns, "eth0");
        let _server = Server::start(&netns, "front", 80);
        is_reached(&lab, 8080);
        assert_eq!(
            ask_udp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
            "front"
        );
        for to in ["10.208.0.20:80", "[fd74:6964:6567::20]:80"] {
            assert_eq!(
                ask_tcp(&side.netns, at(to)).unwrap().server,
                "front",
                "{driver}"
            );
        }
        let name_of =
            |from: &Netns, name: &str| names::ask_udp(from, at("10.208.0.1:53").ip(), name, "A");
        let side_v4 = side.v4(0).ip().to_string();
        assert_eq!(
            name_of(&netns, "side"),
            Some(names::Answer::of(&[&side_v4])),
            "{driver}"
        );
        assert_eq!(
            name_of(&side.netns, "front"),
            Some(names::Answer::of(&["10.208.0.20"]))
        );
        wait_until("the daemon knows where it is", || {
            number(&lab.host, "front").is_number()
        });
        assert_eq!(lab.host.ok(&["endpoint", "check", "front"]), "", "{driver}");
        let listed = lab.host.ok(&["endpoint", "ls"]);
        assert!(
            listed.contains("handed over, in namespace number"),
            "{listed}"
        );

        let mut open = Connection::open(&lab.outside, at("192.0.2.1:8080"));
        open.echo("before").unwrap();
        lab.host.kill();
        lab.host.start();
        open.echo("after").unwrap();
        is_reached(&lab, 8080);
        assert!(number(&lab.host, "front").is_number(), "{driver}");
        assert_eq!(
            shown(&lab.host, "front")["degraded"],
            Value::Null,
            "{driver}"
        );
        assert_eq!(lab.host.ok(&["endpoint", "check", "front"]), "", "{driver}");

        give_back(&lab, &netns, "eth0");
        wait_until("the daemon knows that it is back", || {
            number(&lab.host, "front").is_null()
        });
        lab.host.ok(&["detach", "front"]);
        let gone = lab.host.netns.try_sh(&format!("ip link show {HANDED}"));
        assert_ne!(gone.code, Some(0), "{gone:#?}");
        let after = lab.host.snapshot().without_store();
        assert_eq!(after, before, "{driver}");
        // At once under the same name.
        hand_over(&lab.host, "web", "front", HANDED, &[]);
        lab.host.ok(&["detach", "front"]);
    }
}

#[test]
fn an_endpoint_ends_with_the_namespace_into_which_its_engine_moved_it() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        for is_running in [true, false] {
            let netns = Netns::new();
            let endpoint = hand_over(&lab.host, "web", "front", HANDED, &["8080:80"]);
            fetch(&lab, &endpoint, &netns, "eth0");
            wait_until("the daemon knows where it is", || {
                number(&lab.host, "front").is_number()
            });
            if !is_running {
                lab.host.stop();
            }
            drop(netns);
            if !is_running {
                let port = endpoint["host-ifname"].as_str().unwrap().to_owned();
                wait_until("the pair is gone", || {
                    lab.host.netns.try_sh(&format!("ip link show {port}")).code != Some(0)
                });
                lab.host.start();
            }
            wait_until("the endpoint is gone", || {
                lab.host.json(&["endpoint", "ls"]) == json!([])
            });
            assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        }
        // Not moved yet, it is kept.
        hand_over(&lab.host, "web", "front", HANDED, &["8080:80"]);
        lab.host.kill();
        lab.host.start();
        assert!(number(&lab.host, "front").is_null());
        assert_eq!(
            shown(&lab.host, "front")["degraded"],
            Value::Null,
            "{driver}"
        );
        lab.host.netns.sh(&format!("ip link show {HANDED}"));
    }
}

#[test]
fn a_lost_bridge_costs_no_container_the_interface_that_was_handed_over() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let netns = Netns::new();
        let endpoint = hand_over(&lab.host, "web", "front", HANDED, &["8080:80"]);
        fetch(&lab, &endpoint, &netns, "web0");
        let _server = Server::start(&netns, "front", 80);
        is_reached(&lab, 8080);
        let index = link_of(&netns, "web0", 0);
        let is_well = |lab: &Lab| {
            let check = lab.host.tidegate(&["endpoint", "check", "front"]);
            check.code == Some(0)
        };
        lab.host.netns.sh("ip link delete tgb0");
        wait_until("the bridge is there again, with its port", || is_well(&lab));
        is_reached(&lab, 8080);
        lab.host.kill();
        lab.host.netns.sh("ip link delete tgb0");
        lab.host.start();
        wait_until("the bridge is there again after a start", || is_well(&lab));
        is_reached(&lab, 8080);
        assert_eq!(link_of(&netns, "web0", 0), index, "{driver}");
        // What the engine sets is its own affair.
        netns.sh("ip addr add 10.208.0.99/24 dev web0; ip link set web0 mtu 1300");
        let port = endpoint["host-ifname"].as_str().unwrap();
        lab.host.netns.sh(&format!("ip link set {port} mtu 1300"));
        wait_until("the host's end is put right", || {
            link_of(&lab.host.netns, port, 4) == "1500"
        });
        assert_eq!(link_of(&netns, "web0", 4), "1300");
        lab.host.ok(&["detach", "front"]);
        wait_until("the interface is gone from the container", || {
            netns.try_sh("ip link show web0").code != Some(0)
        });
    }
}

#[test]
fn endpoints_that_were_moved_into_one_namespace_answer_for_each_other_and_are_bound() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "db", "--anti-spoofing"]);
        let netns = Netns::new();
        let web = hand_over(&lab.host, "web", "front", HANDED, &[]);
        fetch(&lab, &web, &netns, "eth0");
        let db = hand_over(&lab.host, "db", "store", "engine1", &["8081:80"]);
        fetch(&lab, &db, &netns, "eth1");
        netns.sh(
            "for each in all eth0 eth1; do echo 2 > /proc/sys/net/ipv4/conf/$each/rp_filter; done",
        );
        let _server = Server::start(&netns, "front", 80);
        wait_until("the daemon knows that both are in one namespace", || {
            let at = |name| number(&lab.host, name);
            at("front").is_number() && at("front") == at("store")
        });
        // The answers leave by the other network, which has the default route.
        is_reached(&lab, 8081);
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        let side = lab.attach("db", "side", &[]);
        let _other = Server::start(&side.netns, "side", 80);
        assert_eq!(
            ask_tcp(&netns, side.v4(80)).unwrap().server,
            "side",
            "{driver}"
        );
        netns.sh("ip addr add 10.208.1.77/24 dev eth1");
        let forged = netns.try_sh(&format!(
            "ping -c 1 -W 1 -I 10.208.1.77 {}",
            side.v4(0).ip()
        ));
        assert_ne!(forged.code, Some(0), "{driver}: {forged:#?}");
    }
}

#[test]
fn what_cannot_be_handed_over_is_refused_and_changes_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.netns.sh("ip link add taken type bridge");
        let netns = Netns::new();
        let before = lab.host.snapshot();
        for (more, words) in [
            (json!({}), "needs a namespace or a name"),
            (
                json!({ "hand-over": HANDED, "netns": netns.path() }),
                "and not both",
            ),
            (
                json!({ "hand-over": HANDED, "ifname": "eth0" }),
                "ifname cannot be given",
            ),
            (
                json!({ "hand-over": HANDED, "routes": [{ "to": "10.9.0.0/16" }] }),
                "routes cannot be given",
            ),
            (
                json!({ "hand-over": "tgv9" }),
                "such names for its own interfaces",
            ),
            (json!({ "hand-over": "taken" }), "taken"),
        ] {
            let mut fields = json!({ "network": "web", "ports": ["8080:80"] });
            fields
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let refused = ask(&lab.host, fields).unwrap_err().to_string();
            assert!(refused.contains(words), "{driver}: {refused}");
            assert_eq!(lab.host.snapshot(), before, "{driver}: {refused}");
        }
        hand_over(&lab.host, "web", "front", HANDED, &[]);
        let again = json!({ "network": "web", "hand-over": HANDED });
        let refused = ask(&lab.host, again).unwrap_err().to_string();
        assert!(
            refused.contains("handed over already, for endpoint front"),
            "{refused}"
        );
        let exported = lab.host.json(&["export"]);
        assert_eq!(exported["endpoints"], json!([]), "its engine asks again");
    }
}
