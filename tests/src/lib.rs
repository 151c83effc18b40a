//! End-to-end tests on the real kernel: the programs as users run them, each test on hosts of its
//! own, which are network namespaces.
//!
//! [`Host`] is a namespace with a daemon in it, [`Lab`] one with namespaces to attach and an
//! outside world, [`traffic`] what goes over the wires between them, [`names`] what is asked for names,
//! [`forge`] packets of a sender that means ill.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests link this crate, and a test reports a failure by panicking"
)]

pub mod before;
mod dead;
pub mod forge;
pub mod frames;
mod host;
mod lab;
mod links;
pub mod names;
mod programs;
pub mod release;
pub mod sctp;
mod snapshot;
mod system;
pub mod traffic;
pub mod user;
mod wait;

pub use dead::DeadMount;
pub use host::{Host, finished};
pub use lab::{Attached, Lab, wire};
pub use links::{is_retired, links_in};
pub use programs::Programs;
pub use release::Release;
pub use snapshot::Snapshot;
pub use system::{System, workspace};
pub use test_support::need::find_program;
pub use test_support::{Need, Netns, Output, bound, require, require_root_kernel};
pub use wait::wait_until;
