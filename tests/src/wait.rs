//! Waiting for what happens by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Far longer than anything takes, and only there so that a test that cannot pass ends.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Waits until something is so. How long that took is not looked at.
///
/// # Panics
/// When it is not so after two minutes.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(
            since.elapsed() < TIME_LIMIT,
            "not so after two minutes: {what}"
        );
        sleep(Duration::from_millis(10));
    }
}
