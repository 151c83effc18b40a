//! Neighbours, endpoints and local users that do not behave: an endpoint with NET_ADMIN and NET_RAW, a host on the
//! same wire, a user without privileges. Each test makes one attack with real packets and calls, and shows that
//! honest use goes on.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

mod allow;
mod changed;
mod descriptors;
mod errors;
mod fight;
mod flows;
mod forwarding;
mod host_access;
mod inherited;
mod inodes;
mod isolated;
mod layer2;
mod local_user;
mod loopback;
mod lying_nft;
mod multicast;
mod nobody;
mod places;
mod port;
mod releases;
mod removed;
mod router;
mod sources;
mod start;
mod state;
mod storm;

use tidegate_tests::{Host, Lab, Programs, require_root_kernel};

/// An attack, and the honest use that goes on: in a lab, for which there are words.
type Attack = fn(&str, &Lab);

/// Where the world's names are asked for: on the machine outside.
const WORLD: &str = "192.0.2.2:5353";
/// The daemon's arguments in the lab of an attack.
const ARGUMENTS: [&str; 2] = ["--dns-upstreams", WORLD];

/// The nft drivers to test with.
fn drivers() -> Vec<String> {
    Programs::of_this_tree().drivers()
}

/// Tries an attack over each nft driver.
fn with_drivers(attack: Attack) {
    require_root_kernel!();
    for driver in drivers() {
        let arguments = [&["--nft-driver", &driver], &ARGUMENTS[..]].concat();
        let mut host = Host::new(Programs::of_this_tree(), &arguments);
        host.start();
        attack(&driver, &Lab::of(host).credulous());
    }
}
