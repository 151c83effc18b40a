//! The daemon and its client on the real kernel, over every nft driver that is compiled in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as it should be fails the test"
)]

mod agreement;
mod commands;
mod crash;
mod durability;
mod refusals;
mod settings;
mod traffic;

use tidegate_tests::Programs;

/// The nft drivers to test with.
fn drivers() -> Vec<String> {
    Programs::of_this_tree().drivers()
}
