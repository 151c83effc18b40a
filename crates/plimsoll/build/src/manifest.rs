//! `manifest.json`: what was made, why, and of what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use error_hint::FileError;

use plimsoll_probe::{Fallback, FlavourName, Ownership};
use serde::{Deserialize, Serialize};

use crate::bundled::Bundled;
use crate::program::{BuiltProgram, Identity};
pub use crate::sum::Sum;
use plimsoll_plan::config::Config;
use plimsoll_plan::plan::{BuildPlan, LeftOut, PackagePlan, Plan};
use plimsoll_spec::{FormatName, PackageReport, Relations};

/// The name of the file.
pub const MANIFEST: &str = "manifest.json";

/// The name of the file with the sums of the packages, beside it.
pub const SUMS: &str = "SHA256SUMS";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// Name of the main package.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The commit that it was built from.
    pub commit: String,
    /// The time that every date in the packages takes, in seconds since 1970 (UTC).
    pub source_date_epoch: u32,
    /// What Cargo's configuration and the environment set for the build, by key or variable.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The package files.
    pub artifacts: Vec<Artifact>,
    /// What was asked for and could not be made here.
    pub left_out: Vec<LeftOut>,
}

/// One package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Artifact {
    /// Its name, below the folder of the manifest.
    pub file: String,
    /// The package's name.
    pub name: String,
    /// The packages of the configuration whose assets it holds.
    pub holds: Vec<String>,
    /// The package whose programs' symbols it holds, where it is a debug package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_of: Option<String>,
    /// What kind of file it is.
    pub format: FormatName,
    /// The flavour of the programs in it.
    pub flavour: FlavourName,
    /// Why this flavour.
    pub reason: String,
    /// The better flavour that it stands in for, where it does.
    pub fallback: Option<Fallback>,
    /// The best driver of the programs.
    pub driver: String,
    /// Its architecture in the format's own words.
    pub arch: String,
    /// How it relates to other packages, as the finished file says it.
    pub relations: Relations,
    /// The libraries that its programs name, as their ELF files say it.
    pub needed: BTreeSet<String>,
    /// What tells each of its programs from every other build.
    pub programs: BTreeMap<String, Identity>,
    /// Whose these libraries are on the system that built them.
    #[serde(default)]
    pub owners: BTreeMap<String, Ownership>,
    /// The newest glibc symbol version that they need; none for static programs.
    pub glibc: Option<String>,
    /// The version of each declared library that was linked.
    pub linked: BTreeMap<String, String>,
    /// The C libraries that its programs hold themselves.
    #[serde(default)]
    pub bundled: Vec<Bundled>,
    /// The list of its components.
    #[serde(default)]
    pub components: Option<ListFile>,
    /// The commit that its programs were built from.
    pub commit: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 sum of the file, in hexadecimal.
    pub sha256: String,
}

/// The list of a package's components, a CycloneDX document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ListFile {
    /// Its name, below the folder of the manifest.
    pub file: String,
    /// Its size and sum.
    #[serde(flatten)]
    pub sum: Sum,
}

impl ListFile {
    /// A file with its sum.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            file: name.to_string_lossy().into_owned(),
            sum: Sum::of_file(path).map_err(FileError::at("read", path))?,
        })
    }
}

impl Artifact {
    /// What the configuration of all packages says of this file.
    #[must_use]
    pub fn config(&self, all: &Config) -> Config {
        all.of_file(&self.name, &self.holds, self.debug_of.as_deref())
    }

    /// The files of the package with their sums: itself, and the list of its components.
    pub fn files(&self) -> impl Iterator<Item = (&str, Sum)> {
        let package = Sum {
            size: self.size,
            sha256: self.sha256.clone(),
        };
        let components = self.components.iter();
        let components = components.map(|list| (list.file.as_str(), list.sum.clone()));
        std::iter::once((self.file.as_str(), package)).chain(components)
    }

    /// Puts together what is known about a finished file.
    #[must_use]
    pub fn new(
        plan: &Plan,
        build: &BuildPlan,
        package: &PackagePlan,
        programs: &[BuiltProgram],
        owners: &BTreeMap<String, Ownership>,
        report: PackageReport,
        sum: Sum,
    ) -> Self {
        let ceilings = programs
            .iter()
            .filter_map(|program| program.elf.ceiling("GLIBC"));
        let needed = programs
            .iter()
            .flat_map(|program| program.elf.needed.clone())
            .collect();
        Self {
            file: package.file.clone(),
            name: package.name.clone(),
            holds: package.holds.clone(),
            debug_of: package.debug_of.clone(),
            format: package.format,
            flavour: package.flavour,
            reason: build.reason.clone(),
            fallback: build.fallback.clone(),
            driver: package.driver.clone(),
            arch: package.arch.clone(),
            relations: report.relations,
            owners: of(&needed, owners),
            needed,
            programs: programs
                .iter()
                .map(|program| (program.name.clone(), program.identity.clone()))
                .collect(),
            glibc: ceilings.max().map(|version| version.to_string()),
            linked: build.linked.clone(),
            bundled: Vec::new(),
            components: None,
            commit: plan.source.commit.clone(),
            size: sum.size,
            sha256: sum.sha256,
        }
    }
}

fn of(
    needed: &BTreeSet<String>,
    owners: &BTreeMap<String, Ownership>,
) -> BTreeMap<String, Ownership> {
    let these = owners.iter().filter(|(soname, _)| needed.contains(*soname));
    these
        .map(|(soname, owner)| (soname.clone(), owner.clone()))
        .collect()
}

impl Manifest {
    /// The manifest of a plan whose packages are made.
    #[must_use]
    pub fn new(plan: &Plan, artifacts: Vec<Artifact>) -> Self {
        Self {
            name: plan.name.clone(),
            version: plan.source.version.clone(),
            commit: plan.source.commit.clone(),
            source_date_epoch: plan.source.source_date_epoch,
            settings: plan.source.settings.honoured.clone(),
            artifacts,
            left_out: plan.left_out.clone(),
        }
    }

    /// The text of `SHA256SUMS`, which `sha256sum --check` reads.
    #[must_use]
    pub fn sums(&self) -> String {
        let files = self.artifacts.iter().flat_map(Artifact::files);
        files
            .map(|(file, sum)| format!("{}  {file}\n", sum.sha256))
            .collect()
    }
}
