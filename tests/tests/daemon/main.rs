//! The daemon and its client on the real kernel, over every nft driver that is compiled in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as it should be fails the test"
)]

mod agreement;
mod commands;
mod connected;
mod crash;
mod dev;
mod disk;
mod dns_address;
mod dns_settings;
mod docker;
mod doctor;
mod durability;
mod edges;
mod endpoint_check;
mod endpoints;
mod engine_networks;
mod events;
mod explain;
mod firewalld;
mod gateways;
mod handed_over;
mod healing;
mod held_by_engine;
mod hints;
mod host_routes;
mod hosts;
mod keyboard;
mod lifecycle;
mod limits;
mod matrix;
mod metrics;
mod moving;
mod names;
mod networks;
mod other_tables;
mod owned;
mod plugin;
mod pools;
mod ports;
mod refusals;
mod relay;
mod releases;
mod reload;
mod resolver;
mod settings;
mod state_dir;
mod timings;
mod top;
mod traffic;
mod warned;

use tidegate_tests::{Host, Programs};

/// The nft drivers to test with.
fn drivers() -> Vec<String> {
    Programs::of_this_tree().drivers()
}

/// A host whose daemon is not started yet.
fn unstarted(arguments: &[&str]) -> Host {
    Host::new(Programs::of_this_tree(), arguments)
}

/// Runs a daemon that must end by itself, with this status and these words, and touch nothing.
fn refuse(host: &Host, status: i32, words: &str) -> String {
    let rules = host.netns.sh("nft list ruleset");
    let output = host.start_to_end();
    assert_eq!(output.code, Some(status), "{output:#?}");
    let error = output
        .stderr
        .lines()
        .find(|line| line.starts_with("error: "));
    assert!(
        error.is_some_and(|line| line.contains(words)),
        "{output:#?}"
    );
    assert!(output.stderr.contains("\nhint: "), "{output:#?}");
    assert_eq!(host.netns.sh("nft list ruleset"), rules);
    output.stderr
}
