//! What the doctor makes of symptoms that no test host can be given.

mod chains;
mod closed_ports;
mod engines;
mod forwarding;
mod host;
mod objects;

use std::collections::BTreeSet;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{Bridging, DEFAULT_MTU, Link, LinkKind, Route};
use tidegate_model::{Access, Fault, IfName, Needs, State};
use tidegate_nft::{BaseChain, Kind};
use tidegate_plan::{Fact, Symptoms, diagnose, unknown_facts};

use crate::start::links_of;
use crate::values::{attach, state_with};

fn healthy() -> Symptoms {
    Symptoms {
        facts: Default::default(),
        links: links_of(&state_with(&["web"])),
        routes: Vec::new(),
        lacking: Ok(Needs::default()),
        answers: Ok(Default::default()),
        unguarded: Ok(Default::default()),
        table: Ok(Vec::new()),
        refusal: None,
        chains: Ok(Vec::new()),
        nft_version: Some("1.1.3".into()),
        nft_fault: None,
        descriptors: (20, 1024, 128),
        unstored: None,
        unanswered: None,
        fight: None,
        links_fought: None,
        policy: Default::default(),
        strict_endpoints: Vec::new(),
    }
}

/// The one finding of a host with these symptoms.
fn only(change: impl FnOnce(&mut Symptoms)) -> (Severity, String, String) {
    only_of(&state_with(&["web"]), change)
}

fn only_of(state: &State, change: impl FnOnce(&mut Symptoms)) -> (Severity, String, String) {
    let mut symptoms = healthy();
    change(&mut symptoms);
    let diagnosis = diagnose(state, &symptoms);
    let findings: Vec<_> = diagnosis
        .checks
        .into_iter()
        .flat_map(|checked| checked.findings)
        .collect();
    let [finding] = <[_; 1]>::try_from(findings).unwrap();
    (finding.severity, finding.what, finding.advice)
}

/// The findings of one check.
fn of_check(state: &State, symptoms: &Symptoms, check: &str) -> Vec<Finding> {
    let mut checks = diagnose(state, symptoms).checks.into_iter();
    checks.find(|it| it.check == check).unwrap().findings
}

fn sysctl(path: &str, value: &str) -> (Fact, Result<String, String>) {
    (Fact::Sysctl(path.to_owned()), Ok(value.to_owned()))
}

const TABLES: Fact = Fact::File("/proc/net/ip_tables_names");
const TABLES6: Fact = Fact::File("/proc/net/ip6_tables_names");
const ZONE: Fact = Fact::File("/usr/lib/firewalld/zones/tidegate.xml");
const RULES: Fact = Fact::Output(&["iptables-legacy", "-S"]);
const RULES6: Fact = Fact::Output(&["ip6tables-legacy", "-S"]);

/// Facts of a host on which the filter tables of iptables-legacy are loaded, and its programs print this.
fn legacy(
    rules: Result<&str, &str>,
    rules6: Result<&str, &str>,
) -> [(Fact, Result<String, String>); 4] {
    let owned = |text: Result<&str, &str>| text.map(str::to_owned).map_err(str::to_owned);
    [
        (TABLES, Ok("nat\nfilter\n".to_owned())),
        (TABLES6, Ok("filter\n".to_owned())),
        (RULES, owned(rules)),
        (RULES6, owned(rules6)),
    ]
}

#[test]
fn a_healthy_host_has_no_findings() {
    let diagnosis = diagnose(&state_with(&["web"]), &healthy());
    assert!(
        diagnosis
            .checks
            .iter()
            .all(|checked| checked.findings.is_empty())
    );
    assert!(!diagnosis.has_fault());
}

#[test]
fn a_policy_of_iptables_legacy_is_a_fault_and_one_that_cannot_be_read_is_said() {
    let drops = Ok("-P INPUT ACCEPT\n-P FORWARD DROP\n-A FORWARD -j LOG\n");
    let (severity, what, advice) =
        only(|host| host.facts.extend(legacy(Ok("-P FORWARD ACCEPT"), drops)));
    assert_eq!(severity, Severity::Fault);
    assert_eq!(
        what,
        "chain FORWARD of table ip6 filter (legacy) drops packets from and to tgb0 (policy drop)"
    );
    assert_eq!(
        advice,
        "`ip6tables-legacy -A FORWARD -i tgb+ -j ACCEPT && ip6tables-legacy -A FORWARD -o tgb+ -j ACCEPT`"
    );
    for (unread, words) in [
        (Err("iptables-legacy: not there"), "not there"),
        (Ok("# Warning"), "iptables-legacy printed no policy"),
    ] {
        let (severity, what, _) = only(|host| host.facts.extend(legacy(unread, drops)));
        assert_eq!(severity, Severity::CouldNotTell);
        assert!(what.contains(words), "{what}");
    }
}

/// The program would load the table.
#[test]
fn iptables_legacy_runs_only_where_its_table_is_loaded() {
    let (state, mut host) = (state_with(&["web"]), healthy());
    let first = unknown_facts(&state, &host);
    let is_file = |fact: &&Fact| matches!(fact, Fact::File(_));
    let others: Vec<&Fact> = first.iter().filter(is_file).collect();
    assert_eq!(others, [&TABLES6, &TABLES, &ZONE]);
    let answers = first
        .iter()
        .map(|fact| (fact.clone(), Ok("nat\n".to_owned())));
    host.facts.extend(answers);
    assert_eq!(unknown_facts(&state, &host), BTreeSet::new());
    host.facts.insert(TABLES6, Ok("filter\n".to_owned()));
    assert_eq!(unknown_facts(&state, &host), BTreeSet::from([RULES6]));
}

#[test]
fn a_failed_read_of_nft_does_not_count_as_healthy() {
    let (severity, what, _) = only(|host| host.chains = Err("nft has no JSON".into()));
    assert_eq!(severity, Severity::CouldNotTell);
    assert!(what.contains("nft has no JSON"), "{what}");
    let (severity, ..) = only(|host| host.table = Err("nft has no JSON".into()));
    assert_eq!(severity, Severity::CouldNotTell);
    let (severity, ..) = only(|host| host.nft_version = None);
    assert_eq!(severity, Severity::CouldNotTell);
}

#[test]
fn a_crash_of_nft_differs_from_a_kernel_that_lacks_something() {
    let refused = |kind, reason: &str| {
        let refusal = Some((kind, reason.to_owned()));
        only(|host| host.refusal = refusal)
    };
    let (severity, _, advice) = refused(Kind::DriverGone, "nft ended with signal: 11");
    assert_eq!(severity, Severity::Fault);
    assert!(advice.contains("a newer nft created"), "{advice}");
    let (_, _, advice) = refused(Kind::Unsupported, "Operation not supported");
    assert!(advice.contains("the kernel lacks a feature"), "{advice}");
}

#[test]
fn a_chain_on_another_hook_or_family_is_ignored() {
    let chain = |family: &str, hook: &str| BaseChain {
        family: family.to_owned(),
        hook: hook.to_owned(),
        drops_by_policy: true,
        ..BaseChain::default()
    };
    let mut host = healthy();
    host.chains = Ok(vec![chain("inet", "ingress"), chain("arp", "input")]);
    assert!(!diagnose(&state_with(&["web"]), &host).has_fault());
    host.chains = Ok(vec![chain("inet", "forward")]);
    assert!(diagnose(&state_with(&["web"]), &host).has_fault());
    assert!(
        !diagnose(&state_with(&[]), &host).has_fault(),
        "without networks there is nothing to stop"
    );
}

#[test]
fn everything_that_blocks_dns_queries_to_the_host_is_found() {
    let resolving = State {
        resolver: Some(299),
        ..state_with(&["web"])
    };
    let input = |table: &str, name: &str, words: &[&str]| BaseChain {
        family: if name == "INPUT" { "ip" } else { "inet" }.into(),
        table: table.into(),
        name: name.into(),
        hook: "input".into(),
        drops_by_policy: true,
        words: words.iter().map(ToString::to_string).collect(),
        ..BaseChain::default()
    };
    for (chain, wanted, advice) in [
        (
            input("filter", "input", &[]),
            Severity::Fault,
            "add rule inet filter input iifname \"tgb*\" meta l4proto { tcp, udp } th dport 299 accept",
        ),
        (
            input("filter", "INPUT", &["ufw-before-forward"]),
            Severity::Fault,
            "`ufw allow in on tgb+ to any port 299`",
        ),
        (
            input("filter", "INPUT", &[]),
            Severity::Fault,
            "`iptables -A INPUT -i tgb+ -p udp --dport 299 -j ACCEPT && iptables -A INPUT -i tgb+ -p tcp --dport 299 -j ACCEPT`",
        ),
        (
            input("firewalld", "filter_INPUT", &[]),
            Severity::Fault,
            "--zone=trusted --add-interface=tgb+",
        ),
    ] {
        let symptoms = Symptoms {
            chains: Ok(vec![chain]),
            ..healthy()
        };
        let found = of_check(&resolving, &symptoms, "names");
        let [finding] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(finding.severity, wanted, "{finding:?}");
        assert!(finding.advice.contains(advice), "{finding:?}");
        assert_eq!(of_check(&state_with(&["web"]), &symptoms, "names"), []);
    }
    let mut host = healthy();
    host.facts
        .extend(legacy(Ok("-P INPUT DROP"), Ok("-P INPUT ACCEPT")));
    let found = of_check(&resolving, &host, "names");
    let [Finding { what, advice, .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(
        what.contains("chain INPUT of table ip filter (legacy) drops DNS queries"),
        "{what}"
    );
    assert!(
        advice.contains("iptables-legacy -A INPUT -i tgb+"),
        "{advice}"
    );
    let (severity, what, _) = only_of(&resolving, |host| {
        host.unanswered = Some("the process ended".into());
    });
    assert_eq!(severity, Severity::Fault);
    assert!(
        what.contains("does not answer: the process ended"),
        "{what}"
    );
}

#[test]
fn ports_that_do_not_keep_their_endpoints_from_the_loopback_are_named_and_so_are_those_of_others() {
    let ports = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]
        .map(|name| name.parse().unwrap());
    let (severity, what, advice) = only(|s| s.unguarded = Ok(ports.into()));
    assert_eq!(severity, Severity::Fault);
    assert!(
        what.ends_with("missing at a0, a1, a2, a3, a4, a5, a6, a7 and 2 more"),
        "{what}"
    );
    assert!(advice.contains("cls_bpf"), "{advice}");
    let five = ["a0", "a1", "a2", "a3", "a4"].map(|name| name.parse().unwrap());
    let (_, what, _) = only(|s| s.unguarded = Ok(five.into()));
    assert!(what.ends_with("missing at a0, a1, a2, a3, a4"), "{what}");

    let (severity, what, advice) = only(|s| {
        s.links.push(Link {
            ifname: "tap0".parse().unwrap(),
            kind: LinkKind::Other,
            group: 0,
            up: true,
            mac: None,
            master: Some("tgb0".parse().unwrap()),
            other_netns: None,
            addresses: Vec::new(),
            mtu: DEFAULT_MTU,
            bridging: Bridging::default(),
            lacks_link_local: false,
            state_id: None,
        });
    });
    assert_eq!(severity, Severity::Warning);
    assert!(
        what.starts_with("interface tap0 is a port of tgb0"),
        "{what}"
    );
    assert_eq!(
        advice,
        "nothing, if you put it there; otherwise take it off the bridge: `ip link set tap0 nomaster`"
    );

    let (severity, ..) = only(|s| s.unguarded = Err("no netlink".into()));
    assert_eq!(severity, Severity::CouldNotTell);
}

#[test]
fn a_bridge_that_is_not_sealed_is_a_fault_where_its_network_is_isolated() {
    let mut state = state_with(&["web", "vault"]);
    let vault = state
        .networks
        .values_mut()
        .find(|it| it.name.as_str() == "vault");
    vault.unwrap().policy.access = Access::Isolated;
    let bridges = state.networks.values().map(|it| it.bridge.clone());
    let bridges: BTreeSet<IfName> = bridges.collect();
    let (severity, what, _) = only_of(&state, |s| {
        s.links = links_of(&state);
        s.unguarded = Ok(bridges);
    });
    assert_eq!(severity, Severity::Fault);
    assert!(
        what.contains("isolated networks") && what.contains("missing at tgb1:"),
        "{what}"
    );
}

/// Nobody is told to open what is closed for a reason.
#[test]
fn a_bridge_that_is_closed_since_its_ports_have_no_guard_is_one_fault() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let port = state.endpoints.values().next().unwrap().host_ifname.clone();
    let links = links_of(&state);
    let path = "net/ipv4/conf/tgb0/route_localnet";
    let (_, what, _) = only_of(&state, |s| {
        s.links.clone_from(&links);
        s.unguarded = Ok([port].into());
        s.facts.extend([sysctl(path, "0")]);
    });
    assert!(what.contains("filter"), "{what}");
    let (_, what, _) = only_of(&state, |s| {
        s.links.clone_from(&links);
        s.facts.extend([sysctl(path, "0")]);
    });
    assert!(what.contains("route_localnet is 0"), "{what}");
}

#[test]
fn no_advice_about_sysctls_of_a_bridge_that_could_not_be_created() {
    let mut state = state_with(&["web"]);
    let name = state.networks.keys().next().unwrap().clone();
    let fault = Fault {
        down: true,
        reason: "cannot make bridge tgb0: File exists".into(),
        hint: None,
    };
    state.degraded.networks.insert(name, fault);
    let (_, what, _) = only_of(&state, |host| {
        host.facts.extend([
            sysctl("net/ipv4/conf/tgb0/route_localnet", "0"),
            sysctl("net/ipv4/conf/tgb0/forwarding", "0"),
            sysctl("net/ipv4/ip_forward", "1"),
            sysctl("net/ipv6/conf/all/forwarding", "1"),
        ]);
    });
    assert!(what.contains("network web is not on the host"), "{what}");
}

#[test]
fn a_route_that_takes_a_subnet_away_is_a_fault_for_the_endpoints_in_it() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let by = |ifname: &str, to: &str| Route {
        destination: to.parse().unwrap(),
        ifname: Some(ifname.parse().unwrap()),
        metric: 0,
        is_blocked: false,
    };
    let found = |foreign: &str| {
        only_of(&state, |host| {
            host.links = links_of(&state);
            host.routes = vec![by("tgb0", "10.208.0.0/24"), by("up0", foreign)];
        })
    };
    let (severity, what, advice) = found("10.208.0.0/25");
    assert_eq!(severity, Severity::Fault);
    assert!(
        what.contains("10.208.0.0/25 leads to interface up0, not to network web")
            && what.ends_with("(ep-1)"),
        "{what}"
    );
    assert!(
        advice.contains("`ip route del 10.208.0.0/25 dev up0`"),
        "{advice}"
    );
    let (severity, what, _) = found("10.208.0.128/25");
    assert_eq!(severity, Severity::Warning, "{what}");
}

#[test]
fn an_unprivileged_dns_port_is_found() {
    let resolving = |port| State {
        resolver: Some(port),
        ..state_with(&["web"])
    };
    let start = |value| [sysctl("net/ipv4/ip_unprivileged_port_start", value)];
    for (port, value, words) in [
        (20053, "1024", "port 20053"),
        (299, "0", "net.ipv4.ip_unprivileged_port_start is 0"),
        (299, "299", "net.ipv4.ip_unprivileged_port_start is 299"),
    ] {
        let (severity, what, _) =
            only_of(&resolving(port), |host| host.facts = start(value).into());
        assert_eq!(severity, Severity::Warning);
        assert!(what.contains(words), "{what}");
    }
    let well = Symptoms {
        facts: start("300").into(),
        ..healthy()
    };
    let diagnosis = diagnose(&resolving(299), &well);
    let mut findings = diagnosis
        .checks
        .iter()
        .flat_map(|checked| &checked.findings);
    assert_eq!(findings.next(), None);
}

/// The base chain of another program's table, with the names of its chains.
fn foreign(table: &str, hook: &str, words: &[&str]) -> BaseChain {
    BaseChain {
        family: "inet".into(),
        table: table.into(),
        name: hook.into(),
        hook: hook.into(),
        words: words.iter().map(ToString::to_string).collect(),
        ..BaseChain::default()
    }
}

#[test]
fn a_firewall_that_does_not_see_published_ports_is_reported_if_a_port_has_no_list() {
    let publishing = |port: &str, allow: &[&str]| {
        let mut state = state_with(&["web"]);
        let mut request = crate::values::attachment("web", &[port]);
        request.allow = allow.iter().map(|source| source.parse().unwrap()).collect();
        let netns = crate::values::namespace(1);
        let plan = tidegate_plan::attach(&state, &request, &netns, &Default::default());
        state.apply(&plan.unwrap().change);
        state
    };
    let found = |state: &State, chain: BaseChain| {
        let symptoms = Symptoms {
            links: links_of(state),
            chains: Ok(vec![chain]),
            ..healthy()
        };
        of_check(state, &symptoms, "published-ports")
    };
    let open = publishing("8080:80", &[]);
    for (chain, program) in [
        (foreign("firewalld", "input", &[]), "firewalld"),
        (foreign("filter", "input", &["ufw-user-input"]), "ufw"),
        (foreign("filter", "input", &["ufw6-user-input"]), "ufw"),
    ] {
        let [finding] = &found(&open, chain.clone())[..] else {
            panic!("{program} is told once")
        };
        assert!(finding.what.starts_with(program), "{finding:?}");
        assert!(finding.advice.contains("--allow"), "{finding:?}");
        for state in [
            publishing("8080:80", &["192.0.2.0/24"]),
            publishing("127.0.0.1:8080:80", &[]),
            state_with(&["web"]),
        ] {
            assert_eq!(found(&state, chain.clone()), []);
        }
    }
    assert_eq!(found(&open, foreign("mine", "input", &[])), []);
}
