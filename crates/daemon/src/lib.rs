//! The Tidegate networking daemon: one engine owns what is believed (the state), what is (an nft
//! driver and the host's links) and what is remembered (the store), and an HTTP API on a unix
//! socket tells it what to do.

mod build_info;
pub mod store;

pub use build_info::build;
