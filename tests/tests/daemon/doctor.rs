//! Each fault that is planted is found, and what to do about it works where it can be tried.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tidegate_tests::names::{ask_udp, is_silent};
use tidegate_tests::traffic::{Server, is_closed_tcp};
use tidegate_tests::{Host, Lab, require_root_kernel};

use crate::{drivers, unstarted};

/// The findings of one check, each as `severity: what; advice`.
pub(crate) fn findings(host: &Host, check: &str) -> Vec<String> {
    let output = host.tidegate(&["doctor", "--json"]);
    let diagnosis: Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = diagnosis["checks"].as_array().unwrap();
    let mut is_fault = false;
    let mut found = None;
    for checked in checks {
        let of_check = checked["findings"].as_array().unwrap();
        is_fault |= of_check
            .iter()
            .any(|finding| finding["severity"] == "fault");
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let line = |finding: &Value| {
            let part = |key| text(finding, key);
            format!("{}: {}; {}", part("severity"), part("what"), part("advice"))
        };
        if checked["check"] == check {
            found = Some(of_check.iter().map(line).collect());
        }
    }
    assert_eq!(output.code, Some(i32::from(is_fault)), "{output:#?}");
    found.unwrap_or_else(|| panic!("no check {check}: {diagnosis}"))
}

/// Plants a fault, and expects it to be the one finding of its check, with these words.
fn expect(host: &Host, check: &str, fault: &str, words: &[&str]) {
    assert_eq!(findings(host, check), [""; 0], "before {fault}");
    host.netns.sh(fault);
    let found = findings(host, check);
    let [found] = found.as_slice() else {
        panic!("{fault}: {found:?}");
    };
    for word in words {
        assert!(
            found.contains(word),
            "{fault}: {word:?} is not in {found:?}"
        );
    }
}

#[test]
fn a_host_without_faults_has_none() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        lab.host
            .netns
            .sh("nft 'add table inet other; add chain inet other c { type filter hook forward priority 0; policy accept; }'");
        let shown = lab.host.ok(&["doctor"]);
        assert!(!shown.contains("FAULT"), "{shown}");
        for check in [
            "sysctls",
            "links",
            "table",
            "other-tables",
            "names",
            "descriptors",
        ] {
            assert!(shown.contains(&format!("ok       {check}\n")), "{shown}");
        }
    }
}

#[test]
fn sysctls_that_stop_packets_are_found_and_the_advice_mends_them() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host
        .ok(&["network", "create", "web", "--subnet", "10.9.0.0/24"]);
    for (sysctl, value) in [
        ("net.ipv4.ip_forward", "0"),
        ("net.ipv6.conf.all.forwarding", "0"),
        ("net.ipv4.conf.tgb0.route_localnet", "0"),
        ("net.ipv4.conf.tgb0.forwarding", "0"),
    ] {
        let fault = format!("sysctl -q -w {sysctl}={value}");
        expect(&lab.host, "sysctls", &fault, &["fault: ", sysctl]);
        let found = findings(&lab.host, "sysctls");
        let advice = found[0].split('`').nth(1).unwrap();
        lab.host.netns.sh(advice);
    }
    assert_eq!(findings(&lab.host, "sysctls"), [""; 0]);
}

#[test]
fn tables_of_others_that_drop_are_found_with_what_their_program_does_about_it() {
    require_root_kernel!();
    let policy = "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }";
    for driver in drivers() {
        for (table, words) in [
            (
                policy.to_owned(),
                ["chain FORWARD of table ip filter drops packets from and to tgb0 (policy drop)", "iptables -A FORWARD -i tgb+"],
            ),
            (
                format!("{policy}; add chain ip filter DOCKER-USER"),
                ["table ip filter", "iptables -A FORWARD -i tgb+"],
            ),
            (
                format!("{policy}; add chain ip filter ufw-before-forward"),
                ["table ip filter", "ufw route allow in on tgb+"],
            ),
            (
                "add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }; \
                 add rule inet firewalld filter_FORWARD ct state established accept; \
                 add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited"
                    .to_owned(),
                ["drops packets from tgb0 (the rule with handle ", "add-interface=tgb+"],
            ),
            (
                "add table inet mine; add chain inet mine early { type filter hook prerouting priority -300; policy drop; }".to_owned(),
                ["chain early of table inet mine drops packets from tgb0", "add rule inet mine early iifname \"tgb*\" accept"],
            ),
        ] {
            let lab = Lab::with_driver(&driver);
            lab.set_br_netfilter(0);
            lab.host.ok(&["network", "create", "web"]);
            let fault = format!("nft '{table}'");
            expect(&lab.host, "other-tables", &fault, &["fault: ", words[0], words[1]]);
        }
    }
}

#[test]
fn a_chain_that_drops_dns_queries_is_found_and_the_advice_fixes_it() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let gateway = "10.208.0.1".parse().unwrap();
    expect(
        &lab.host,
        "names",
        "nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }; \
         add rule inet filter input ct state established accept'",
        &[
            "fault: chain input of table inet filter drops DNS queries from tgb0",
            "port 299",
        ],
    );
    assert!(is_silent(&front.netns, (gateway, 53).into(), "front"));
    let [found] = <[_; 1]>::try_from(findings(&lab.host, "names")).unwrap();
    let advice = found.split('`').nth(1).unwrap();
    lab.host.netns.sh(advice);
    let answer = ask_udp(&front.netns, gateway, "front", "A").unwrap();
    assert_eq!(answer.data, [front.v4(1).ip().to_string()]);
    assert!(!lab.host.ok(&["doctor"]).contains("FAULT"));
}

/// The host's own packets, the answers to them and those of its DNS server meet chains that see no forwarded packet.
#[test]
fn chains_that_stop_what_the_host_sends_are_found_and_the_advice_opens_them() {
    require_root_kernel!();
    let chain = |hook: &str, policy: &str| {
        format!(
            "nft 'add table inet mine; add chain inet mine c {{ type filter hook {hook} priority 0; policy {policy}; }}'"
        )
    };
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["8080:80"]);
    let _server = Server::start(&front.netns, "front", 80);
    let is_open = |to: &str| !is_closed_tcp(&lab.host.netns, to.parse().unwrap());
    let own = front.v4(80).to_string();
    let follow = |check: &str| {
        let [found] = <[_; 1]>::try_from(findings(&lab.host, check)).unwrap();
        lab.host.netns.sh(found.split('`').nth(1).unwrap());
        assert_eq!(findings(&lab.host, check), [""; 0], "{found}");
    };
    for hook in ["output", "input"] {
        assert!(is_open(&own));
        let words = [
            "fault: chain c of table inet mine drops packets ",
            "the host",
        ];
        // As every firewall does: what goes to the host's own addresses goes out by lo.
        let with_lo = format!(
            "{}; nft add rule inet mine c meta oifname lo accept",
            chain(hook, "drop")
        );
        expect(&lab.host, "other-tables", &with_lo, &words);
        assert!(!is_open(&own), "{hook}");
        let said = lab.host.tidegate(&["explain", "host", "front:80"]);
        assert_eq!(said.code, Some(1), "{}", said.stdout);
        follow("other-tables");
        assert!(is_open(&own), "{hook}");
        lab.host.netns.sh("nft delete table inet mine");
    }
    // One port, seen after its translation.
    let closed = format!(
        "{}; nft add rule inet mine c oifname lo tcp dport 80 drop",
        chain("output", "accept")
    );
    lab.host.netns.sh(&closed);
    let found = findings(&lab.host, "other-tables");
    assert!(
        found.iter().any(|it| it.starts_with(
            "fault: chain c of table inet mine drops the host's own connections to published port 8080:80/tcp"
        )),
        "{found:?}"
    );
    assert!(!is_open("192.0.2.1:8080"));
    assert!(is_open(&own));
    lab.host.netns.sh("nft delete table inet mine");
    assert!(is_open("192.0.2.1:8080"));
    // The DNS server's answers.
    let gateway = "10.208.0.1".parse().unwrap();
    let closed = format!(
        "{}; nft add rule inet mine c udp sport 299 drop; nft add rule inet mine c tcp sport 299 drop",
        chain("output", "accept")
    );
    lab.host.netns.sh(&closed);
    assert!(is_silent(&front.netns, (gateway, 53).into(), "front"));
    let found = findings(&lab.host, "names");
    assert!(
        found[0].starts_with("fault: chain c of table inet mine drops the answers to DNS queries, from port 299 to tgb0"),
        "{found:?}"
    );
    let said = lab
        .host
        .tidegate(&["explain", "front", "10.208.0.1:53/udp"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stdout.contains("drops the answers"), "{}", said.stdout);
    // The finding quotes the rule before that.
    let mut quoted = found[0].split('`');
    let advice = quoted.find(|it| it.starts_with("nft 'insert rule"));
    lab.host.netns.sh(advice.unwrap());
    assert!(ask_udp(&front.netns, gateway, "front", "A").is_some());
}

/// As a program does that configures every interface of the host.
#[test]
fn an_uplinks_address_on_a_bridge_is_found_and_the_advice_takes_it_away() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    expect(
        &lab.host,
        "addresses",
        "ip addr add 192.0.2.77/24 dev tgb0",
        &[
            "fault: interface tgb0 has the address 192.0.2.77/24",
            "that are on wan",
        ],
    );
    let [found] = <[_; 1]>::try_from(findings(&lab.host, "addresses")).unwrap();
    lab.host.netns.sh(found.split('`').nth(1).unwrap());
    assert_eq!(findings(&lab.host, "addresses"), [""; 0]);
}

#[test]
fn a_route_into_a_subnet_by_another_interface_is_found_and_the_advice_mends_it() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host
        .ok(&["network", "create", "web", "--subnet", "10.9.0.0/24"]);
    let front = lab.attach("web", "front", &[]);
    let gateway = "10.9.0.1".parse().unwrap();
    assert!(ask_udp(&front.netns, gateway, "front", "A").is_some());
    let route = "ip route add 10.9.0.0/28 dev wan";
    let words = [
        "fault: ",
        "10.9.0.0/28 leads to interface wan, not to network web",
        "(front)",
    ];
    expect(&lab.host, "routes", route, &words);
    assert!(is_silent(&front.netns, (gateway, 53).into(), "front"));
    let [found] = <[_; 1]>::try_from(findings(&lab.host, "routes")).unwrap();
    lab.host.netns.sh(found.split('`').nth(1).unwrap());
    assert_eq!(findings(&lab.host, "routes"), [""; 0]);
    assert!(ask_udp(&front.netns, gateway, "front", "A").is_some());
}

#[test]
fn br_netfilter_and_strict_reverse_paths_are_warned_about() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let strict = "ip link add wan2 type veth peer name wan3; ip addr add 198.51.100.1/24 dev wan2
        ip link set wan2 up; sysctl -q -w net.ipv4.conf.wan2.rp_filter=1";
    expect(
        &lab.host,
        "reverse-path",
        strict,
        &["warning: ", "strict on wan2"],
    );
    if std::path::Path::new("/proc/sys/net/bridge").exists() {
        lab.host.netns.sh(
            "sysctl -q -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0",
        );
        let on = "sysctl -q -w net.bridge.bridge-nf-call-iptables=1";
        expect(
            &lab.host,
            "bridge-netfilter",
            on,
            &["warning: ", "bridge-nf-call-iptables=1"],
        );
    }
    assert_eq!(
        lab.host.tidegate(&["doctor"]).code,
        Some(0),
        "warnings are no faults"
    );
}

#[test]
fn a_limit_of_descriptors_that_is_nearly_reached_is_warned_about() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.netns.sh(&format!(
        "prlimit --pid {} --nofile=4096:4096",
        lab.host.pid().unwrap()
    ));
    let limit = format!("prlimit --pid {} --nofile=100:100", lab.host.pid().unwrap());
    expect(
        &lab.host,
        "descriptors",
        &limit,
        &["warning: ", "of at most 100", "LimitNOFILE="],
    );
}

/// An nft that is the real one, but for what the script says first.
fn host_with_nft(script: &str) -> Host {
    let mut host = unstarted(&[]);
    let nft = host.folder().join("nft");
    let real = "exec nft \"$@\"";
    std::fs::write(&nft, format!("#!/bin/sh\n{script}\n{real}\n")).unwrap();
    std::fs::set_permissions(&nft, std::fs::Permissions::from_mode(0o755)).unwrap();
    let nft = nft.to_str().unwrap().to_owned();
    host.add_arguments(&["--nft-driver", "exec", "--nft-path", &nft]);
    host.start();
    host
}

#[test]
fn an_nft_that_is_too_old_is_found() {
    require_root_kernel!();
    let host = host_with_nft(
        "[ \"$1\" = -V ] && { echo 'nftables v0.9.3 (Topsy)'; echo '  json: yes'; exit; }",
    );
    let found = findings(&host, "nftables");
    assert!(
        found[0].starts_with("fault: nftables 0.9.3 is too old"),
        "{found:?}"
    );
}

#[test]
fn a_kernel_that_lacks_a_feature_is_found() {
    require_root_kernel!();
    let host = host_with_nft(
        "[ \"$1\" = -c ] && { cat > /dev/null; \
         echo '/dev/stdin:9:1-1: Error: Could not process rule: Operation not supported' >&2; exit 1; }",
    );
    let found = findings(&host, "table");
    assert!(found[0].contains("Operation not supported"), "{found:?}");
    assert!(found[0].contains("the kernel lacks a feature"), "{found:?}");
}
