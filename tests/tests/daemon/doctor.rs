//! Each fault that is planted is found, and what to do about it works where it can be tried.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tidegate_tests::names::{ask_udp, is_silent};
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
        "nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }'",
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
