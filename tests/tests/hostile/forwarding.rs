//! Who uses the host as a router between interfaces that are none of ours.

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Host, Lab, Netns, require_root_kernel};

use crate::drivers;

/// A lab with a third machine, on another wire of the host: 198.51.100.2 and 2001:db8:7::2, as the host's neighbour.
fn two_wires(lab: &Lab) -> (Netns, Server) {
    let office = Netns::new();
    let (host, name) = (lab.host.netns.name(), office.name());
    lab.host.netns.sh(&format!(
        "ip link add lan type veth peer name lan netns {name}
         ip addr add 198.51.100.1/24 dev lan
         ip addr add 2001:db8:7::1/64 dev lan nodad
         ip link set lan up"
    ));
    office.sh("ip addr add 198.51.100.2/24 dev lan
         ip addr add 2001:db8:7::2/64 dev lan nodad
         ip link set lan up
         ip route add default via 198.51.100.1
         ip -6 route add default via 2001:db8:7::1");
    assert_ne!(host, name);
    let server = Server::start(&office, "office", 80);
    (office, server)
}

const OFFICE: [&str; 2] = ["198.51.100.2:80", "[2001:db8:7::2]:80"];

fn reaches(from: &Netns) -> [bool; 2] {
    OFFICE.map(|to| ask_tcp(from, to.parse().unwrap()).is_ok())
}

fn is_kept_out(from: &Netns) -> bool {
    let mut targets = OFFICE.iter();
    targets.all(|to| is_closed_tcp(from, to.parse().unwrap()))
}

fn findings(host: &Host) -> Vec<Value> {
    let output = host.tidegate(&["doctor", "--json"]);
    let diagnosis: Value = serde_json::from_str(&output.stdout).unwrap();
    let mut checks = diagnosis["checks"].as_array().unwrap().iter();
    let checked = checks
        .find(|checked| checked["check"] == "forwarding")
        .unwrap();
    checked["findings"].as_array().unwrap().clone()
}

/// The host's own forwarding is not ours to drop, but it is said, and what is said to close it does.
#[test]
fn a_host_that_became_a_router_between_its_own_interfaces_says_so_and_how_to_close_it() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let (_office, _server) = two_wires(&lab);
        let host = &lab.host;
        // A network with no way in or out does not make it one.
        host.ok(&["network", "create", "vault", "--internal"]);
        assert!(is_kept_out(&lab.outside), "{driver}");
        assert_eq!(findings(host), [Value::Null; 0]);
        host.ok(&["network", "create", "web"]);
        assert_eq!(reaches(&lab.outside), [true, true], "{driver}");
        let found = findings(host);
        assert_eq!(found.len(), 2, "one for each family: {found:#?}");
        for finding in &found {
            assert_eq!(finding["severity"], "warning");
            assert!(
                finding["what"].as_str().unwrap().contains("lan, wan"),
                "{finding}"
            );
        }
        let advice = found[0]["advice"].as_str().unwrap();
        host.netns.sh(advice.split('`').nth(1).unwrap());
        assert!(is_kept_out(&lab.outside), "{driver}");
        assert_eq!(findings(host), [Value::Null; 0]);
        // Endpoints are reached, and reach out, as before.
        let front = lab.attach("web", "front", &["8080:80"]);
        let _front = Server::start(&front.netns, "front", 80);
        for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            let reply = ask_tcp(&lab.outside, to.parse().unwrap()).unwrap();
            assert_eq!(reply.server, "front");
        }
        assert_eq!(reaches(&front.netns), [true, true]);
    }
}

#[test]
fn forwarding_that_is_left_to_others_is_never_touched() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.stop();
        host.add_arguments(&["--forwarding", "leave"]);
        host.start();
        let mut lab = Lab::of(host);
        let (_office, _server) = two_wires(&lab);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let _front = Server::start(&front.netns, "front", 80);
        let published = "192.0.2.1:8080".parse().unwrap();
        lab.host.stop();
        lab.host.start();
        assert!(is_kept_out(&lab.outside), "{driver}");
        assert!(is_closed_tcp(&lab.outside, published), "{driver}");
        assert_eq!(ask_tcp(&lab.host.netns, published).unwrap().server, "front");
        let found = findings(&lab.host);
        assert_eq!(found.len(), 2, "one for each family: {found:#?}");
        let info = lab.host.json(&["info"]);
        let expected = serde_json::json!({ "setting": "leave", "ipv4": false, "ipv6": false });
        assert_eq!(info["forwarding"], expected);
        let shown = lab.host.ok(&["info"]);
        assert!(
            shown.contains("left alone: see `tidegate doctor`"),
            "{shown}"
        );
        // What it says to do lets packets through, and stays as it is.
        for finding in &found {
            let advice = finding["advice"].as_str().unwrap();
            lab.host.netns.sh(advice.split('`').nth(1).unwrap());
        }
        assert!(ask_tcp(&lab.outside, published).is_ok(), "{driver}");
        lab.host.ok(&["network", "rm", "--force", "web"]);
        let info = lab.host.json(&["info"]);
        assert_eq!(info["forwarding"]["ipv4"], true);
    }
}
