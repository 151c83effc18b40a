//! What the commands say and do when nothing is wrong.

use serde_json::json;
use tidegate_tests::{Host, Lab, Netns, Programs, require_root_kernel};

use crate::drivers;

#[test]
fn a_network_is_made_shown_and_removed() {
    require_root_kernel!();
    for driver in drivers() {
        let host = Host::with_driver(&driver);
        let empty = host.snapshot();
        let made = host.json(&["network", "create", "web"]);
        assert_eq!(made["name"], "web");
        let bridge = made["bridge"].as_str().unwrap();
        let addresses = host.netns.sh(&format!("ip -o addr show dev {bridge}"));
        assert!(addresses.contains("10.208.0.1/24"), "{addresses}");
        assert!(addresses.contains("fd74:6964:6567::1/64"), "{addresses}");
        assert_eq!(host.json(&["network", "ls"]), json!([made]));
        assert_eq!(host.json(&["network", "inspect", "web"]), made);
        assert_eq!(host.ruleset_diff(), "");
        assert_eq!(host.ok(&["network", "rm", "web"]), "web\n");
        assert_eq!(host.json(&["network", "ls"]), json!([]));
        let gone = host.snapshot();
        assert_eq!(gone.ruleset, empty.ruleset);
        assert!(!gone.has_link(bridge), "{gone:?}");
    }
}

#[test]
fn subnets_gateways_families_and_the_mtu_are_as_asked_for() {
    require_root_kernel!();
    let host = Host::with_driver("auto");
    let arguments = "network create lab --subnet 10.9.1.0/24 --gateway 10.9.1.254 --subnet fd00:9::/64 --mtu 1400";
    let lab = host.json(&arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(
        lab["subnets"],
        json!([
            { "net": "10.9.1.0/24", "gateway": "10.9.1.254" },
            { "net": "fd00:9::/64", "gateway": "fd00:9::1" },
        ])
    );
    let link = host.netns.sh(&format!(
        "ip -d link show {}",
        lab["bridge"].as_str().unwrap()
    ));
    assert!(link.contains("mtu 1400"), "{link}");
    let v4 = host.json(&["network", "create", "v4", "--no-ipv6"]);
    assert_eq!(
        v4["subnets"],
        json!([{ "net": "10.208.0.0/24", "gateway": "10.208.0.1" }])
    );
    let v6 = host.json(&["network", "create", "v6", "--no-ipv4"]);
    assert_eq!(v6["subnets"].as_array().unwrap().len(), 1);
    assert_eq!(host.ruleset_diff(), "");
}

#[test]
fn subnets_from_the_pools_keep_clear_of_the_hosts_routes() {
    require_root_kernel!();
    let host = Host::with_driver("auto");
    host.netns.sh("ip link add taken type bridge
                   ip addr add 10.208.0.7/24 dev taken
                   ip link set taken up
                   ip route add 10.208.1.0/25 dev taken");
    let made = host.json(&["network", "create", "web", "--no-ipv6"]);
    assert_eq!(made["subnets"][0]["net"], "10.208.2.0/24");
}

#[test]
fn a_namespace_is_attached_by_name_path_or_process() {
    require_root_kernel!();
    let host = Host::with_driver("auto");
    host.ok(&["network", "create", "web"]);
    let (one, two, three) = (Netns::new(), Netns::new(), Netns::new());
    host.ok(&["attach", "web", "--netns", one.name(), "--name", "one"]);
    host.ok(&[
        "attach",
        "web",
        "--netns",
        two.path().to_str().unwrap(),
        "--name",
        "two",
    ]);
    let mut sleeper = three.command("sleep").arg("1000").spawn().unwrap();
    wait_until_inside(sleeper.id(), &three);
    let third = host.json(&["attach", "web", "--pid", &sleeper.id().to_string()]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    for (netns, address) in [
        (&one, "10.208.0.2"),
        (&two, "10.208.0.3"),
        (&three, "10.208.0.4"),
    ] {
        let seen = netns.sh("ip -o addr show dev eth0");
        assert!(seen.contains(address), "{seen}");
    }
    let listed = host.ok(&["endpoint", "ls"]);
    assert!(
        listed.lines().next().unwrap().starts_with("ENDPOINT"),
        "{listed}"
    );
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let name = third["name"].as_str().unwrap();
    assert_eq!(host.json(&["endpoint", "inspect", name]), third);
    assert_eq!(
        host.ok(&["detach", "one", "two", name]),
        format!("one\ntwo\n{name}\n")
    );
    assert!(
        one.try_sh("ip link show eth0").code != Some(0),
        "the interface is still there"
    );
}

/// A started process is in its namespace once nsenter(1) has become what it runs.
fn wait_until_inside(pid: u32, netns: &Netns) {
    let inside = netns.sh("readlink /proc/self/ns/net");
    while std::fs::read_link(format!("/proc/{pid}/ns/net"))
        .unwrap()
        .to_str()
        .unwrap()
        != inside.trim()
    {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn info_tells_what_the_daemon_is_and_works_with() {
    require_root_kernel!();
    for driver in drivers() {
        let host = Host::with_driver(&driver);
        let info = host.json(&["info"]);
        assert_eq!(info["driver"]["name"], *driver);
        assert_eq!(info["build"]["version"], env!("CARGO_PKG_VERSION"));
        for (part, key) in [
            ("driver", "version"),
            ("driver", "mode"),
            ("driver", "why"),
            ("driver", "json"),
            ("build", "flavour"),
            ("build", "commit"),
        ] {
            assert!(
                info[part][key]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{key}: {info}"
            );
        }
        let kernel = host.netns.sh("uname -r");
        assert_eq!(info["kernel"], kernel.trim());
        let shown = host.ok(&["info"]);
        assert!(
            shown.lines().any(|line| line.starts_with("driver in use")),
            "{shown}"
        );
    }
}

#[test]
fn a_version_needs_no_privilege_and_stderr_stays_empty() {
    require_root_kernel!();
    let netns = Netns::new();
    let programs = Programs::of_this_tree();
    for driver in drivers() {
        let mut version = netns.command("setpriv");
        version.args(["--bounding-set", "-net_admin"]);
        version.arg(&programs.tidegated);
        let output = version
            .args(["--version", "--nft-driver", &driver])
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let line = format!("\ndriver: {driver} ");
        assert!(stdout.contains(&line), "{stdout}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{driver}");
    }
}

#[test]
fn the_ruleset_is_shown_as_planned_and_as_found_and_does_not_differ() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&["network", "create", "web"]);
        let _front = lab.attach(
            "web",
            "front",
            &["8080:80", "53:53/udp", "[2001:db8::1]:9:9/sctp"],
        );
        let planned = host.ok(&["ruleset"]);
        let live = host.ok(&["ruleset", "--live"]);
        for text in [&planned, &live] {
            assert!(text.contains("8080"), "{text}");
            assert!(text.contains("table inet tidegate"), "{text}");
        }
        assert_eq!(host.ruleset_diff(), "");
        let element = host.netns.sh("nft list map inet tidegate publish4");
        assert!(element.contains("8080"), "{element}");
    }
}

#[test]
fn a_reader_that_goes_away_is_not_a_fault() {
    require_root_kernel!();
    let host = Host::with_driver("auto");
    let client = host.client_command(&["ruleset"]);
    let line = format!("{client:?} | head -c 1; test ${{PIPESTATUS[0]}} -eq 0");
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
