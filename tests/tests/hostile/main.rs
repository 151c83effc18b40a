//! Neighbours, endpoints and local users that do not behave: an endpoint with NET_ADMIN and NET_RAW, a host on the
//! same wire, a user without privileges. Each test makes one attack with real packets and calls, and shows that
//! honest use goes on.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

mod errors;
mod fight;
mod flows;
mod inherited;
mod layer2;
mod local_user;
mod loopback;
mod lying_nft;
mod places;
mod port;
mod router;

use tidegate_tests::Programs;

/// The nft drivers to test with.
fn drivers() -> Vec<String> {
    Programs::of_this_tree().drivers()
}
