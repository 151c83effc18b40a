//! What container engines ask of a network plugin, as requests of Tidegate's API, and the answers as the engines expect
//! them. No IO: a program or a listener carries the requests out.
//!
//! [`cni`] is for containerd, cri-o, nerdctl and podman 4, [`netavark`] for podman from 4.5 on, [`docker`] for Docker. They
//! read options and addresses alike. [`moved`] makes engines' own networks Tidegate's.

mod address;
mod again;
mod answered;
pub mod cni;
pub mod docker;
mod failure;
mod fields;
pub mod moved;
mod naming;
pub mod netavark;
mod options;
mod ports;
mod refused;

pub use again::without_published;
pub use refused::{Refused, Why};
