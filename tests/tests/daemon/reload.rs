//! The configuration is checked, reloaded and shown.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::{Host, Output, Programs, require_root_kernel, wait_until};

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
    for place in ["tidegated.toml:1:1: unknown field", "tidegated.toml:4:8: "] {
        assert!(log.contains(place), "{log}");
    }
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
    assert!(
        info.contains("upstreams         192.0.2.53:53 of dns.upstreams"),
        "{info}"
    );
    assert_eq!(host.json(&["network", "inspect", "web"]), networks[0]);

    // As before, with a flag that wins over the file.
    let log = reload(
        &host,
        "log-level = 'info'\n",
        "reloaded the configuration: changed",
    );
    assert!(log.contains("`dns.upstreams` was changed"), "{log}");
    host.stop();
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
        "tidegated.toml:1:1: unknown field `sokcet`",
        "tidegated.toml:4:8: ",
        "hint: ",
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
