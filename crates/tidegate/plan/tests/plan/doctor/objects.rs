//! Findings about objects of ours: links, degraded networks and endpoints, the state file, the table.

use tidegate_api::doctor::Severity;
use tidegate_api::{CreateNetwork, Fight, Policy};
use tidegate_model::links::Link;
use tidegate_model::{Access, Fault, State};
use tidegate_nft::Kind;

use super::{healthy, of_check, only, only_of};
use crate::start::links_of;
use crate::values::{attach, create, name, network, state_with};

fn fault(down: bool, hint: Option<&str>) -> Fault {
    Fault {
        down,
        reason: "File exists".into(),
        hint: hint.map(str::to_owned),
    }
}

/// A network with one endpoint.
fn web() -> State {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    state
}

#[test]
fn a_missing_way_of_answers_to_an_isolated_network_is_a_fault() {
    let mut state = web();
    let found = |state: &State| of_check(state, &healthy(), "routing-rules");
    assert_eq!(found(&state), []);
    let request = CreateNetwork {
        policy: Policy {
            access: Access::Isolated,
            ..Policy::default()
        },
        ..network("dark")
    };
    state.apply(&create(&state, &request).unwrap().change);
    let [finding] = &found(&state)[..] else {
        panic!("{:?}", found(&state))
    };
    assert_eq!(finding.severity, Severity::Fault);
    assert!(
        finding.what.starts_with("rule `from 169.254.53.53 lookup ")
            && finding
                .what
                .ends_with("endpoints of network dark get no answers from the DNS server"),
        "{finding:?}"
    );
    assert!(
        finding
            .advice
            .contains("ManageForeignRoutingPolicyRules=no")
    );
}

#[test]
fn a_link_that_is_missing_or_was_changed_is_a_fault() {
    let state = web();
    let lacking = |ifname: &str| {
        only_of(&state, |host| {
            host.links = links_of(&state);
            host.links.retain(|link| link.ifname.as_str() != ifname);
        })
    };
    let (severity, what, advice) = lacking("tgv1");
    assert_eq!(severity, Severity::Fault);
    assert_eq!(what, "interface tgv1 is missing");
    assert!(advice.contains("`journalctl -u tidegated`"), "{advice}");
    // A pair on a removed bridge is created with it.
    let mut host = healthy();
    host.links = Vec::new();
    let [finding] = &of_check(&state, &host, "links")[..] else {
        panic!("it is the bridge")
    };
    assert_eq!(finding.what, "bridge tgb0 is missing");
    let (_, what, _) = only(|host| {
        host.links[0].up = false;
        host.links[0].addresses.clear();
    });
    assert_eq!(
        what,
        "bridge tgb0 is down, lacks the address 10.208.0.1/24, lacks the address 169.254.53.53/32, \
         lacks the address fd74:6964:6567::1/64, lacks the address fd6e:616d:6573::53/128"
    );
    let fight = "put right 3 times in a row, the last time tgb0: brought up";
    let (severity, what, advice) = only(|host| host.links_fought = Some(fight.into()));
    assert_eq!(severity, Severity::Warning);
    assert!(
        what.ends_with(&format!("again and again: {fight}")),
        "{what}"
    );
    assert!(advice.contains("NetworkManager.conf"), "{advice}");
}

#[test]
fn a_missing_link_of_a_degraded_object_is_reported_once() {
    let mut state = web();
    let endpoint = state.endpoints.values().next().unwrap().name.clone();
    let degraded = &mut state.degraded.endpoints;
    degraded.insert(endpoint, fault(true, Some("free a name")));
    let (severity, what, advice) = only_of(&state, |_| ());
    assert_eq!(severity, Severity::Fault);
    assert!(what.starts_with("endpoint "), "{what}");
    assert!(what.ends_with(" is not on the host: File exists"), "{what}");
    assert_eq!(advice, "free a name: the daemon then tries again");

    let mut state = state_with(&["web"]);
    let degraded = &mut state.degraded.networks;
    degraded.insert(name("web"), fault(false, None));
    let (severity, what, advice) = only_of(&state, |host| host.links = Vec::new());
    assert_eq!(severity, Severity::Warning);
    assert_eq!(what, "network web works in part: File exists");
    assert_eq!(advice, "mend that: the daemon then tries again");
}

/// Only what is down has no bridge.
#[test]
fn sysctls_of_a_network_that_works_in_part_are_checked() {
    let mut state = state_with(&["web"]);
    let degraded = &mut state.degraded.networks;
    degraded.insert(name("web"), fault(false, None));
    let mut host = healthy();
    let path = "net/ipv4/conf/tgb0/route_localnet";
    host.facts.extend([super::sysctl(path, "0")]);
    assert_eq!(of_check(&state, &host, "sysctls").len(), 1);
}

#[test]
fn a_state_file_that_a_start_would_not_find_is_a_fault() {
    let (severity, what, advice) = only(|host| host.unstored = Some("/state/state.json".into()));
    assert_eq!(severity, Severity::Fault);
    assert!(
        what.starts_with("the state file /state/state.json was removed"),
        "{what}"
    );
    assert!(
        advice.starts_with("make its directory writable"),
        "{advice}"
    );
}

#[test]
fn a_table_that_differs_or_is_changed_again_and_again_is_a_fault() {
    let differences = vec!["no chain forward".to_owned(), "no set peers".to_owned()];
    let (severity, what, _) = only(|host| host.table = Ok(differences));
    assert_eq!(severity, Severity::Fault);
    assert!(what.ends_with(": no chain forward; no set peers"), "{what}");
    let fight = Fight {
        times: 12,
        program: Some("nft".into()),
        process: Some(4711),
    };
    let (severity, what, advice) = only(|host| host.fight = Some(fight.clone()));
    assert_eq!(severity, Severity::Fault);
    assert!(what.ends_with(&format!(": {fight}")), "{what}");
    // A program that only deletes elements flushes nothing.
    let words =
        "have that program leave table inet tidegate alone: if it flushes the whole ruleset,";
    assert!(advice.starts_with(words), "{advice}");
}

#[test]
fn the_advice_about_a_refused_table_depends_on_the_kind_of_refusal() {
    for (kind, words) in [
        (Kind::NotFound, "the kernel lacks a feature"),
        (Kind::Permission, "CAP_NET_ADMIN"),
        (Kind::Busy, "see the message"),
    ] {
        let (severity, what, advice) = only(|host| host.refusal = Some((kind, "refused".into())));
        assert_eq!(severity, Severity::Fault);
        assert_eq!(what, "a dry run of the table failed: refused");
        assert!(advice.contains(words), "{advice}");
    }
}

/// As systemd-networkd does with a file for all interfaces.
#[test]
fn an_address_of_another_program_is_found_and_is_a_fault_where_it_hides_an_uplink() {
    let state = web();
    let mut host = healthy();
    host.links = links_of(&state);
    assert_eq!(of_check(&state, &host, "addresses"), []);
    let mut uplink = host.links[0].clone();
    (uplink.ifname, uplink.group) = ("wan".parse().unwrap(), 0);
    uplink.addresses = vec!["192.0.2.1/24".parse().unwrap()];
    host.links.push(uplink);
    assert_eq!(of_check(&state, &host, "addresses"), []);
    let port = |link: &Link| link.ifname.as_str() == "tgv1";
    let port = host.links.iter().position(port).unwrap();
    host.links[0]
        .addresses
        .push("192.0.2.1/24".parse().unwrap());
    host.links[port]
        .addresses
        .push("198.51.100.1/24".parse().unwrap());
    let [fault, warning] = &of_check(&state, &host, "addresses")[..] else {
        panic!("{:?}", of_check(&state, &host, "addresses"))
    };
    assert_eq!(fault.severity, Severity::Fault);
    assert_eq!(
        fault.what,
        "interface tgb0 has the address 192.0.2.1/24, which is not Tidegate's: the host may look on tgb0 for machines of \
         192.0.2.0/24 that are on wan"
    );
    assert!(
        fault
            .advice
            .starts_with("`ip addr del 192.0.2.1/24 dev tgb0`, and exclude Tidegate's interfaces"),
        "{fault:?}"
    );
    assert_eq!(warning.severity, Severity::Warning);
    assert!(
        warning
            .what
            .starts_with("interface tgv1 has the address 198.51.100.1/24, ")
            && warning.advice.starts_with(
                "nothing, if you put it there; otherwise `ip addr del 198.51.100.1/24 dev tgv1`"
            ),
        "{warning:?}"
    );
    // An address of a subnet of the network's own is no uplink's.
    for number in 2..40 {
        let net = format!("10.208.0.{number}/24");
        host.links[port].addresses.push(net.parse().unwrap());
    }
    let many = of_check(&state, &host, "addresses");
    assert_eq!(many.len(), 17, "{many:?}");
    assert!(many[16].what.starts_with("24 more addresses"), "{many:?}");
}
