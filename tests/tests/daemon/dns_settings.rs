//! DNS servers, search domains and options of networks and endpoints.

use std::fs;
use std::net::IpAddr;

use serde_json::{Value, json};
use tidegate_tests::names::{Answer, World, ask_tcp, ask_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, Programs, require_root_kernel};

use crate::drivers;

const FIXED4: &str = "169.254.53.53";

/// A lab whose host has a search domain and a server.
fn lab(driver: &str) -> Lab {
    let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", driver]);
    let conf = host.folder().join("resolv.conf");
    let text = "nameserver 192.0.2.2\nsearch corp.example\noptions ndots:2\n";
    fs::write(&conf, text).unwrap();
    let mount = format!("mount --bind {} /etc/resolv.conf", conf.display());
    host.start_by(&format!("{mount}\nexec \"$@\""));
    host.start();
    let lab = Lab::of(host);
    lab.outside
        .sh("ip addr add 192.0.2.3/24 dev wan; ip addr add 2001:db8::3/64 dev wan nodad");
    lab
}

fn attach(lab: &Lab, network: &str, name: &str, flags: &[&str]) -> Attached {
    let netns = Netns::new();
    let attach = ["attach", network, "--netns", netns.name(), "--name", name];
    let endpoint = lab.host.json(&[&attach[..], flags].concat());
    Attached { netns, endpoint }
}

/// The lines of its resolv.conf that are not servers.
fn settings(endpoint: &Value) -> Vec<&str> {
    let lines = endpoint["resolv-conf"].as_str().unwrap().lines();
    let others = |line: &&str| !line.starts_with("nameserver") && !line.starts_with('#');
    lines.filter(others).collect()
}

fn ask(from: &Attached, name: &str) -> Answer {
    let server: IpAddr = FIXED4.parse().unwrap();
    let by_udp = ask_udp(&from.netns, server, name, "A");
    assert_eq!(by_udp, ask_tcp(&from.netns, server, name, "A"), "{name}");
    by_udp.unwrap()
}

#[test]
fn servers_search_domains_and_options_are_set_for_networks_and_endpoints() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        let [_host, _network, _endpoint] = [("192.0.2.2", 1), ("192.0.2.3", 2), ("2001:db8::3", 3)]
            .map(|(ip, last)| {
                let at = (ip.parse::<IpAddr>().unwrap(), 53).into();
                World::start(&lab.outside, at, [198, 51, 100, last])
            });
        lab.host.ok(&["network", "create", "web"]);
        let set = [
            "--dns",
            "192.0.2.3",
            "--dns-search",
            "db.example",
            "--dns-option",
            "rotate",
        ];
        lab.host
            .ok(&[&["network", "create", "db"][..], &set].concat());
        let plain = attach(&lab, "web", "plain", &[]);
        let inherits = attach(&lab, "db", "inherits", &[]);
        let own = [
            "--dns",
            "2001:db8::3",
            "--dns-search",
            ".",
            "--dns-option",
            "ndots:5",
        ];
        let own = attach(&lab, "db", "own", &own);
        let check = |lab: &Lab, when: &str| {
            for (endpoint, last, wanted) in [
                (
                    &plain,
                    1,
                    &["search tidegate.internal corp.example", "options ndots:2"][..],
                ),
                (
                    &inherits,
                    2,
                    &["search tidegate.internal db.example", "options rotate"],
                ),
                (&own, 3, &["options ndots:5"]),
            ] {
                let name = endpoint.endpoint["name"].as_str().unwrap();
                let shown = lab.host.json(&["endpoint", "inspect", name]);
                assert_eq!(settings(&shown), wanted, "{name}, {when}");
                let world = Answer::of(&[&format!("198.51.100.{last}")]);
                assert_eq!(ask(endpoint, "www.example"), world, "{name}, {when}");
            }
        };
        check(&lab, &driver);
        let shown = lab.host.json(&["network", "inspect", "db"]);
        let wanted =
            json!({ "servers": ["192.0.2.3"], "search": ["db.example"], "options": ["rotate"] });
        assert_eq!(shown["dns"], wanted);
        let shown = lab.host.ok(&["endpoint", "inspect", "own"]);
        assert!(
            shown.contains("2001:db8::3") && shown.contains("ndots:5"),
            "{shown}"
        );
        // As musl looks: the search domains first, in their order. Names of endpoints come before the world's.
        assert_eq!(
            ask(&plain, "plain.tidegate.internal"),
            Answer::of(&[&plain.v4(0).ip().to_string()])
        );
        let unknown = Answer::nothing("Non-Existent Domain");
        assert_eq!(ask(&plain, "intranet.tidegate.internal"), unknown);
        assert_eq!(
            ask(&plain, "intranet.corp.example"),
            Answer::of(&["198.51.100.1"])
        );
        lab.host.kill();
        lab.host.start();
        check(&lab, &format!("{driver}, after a crash"));
    }
}

#[test]
fn settings_that_have_no_effect_or_no_meaning_are_refused() {
    require_root_kernel!();
    let lab = lab(&drivers()[0]);
    lab.host.ok(&["network", "create", "vault", "--internal"]);
    let netns = Netns::new();
    let create = ["network", "create", "web"];
    let attach = ["attach", "vault", "--netns", netns.name()];
    for (command, flags, words) in [
        (
            &create[..],
            &["--dns", "0.0.0.0"][..],
            "is the unspecified address",
        ),
        (&create, &["--dns", "fe80::1"], "is an address of one link"),
        (&create, &["--dns", "224.0.0.1"], "is a multicast address"),
        (
            &create,
            &["--dns", "192.0.2.3", "--internal"],
            "forwards no names",
        ),
        (&attach, &["--dns", "192.0.2.3"], "forwards no names"),
        (
            &create,
            &["--dns-search", ".,a.example"],
            "means no search domains",
        ),
        (
            &create,
            &["--dns-search", "a b"],
            "other characters than letters",
        ),
        (&create, &["--dns-option", "ndots:x"], "invalid DNS option"),
    ] {
        let refused = lab.host.tidegate(&[command, flags].concat());
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stderr.contains(words), "{refused:#?}");
        assert!(refused.stderr.contains("hint: "), "{refused:#?}");
    }
}
