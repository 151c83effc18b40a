//! `packaging/dist.toml`: what is built, and what the packages contain.
//!
//! Keys are in kebab-case, an unknown key is an error, and an error names its line.

mod alternative;
mod asset;
mod bundled;
mod flavour;
mod library;
mod load;
mod package;
pub(crate) mod relations;
mod trigger;
mod unit;

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_probe::{DistributionName, Family, NativeDep};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use plimsoll_spec::{FileKind, FormatName};

pub use alternative::{AlternativeConfig, FollowerConfig};
pub use asset::{Asset, AssetSource, InvalidAsset, Printed, Printer};
pub use bundled::BundledPolicy;
pub use flavour::{FlavourConfig, Flavours};
pub use load::{ConfigError, QUESTION, load, parse};
pub use package::PackageConfig;
pub use relations::{DebRelations, RelationTable, RpmRelations, Texts};
pub use trigger::FileTriggerConfig;
pub use unit::{UnitConfig, Units, actions};

/// What is built, and what the packages contain. The version comes from the main Cargo package, the first of
/// `cargo.packages`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Name of the main package. A project without further ones has only this one.
    pub name: String,
    /// One line about the program.
    pub summary: String,
    /// A longer description. Empty lines separate paragraphs, lines that begin with `- `, `* ` or `1. ` are items of a list,
    /// and indented lines stay as they are.
    pub description: String,
    /// A name and an address, such as `Name <name@example.org>`. Default: the first author of the main Cargo package.
    pub maintainer: Option<String>,
    /// An SPDX expression. Default: the licence of the main Cargo package.
    pub license: Option<String>,
    /// Default: the homepage of the main Cargo package, else its repository.
    pub homepage: Option<String>,
    /// The changelog, relative to the workspace: in Markdown with a heading for each release (`## [0.2.0] - 2026-03-01`), Debian's
    /// `debian/changelog`, or RPM's `%changelog`. The packages' changelogs leave out older releases that name no day. Default:
    /// none; the packages then list only the release that they are.
    pub changelog: Option<PathBuf>,
    /// The revision of the packages: `1` in `0.1.0-1`.
    #[serde(default = "first_revision")]
    pub revision: String,
    /// Further packages of the build that must be installed with the main one, each in exactly its own version and revision.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub same_version: Vec<Spanned<String>>,
    /// The processors that the packages are for.
    #[serde(default)]
    pub architecture: Architecture,
    /// Whether each package with programs has a debug package beside it: NAME-dbgsym in .deb, NAME-debuginfo in .rpm. The programs are
    /// stripped then, and their symbols are in that package, where debuggers find them by the build id. The Cargo profile must
    /// have `debug`, and no `strip`.
    #[serde(default)]
    pub debug_packages: bool,
    /// What Cargo builds, and how.
    pub cargo: CargoConfig,
    /// How a built program reports what it is. Default: none does; `verify` compares only the build ids of the installed
    /// programs.
    pub stamp: Option<Stamp>,
    /// The C libraries that the programs link, by any names.
    #[serde(default, deserialize_with = "library::by_name")]
    #[schemars(with = "BTreeMap<String, NativeDep>")]
    pub native_dep: BTreeMap<String, NativeDep>,
    /// What becomes of a C library of which a crate links its own copy: `report` (the default), `refuse`, or
    /// `{ allow = ["ring"] }`, which refuses all others.
    #[serde(default)]
    pub bundled: BundledPolicy,
    /// The flavours, by their names. `auto` builds the first dynamic one of the file whose libraries are all there, and
    /// every static one that can be built.
    #[serde(deserialize_with = "flavour::in_file_order")]
    #[schemars(with = "BTreeMap<String, FlavourConfig>")]
    pub flavour: Flavours,
    /// What only Debian packages have.
    pub deb: DebConfig,
    /// What only RPM packages have.
    pub rpm: RpmConfig,
    /// Further packages of the build, by their names. An asset says in `package` which one holds it. A format without
    /// dependencies, such as tar, has one file with the assets of all packages.
    #[serde(default)]
    pub package: BTreeMap<String, PackageConfig>,
    /// Settings of the formats that a project adds, by their names. Each format has its own keys.
    #[serde(default)]
    #[schemars(schema_with = "own_tables")]
    pub format: BTreeMap<FormatName, toml::Table>,
    /// What is done with units that the packages install, by their names, as in `[unit."sampled.socket"]`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, UnitConfig>")]
    pub unit: Units,
    /// Names that several packages have a program for.
    #[serde(default)]
    pub alternative: Vec<AlternativeConfig>,
    /// How installed packages are tested.
    #[serde(default)]
    pub verify: VerifyConfig,
    /// The files of the packages.
    #[schemars(with = "Vec<asset::RawAsset>")]
    pub asset: Vec<Asset>,
}

fn first_revision() -> String {
    "1".to_owned()
}

fn own_tables(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": "object" } })
}

impl Config {
    /// What Cargo builds for the packages: each `binary` of an asset, and the file of each `library`.
    #[must_use]
    pub fn programs(&self) -> Vec<&str> {
        once_each(self.asset.iter())
    }

    /// What Cargo builds for the packages of a format.
    #[must_use]
    pub fn programs_in(&self, format: FormatName) -> Vec<&str> {
        once_each(self.asset.iter().filter(|asset| asset.is_in(format)))
    }

    /// The shared libraries that Cargo builds for the packages, by the names of their files.
    pub fn libraries(&self) -> impl Iterator<Item = &str> {
        let assets = self.asset.iter();
        assets.filter_map(|asset| match &asset.source {
            AssetSource::Library { file, .. } => Some(file.as_str()),
            _ => None,
        })
    }

    /// The configuration files in packages of a format, by their paths there. Those that only a
    /// pattern names are not among them.
    #[must_use]
    pub fn configuration(&self, format: FormatName) -> Vec<String> {
        let assets = self.asset.iter();
        let held = assets.filter(|a| a.kind == FileKind::Config && a.is_in(format));
        let paths = held.filter_map(|asset| match &asset.source {
            AssetSource::Binary(_)
            | AssetSource::Library { .. }
            | AssetSource::Folder
            | AssetSource::Ghost => None,
            AssetSource::Printed(_) => Some(asset.dest_of("")),
            AssetSource::Files(pattern) | AssetSource::OutDir { pattern, .. } => {
                let name = pattern.rsplit('/').next().unwrap_or(pattern);
                (!pattern.contains(['*', '?', '[', '{'])).then(|| asset.dest_of(name))
            }
        });
        paths.collect()
    }
}

fn once_each<'a>(assets: impl Iterator<Item = &'a Asset>) -> Vec<&'a str> {
    let mut built = Vec::new();
    for name in assets.filter_map(|asset| asset.source.built()) {
        if !built.contains(&name) {
            built.push(name);
        }
    }
    built
}

/// The processors that a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// The one that it is built for.
    #[default]
    Any,
    /// Every one: `all` in Debian, `noarch` in RPM. Such a package holds no ELF file.
    All,
}

/// How a built program reports what it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stamp {
    /// The program to run; the `binary` of an asset.
    #[schemars(with = "String")]
    pub program: Spanned<String>,
    /// The arguments with which it prints what it is.
    pub arguments: Vec<String>,
    /// What it prints.
    #[serde(default)]
    pub form: StampForm,
    /// Prefix of the environment variables that give flavour, commit and reason to the build: `<env-prefix>_FLAVOUR`,
    /// `<env-prefix>_COMMIT`, `<env-prefix>_REASON`. The form `json` needs it.
    pub env_prefix: Option<String>,
}

/// What a program prints that reports what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StampForm {
    /// A JSON object with `flavour`, `version` and `commit`.
    #[default]
    Json,
    /// Any text that has the version as a word, such as `sample 1.2.3`.
    Version,
}

/// What Cargo builds, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CargoConfig {
    /// The Cargo packages that are built, at least one. The first is the main one: it says version, author, licence and
    /// homepage.
    #[serde(deserialize_with = "at_least_one")]
    pub packages: Vec<String>,
    /// Cargo features of every flavour, as `cargo build --features` takes them. The features that link libraries come in
    /// addition.
    #[serde(default)]
    pub features: Vec<String>,
    /// Whether the packages' default features are on.
    #[serde(default = "yes")]
    pub default_features: bool,
    /// The Cargo profile. If it sets no `strip`, the programs are built with `strip = "symbols"`, as Debian Policy 10.1 wants it; their
    /// build ids stay. Other ELF files among the assets are packaged as they are.
    #[serde(default = "release")]
    pub profile: String,
    /// Flags of rustc(1) for the programs and the crates that they link, after all others.
    #[serde(default)]
    pub rustflags: Vec<String>,
}

impl CargoConfig {
    /// The Cargo package that says version, author, licence and homepage.
    #[must_use]
    pub fn main(&self) -> &str {
        self.packages.first().map_or("", String::as_str)
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let packages = Vec::<String>::deserialize(deserializer)?;
    match packages.is_empty() {
        true => Err(D::Error::custom("`packages` names no Cargo package")),
        false => Ok(packages),
    }
}

const fn yes() -> bool {
    true
}

fn release() -> String {
    "release".to_owned()
}

relations::deb_table! {
/// What only Debian packages have.
pub struct DebConfig {
    /// The archive section, see the Debian Policy Manual, 2.4. The main package needs one.
    pub section: Option<String>,
    /// A directory with maintainer scripts, relative to the workspace. Code that starts, stops and enables the units, and makes
    /// users and temporary files, replaces their `#DEBHELPER#` line. It is in the package without this directory too.
    pub maintainer_scripts: Option<PathBuf>,
    /// Lines of deb-triggers(5), such as `"interest-noawait /usr/share/x/plugins"`: dpkg then runs the package's postinst as
    /// `postinst triggered PATH`.
    #[serde(default)]
    pub triggers: Vec<String>,
    /// The epoch of the packages' versions: `1` in `1:0.1.0-1`. A version with a larger one is always newer, so it can
    /// never be taken back; it is for projects whose versions went backwards. It is not in the names of files. 0: none.
    #[serde(default)]
    pub epoch: u32,
    /// More relations, for one family of distributions, one distribution or one release: `[deb.on.ubuntu]`,
    /// `[deb.on.debian-13]`. Those of every name that fits are added to the general ones.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, DebRelations>")]
    pub on: BTreeMap<DistributionName, DebRelations>,
}
}

relations::rpm_table! {
/// What only RPM packages have.
pub struct RpmConfig {
    /// The package group, by which old tools sort. The main package needs one.
    pub group: Option<String>,
    /// The epoch of the packages' versions, as in `[deb]`. 0: none.
    #[serde(default)]
    pub epoch: u32,
    /// A folder with scripts of the project, relative to the workspace: `pre`, `post`, `preun`, `postun`, `pretrans` and `posttrans`, for
    /// `/bin/sh`. What the units, users, temporary files and alternatives need comes before `pre` and `post`, and after `preun` and
    /// `postun`.
    pub scriptlets: Option<PathBuf>,
    /// Configuration of rpmlint(1) for the packages, a file relative to the workspace. Each entry needs a comment
    /// above it with its reason.
    pub rpmlint: Option<PathBuf>,
    /// More relations, for one family of distributions, one distribution or one release: `[rpm.on.suse]`, `[rpm.on.rhel-9]`. Those
    /// of every name that fits are added to the general ones.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RpmRelations>")]
    pub on: BTreeMap<DistributionName, RpmRelations>,
    /// Scripts that are run when any package brings or takes files below a path.
    #[serde(default)]
    pub file_trigger: Vec<FileTriggerConfig>,
}
}

/// How installed packages are tested, on clean systems of their distributions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VerifyConfig {
    /// A program, relative to the workspace, that tests the installed package inside the system. It is called once
    /// for each phase: `smoke` (does it work?), `hold` (open something that must survive), `held` (after an upgrade:
    /// did it survive?), `removed` (after a removal: did it survive?), `release` (close it). Any exit status other
    /// than 0 is a fault. The environment has `FLAVOUR`, `DRIVER`, `VERSION`, and `INIT`: `no` means that no init
    /// system runs, and the script must start the daemon itself. Default: only the stamps of the programs are
    /// checked.
    pub script: Option<PathBuf>,
    /// Packages that the script needs, by family. The clean systems contain them.
    #[serde(default)]
    pub packages: BTreeMap<Family, Vec<String>>,
}

#[cfg(test)]
mod tests;
