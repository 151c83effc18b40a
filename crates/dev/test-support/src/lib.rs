//! Network-namespace guards and helpers for tests that need the real kernel.
//!
//! A test that touches the kernel starts with [`require_root_kernel!`], makes its own [`Netns`], and
//! does everything inside it. The host's own ruleset and links are never touched.
//!
//! What a test needs and does not find is a printed skip on a laptop and a failure under `CI=true`
//! (see [`need`]): a test that did not run is never counted as one that passed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests link this crate, and a test reports a failure by panicking"
)]

mod bound;
pub mod need;
mod netns;
mod script;

pub use bound::bound;
pub use need::Need;
pub use netns::Netns;
pub use script::Output;
