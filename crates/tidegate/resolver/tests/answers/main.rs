//! What is answered to whom.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as it should be fails the test"
)]

mod connected;
mod edges;
mod files;
mod forwarded;
mod host;
mod local;
mod scene;
mod searched;
