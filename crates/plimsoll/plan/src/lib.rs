//! From a packaging description to a plan.
//!
//! [`config`] reads `packaging/dist.toml` and [`distro`] `packaging/distros.toml`. [`plan::plan`] decides, as a
//! pure function of the configuration, of what is built ([`source::Source`]), of what the host has
//! ([`plimsoll_probe::Findings`]) and of what is asked for.

pub mod config;
pub mod distro;
#[doc(hidden)]
pub mod fixtures;
pub mod plan;
pub mod source;
