//! Netlink as a synchronous exchange of batches: what rtnetlink, ctnetlink, sock_diag and nf_tables have in common.
//!
//! Requests are encoded by `netlink-packet-core` and its siblings. Answers are read attribute by attribute
//! ([`attributes`]), not through the message types of those crates: a kernel newer than the crate, or a foreign
//! object of a kind that it misreads, must not make the whole list unreadable.

mod attribute;
mod error;
mod ext_ack;
mod family;
mod message;
mod notifications;
mod request;
mod socket;

pub use attribute::{attribute, attributes};
pub use error::{Error, Refusal, said, said_by_system};
pub use family::Family;
pub use message::{Message, messages};
pub use notifications::{Notifications, Received};
pub use request::Request;
pub use socket::{DUMP, Socket};
