//! Probes for C libraries: what they need, what the host has, and which flavour follows.
//!
//! A library is declared once, as a [`NativeDep`], and so is each [`Flavour`], which lists the libraries that it
//! links; both together are the [`Matrix`]. [`probe`] asks a [`System`] what this host has and answers with
//! [`Findings`]; [`decide`] turns a [`Request`] and those findings into a [`Decision`], or into an error that names
//! the command that mends it. Everything here is a
//! value: nothing is printed, and only [`Host`] touches the machine.
//!
//! Each question has three answers, yes, no and *could not tell* ([`Answer`]). The last is never
//! taken for either of the others: a flavour that needs a yes is not built on it, and a "no" is
//! never reported because of it.
//!
//! ```
//! use error_hint::Hint;
//! use plimsoll_probe::fakes::{FakeSystem, sampled};
//! use plimsoll_probe::{FlavourName, Request, decide, probe};
//!
//! // A Debian with Rust and a C compiler, and without the library; `Host` is the real machine.
//! let system = FakeSystem::new()
//!     .file("/etc/os-release", "ID=debian")
//!     .answers("rustc -vV", "host: x86_64-unknown-linux-gnu")
//!     .answers("rustc --print=sysroot", "/rust")
//!     .file("/rust/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-1.rlib", "")
//!     .compiles("cc", "int main", plimsoll_probe::Tried::Linked);
//!
//! let matrix = sampled();
//! let findings = probe(&system, &matrix.libraries, None);
//! let decision = decide(Request::Auto, &matrix, &findings)?;
//! assert_eq!(decision.flavour, FlavourName::DYNAMIC_EXEC);
//! let mend = decision.fallback.and_then(|fallback| fallback.mend);
//! assert_eq!(mend.unwrap().command, "apt-get install pkg-config libnftables-dev");
//!
//! let refused = decide(Request::Exactly(FlavourName::DYNAMIC), &matrix, &findings);
//! let hint = "apt-get install pkg-config libnftables-dev";
//! assert_eq!(refused.unwrap_err().hint().as_deref(), Some(hint));
//! # Ok::<(), plimsoll_probe::CannotBuild>(())
//! ```

mod answer;
mod command;
mod decide;
mod dep;
mod distribution_name;
mod distro;
pub mod fakes;
mod family;
mod flavour;
mod host;
mod outlook;
mod ownership;
mod package_database;
mod package_manager;
mod packages;
mod pkg_config;
mod probe;
mod soname;
mod system;
mod triple;
mod version;

pub use answer::{Answer, Finding, Mend};
pub use command::{Command, Output, RunError, limit};
pub use decide::{Build, CannotBuild, Decision, Fallback, Needs, decide};
pub use dep::{CargoFeature, KernelCheck, LibraryCheck, NativeDep, Tool, ToolCheck};
pub use distribution_name::DistributionName;
pub use distro::Distribution;
pub use family::{Bootstrap, CrossPackages, Family, FamilyTable};
pub use flavour::{Flavour, FlavourName, InvalidFlavourName, Linking, Matrix, Request};
pub use host::{Host, HostWith};
pub use outlook::{Outlook, outlook};
pub use ownership::{Ownership, owners};
pub use package_database::{FileOwner, Owner, PackageDatabase};
pub use package_manager::{PackageLists, PackageManager};
pub use packages::Packages;
pub use pkg_config::{PkgConfig, PkgConfigError, PkgConfigLibrary};
pub use probe::{
    Findings, LibraryFinding, NamedFinding, RustTargets, ToolFinding, container_engines, probe,
};
pub use soname::Soname;
pub use system::{CProgram, System, Tried};
pub use version::{ParseVersionError, Version};
