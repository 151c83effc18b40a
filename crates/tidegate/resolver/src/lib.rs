//! Decides how to answer DNS queries of endpoints, from bytes to bytes. No IO, no clock, no randomness; `resolver` of
//! `tidegated` sends and receives.
//!
//! - [`Zone`] has the networks and endpoints; [`ZoneUpdate`] changes it.
//! - [`judge`] turns a query into an answer, a [`Question`] to forward, or silence.
//! - [`resolv_conf`] reads the host's settings, and writes those of an endpoint.

mod judge;
mod own_domain;
mod question;
pub mod resolv_conf;
mod respond;
mod update;
mod zone;

pub use judge::{Asked, Transport, Verdict, judge};
pub use question::{Question, UpstreamAnswer};
pub use respond::{MAX_DATAGRAM, TTL};
pub use update::{ZoneUpdate, of_change, of_state};
pub use zone::Zone;
