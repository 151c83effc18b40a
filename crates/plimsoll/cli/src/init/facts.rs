//! What is known of a workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What is known of a workspace.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The Cargo packages whose programs are packaged. The first is the main one.
    pub(super) packages: Vec<Package>,
    /// Further Cargo packages that have programs.
    pub(super) left_out: Vec<String>,
    /// Shared libraries of further Cargo packages that have no programs, with the packages' names.
    pub(super) libraries_left_out: Vec<(String, String)>,
    /// The files, relative to the workspace.
    pub(super) files: BTreeSet<String>,
    /// For each unit of systemd among the files, the programs that it starts.
    pub(super) units: BTreeMap<String, Vec<String>>,
    /// What a build showed; none where there was none.
    pub(super) built: Option<Built>,
}

impl Facts {
    /// The names of all programs.
    pub(super) fn programs(&self) -> impl Iterator<Item = &str> {
        let programs = self.packages.iter().flat_map(|it| &it.programs);
        programs.map(String::as_str)
    }

    /// The names of all that links libraries and is packaged.
    pub(super) fn linking(&self) -> impl Iterator<Item = String> {
        self.packages.iter().flat_map(Package::linking)
    }
}

/// A Cargo package that has programs, or shared libraries and nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Its folder, relative to the workspace; empty for the workspace's own.
    pub(super) folder: String,
    pub(super) description: Option<String>,
    pub(super) license: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) homepage: Option<String>,
    /// Its programs.
    pub(super) programs: Vec<String>,
    /// Its shared libraries (`cdylib`).
    pub(super) libraries: Vec<String>,
    /// Further programs, with the features that Cargo builds them with.
    pub(super) further: BTreeMap<String, Vec<String>>,
    /// Whether it depends on a crate that makes completions.
    pub(super) completes: bool,
    /// Crates that link a C library.
    pub(super) native: Vec<Native>,
    /// `[package.metadata.deb]`.
    pub(super) deb: Value,
    /// `[package.metadata.generate-rpm]`.
    pub(super) rpm: Value,
}

impl Package {
    /// The name of the packages. Debian refuses underscores and capital letters.
    pub(super) fn package_name(&self) -> String {
        self.name.replace('_', "-").to_lowercase()
    }

    /// Its programs, or the files of its libraries if it has nothing else.
    pub(super) fn linking(&self) -> Vec<String> {
        match self.programs.is_empty() {
            true => self.libraries.iter().map(|it| library_file(it)).collect(),
            false => self.programs.clone(),
        }
    }
}

/// The name that Cargo gives to the file of a shared library.
pub(super) fn library_file(name: &str) -> String {
    format!("lib{}.so", name.replace('-', "_"))
}

/// A crate that links a C library.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Native {
    /// The crate.
    pub(super) name: String,
    /// Its `links`.
    pub(super) links: String,
    /// Its features that are on.
    pub(super) features: BTreeSet<String>,
    /// The feature of the package that needs it; none where the features do that are on without asking.
    pub(super) feature: Option<String>,
}

/// What a build of the workspace showed.
#[derive(Debug, Clone, Default)]
pub(super) struct Built {
    /// The sonames of the libraries that each program needs, without those of the toolchain.
    pub(super) needed: BTreeMap<String, BTreeSet<String>>,
    /// The libraries that each crate has the linker link, as `cargo::rustc-link-lib` takes them: `z`, `static=z`.
    pub(super) linking: BTreeMap<String, Vec<String>>,
    /// The files that the build script of each Cargo package wrote, relative to its `OUT_DIR`.
    pub(super) out: BTreeMap<String, BTreeSet<String>>,
    /// For each program, the arguments with which it prints its version.
    pub(super) version: BTreeMap<String, Vec<String>>,
    /// Files that the programs print.
    pub(super) printed: Vec<Printed>,
    /// The libraries that the system has the needed sonames from, by soname.
    pub(super) found: BTreeMap<String, Found>,
}

impl Built {
    /// The programs that need one of these sonames.
    pub(super) fn needing(&self, sonames: &[&str]) -> Vec<&str> {
        let needed = self.needed.iter();
        let of = needed.filter(|(_, needed)| sonames.iter().any(|it| needed.contains(*it)));
        of.map(|(program, _)| program.as_str()).collect()
    }
}

/// A library of the system that built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The family of the system, such as `debian`.
    pub(super) family: String,
    /// The package that holds the library.
    pub(super) runtime: String,
    /// The name of its `.pc` file, and the package that holds that.
    pub(super) devel: Option<(String, String)>,
}

/// A file that a program prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) kind: PrintedKind,
}

/// What a program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrintedKind {
    /// A manual page of section 1.
    Manual,
    /// Completions for bash(1).
    Bash,
    /// Completions for fish(1).
    Fish,
    /// Completions for zsh(1).
    Zsh,
}
