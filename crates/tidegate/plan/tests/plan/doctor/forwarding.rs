//! Findings about IP forwarding.

use std::sync::Arc;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Access, Forwarding, State};
use tidegate_nft::{BaseChain, OtherRule, OtherStatement, OtherVerdict};
use tidegate_plan::Symptoms;

use super::host::of_two_uplinks;
use super::{foreign, healthy, legacy, of_check, sysctl};
use crate::values::{nets, state_with};

const FORWARDING4: (&str, &str) = ("net/ipv4/ip_forward", "1");
const FORWARDING6: (&str, &str) = ("net/ipv6/conf/all/forwarding", "1");

fn found(host: &Symptoms) -> Vec<Finding> {
    of_check(&state_with(&["web"]), host, "forwarding")
}

#[test]
fn forwarding_that_is_off_and_left_alone_is_a_warning_for_each_family_that_needs_it() {
    let leaving = State {
        forwarding: Forwarding::Leave,
        ..state_with(&["web"])
    };
    let mut host = healthy();
    host.facts
        .extend([sysctl(FORWARDING4.0, "0"), sysctl(FORWARDING6.0, "0")]);
    let [of_4, of_6] = &of_check(&leaving, &host, "forwarding")[..] else {
        panic!("it is one finding for each family")
    };
    for (finding, family, name) in [
        (of_4, "IPv4", "net.ipv4.ip_forward"),
        (of_6, "IPv6", "net.ipv6.conf.all.forwarding"),
    ] {
        assert_eq!(finding.severity, Severity::Warning);
        let start = format!("sysctl {name} is 0, and the daemon does not change it");
        assert!(finding.what.starts_with(&start), "{finding:?}");
        assert!(
            finding.what.contains(&format!("over {family}, ")),
            "{finding:?}"
        );
        assert!(
            finding.advice.starts_with(&format!("`sysctl -w {name}=1`")),
            "{finding:?}"
        );
    }
    // The daemon does not ask for the value, so that no other check reports it.
    assert_eq!(of_check(&leaving, &host, "sysctls"), []);
    // Where the daemon sets it, another check reports it.
    assert_eq!(found(&host), []);
    let mut internal = leaving;
    for network in internal.networks.values_mut() {
        network.policy.access = Access::Internal;
    }
    assert_eq!(of_check(&internal, &host, "forwarding"), []);
}

#[test]
fn a_host_that_routes_between_its_own_interfaces_is_a_warning() {
    let mut host = of_two_uplinks(&[FORWARDING4, FORWARDING6]);
    let [finding] = &found(&host)[..] else {
        panic!("IPv4 alone has two uplinks")
    };
    assert_eq!(finding.severity, Severity::Warning);
    assert!(
        finding
            .what
            .starts_with("the host also forwards IPv4 between its own interfaces eth0, eth1,"),
        "{finding:?}"
    );
    let rule = r#"forward iifname { "eth0", "eth1" } oifname { "eth0", "eth1" } drop"#;
    assert!(finding.advice.contains(rule), "{finding:?}");
    for link in &mut host.links {
        if link.ifname.as_str() == "eth1" {
            link.addresses = nets(&["198.51.100.1/24", "2001:db8:1::1/64"]);
        }
    }
    let of_both: Vec<bool> = found(&host)
        .iter()
        .map(|finding| finding.what.contains("forwards IPv6"))
        .collect();
    assert_eq!(of_both, [false, true]);
    // The sysctl is off, or unknown.
    assert_eq!(found(&of_two_uplinks(&[(FORWARDING4.0, "0")])), []);
    assert_eq!(found(&of_two_uplinks(&[])), []);
    host.links.retain(|link| link.ifname.as_str() != "eth1");
    assert_eq!(found(&host), []);
}

fn drops_by_rule(chain: &mut BaseChain) {
    let rule = OtherRule {
        text: String::new(),
        handle: 1,
        statements: vec![OtherStatement::End(OtherVerdict::Drop)],
    };
    chain.chains = Arc::new([(chain.name.clone(), vec![rule])].into());
}

#[test]
fn a_chain_that_may_keep_the_interfaces_apart_ends_the_warning() {
    let forward = |change: &dyn Fn(&mut BaseChain)| {
        let mut chain = foreign("filter", "forward", &["eth0"]);
        change(&mut chain);
        let mut host = of_two_uplinks(&[FORWARDING4]);
        host.chains = Ok(vec![chain]);
        found(&host).len()
    };
    assert_eq!(forward(&|_| ()), 1, "it mentions one interface alone");
    assert_eq!(forward(&|chain| chain.drops_by_policy = true), 0);
    assert_eq!(forward(&drops_by_rule), 0);
    let both = |chain: &mut BaseChain| chain.words.extend(["eth1".to_owned()]);
    assert_eq!(forward(&both), 0);
    for (family, expected) in [("ip", 0), ("ip6", 1), ("bridge", 1)] {
        let of_family = |chain: &mut BaseChain| {
            chain.family = family.into();
            chain.drops_by_policy = true;
        };
        assert_eq!(forward(&of_family), expected, "{family}");
    }
    let of_input = |chain: &mut BaseChain| {
        chain.hook = "input".into();
        chain.drops_by_policy = true;
    };
    assert_eq!(forward(&of_input), 1);
    let mut unknown = of_two_uplinks(&[FORWARDING4]);
    unknown.chains = Err("nft has no JSON".into());
    assert_eq!(found(&unknown), [], "another check reports it");
}

#[test]
fn a_policy_of_iptables_legacy_closes_only_its_own_family() {
    let (drop, accept) = (Ok("-P FORWARD DROP\n"), Ok("-P FORWARD ACCEPT\n"));
    for (rules, rules6, expected) in [(drop, accept, 0), (accept, drop, 1)] {
        let mut host = of_two_uplinks(&[FORWARDING4]);
        host.facts.extend(legacy(rules, rules6));
        assert_eq!(found(&host).len(), expected);
    }
}
