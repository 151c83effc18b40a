//! Requests that ask for very much: they are carried out or refused, and others are answered meanwhile and after.

use std::fmt::Write;

use tidegate_tests::{Host, Lab, require_root_kernel, wait_until};

use crate::drivers;

/// The rest of a command that repeats an option.
fn repeated(option: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    values
        .flat_map(|value| [option.to_owned(), value])
        .collect()
}

fn network_create(host: &Host, name: &str, rest: &[String]) -> tidegate_tests::Output {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    host.tidegate(&[&["network", "create", name], &*rest].concat())
}

fn subnets(count: usize) -> Vec<String> {
    repeated(
        "--subnet",
        (0..count).map(|n| format!("10.{}.{}.0/24", 100 + n / 256, n % 256)),
    )
}

fn is_well(host: &Host) {
    host.netns.sh("nft flush ruleset");
    wait_until("the table is back", || host.log().contains("put back"));
    assert_eq!(host.ruleset_diff(), "");
    host.ok(&["network", "create", "after"]);
    host.ok(&["network", "rm", "after"]);
}

#[test]
fn more_subnets_than_may_be_are_refused_with_a_hint_and_as_many_as_may_be_are_made() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        for count in [65, 258, 400] {
            let refused = network_create(&host, "wide", &subnets(count));
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            let said = format!("one command cannot ask for {count} subnets: at most 64");
            assert!(refused.stderr.contains(&said), "{refused:#?}");
            assert!(refused.stderr.contains("hint: "), "{refused:#?}");
        }
        assert_eq!(host.json(&["network", "ls"]).as_array().unwrap().len(), 0);
        let made = network_create(&host, "wide", &subnets(64));
        assert_eq!(made.code, Some(0), "{made:#?}");
        host.ok(&["network", "rm", "wide"]);
        is_well(&host);
        host.stop();
    }
}

#[test]
fn everything_else_that_is_asked_for_in_masses_is_refused_or_done() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let host = &lab.host;
        let numbered = |format: fn(usize) -> String| (0..1000).map(format);
        for (option, value) in [
            (
                "--label",
                (|n| format!("label{n}=x")) as fn(usize) -> String,
            ),
            ("--aux-address", |n| {
                format!("aux{n}=10.99.{}.{}", n / 250, n % 250 + 2)
            }),
            ("--trusted-interface", |n| format!("trust{n}")),
            ("--ip-range", |n| format!("10.99.{}.0/30", n % 250)),
        ] {
            let mut rest = vec!["--subnet".to_owned(), "10.99.0.0/16".to_owned()];
            rest.extend(repeated(option, numbered(value)));
            let refused = network_create(host, "many", &rest);
            assert_eq!(refused.code, Some(1), "{option}: {}", refused.stderr);
            assert!(
                refused.stderr.contains("hint: "),
                "{option}: {}",
                refused.stderr
            );
        }
        let long = "n".repeat(10_000);
        let refused = host.tidegate(&["network", "create", &long]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        host.ok(&["network", "create", "web"]);
        let netns = tidegate_tests::Netns::new();
        let attach = ["attach", "web", "--netns", netns.name(), "--name", "front"];
        let mut aliases = String::new();
        for n in 0..1000 {
            let _ = write!(aliases, " --alias alias{n}");
        }
        for (rest, why) in [
            (aliases.as_str(), "1000 aliases"),
            ("-p 1-30000:1-30000/udp", "30000 ports"),
            ("-p 1-9000:1-9000 -p 9001-18000:1-9000", "18000 ports"),
        ] {
            let rest: Vec<&str> = rest.split_whitespace().collect();
            let refused = host.tidegate(&[&attach[..], &rest].concat());
            assert_eq!(refused.code, Some(1), "{}", refused.stderr);
            assert!(refused.stderr.contains(why), "{}", refused.stderr);
        }
        let path = format!("/{}", "x/".repeat(5000));
        let refused = host.tidegate(&["attach", "web", "--netns", &path]);
        assert_ne!(refused.code, Some(0), "{refused:#?}");
        host.ok(&[&attach[..], &["-p", "30000-32999:30000-32999/udp"]].concat());
        let ports = host.json(&["endpoint", "inspect", "front"]);
        let front = if ports.is_array() { &ports[0] } else { &ports };
        assert_eq!(front["ports"].as_array().unwrap().len(), 3000);
        host.ok(&["unpublish", "front", "30000-32999:30000-32999/udp"]);
        host.ok(&["detach", "front"]);
        is_well(host);
        lab.host.stop();
    }
}
