//! Where settings come from, and which are refused.

use std::fs;
use std::process::Command;

use tidegate_tests::{Programs, require_root_kernel};

use crate::{refuse, unstarted};

#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let config = host.folder().join("tidegated.toml");
    fs::write(
        &config,
        "log-level = \"warn\"\n\n[nft]\ndirver = \"exec\"\n",
    )
    .unwrap();
    let host = unstarted(&["--config", config.to_str().unwrap()]);
    refuse(
        &host,
        1,
        &format!("{}:4:1: there is no key dirver in [nft]", config.display()),
    );
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    require_root_kernel!();
    let host = unstarted(&["--config", "/nonexistent.toml"]);
    refuse(
        &host,
        1,
        "cannot read the configuration file /nonexistent.toml",
    );
}

#[test]
fn a_flag_wins_over_the_file() {
    require_root_kernel!();
    let folder = unstarted(&[]);
    let config = folder.folder().join("tidegated.toml");
    let pools = "[pools]\nipv4 = [{ base = \"172.30.0.0/16\", size = 20 }]\nipv6 = []\n";
    fs::write(
        &config,
        format!("{pools}[nft]\ndriver = \"library\"\npath = \"/nonexistent/nft\"\n"),
    )
    .unwrap();
    let nft = folder.netns.sh("command -v nft");
    let arguments = [
        "--config",
        config.to_str().unwrap(),
        "--nft-driver",
        "exec",
        "--nft-path",
        nft.trim(),
    ];
    let mut host = unstarted(&arguments).with_own_pool();
    host.start();
    assert_eq!(host.json(&["info"])["driver"]["name"], "exec");
    let made = host.json(&["network", "create", "web", "--no-ipv6"]);
    assert_eq!(made["subnets"][0]["net"], "172.30.0.0/20");
    let output = host.tidegate(&["network", "create", "db"]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    assert!(
        output.stderr.contains("no free IPv6 subnet is left"),
        "{output:#?}"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_a_flag_over_both() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let config = host.folder().join("tidegated.toml");
    fs::write(
        &config,
        "[nft]\ndriver = \"exec\"\npath = \"/nonexistent/of-the-file\"\n",
    )
    .unwrap();
    let why_not = |change: fn(&mut Command)| {
        let mut version = host.netns.command(&Programs::of_this_tree().tidegated);
        version.args(["--version", "--json"]);
        version.env("TIDEGATE_CONFIG", &config);
        change(&mut version);
        let output = version.output().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told["no-driver"].as_str().unwrap_or_default().to_owned()
    };
    let told = why_not(|_| {});
    assert!(told.contains("/nonexistent/of-the-file"), "{told}");
    let told = why_not(|version| {
        version.env("TIDEGATE_NFT_PATH", "/nonexistent/of-the-environment");
    });
    assert!(told.contains("/nonexistent/of-the-environment"), "{told}");
    let told = why_not(|version| {
        version.env("TIDEGATE_NFT_PATH", "/nonexistent/of-the-environment");
        version.args(["--nft-path", "/nonexistent/of-a-flag"]);
    });
    assert!(told.contains("/nonexistent/of-a-flag"), "{told}");
}

#[test]
fn pools_are_given_by_flag_too() {
    require_root_kernel!();
    let mut host = unstarted(&["--ipv4-pools", "172.30.0.0/24:30,172.31.0.0/16:20"]);
    host.start();
    let made = host.json(&["network", "create", "web"]);
    assert_eq!(made["subnets"][0]["net"], "172.30.0.0/30");
    assert_eq!(made["subnets"][1]["net"], "fd74:6964:6567::/64");
    host.stop();
    let host = unstarted(&["--ipv6-pools", "172.31.0.0/16:20"]);
    refuse(&host, 1, "pool 172.31.0.0/16 is not one of IPv6 addresses");
}

#[test]
fn an_nft_program_that_is_not_there_is_named() {
    require_root_kernel!();
    let host = unstarted(&["--nft-driver", "exec", "--nft-path", "/nonexistent/nft"]);
    refuse(&host, 2, "/nonexistent/nft");
}
