//! `packaging/dist.toml`: what is built, and what the packages hold.
//!
//! Keys are in kebab-case, an unknown key is an error, and an error names its line.

mod asset;
mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_probe::{Family, Flavour, NativeDep};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use plimsoll_spec::{FileKind, FormatName};

pub use asset::{Asset, AssetSource, InvalidAsset};
pub use load::{ConfigError, load, parse};

/// What is built, and what the packages hold. Version, licence, the first author and the homepage
/// come from the Cargo package that `stamp.program` names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The packages' name.
    pub name: String,
    /// One line about the program.
    pub summary: String,
    /// More about it; paragraphs are set apart by an empty line.
    pub description: String,
    /// The changelog in Markdown, relative to the workspace.
    pub changelog: PathBuf,
    /// The revision of the packages: `1` in `0.1.0-1`.
    #[serde(default = "first_revision")]
    pub revision: String,
    /// The Cargo packages whose programs are built; each program has its package's name.
    pub cargo_packages: Vec<String>,
    /// How a built program says what it is.
    pub stamp: Stamp,
    /// The C library whose presence decides the flavour. Exactly one, under any name.
    pub native_dep: BTreeMap<String, NativeDep>,
    /// What each flavour is packaged as: `dynamic`, `dynamic-exec`, `static`. One that is not there
    /// is not packaged.
    pub flavour: BTreeMap<Flavour, FlavourConfig>,
    /// What only Debian packages have.
    pub deb: DebConfig,
    /// What only RPM packages have.
    pub rpm: RpmConfig,
    /// How installed packages are tried.
    #[serde(default)]
    pub verify: VerifyConfig,
    /// The files of the packages.
    #[schemars(with = "Vec<asset::RawAsset>")]
    pub asset: Vec<Asset>,
}

fn first_revision() -> String {
    "1".to_owned()
}

impl Config {
    /// The C library.
    ///
    /// # Panics
    /// Never for a configuration from [`parse`], which refuses any number but one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "checked when the file was read")]
    pub fn library(&self) -> &NativeDep {
        self.native_dep
            .values()
            .next()
            .expect("a checked configuration has one native-dep")
    }

    /// The configuration files in packages of a format, by their paths there. Those that only a
    /// pattern names are not among them.
    #[must_use]
    pub fn configuration(&self, format: FormatName) -> Vec<String> {
        let assets = self.asset.iter();
        let held = assets.filter(|a| a.kind == FileKind::Config && a.is_in(format));
        let paths = held.filter_map(|asset| match &asset.source {
            AssetSource::Binary(_) => None,
            AssetSource::Files(pattern) if pattern.contains(['*', '?', '[']) => None,
            AssetSource::Files(path) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                Some(asset.dest_of(name))
            }
        });
        paths.collect()
    }

    /// The formats of a flavour; none for one that is not packaged.
    #[must_use]
    pub fn formats(&self, flavour: Flavour) -> &[FormatName] {
        self.flavour
            .get(&flavour)
            .map_or(&[], |flavour| flavour.formats.as_slice())
    }
}

/// How a built program says what it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stamp {
    /// The program to ask; one of `cargo-packages`.
    #[schemars(with = "String")]
    pub program: Spanned<String>,
    /// The arguments with which it prints a JSON object with `flavour` and `commit`.
    pub arguments: Vec<String>,
    /// What the names of the variables start with that hand flavour, commit and reason to the
    /// build: `<env-prefix>_FLAVOUR`, `<env-prefix>_COMMIT`, `<env-prefix>_REASON`.
    pub env_prefix: String,
}

/// One flavour.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FlavourConfig {
    /// What it is packaged as.
    pub formats: Vec<FormatName>,
}

/// What only Debian packages have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DebConfig {
    /// The archive section, see the Debian Policy Manual, 2.4.
    pub section: String,
    /// A folder with maintainer scripts, relative to the workspace. What starts, stops and
    /// enables the units takes the place of their `#DEBHELPER#` line.
    pub maintainer_scripts: Option<PathBuf>,
    /// Dependencies that do not follow from the programs.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// What only RPM packages have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RpmConfig {
    /// The package group, which old tools sort by.
    pub group: String,
    /// Dependencies that do not follow from the programs.
    #[serde(default)]
    pub requires: Vec<String>,
    /// What rpmlint(1) is told about the packages, a file relative to the workspace. Each entry
    /// needs a comment above it that gives its reason.
    pub rpmlint: Option<PathBuf>,
}

/// How installed packages are tried, on clean systems of their distributions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VerifyConfig {
    /// A program, relative to the workspace, that tries the installed package from inside of the
    /// system. It is called with one phase at a time: `smoke` (does it work?), `hold` (open
    /// something that must live on), `held` (after an upgrade: does it?), `removed` (after a
    /// removal: does it?), `release` (let it go). Any status but 0 is a fault. In its
    /// environment are `FLAVOUR`, `DRIVER`, `VERSION`, and `INIT`: `no` where no init system runs,
    /// and the program must start for itself what it tries. None: the packages' programs are
    /// only asked what they are.
    pub script: Option<PathBuf>,
    /// Packages that the script needs, by family; the clean systems have them from the start.
    #[serde(default)]
    pub packages: BTreeMap<Family, Vec<String>>,
}
