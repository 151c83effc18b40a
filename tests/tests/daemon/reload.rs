//! The configuration is checked, reloaded and shown.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::names::{Answer, World, ask_udp};
use tidegate_tests::{Host, Lab, Output, Programs, require_root_kernel, wait_until};

use crate::unstarted;

const FAULTY: &str = "sokcet = 'x'\n\n[dns]\nport = 0\n";

fn config(host: &Host) -> PathBuf {
    host.folder().join("tidegated.toml")
}

fn check(host: &Host) -> Output {
    host.netns.sh("true");
    let tidegated = Programs::of_this_tree().tidegated.display().to_string();
    let config = config(host);
    host.netns.try_sh(&format!(
        "{tidegated} --check-config --config {}",
        config.display()
    ))
}

/// Has the daemon read its configuration again, and gives what it logs about it.
fn reload(host: &Host, text: &str, until: &str) -> String {
    fs::write(config(host), text).unwrap();
    let before = host.log().len();
    let pid = Pid::from_raw(i32::try_from(host.pid().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    let logged = || host.log()[before..].to_owned();
    wait_until(until, || logged().contains(until));
    logged()
}

#[test]
fn a_running_daemon_reloads_what_it_can_and_names_what_needs_a_restart() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let mut host = {
        let path = config(&host);
        fs::write(&path, "[dns]\nupstreams = ['192.0.2.53']\n").unwrap();
        let path = path.to_str().unwrap().to_owned();
        let mut host = host;
        host.add_arguments(&["--config", &path]);
        host
    };
    host.start();
    host.ok(&["network", "create", "web", "--no-ipv6"]);
    let networks = host.json(&["network", "ls"]);
    let settings = |host: &Host| host.json(&["info"])["settings"].clone();
    assert_eq!(settings(&host)["file"], config(&host).to_str().unwrap());
    assert_eq!(settings(&host)["upstreams"][0], "192.0.2.53:53");
    let before = settings(&host);

    let log = reload(&host, FAULTY, "nothing was changed");
    for place in [
        "tidegated.toml:1:1: there is no key sokcet",
        "tidegated.toml:4:8: port in [dns] cannot be 0",
    ] {
        assert!(log.contains(place), "{log}");
    }
    // The level says that it is an error; each line of the log is a whole message.
    assert!(log.contains("ERROR ") && !log.contains("error: "), "{log}");
    assert!(log.lines().all(|line| !line.starts_with("hint: ")), "{log}");
    assert!(log.contains("hint=\""), "{log}");
    assert_eq!(settings(&host), before);

    let text = "log-level = 'debug'\n[pools]\nipv4 = [{ base = '172.30.0.0/16', size = 20 }]\n\
                [ports]\nfree = '40000-40001'\n[dns]\nport = 5300\nupstreams = ['192.0.2.53']\n";
    let log = reload(&host, text, "reloaded the configuration: changed");
    assert!(
        log.contains("changed log-level, pools.ipv4, ports.free"),
        "{log}"
    );
    assert!(
        log.contains("`dns.port` was changed in the configuration: it takes effect at a restart"),
        "{log}"
    );
    let made = host.json(&["network", "create", "db", "--no-ipv6"]);
    assert_eq!(made["subnets"][0]["net"], "172.30.0.0/20");
    let info = host.ok(&["info"]);
    assert!(info.contains("172.30.0.0/16 (/20)"), "{info}");
    assert!(
        info.contains("tidegated.toml; a restart is needed for dns.port"),
        "{info}"
    );
    let upstreams = info
        .lines()
        .find_map(|line| line.strip_prefix("upstreams "));
    assert_eq!(
        upstreams.map(str::trim),
        Some("192.0.2.53:53 of dns.upstreams"),
        "{info}"
    );
    assert_eq!(host.json(&["network", "inspect", "web"]), networks[0]);

    // As before, with a flag that wins over the file.
    let log = reload(
        &host,
        "log-level = 'info'\nsocket = '/run/other.sock'\n",
        "reloaded the configuration: changed",
    );
    assert!(log.contains("dns.upstreams"), "{log}");
    assert!(!log.contains("`dns.upstreams` was changed"), "{log}");

    // An entry that lets nobody in is told, and stops neither a reload nor a start.
    let text = "[ports]\nallow = ['192.0.2.0/24', '127.0.0.0/8']\n";
    let log = reload(&host, text, "reloaded the configuration: changed");
    let told = "an entry of `ports.allow` lets nobody in: ";
    assert!(log.contains(told), "{log}");
    let checked = check(&host);
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    assert!(
        checked.stderr.contains(&format!("warning: {told}")),
        "{checked:#?}"
    );
    host.stop();
    host.start();
    assert!(host.log().contains(told), "{}", host.log());
    host.stop();
}

/// Every key with its value and where it comes from, also those that nobody set.
#[test]
fn every_setting_in_force_is_shown_with_where_it_comes_from() {
    require_root_kernel!();
    let mut host = unstarted(&["--dns-port", "5353"]);
    let path = config(&host);
    fs::write(
        &path,
        "log-level = 'warn'\n[ports]\nallow = ['192.0.2.0/24']\n[dns]\nport = 299\n",
    )
    .unwrap();
    host.add_arguments(&["--config", path.to_str().unwrap()]);
    host.start();
    let info = host.ok(&["info"]);
    let line = |key: &str| {
        let line = info
            .lines()
            .find(|line| line.starts_with(&format!("setting {key} ")));
        let line = line.unwrap_or_else(|| panic!("{key} is not in {info}"));
        line.split_whitespace()
            .skip(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (key, value) in [
        ("log-level", "warn (file)"),
        ("ports.allow", "192.0.2.0/24 (file)"),
        ("ports.free", "61000-65535 (default)"),
        ("metrics.listen", "nowhere (default)"),
        ("dns.port", "5353 (flag or environment)"),
        ("dns.enable", "true (default)"),
        ("nft.path", "found in PATH, /usr/sbin or /sbin (default)"),
        ("forwarding", "set (default)"),
        ("dns.upstreams", "those of /etc/resolv.conf (default)"),
    ] {
        assert_eq!(line(key), value);
    }
    assert!(line("socket").ends_with("(flag or environment)"));
    // The list of the configuration is what applies on a network without one.
    host.ok(&["network", "create", "web"]);
    host.ok(&["network", "create", "inner", "--internal"]);
    for (network, clients) in [
        ("web", "192.0.2.0/24 (`ports.allow` of the configuration)"),
        ("inner", "the host (the network is internal)"),
    ] {
        let shown = host.ok(&["network", "inspect", network]);
        let told = shown
            .lines()
            .find_map(|line| line.strip_prefix("publishes to"));
        assert_eq!(told.map(str::trim), Some(clients), "{shown}");
    }
    host.stop();
}

/// The next query is asked at the new server.
#[test]
fn other_dns_servers_are_asked_after_a_reload() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let path = config(&host);
    let text = |server: &str| format!("[dns]\nupstreams = ['{server}']\n");
    fs::write(&path, text("192.0.2.2:5301")).unwrap();
    let mut host = host;
    host.add_arguments(&["--config", path.to_str().unwrap()]);
    host.start();
    let lab = Lab::of(host);
    let _old = World::start(
        &lab.outside,
        "192.0.2.2:5301".parse().unwrap(),
        [1, 1, 1, 1],
    );
    let _new = World::start(
        &lab.outside,
        "192.0.2.2:5302".parse().unwrap(),
        [2, 2, 2, 2],
    );
    lab.host.ok(&[
        "network",
        "create",
        "web",
        "--subnet",
        "10.9.0.0/24",
        "--no-ipv6",
    ]);
    let front = lab.attach("web", "front", &[]);
    let gateway = "10.9.0.1".parse().unwrap();
    let ask = || ask_udp(&front.netns, gateway, "www.example.org", "A");
    wait_until("the first server is asked", || {
        ask() == Some(Answer::of(&["1.1.1.1"]))
    });
    let changed = "reloaded the configuration: changed dns.upstreams";
    reload(&lab.host, &text("192.0.2.2:5302"), changed);
    assert_eq!(ask(), Some(Answer::of(&["2.2.2.2"])));
    let settings = lab.host.json(&["info"])["settings"].clone();
    assert_eq!(settings["upstreams"][0], "192.0.2.2:5302");
    assert_eq!(settings["pending"], serde_json::json!([]));
}

#[test]
fn a_configuration_is_checked_without_a_start() {
    require_root_kernel!();
    let host = unstarted(&[]);
    fs::write(config(&host), FAULTY).unwrap();
    let output = check(&host);
    assert_eq!(output.code, Some(1), "{output:#?}");
    for place in [
        "error: ",
        "tidegated.toml:1:1: there is no key sokcet above the tables\nhint: the keys are socket, ",
        "tidegated.toml:4:8: port in [dns] cannot be 0\nhint: use a number from 1 to 65535",
    ] {
        assert!(output.stderr.contains(place), "{output:#?}");
    }
    fs::write(config(&host), "log-level = 'warn'\n").unwrap();
    let output = check(&host);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
    assert!(
        output.stdout.contains("tidegated.toml is valid"),
        "{output:#?}"
    );
    assert!(!host.state_dir().exists());
    // It need not be there.
    let tidegated = Programs::of_this_tree().tidegated.display().to_string();
    let output = host.netns.try_sh(&format!(
        "unset TIDEGATE_CONFIG; {tidegated} --check-config"
    ));
    assert_eq!(output.code, Some(0), "{output:#?}");
}
