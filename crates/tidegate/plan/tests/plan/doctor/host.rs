//! Findings about settings of the host, and about limits of the daemon.

use tidegate_api::doctor::Severity;
use tidegate_model::State;
use tidegate_model::links::{Bridging, DEFAULT_MTU, GROUP, Link, LinkKind};
use tidegate_plan::{Fact, Symptoms, unknown_facts};

use super::{healthy, of_check, only, only_of, sysctl};
use crate::values::state_with;

/// An interface of the host itself, with these addresses.
pub(super) fn uplink(ifname: &str, addresses: &[&str]) -> Link {
    Link {
        ifname: ifname.parse().unwrap(),
        kind: LinkKind::Other,
        group: 0,
        up: true,
        mac: None,
        master: None,
        other_netns: None,
        addresses: crate::values::nets(addresses),
        mtu: DEFAULT_MTU,
        bridging: Bridging::default(),
        lacks_link_local: false,
        state_id: None,
    }
}

/// A healthy host with two uplinks, a further link, and these sysctls.
pub(super) fn of_two_uplinks(sysctls: &[(&str, &str)]) -> Symptoms {
    let mut host = healthy();
    host.links.push(uplink("eth1", &["198.51.100.1/24"]));
    host.links
        .push(uplink("eth0", &["192.0.2.1/24", "2001:db8::1/64"]));
    host.facts
        .extend(sysctls.iter().map(|(path, value)| sysctl(path, value)));
    host
}

#[test]
fn a_sysctl_with_another_value_than_the_networks_need_is_a_fault() {
    let (severity, what, advice) =
        only(|host| host.facts.extend([sysctl("net/ipv4/ip_forward", "0")]));
    assert_eq!(severity, Severity::Fault);
    assert_eq!(what, "sysctl net.ipv4.ip_forward is 0, and must be 1");
    assert!(
        advice.starts_with("`sysctl -w net.ipv4.ip_forward=1`"),
        "{advice}"
    );
    // Two networks need it, and it is reported once.
    let two = state_with(&["web", "db"]);
    let (_, what, _) = only_of(&two, |host| {
        host.links = crate::start::links_of(&two);
        host.facts
            .extend([sysctl("net/ipv6/conf/all/forwarding", "0")]);
    });
    assert!(what.contains("net.ipv6.conf.all.forwarding"), "{what}");
}

#[test]
fn forwarding_that_is_off_for_one_bridge_is_a_fault_while_the_host_forwards() {
    let state = state_with(&["web"]);
    let found = |on_host: &str, on_bridge: &str| {
        let mut host = healthy();
        host.facts.extend([
            sysctl("net/ipv4/ip_forward", on_host),
            sysctl("net/ipv4/conf/tgb0/forwarding", on_bridge),
        ]);
        of_check(&state, &host, "sysctls")
    };
    let [finding] = &found("1", "0")[..] else {
        panic!("it is one finding")
    };
    assert_eq!(finding.severity, Severity::Fault);
    assert_eq!(
        finding.what,
        "sysctl net.ipv4.conf.tgb0.forwarding is 0: nothing from network web is forwarded"
    );
    assert_eq!(
        finding.advice,
        "`sysctl -w net.ipv4.conf.tgb0.forwarding=1`"
    );
    assert_eq!(found("1", "1"), []);
    let [finding] = &found("0", "0")[..] else {
        panic!("only the sysctl of the host is reported")
    };
    assert!(
        finding.what.contains("net.ipv4.ip_forward is 0"),
        "{finding:?}"
    );
}

#[test]
fn the_checks_ask_for_each_sysctl_that_they_read() {
    let asked = |state: &State, host: &Symptoms| -> Vec<String> {
        let facts = unknown_facts(state, host).into_iter();
        let sysctls = facts.filter_map(|fact| match fact {
            Fact::Sysctl(path) => Some(path),
            _ => None,
        });
        sysctls.collect()
    };
    let everywhere = [
        "net/bridge/bridge-nf-call-ip6tables",
        "net/bridge/bridge-nf-call-iptables",
        "net/ipv4/conf/all/rp_filter",
        "net/ipv4/ip_forward",
        "net/ipv4/ip_unprivileged_port_start",
        "net/ipv6/conf/all/forwarding",
    ];
    let none = Symptoms {
        links: Vec::new(),
        ..healthy()
    };
    assert_eq!(asked(&state_with(&[]), &none), everywhere);
    let of_a_network = [
        "net/ipv4/conf/eth0/rp_filter",
        "net/ipv4/conf/eth1/rp_filter",
        "net/ipv4/conf/tgb0/forwarding",
        "net/ipv4/conf/tgb0/route_localnet",
        "net/ipv4/conf/tgb0/rp_filter",
        "net/ipv6/conf/eth0/accept_ra",
        "net/ipv6/conf/eth1/accept_ra",
        "net/ipv6/conf/tgb0/accept_ra",
        "net/ipv6/conf/tgb0/dad_transmits",
        "net/ipv6/conf/tgb0/router_solicitation_delay",
    ];
    let mut all = [&everywhere[..], &of_a_network[..]].concat();
    all.sort_unstable();
    assert_eq!(asked(&state_with(&["web"]), &of_two_uplinks(&[])), all);
}

#[test]
fn each_sysctl_that_turns_br_netfilter_on_is_a_warning() {
    for name in ["iptables", "ip6tables"] {
        let path = format!("net/bridge/bridge-nf-call-{name}");
        let (severity, what, advice) = only(|host| host.facts.extend([sysctl(&path, "1")]));
        assert_eq!(severity, Severity::Warning);
        let dotted = format!("net.bridge.bridge-nf-call-{name}");
        assert!(what.contains(&format!("({dotted}=1)")), "{what}");
        assert!(
            advice.contains(&format!("`sysctl -w {dotted}=0`")),
            "{advice}"
        );
        let mut off = healthy();
        off.facts.extend([sysctl(&path, "0")]);
        assert_eq!(
            of_check(&state_with(&["web"]), &off, "bridge-netfilter"),
            []
        );
    }
}

#[test]
fn a_strict_reverse_path_filter_is_a_warning_for_each_of_several_uplinks() {
    let (eth0, all) = (
        "net/ipv4/conf/eth0/rp_filter",
        "net/ipv4/conf/all/rp_filter",
    );
    let found = |host: &Symptoms| -> Vec<String> {
        let findings = of_check(&state_with(&["web"]), host, "reverse-path").into_iter();
        findings.map(|finding| finding.advice).collect()
    };
    let loose = |ifname| format!("`sysctl -w net.ipv4.conf.{ifname}.rp_filter=2` makes it loose");
    for (own, of_all, strict) in [
        ("1", "0", vec![loose("eth0")]),
        ("0", "1", vec![loose("eth1"), loose("eth0")]),
        // The greater value applies.
        ("2", "1", vec![loose("eth1")]),
        ("1", "2", vec![]),
        ("0", "0", vec![]),
    ] {
        let host = of_two_uplinks(&[(eth0, own), (all, of_all)]);
        assert_eq!(found(&host), strict, "{own} and {of_all}");
    }
    assert_eq!(found(&of_two_uplinks(&[])), Vec::<String>::new());
    let mut single = of_two_uplinks(&[(eth0, "1")]);
    single.links.retain(|link| link.ifname.as_str() != "eth1");
    assert_eq!(found(&single), Vec::<String>::new());
}

#[test]
fn only_links_of_the_host_that_are_up_and_have_an_address_are_uplinks() {
    let change_eth1 = |change: &dyn Fn(&mut Link)| {
        let mut host = of_two_uplinks(&[("net/ipv4/conf/all/rp_filter", "1")]);
        let mut links = host.links.iter_mut();
        change(links.find(|link| link.ifname.as_str() == "eth1").unwrap());
        of_check(&state_with(&["web"]), &host, "reverse-path").len()
    };
    assert_eq!(change_eth1(&|_| ()), 2);
    assert_eq!(change_eth1(&|link| link.up = false), 0);
    assert_eq!(change_eth1(&|link| link.group = GROUP), 0);
    for addresses in [&[][..], &["127.0.0.2/8"], &["2001:db8::2/64"]] {
        let addresses = crate::values::nets(addresses);
        assert_eq!(
            change_eth1(&|link| link.addresses.clone_from(&addresses)),
            0
        );
    }
}

#[test]
fn a_release_of_nftables_that_is_too_old_is_a_fault_and_a_known_fault_a_warning() {
    for old in ["0.9.3", "0.9", "0.8.10"] {
        let (severity, what, advice) = only(|host| host.nft_version = Some(old.into()));
        assert_eq!(severity, Severity::Fault);
        assert_eq!(what, format!("nftables {old} is too old: 0.9.4 is needed"));
        assert!(advice.contains("install nftables"), "{advice}");
    }
    for new in ["0.9.4", "0.10", "1", "1.0.6"] {
        let mut host = healthy();
        host.nft_version = Some(new.into());
        assert_eq!(of_check(&state_with(&["web"]), &host, "nftables"), []);
    }
    let (severity, what, _) = only(|host| host.nft_fault = Some("1.0.6 forgets sets".into()));
    assert_eq!(severity, Severity::Warning);
    assert_eq!(what, "nftables 1.0.6 forgets sets");
}

#[test]
fn few_free_descriptors_are_a_warning_and_none_for_ports_is_said() {
    let found = |open, limit| {
        let mut host = healthy();
        host.descriptors = (open, limit, 128);
        let findings = of_check(&state_with(&["web"]), &host, "descriptors").into_iter();
        findings.map(|it| it.what).collect::<Vec<String>>()
    };
    assert_eq!(found(512, 1024), Vec::<String>::new());
    assert_eq!(
        found(513, 1024),
        ["tidegated has 513 of at most 1024 file descriptors open"]
    );
    // A tenth of the limit, where that is more.
    assert_eq!(found(90_000, 100_000), Vec::<String>::new());
    assert_eq!(found(90_001, 100_000).len(), 1);
    let reserves = "reserves the last 128: it holds no more published ports";
    assert!(!found(895, 1024)[0].contains(reserves));
    assert!(found(896, 1024)[0].contains(reserves));
}
