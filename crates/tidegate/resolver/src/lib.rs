//! What is answered to an endpoint that asks for a name: the decision alone, from bytes to bytes. No
//! IO, no clock, no chance; whoever sends and receives is elsewhere (`resolver` of `tidegated`).
//!
//! - [`Zone`] is what is known of networks and endpoints; [`ZoneUpdate`] changes it.
//! - [`judge`] turns a question into an answer, a [`Question`] for others, or silence.
//! - [`resolv_conf`] reads the host's settings, and writes those of an endpoint.

mod judge;
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
