//! Engines that build the packages of a distribution: a container engine, or a root.
//!
//! [`choose`] selects an engine that answers. [`container::recipe`] and [`root::recipe`] turn a [`Job`] into commands
//! without running any. [`run_all`] runs the commands of several distributions side by side.

mod choose;
pub mod container;
mod error;
pub mod root;
mod run;
mod ship;
mod site;
mod task;
mod toolchain;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use plimsoll_probe::{Command, Request as FlavourRequest};
use serde::{Deserialize, Serialize};

use plimsoll_plan::distro::{Distro, DistroPlan, OUT};

use crate::progress;

pub use choose::{EngineRequest, choose};
pub use error::{EngineError, UnknownEngine};
pub use run::{Outcome, Task, Watcher, run_all, run_stages};
pub use ship::ship;
pub use site::{InvalidMirror, Mirror, Site};
pub use task::{Within, stages};
pub use toolchain::Toolchain;

/// An engine for the packages of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Docker, with BuildKit.
    Docker,
    /// Podman, whose builder is buildah.
    Podman,
    /// A root made by mmdebstrap(1) and entered with unshare(1): only for the Debian family.
    Root,
}

impl Engine {
    /// Every engine, best first.
    pub const ALL: [Self; 3] = [Self::Docker, Self::Podman, Self::Root];

    /// The name, as options and tables write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Root => "root",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|engine| engine.as_str() == name);
        known.ok_or_else(|| UnknownEngine(name.to_owned()))
    }
}

/// The option of `dist` that names another Cargo profile than the configuration does.
pub const CARGO_PROFILE: &str = "--cargo-profile";

/// The packages of one distribution, to be built.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The entry of the list.
    pub distro: &'a Distro,
    /// Its plan.
    pub plan: &'a DistroPlan,
    /// Settings of this host.
    pub site: &'a Site,
    /// The Rust toolchain.
    pub toolchain: &'a Toolchain,
    /// Folders of the host.
    pub folders: &'a Folders,
    /// The requested flavour.
    pub flavour: FlavourRequest,
    /// The Cargo profile, if it is not that of the configuration.
    pub cargo_profile: Option<&'a str>,
    /// Whether a flavour other than the expected one is an error.
    pub strict: bool,
}

/// Folders of the host, all absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folders {
    /// The workspace that is built.
    pub workspace: PathBuf,
    /// Parent directory of the packages of all distributions.
    pub out: PathBuf,
    /// Where roots and the build caches in them are kept.
    pub roots: PathBuf,
    /// Where intermediate files are kept.
    pub work: PathBuf,
    /// Cargo's home, whose crates are shared.
    pub cargo_home: PathBuf,
    /// Whether it has crates from git, besides those of registries.
    pub has_git_crates: bool,
    /// The installed command with all that it needs, as [`ship`] lays it out; none for an xtask, which is built in each system.
    pub kit: Option<PathBuf>,
    /// The Dockerfile of container builds ([`container::dockerfile`]).
    pub dockerfile: PathBuf,
}

impl Job<'_> {
    /// Where the packages go.
    #[must_use]
    pub fn out(&self) -> PathBuf {
        self.folders.out.join(self.distro.id())
    }

    /// The command that builds the packages inside of the system.
    fn command(&self) -> Vec<String> {
        let name = match self.folders.kit {
            Some(_) => "plimsoll",
            None => "xtask",
        };
        let flavour = self.flavour.to_string();
        let words = [
            "cargo",
            name,
            "dist",
            "--as",
            self.distro.id(),
            "--out",
            OUT,
        ];
        let mut command: Vec<String> = words.map(str::to_owned).into();
        command.extend(["--flavour".to_owned(), flavour]);
        if let Some(profile) = self.cargo_profile {
            command.extend([CARGO_PROFILE, profile].map(str::to_owned));
        }
        if self.strict {
            command.push("--strict".to_owned());
        }
        command.push(progress::OPTION.to_owned());
        command
    }
}

/// One command of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What it does, for people.
    pub name: String,
    /// The command.
    pub call: Command,
    /// How it depends on failures.
    pub role: Role,
}

/// How a stage depends on failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs if all stages before it succeeded, and must succeed.
    Needed,
    /// Like [`Role::Needed`], but may fail: then there was nothing to do.
    Tried,
    /// Runs in any case.
    CleansUp,
}

impl Stage {
    /// A stage that must go well.
    pub fn new(name: impl Into<String>, call: Command) -> Self {
        Self {
            name: name.into(),
            call,
            role: Role::Needed,
        }
    }

    /// A stage that may fail.
    pub fn tried(name: impl Into<String>, call: Command) -> Self {
        Self {
            role: Role::Tried,
            ..Self::new(name, call)
        }
    }

    /// A stage that runs in any case.
    pub fn cleaning_up(name: impl Into<String>, call: Command) -> Self {
        Self {
            role: Role::CleansUp,
            ..Self::new(name, call)
        }
    }
}

#[cfg(test)]
mod tests;
