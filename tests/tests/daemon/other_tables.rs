//! Tables of other programs: what `explain` and `doctor` say of their rules is what happens to packets, and what
//! `doctor` advises works as it is written.

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Attached, Host, Lab, require_root_kernel};

use crate::drivers;

/// Six networks, one of them with a bridge of its own name, and an endpoint on the first and the last. The host has
/// a default route, as clients have.
struct Six {
    lab: Lab,
    front: Attached,
    last: Attached,
    _servers: [Server; 3],
}

impl Six {
    fn new(driver: &str) -> Self {
        let lab = Lab::with_driver(driver);
        lab.set_br_netfilter(0);
        lab.host
            .netns
            .sh("ip route add default via 192.0.2.2; ip -6 route add default via 2001:db8::2");
        for network in ["a", "b", "c", "d", "e"] {
            lab.host.ok(&["network", "create", network]);
        }
        lab.host.ok(&["network", "create", "f", "--bridge", "br-f"]);
        let front = lab.attach("a", "front", &["8080:80"]);
        let last = lab.attach("f", "last", &["8081:80"]);
        let servers = [
            Server::start(&front.netns, "front", 80),
            Server::start(&last.netns, "last", 80),
            Server::start(&lab.outside, "outside", 7777),
        ];
        Self {
            lab,
            front,
            last,
            _servers: servers,
        }
    }

    /// Each path, and whether a connection over it is made: the question, and what happened.
    fn paths(&self, host: &str, outside: &str) -> Vec<([String; 2], bool)> {
        let at = |address: &str, port: u16| match address.contains(':') {
            true => format!("[{address}]:{port}"),
            false => format!("{address}:{port}"),
        };
        let (published, published_last) = (at(host, 8080), at(host, 8081));
        let to_outside = at(outside, 7777);
        let opens = |from, to: &str| !is_closed_tcp(from, to.parse().unwrap());
        let outside_netns = &self.lab.outside;
        vec![
            (
                [outside.to_owned(), published.clone()],
                opens(outside_netns, &published),
            ),
            (
                [outside.to_owned(), published_last.clone()],
                opens(outside_netns, &published_last),
            ),
            (
                ["front".to_owned(), to_outside.clone()],
                opens(&self.front.netns, &to_outside),
            ),
            (
                ["last".to_owned(), to_outside.clone()],
                opens(&self.last.netns, &to_outside),
            ),
        ]
    }

    /// Asserts that `explain` says what happens, and returns how many connections were made.
    fn agree(&self, case: &str) -> usize {
        let v4 = self.paths("192.0.2.1", "192.0.2.2");
        let v6 = self.paths("2001:db8::1", "2001:db8::2");
        let mut opened = 0;
        for ([from, to], is_open) in v4.into_iter().chain(v6) {
            let (status, text) = explained(&self.lab.host, &from, &to);
            let expected = if is_open { 0 } else { 1 };
            assert_eq!(status, expected, "{case}: {text}");
            opened += usize::from(is_open);
        }
        opened
    }
}

fn explained(host: &Host, from: &str, to: &str) -> (i32, String) {
    let output = host.tidegate(&["explain", from, to]);
    (output.code.unwrap(), output.stdout)
}

/// The findings about other tables: severity, what, and advice.
fn findings(host: &Host) -> Vec<[String; 3]> {
    let output = host.tidegate(&["doctor", "--json"]);
    let diagnosis: Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = diagnosis["checks"].as_array().unwrap();
    let others = checks.iter().find(|it| it["check"] == "other-tables");
    let found = others.unwrap()["findings"].as_array().unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    found
        .iter()
        .map(|finding| ["severity", "what", "advice"].map(|key| text(finding, key)))
        .collect()
}

/// The commands between the first backticks.
fn commands(advice: &str) -> &str {
    advice.split('`').nth(1).unwrap()
}

/// Docker's rules, as Docker 28 makes them, shortened.
const DOCKER: &str = "
    for ipt in iptables ip6tables; do
        $ipt -P FORWARD DROP; $ipt -N DOCKER-USER; $ipt -N DOCKER
        $ipt -A FORWARD -j DOCKER-USER
        $ipt -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        $ipt -A FORWARD -o docker0 -j DOCKER
        $ipt -A FORWARD -i docker0 -j ACCEPT
        $ipt -A DOCKER ! -i docker0 -o docker0 -j DROP
        $ipt -A DOCKER-USER -m comment --comment 'a \"quoted\" word' -j RETURN
    done";

/// A firewall of somebody's own, for both families.
const OWN: &str = "nft 'add table inet own
    add chain inet own forward { type filter hook forward priority 0; policy drop; }
    add rule inet own forward ct state vmap { established : accept, related : accept, invalid : drop }
    add rule inet own forward iifname . oifname { \"lan0\" . \"lan1\", \"wan\" . \"lan1\" } accept'";

/// It ends in a rule that rejects.
const REJECTING: &str = "nft 'add table inet own
    add chain inet own forward { type filter hook forward priority 0; }
    add chain inet own rest
    add rule inet own forward ct state established accept
    add rule inet own forward iifname lo accept
    add rule inet own forward jump rest
    add rule inet own rest counter reject with icmpx admin-prohibited'";

#[test]
fn one_advice_opens_six_networks_in_both_directions_and_explain_agrees_before_and_after() {
    require_root_kernel!();
    let cases = [("docker", DOCKER), ("own", OWN), ("rejecting", REJECTING)];
    for (driver, cases) in drivers().iter().zip([&cases[..], &cases[..2]]) {
        let six = Six::new(driver);
        assert_eq!(six.agree("without"), 8);
        for (name, table) in cases {
            six.lab.host.netns.sh(table);
            assert_eq!(six.agree(name), 0);
            assert!(findings(&six.lab.host).len() <= 2, "{name}: one a family");
            for [severity, what, advice] in findings(&six.lab.host) {
                assert_eq!(severity, "fault", "{name}: {what}");
                for bridge in ["tgb0", "tgb1", "tgb2", "tgb3", "tgb4", "br-f"] {
                    assert!(what.contains(bridge), "{what}");
                }
                six.lab.host.netns.sh(commands(&advice));
            }
            assert_eq!(six.agree(name), 8);
            assert_eq!(findings(&six.lab.host), Vec::<[String; 3]>::new(), "{name}");
            six.lab.host.netns.sh(
                "for table in 'ip filter' 'ip6 filter' 'inet own'; do nft delete table $table 2>/dev/null || true; done",
            );
        }
    }
}

/// A rule that hits some packets is no fault of every network, and no "ok".
#[test]
fn a_rule_of_another_table_that_drops_some_packets_is_named_by_doctor_and_judged_by_explain() {
    require_root_kernel!();
    for driver in drivers() {
        let six = Six::new(&driver);
        let host = &six.lab.host;
        host.netns.sh(
            "nft 'add table inet other; add chain inet other c { type filter hook forward priority 0; }
             add rule inet other c tcp dport 8080 drop; add rule inet other c tcp dport 7777 drop'",
        );
        let [[severity, what, advice]] = &findings(host)[..] else {
            panic!("{:?}", findings(host))
        };
        assert_eq!(severity, "could-not-tell");
        let what = what.as_str();
        let handles = host.netns.sh("nft -a list table inet other");
        let handle = |of: &str| {
            let line = handles.lines().find(|line| line.contains(of)).unwrap();
            line.rsplit_once("handle ").unwrap().1.to_owned()
        };
        let rule = format!(
            "the rule with handle {} of chain c: `tcp dport 8080 drop`",
            handle("dport 8080")
        );
        assert!(what.contains("chain c of table inet other"), "{what}");
        assert!(what.contains(&rule), "{what}");
        let shown = host.netns.sh(commands(advice));
        assert!(shown.contains("tcp dport 8080 drop # handle"), "{shown}");
        // To a published port, the hook sees the endpoint's port.
        assert_eq!(six.agree("dport"), 4);
        let (_, text) = explained(host, "front", "192.0.2.2:7777");
        let rule = format!(
            "the rule with handle {} of chain c: `tcp dport 7777 drop`, shown by `nft -a list chain inet other c`",
            handle("dport 7777")
        );
        assert!(
            text.contains("chain c of table inet other drops it") && text.contains(&rule),
            "{text}"
        );
    }
}

/// The port of the host counts before translation, and the endpoint's after it. What doctor says is what happens.
#[test]
fn doctor_names_the_published_port_that_a_rule_of_another_table_closes() {
    require_root_kernel!();
    for driver in drivers() {
        let six = Six::new(&driver);
        let host = &six.lab.host;
        let reached = |port: u16| {
            let at = format!("192.0.2.1:{port}");
            !is_closed_tcp(&six.lab.outside, at.parse().unwrap())
        };
        for (chain, rule, closed) in [
            (
                "hook forward priority 0",
                "meta l4proto tcp ct original proto-dst 8080 drop",
                8080,
            ),
            ("hook prerouting priority -300", "tcp dport 8081 drop", 8081),
            (
                "hook forward priority 0",
                "oifname \"br-f\" tcp dport 80 drop",
                8081,
            ),
        ] {
            host.netns.sh(&format!(
                "nft 'add table inet other; add chain inet other c {{ type filter {chain}; }}
                 add rule inet other c {rule}'"
            ));
            let faults = findings(host).into_iter();
            let faults: Vec<_> = faults
                .filter(|[severity, ..]| severity == "fault")
                .collect();
            let [[_, what, advice]] = &faults[..] else {
                panic!("{rule}: {:?}", findings(host))
            };
            let endpoint = if closed == 8080 { "front" } else { "last" };
            assert!(
                what.contains(&format!(
                    "published port {closed}:80/tcp of endpoint {endpoint}"
                )) && what.contains(rule),
                "{what}"
            );
            assert!(
                advice.contains(&format!("`tidegate unpublish {endpoint} {closed}:80/tcp`")),
                "{advice}"
            );
            for port in [8080, 8081] {
                assert_eq!(reached(port), port != closed, "{rule}: {port}");
            }
            host.netns.sh("nft delete table inet other");
        }
    }
}

#[test]
fn explain_tells_what_it_cannot_judge_by_its_exit_status() {
    require_root_kernel!();
    for driver in drivers() {
        let six = Six::new(&driver);
        let host = &six.lab.host;
        host.netns.sh(
            "nft 'add table inet other; add chain inet other c { type filter hook forward priority 0; }
             add rule inet other c meta mark 7 drop'",
        );
        let (status, text) = explained(host, "192.0.2.2", "192.0.2.1:8080");
        assert_eq!(status, 3, "{text}");
        assert!(
            text.contains("passes, to endpoint front, unless another table stops it"),
            "{text}"
        );
        assert!(
            text.contains(
                "unclear: chain c of table inet other may drop it: see the rule with handle "
            ) && text
                .contains("`meta mark 0x00000007 drop`, shown by `nft -a list chain inet other c`"),
            "{text}"
        );
        let output = host.tidegate(&["explain", "192.0.2.2", "192.0.2.1:8080", "--json"]);
        assert_eq!(output.code, Some(3));
        let (status, _) = explained(host, "192.0.2.2", "front:80");
        assert_eq!(status, 1, "our own table drops it");
        host.netns.sh("nft delete table inet other");
        assert_eq!(explained(host, "192.0.2.2", "192.0.2.1:8080").0, 0);
        let reply = ask_tcp(&six.lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(reply.unwrap().server, "front");
    }
}
