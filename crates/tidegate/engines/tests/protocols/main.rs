//! Requests as engines of each version send them, and the answers that they get.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

mod again;
mod cni;
mod cni_refused;
mod cni_spec;
mod docker;
mod given;
mod made;
mod moved;
mod netavark;
mod recorded;
mod refusals;
