//! The probes: each answers one question about the system with one finding.

mod compiler;
mod engines;
mod kernel;
mod library;
mod packaging;
mod rust;
mod tool;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Distribution, Finding, NativeDep, System};

pub use engines::container_engines;

/// All findings about a host, for the declared libraries and one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Findings {
    /// The distribution that builds.
    pub distribution: Distribution,
    /// The triple that is built for.
    pub target: String,
    /// A C compiler that compiles and links for the target; Rust links through it.
    pub c_compiler: Finding,
    /// The static C library of the target, which `+crt-static` links.
    pub static_libc: Finding,
    /// The pkg-config program.
    pub pkg_config: Finding,
    /// The declared libraries, by name.
    pub libraries: BTreeMap<String, LibraryFinding>,
    /// The tool that does a library's work in a build without it, by the name of each library that has one.
    pub tools: BTreeMap<String, ToolFinding>,
    /// What library and tool need of the running kernel, by the name of each library that needs something.
    pub kernel: BTreeMap<String, Finding>,
    /// The targets that the Rust toolchain has a standard library for.
    pub rust: RustTargets,
    /// What packages are made and checked with.
    pub packaging_tools: Vec<NamedFinding>,
    /// Container engines that answer.
    pub container_engines: Vec<NamedFinding>,
}

/// A finding about one of several things of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NamedFinding {
    /// The thing's name, such as `lintian`.
    pub name: String,
    /// What was found of it.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What was found of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LibraryFinding {
    /// Whether a build for the target can link it.
    #[serde(flatten)]
    pub finding: Finding,
    /// Its version, where pkg-config knows it.
    pub version: Option<String>,
    /// The folder that the linker finds it in.
    pub libdir: Option<PathBuf>,
    /// The `.pc` file that describes it.
    pub described_in: Option<PathBuf>,
    /// Whether there is a static archive of it.
    pub static_archive: Finding,
    /// The declared properties of it.
    pub checks: Vec<NamedFinding>,
}

/// What was found of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToolFinding {
    /// Whether it is there and runs.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where.
    pub path: Option<PathBuf>,
    /// Its version, where it says one.
    pub version: Option<String>,
    /// The declared properties of it.
    pub checks: Vec<NamedFinding>,
}

/// What was found of the Rust toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RustTargets {
    /// Whether the toolchain has a standard library for the target.
    #[serde(flatten)]
    pub finding: Finding,
    /// The triple that the toolchain runs on.
    pub host: String,
    /// Every triple that it has a standard library for, sorted.
    pub installed: Vec<String>,
}

/// Asks `system` all that `libraries` need to be built for `target` (a triple; none: the host's own).
///
/// It writes nothing but a scratch folder, and changes nothing but that the kernel may load the
/// module that is asked for, in a network namespace made for the question.
pub fn probe(
    system: &dyn System,
    libraries: &BTreeMap<String, NativeDep>,
    target: Option<&str>,
) -> Findings {
    let distribution = Distribution::of(system);
    let rust = rust::targets(system, target);
    let target = target.unwrap_or(&rust.host).to_owned();
    let site = Site {
        system,
        distribution: &distribution,
        host: &rust.host,
        target: &target,
    };
    let compiler = compiler::find(&site);
    let tools = of_each(libraries, |_, dep| {
        dep.tool.as_ref().map(|tool| tool::tool(&site, tool))
    });
    Findings {
        c_compiler: compiler.finding(),
        static_libc: compiler::static_libc(&site, &compiler),
        pkg_config: library::pkg_config(&site),
        libraries: of_each(libraries, |name, dep| {
            Some(library::library(&site, dep, &compiler, tools.get(name)))
        }),
        kernel: of_each(libraries, |name, dep| {
            let check = dep.kernel.as_ref();
            check.map(|check| kernel::kernel(&site, check, tools.get(name)))
        }),
        packaging_tools: packaging::tools(&site),
        container_engines: engines::engines(system, &distribution),
        tools,
        target: target.clone(),
        rust: rust.clone(),
        distribution: distribution.clone(),
    }
}

/// What is found of each library that the question is for.
fn of_each<T>(
    libraries: &BTreeMap<String, NativeDep>,
    find: impl Fn(&str, &NativeDep) -> Option<T>,
) -> BTreeMap<String, T> {
    let found = libraries.iter();
    found
        .filter_map(|(name, dep)| Some((name.clone(), find(name, dep)?)))
        .collect()
}

/// Where, and for what, the questions are put.
struct Site<'a> {
    system: &'a dyn System,
    distribution: &'a Distribution,
    host: &'a str,
    target: &'a str,
}

impl Site<'_> {
    fn is_cross(&self) -> bool {
        self.host != self.target
    }
}

#[cfg(test)]
mod tests;
