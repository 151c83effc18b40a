//! What the crates of the daemon need of Linux: entering a network namespace ([`Netns`]), and exchanging messages with the
//! kernel over netlink(7) ([`netlink`]).

pub mod netlink;
mod netns;

pub use netns::{CURRENT, FileId, Location, Netns, NetnsError};
