//! The packages of one build: the main one, and further ones.

use std::collections::BTreeMap;

use plimsoll_spec::FormatName;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::library::Fault;
use super::{Architecture, Asset, Config, DebConfig, RpmConfig};

/// A further package of the build. All that is not said here is as in the main package: version, revision, licence,
/// maintainer, homepage, changelog and flavour.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageConfig {
    /// One line about it.
    pub summary: String,
    /// A longer description, written as that of the main package.
    pub description: String,
    /// Packages of this build that must be installed with it, each in exactly its own version and revision.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub same_version: Vec<Spanned<String>>,
    /// The processors that it is for.
    #[serde(default)]
    pub architecture: Architecture,
    /// What only its Debian package has. `section` is that of the main package where it is not set.
    #[serde(default)]
    pub deb: DebConfig,
    /// What only its RPM package has. `group` and `rpmlint` are those of the main package where they are not set.
    #[serde(default)]
    pub rpm: RpmConfig,
}

impl Config {
    /// The names of the packages: the main one's, then those of the further ones, sorted.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        let further = self.package.keys().map(String::as_str);
        std::iter::once(self.name.as_str()).chain(further)
    }

    /// The packages that are made in a format. A further one, or the main one beside it, is made where it has an asset.
    #[must_use]
    pub fn packages_in(&self, format: FormatName) -> Vec<&str> {
        let has_asset = |name: &str| {
            let mut assets = self.asset.iter().filter(|asset| asset.is_in(format));
            assets.any(|asset| self.holder(asset) == name)
        };
        let is_made = |name: &&str| self.package.is_empty() || has_asset(name);
        self.packages().filter(is_made).collect()
    }

    /// The package that holds an asset.
    #[must_use]
    pub fn holder<'a>(&'a self, asset: &'a Asset) -> &'a str {
        let package = asset.package.as_ref();
        package.map_or(self.name.as_str(), |name| name.get_ref())
    }

    /// The processors that the package is for which holds an asset.
    #[must_use]
    pub fn architecture_of(&self, asset: &Asset) -> Architecture {
        let further = self.package.get(self.holder(asset));
        further.map_or(self.architecture, |package| package.architecture)
    }

    /// The configuration of one package, as if it were the only one: what is said of `name`, the assets of the packages that
    /// it `holds`, and the libraries that their programs link.
    #[must_use]
    pub fn of_package(&self, name: &str, holds: &[String]) -> Self {
        let mut own = self.clone();
        if self.package.is_empty() {
            return own;
        }
        own.asset
            .retain(|asset| holds.iter().any(|held| held == self.holder(asset)));
        if let Some(package) = own.package.remove(name) {
            name.clone_into(&mut own.name);
            own.summary = package.summary;
            own.description = package.description;
            own.architecture = package.architecture;
            own.same_version = package.same_version;
            own.deb = package.deb.beside(&self.deb);
            own.rpm = package.rpm.beside(&self.rpm);
        }
        own.package = BTreeMap::new();
        let assets = std::mem::take(&mut own.asset);
        let may_hold = |path: &str| assets.iter().any(|asset| asset.may_be(path));
        own.alternative.retain(|it| may_hold(&it.path));
        own.asset = assets;
        let programs: Vec<String> = own.programs().into_iter().map(str::to_owned).collect();
        own.native_dep.retain(|_, dep| {
            let mut linking = self.linking_programs(dep).into_iter();
            linking.any(|program| programs.iter().any(|own| own == program))
        });
        own
    }
}

impl Config {
    /// The configuration of one package file: of a debug package, or as [`Config::of_package`].
    #[must_use]
    pub fn of_file(&self, name: &str, holds: &[String], debug_of: Option<&str>) -> Self {
        match debug_of {
            Some(of) => self.of_debug_package(name, of),
            None => self.of_package(name, holds),
        }
    }

    fn of_debug_package(&self, name: &str, of: &str) -> Self {
        let package = self.of_package(of, &[of.to_owned()]);
        let deb = DebConfig {
            section: Some("debug".to_owned()),
            ..DebConfig::default()
        };
        let rpm = RpmConfig {
            group: Some("Development/Debug".to_owned()),
            ..RpmConfig::default()
        };
        Self {
            name: name.to_owned(),
            summary: format!("debug symbols for {of}"),
            description: format!(
                "The symbols of the programs of {of}. Debuggers and profilers find them by the build ids."
            ),
            same_version: vec![Spanned::new(0..0, of.to_owned())],
            deb: deb.beside(&package.deb),
            rpm: rpm.beside(&package.rpm),
            asset: Vec::new(),
            alternative: Vec::new(),
            native_dep: BTreeMap::new(),
            ..package
        }
    }
}

impl DebConfig {
    /// That of a further package, beside the main one's.
    fn beside(mut self, main: &Self) -> Self {
        self.section = self.section.or_else(|| main.section.clone());
        self.epoch = main.epoch;
        self
    }
}

impl RpmConfig {
    /// That of a further package, beside the main one's.
    fn beside(mut self, main: &Self) -> Self {
        self.group = self.group.or_else(|| main.group.clone());
        self.epoch = main.epoch;
        self.rpmlint = self.rpmlint.or_else(|| main.rpmlint.clone());
        self
    }
}

/// Where packages are declared in the file.
#[derive(Deserialize)]
struct Spans {
    name: Spanned<String>,
    #[serde(default)]
    package: BTreeMap<Spanned<String>, IgnoredAny>,
}

/// The first fault of the packages and of what names them.
pub(super) fn check(config: &Config, text: &str) -> Option<Fault> {
    let spans: Spans = toml::from_str(text).ok()?;
    let assets = config.asset.iter();
    let named = assets.filter_map(|asset| asset.package.as_ref());
    let main = std::iter::once((config.name.as_str(), &config.same_version));
    let further = config.package.iter();
    let further = further.map(|(name, package)| (name.as_str(), &package.same_version));
    spans
        .package
        .keys()
        .find_map(|name| twice(config, name).or_else(|| epoch(config, name)))
        .or_else(|| named.into_iter().find_map(|name| unknown(config, name)))
        .or_else(|| {
            let mut all = main.chain(further);
            all.find_map(|(own, names)| same_version(config, own, names))
        })
        .or_else(|| {
            let mut names = std::iter::once(&spans.name).chain(spans.package.keys());
            names.find_map(|name| empty(config, name))
        })
}

fn twice(config: &Config, name: &Spanned<String>) -> Option<Fault> {
    (*name.get_ref() == config.name).then(|| Fault {
        at: name.span().start,
        what: format!("package {} is the main one already", config.name),
        hint: "give it another name; the main package is described at the top of the file"
            .to_owned(),
    })
}

/// All packages of a build have one version.
fn epoch(config: &Config, name: &Spanned<String>) -> Option<Fault> {
    let further = config.package.get(name.get_ref())?;
    let differs = |own: u32, main: u32| own > 0 && own != main;
    let is_other = differs(further.deb.epoch, config.deb.epoch)
        || differs(further.rpm.epoch, config.rpm.epoch);
    is_other.then(|| Fault {
        at: name.span().start,
        what: format!(
            "package {} has another epoch than the main one",
            name.get_ref()
        ),
        hint: "set `epoch` in [deb] and [rpm] alone: all packages have one version".to_owned(),
    })
}

fn unknown(config: &Config, name: &Spanned<String>) -> Option<Fault> {
    let (at, name) = (name.span().start, name.get_ref());
    let mut known = config.packages();
    (!known.any(|known| known == name)).then(|| Fault {
        at,
        what: format!("no package {name:?} is declared"),
        hint: format!(
            "declare it as [package.{name}], or take one of {}",
            config.packages().collect::<Vec<_>>().join(", ")
        ),
    })
}

fn same_version(config: &Config, own: &str, names: &[Spanned<String>]) -> Option<Fault> {
    names.iter().find_map(|name| {
        let of_itself = (name.get_ref() == own).then(|| Fault {
            at: name.span().start,
            what: format!("package {own} has itself in `same-version`"),
            hint: "leave it out".to_owned(),
        });
        of_itself.or_else(|| unknown(config, name))
    })
}

/// Packages without a program are complained of elsewhere, where there is only one.
fn empty(config: &Config, name: &Spanned<String>) -> Option<Fault> {
    let (at, name) = (name.span().start, name.get_ref());
    let mut assets = config.asset.iter();
    let is_empty = !config.package.is_empty() && !assets.any(|asset| config.holder(asset) == name);
    is_empty.then(|| Fault {
        at,
        what: format!("package {name} has no asset"),
        hint: match *name == config.name {
            true => "add an [[asset]] without `package`".to_owned(),
            false => format!("add `package = {name:?}` to an [[asset]]"),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use error_hint::Hint;

    use super::*;
    use crate::config::parse;
    use crate::fixtures;

    const FURTHER: &str = r#"
[package.sample-cli]
summary = "Shows it on a terminal"
description = "The program alone."
same-version = ["sample"]

[package.sample-cli.rpm]
requires = ["less"]
"#;

    fn text() -> String {
        let cli = "binary = \"sample\"\n";
        let with = format!("{cli}package = \"sample-cli\"\n");
        fixtures::DIST.replacen(cli, &with, 1) + FURTHER
    }

    fn read(text: &str) -> Result<Config, String> {
        let parsed = parse(text, Path::new("dist.toml"), &fixtures::formats().names());
        parsed.map_err(|error| {
            let hint = error.hint().map(std::borrow::Cow::into_owned);
            format!("{error}\nhint: {}", hint.unwrap_or_default())
        })
    }

    #[test]
    fn a_further_package_has_its_own_words_assets_and_libraries() {
        let config = read(&text()).expect("sound");
        assert_eq!(
            config.packages().collect::<Vec<_>>(),
            ["sample", "sample-cli"]
        );
        let own = |name: &str| config.of_package(name, &[name.to_owned()]);
        let (main, further) = (own("sample"), own("sample-cli"));
        assert_eq!(
            (main.name.as_str(), further.name.as_str()),
            ("sample", "sample-cli")
        );
        assert_eq!(further.summary, "Shows it on a terminal");
        assert_eq!(further.asset.len(), 1);
        assert_eq!(main.asset.len(), config.asset.len() - 1);
        // The daemon links the library.
        assert_eq!(main.native_dep.len(), 1);
        assert!(further.native_dep.is_empty());
        assert_eq!(further.deb.section, main.deb.section);
        assert_eq!(further.deb.maintainer_scripts, None);
        assert_eq!(further.rpm.group, main.rpm.group);
        let all = ["sample", "sample-cli"].map(str::to_owned);
        let whole = config.of_package("sample", &all);
        assert_eq!(whole.asset, config.asset);
    }

    #[test]
    fn a_package_is_made_in_the_formats_of_its_assets() {
        let only_deb = text().replace(
            "package = \"sample-cli\"\n",
            "package = \"sample-cli\"\nformats = [\"deb\"]\n",
        );
        let config = read(&only_deb).expect("sound");
        assert_eq!(
            config.packages_in(FormatName::DEB),
            ["sample", "sample-cli"]
        );
        assert_eq!(config.packages_in(FormatName::RPM), ["sample"]);
        let alone = fixtures::config();
        assert_eq!(alone.packages_in(FormatName::RPM), ["sample"]);
    }

    #[test]
    fn what_names_a_package_is_checked() {
        for (from, to, at, what, hint) in [
            (
                "package = \"sample-cli\"",
                "package = \"sampel\"",
                "package = \"sampel\"",
                "no package \"sampel\" is declared",
                "declare it as [package.sampel], or take one of sample, sample-cli",
            ),
            (
                "package = \"sample-cli\"\n",
                "",
                "[package.sample-cli]",
                "package sample-cli has no asset",
                "add `package = \"sample-cli\"` to an [[asset]]",
            ),
            (
                "same-version = [\"sample\"]",
                "same-version = [\"sample-cli\"]",
                "same-version = [\"sample-cli\"]",
                "package sample-cli has itself in `same-version`",
                "leave it out",
            ),
            (
                "requires = [\"less\"]",
                "requires = [\"less\"]\nepoch = 3",
                "[package.sample-cli]",
                "package sample-cli has another epoch than the main one",
                "set `epoch` in [deb] and [rpm] alone: all packages have one version",
            ),
            (
                "same-version = [\"sample\"]",
                "same-version = [\"simple\"]",
                "same-version = [\"simple\"]",
                "no package \"simple\" is declared",
                "declare it as [package.simple], or take one of sample, sample-cli",
            ),
            (
                "[package.sample-cli",
                "[package.sample",
                "[package.sample]",
                "package sample is the main one already",
                "give it another name; the main package is described at the top of the file",
            ),
        ] {
            let text = text().replace(from, to);
            let line = text.lines().position(|line| line == at).expect(at) + 1;
            let expected = format!("dist.toml:{line}: {what}\nhint: {hint}");
            assert_eq!(read(&text), Err(expected), "{from} -> {to}");
        }
    }
}
