//! Proof that the packages of a distribution install and work on a clean system of it.
//!
//! ```
//! use std::path::Path;
//!
//! use plimsoll_plan::plan::Arch;
//! use plimsoll_verify::profile;
//!
//! // What a distribution of which no system is at hand offers to a package.
//! let text = r#"
//! [glibc]
//! version = "2.28"
//! confidence = "confirmed"
//! source = "its list of packages"
//!
//! [[library]]
//! soname = "libz.so.1"
//! version = "1.2.11"
//! symbol-versions = []
//! confidence = "confirmed"
//! source = "its list of packages"
//!
//! [[package]]
//! name = "systemd"
//! version = "239-82.el8_10"
//! confidence = "confirmed"
//! source = "its list of packages"
//! "#;
//! let profile = profile::parse(text, Path::new("rhel-8.toml"))?;
//! let has = profile.capabilities(Arch::Amd64);
//! assert!(has.contains(&"libc.so.6(GLIBC_2.28)(64bit)".to_owned()));
//! assert!(!has.contains(&"libc.so.6(GLIBC_2.34)(64bit)".to_owned()));
//! # Ok::<(), profile::ProfileError>(())
//! ```
//!
//! [`run::verify`] takes the packages of one distribution through the [`Check`]s: lint, audit
//! against the target's own libraries, the target's resolver and an older release's, and a whole
//! life: install, service, smoke test, upgrade, remove, purge. What decides is pure
//! ([`audit`], [`life`], [`refuse`]); [`system`] makes clean systems and runs in them
//! the scripts of the package's format, which decide nothing and print what they saw.
//!
//! The result is a [`Report`]: a table, `verify.json`, and a page ([`html`]). A check that was not
//! run is never shown as passed.

pub mod audit;
mod check;
mod error;
pub mod html;
pub mod installed;
pub mod life;
mod package;
mod place;
pub mod profile;
pub mod refuse;
mod report;
pub mod run;
pub mod system;
mod target;
mod work;

pub use check::{Check, UnknownCheck};
pub use error::VerifyError;
pub use package::{PackageUnderTest, open};
pub use place::{Chosen, Means, PlaceRequest, UnknownPlace, choose};
pub use plimsoll_build::outcome::Outcome;
pub use report::{Broken, Counts, Place, Report, Verified};
pub use target::Target;
