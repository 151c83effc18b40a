//! Nothing waits without a bound: commands, healing and SIGTERM are answered while a helper process is stopped, a
//! path hangs, or a batch is too big.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

mod batches;
mod client;
mod folder;
mod helpers;
mod names;
mod paths;

use tidegate_tests::Programs;

/// The drivers that the daemon has.
fn drivers() -> Vec<String> {
    Programs::of_this_tree().drivers()
}
