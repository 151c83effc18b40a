//! firewalld's rules, with and without the zone that the packages install.

use std::path::Path;

use serde_json::Value;
use tidegate_tests::names::ask_udp;
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Lab, require_root_kernel};

/// The chains of firewalld 1.3 that decide, shortened: packets of interfaces without a zone are rejected.
const FIREWALLD: &str = "nft 'add table inet firewalld
    add chain inet firewalld filter_INPUT { type filter hook input priority 10; policy accept; }
    add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }
    add chain inet firewalld filter_FORWARD_ZONES
    add chain inet firewalld filter_FWD_public
    add chain inet firewalld filter_FWD_tidegate
    add rule inet firewalld filter_INPUT ct state { established, related } accept
    add rule inet firewalld filter_INPUT ct status dnat accept
    add rule inet firewalld filter_INPUT iifname lo accept
    add rule inet firewalld filter_INPUT ct state invalid drop
    add rule inet firewalld filter_INPUT reject with icmpx admin-prohibited
    add rule inet firewalld filter_FORWARD ct state { established, related } accept
    add rule inet firewalld filter_FORWARD ct status dnat accept
    add rule inet firewalld filter_FORWARD iifname lo accept
    add rule inet firewalld filter_FORWARD ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24 } reject with icmpv6 addr-unreachable
    add rule inet firewalld filter_FORWARD ct state invalid drop
    add rule inet firewalld filter_FORWARD jump filter_FORWARD_ZONES
    add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited
    add rule inet firewalld filter_FORWARD_ZONES goto filter_FWD_public
    add rule inet firewalld filter_FWD_public reject with icmpx admin-prohibited'";

/// What the zone and its policies add.
const ZONE: &str =
    "nft 'insert rule inet firewalld filter_FORWARD_ZONES iifname \"tgb*\" goto filter_FWD_tidegate
    add rule inet firewalld filter_FWD_tidegate accept'";

/// The findings of a check, as `severity: what; advice`.
fn findings(lab: &Lab, check: &str) -> Vec<String> {
    let output = lab.host.tidegate(&["doctor", "--json"]);
    let diagnosis: Value = serde_json::from_str(&output.stdout).unwrap();
    let mut checks = diagnosis["checks"].as_array().unwrap().iter();
    let found = checks.find(|checked| checked["check"] == check).unwrap();
    let findings = found["findings"].as_array().unwrap().iter();
    findings
        .map(|it| format!("{}: {}; {}", it["severity"], it["what"], it["advice"]))
        .collect()
}

#[test]
fn without_a_zone_endpoints_are_cut_off_and_names_are_not_blamed() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.set_br_netfilter(1);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let back = lab.attach("web", "back", &[]);
    let _server = Server::start(&back.netns, "back", 80);
    lab.host.netns.sh(FIREWALLD);
    let is_filtered = Path::new("/proc/sys/net/bridge").exists();
    assert_eq!(is_closed_tcp(&front.netns, back.v4(80)), is_filtered);
    let others = findings(&lab, "other-tables");
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(
        others[0].contains("fault") && others[0].contains("firewall-cmd --reload"),
        "{others:?}"
    );
    // Queries are redirected, and firewalld accepts what was redirected.
    let gateway = "10.208.0.1".parse().unwrap();
    assert!(ask_udp(&front.netns, gateway, "back", "A").is_some());
    assert_eq!(findings(&lab, "names"), [""; 0]);
    lab.host.netns.sh(ZONE);
    assert_eq!(ask_tcp(&front.netns, back.v4(80)).unwrap().server, "back");
    assert_eq!(ask_tcp(&front.netns, back.v6(80)).unwrap().server, "back");
    assert_eq!(findings(&lab, "other-tables"), [""; 0]);
}

#[test]
fn the_zone_has_the_bridges_that_we_name_and_the_port_of_the_dns_server() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let made = lab.host.json(&["network", "create", "web"]);
    let bridge = made["network"]["bridge"]
        .as_str()
        .or(made["bridge"].as_str());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/firewalld");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let zone = read("zones/tidegate.xml");
    let pattern = zone.split("<interface name=\"").nth(1).unwrap();
    let prefix = pattern.split("+\"/>").next().unwrap();
    let number = bridge.unwrap().strip_prefix(prefix).unwrap();
    assert!(number.parse::<u32>().is_ok(), "{number}");
    let port = lab.host.json(&["info"])["names"]["port"].as_u64().unwrap();
    for protocol in ["udp", "tcp"] {
        let opened = format!("<port protocol=\"{protocol}\" port=\"{port}\"/>");
        assert!(zone.contains(&opened), "{zone}");
    }
    // Nothing else of the host, and no target that accepts.
    assert_eq!(zone.matches("<port ").count(), 2);
    assert!(!zone.contains("target=") && !zone.contains("<service"));
    for (file, from, to) in [
        ("policies/tidegate-in.xml", "ANY", "tidegate"),
        ("policies/tidegate-out.xml", "tidegate", "ANY"),
    ] {
        let policy = read(file);
        for part in [
            "<policy target=\"ACCEPT\">".to_owned(),
            format!("<ingress-zone name=\"{from}\"/>"),
            format!("<egress-zone name=\"{to}\"/>"),
        ] {
            assert!(policy.contains(&part), "{file}: {part}");
        }
    }
}
