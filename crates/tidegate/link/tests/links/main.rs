//! The links as the rest of the project sees them: one conformance suite over the fake and the
//! kernel, and what only a kernel can show. Each test makes its own network namespaces.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a failure by panicking"
)]

mod bridge;
mod conformance;
mod conntrack;
mod fake;
mod fixture;
mod load;
mod namespace;
mod occupied;
mod port;
mod ports;
mod retired;
mod traffic;
mod veth;
mod world;
