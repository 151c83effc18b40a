//! What is planned for each request and for a start, and what is refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail as the test does"
)]

mod addresses;
mod allow;
mod answers;
mod check;
mod doctor;
mod explain;
mod gateways;
mod hand_over;
mod mend;
mod names;
mod outcome;
mod owned;
mod policy;
mod port_hints;
mod ports;
mod requests;
mod revive;
mod start;
mod sweep;
mod traffic;
mod unknown;
mod values;
mod waiting;
mod without_ipv6;
