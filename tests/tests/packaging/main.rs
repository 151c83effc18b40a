//! Packages from source tree to running daemon, on clean systems.
//!
//! `cargo xtask dist` makes the packages here, as a user would. They are installed into roots of
//! Debian 12 that mmdebstrap makes once (kept under `target/roots`) and that no test changes:
//! each has a layer of its own over it.
//!
//! `TIDEGATE_TEST_MIRROR` names another Debian mirror than `http://deb.debian.org/debian`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports a failure by panicking"
)]

mod adoption;
mod capabilities;
mod deb;
mod dist;
mod fallback;
mod image;
mod machine;
mod packages;
mod plain;
mod planted;
mod profiles;
mod project;
mod root;
mod rpm;
mod sandbox;
mod several;
mod tarball;
mod traffic;
mod verify;
