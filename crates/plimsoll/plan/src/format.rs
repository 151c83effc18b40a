//! The pure part of a package format: it runs and reads nothing.
//!
//! A format is one module that implements [`FormatRules`]. [`Formats`] is the table of them. Functions that read a configuration
//! or plan get it as an argument. `plimsoll_build::format` has the half that runs programs and writes files.

mod deb;
mod file_names;
mod relations;
mod rpm;
mod rpm_rules;
mod tar;
mod version;

use std::fmt;

use plimsoll_probe::{Family, Finding, Findings, FlavourName};
use plimsoll_spec::{FormatName, Relations, full_version};

use crate::arch::Arch;
use crate::complaint::Complaint;
use crate::config::Config;

pub use crate::format_names::{UnknownFormat, either};
pub use deb::Deb;
pub use file_names::name_in_file;
pub(crate) use file_names::{is_safe, revision_in_file, version_in_file};
pub use rpm::Rpm;
pub use tar::Tar;

/// The pure part of a package format: it runs and reads nothing.
pub trait FormatRules: fmt::Debug + Sync {
    /// The name that configuration, options and the manifest use.
    fn name(&self) -> FormatName;

    /// What such a package is, in one sentence for the documentation.
    fn about(&self) -> &'static str;

    /// What error messages call its packages, as in "packaging/dist.toml names no Debian package for nft".
    fn title(&self) -> &'static str;

    /// The name that the format gives an architecture.
    fn arch(&self, arch: Arch) -> &'static str;

    /// The name that the format gives every architecture together.
    fn every_arch(&self) -> &'static str {
        "noarch"
    }

    /// The version of a package of this version of the program.
    fn version(&self, version: &str) -> String {
        version.to_owned()
    }

    /// The name of a package file. It may have letters, digits, `.`, `-` and `_`.
    fn file_name(&self, naming: &Naming<'_>) -> String;

    /// Whether a host can make such packages.
    fn can_be_made(&self, _host: &Findings) -> Finding {
        Finding::yes("needs nothing of the host")
    }

    /// Whether such packages depend on others.
    fn has_dependencies(&self) -> bool {
        true
    }

    /// Whether each package of a build is a file of its own. Otherwise one file holds the assets of all.
    fn is_divided(&self) -> bool {
        self.has_dependencies()
    }

    /// The dependency on another package of the same build, of this version of the program and no other. None: the format has
    /// no such thing.
    fn same_version(&self, _config: &Config, _name: &str, _version: &str) -> Option<String> {
        None
    }

    /// The name of the debug package of a package. None: the format has none.
    fn debug_package(&self, _name: &str) -> Option<String> {
        None
    }

    /// The relations that the configuration gives to this format alone, in its own syntax. `on` has the names of the distribution
    /// that the package is for, from its family to its release ([`Distribution::names`](plimsoll_probe::Distribution::names)).
    /// `version` is that of the packages, with epoch and revision, as the format writes it.
    fn own_relations(&self, _config: &Config, _on: &[String], _version: &str) -> Relations {
        Relations::default()
    }

    /// The version of the packages of this version of the program, with epoch and revision.
    fn full_version(&self, config: &Config, version: &str) -> String {
        full_version(self.epoch(config), &self.version(version), &config.revision)
    }

    /// The epoch of the packages' versions; 0: none.
    fn epoch(&self, _config: &Config) -> u32 {
        0
    }

    /// What a package depends on that has files of sysusers.d(5): a package of what runs systemd-sysusers(8), in the format's
    /// own syntax.
    fn runs_sysusers(&self) -> Option<&'static str> {
        None
    }

    /// What the format refuses in what the configuration says.
    fn complaints(&self, _config: &Config) -> Vec<Complaint> {
        Vec::new()
    }

    /// Checks the format's own table of the configuration, `[format.NAME]`.
    ///
    /// # Errors
    /// Says which key or value is wrong.
    fn check_own(&self, own: &toml::Table) -> Result<(), String> {
        let first = own.keys().next();
        first.map_or(Ok(()), |key| Err(format!("unknown key {key:?}")))
    }

    /// The family of distributions whose package names the format uses: the host's where the format is its own, else the
    /// first that has the format.
    fn family(&self, host: Option<Family>) -> Option<Family> {
        let name = self.name();
        let has_it = |family: &Family| family.native_format == name.as_str();
        host.filter(has_it)
            .or_else(|| Family::native_to(name.as_str()))
    }

    /// Where the package lists of a distribution sort the package.
    fn section<'c>(&self, config: &'c Config) -> &'c str;

    /// What a distribution may add to the packages' revision. None: the format has no distribution's own packages.
    fn revision_suffix(&self) -> Option<RevisionSuffix> {
        None
    }

    /// What the dependencies are derived from, before they are: a part of a sentence. `programs` are named where they are
    /// known. None: nothing is derived.
    fn derives_from(&self, programs: &[&str]) -> Option<String>;

    /// Whether a table of packages shows a dependency.
    fn shows(&self, _depends: &str) -> bool {
        true
    }
}

/// What the name of a package file is made of: letters, digits, `.`, `-` and `_`, which every host of files keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming<'a> {
    /// Name of the package, as file names have it ([`name_in_file`]).
    pub name: &'a str,
    /// The version of the package, with `.` for `~` and `_` for `+`.
    pub version: &'a str,
    /// The revision of the package, with `-` for `~` and `_` for `+`.
    pub revision: &'a str,
    /// The architecture in the format's own words.
    pub arch: &'a str,
    /// The flavour of the programs.
    pub flavour: FlavourName,
}

/// What a distribution may add to the packages' revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionSuffix {
    /// The characters that it may begin with.
    pub marks: &'static str,
    /// What mends one that begins otherwise.
    pub hint: &'static str,
}

/// The package formats that a project can use.
#[derive(Debug, Clone)]
pub struct Formats(Vec<&'static dyn FormatRules>);

impl Formats {
    /// A table of formats, in the order in which messages name them.
    #[must_use]
    pub fn new(formats: Vec<&'static dyn FormatRules>) -> Self {
        Self(formats)
    }

    /// The format of a name.
    ///
    /// # Errors
    /// When there is none; the error names those that there are.
    pub fn get(&self, name: FormatName) -> Result<&'static dyn FormatRules, UnknownFormat> {
        self.named(name.as_str())
    }

    /// The format that a text names.
    ///
    /// # Errors
    /// As [`Formats::get`].
    pub fn named(&self, name: &str) -> Result<&'static dyn FormatRules, UnknownFormat> {
        let mut formats = self.iter();
        let found = formats.find(|format| format.name().as_str() == name);
        found.ok_or_else(|| self.unknown(name))
    }

    /// The error about a name that is none of these.
    #[must_use]
    pub fn unknown(&self, name: &str) -> UnknownFormat {
        UnknownFormat::new(name, &self.names())
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<FormatName> {
        self.iter().map(|format| format.name()).collect()
    }

    /// Every format.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn FormatRules> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures;

    #[test]
    fn an_unknown_format_is_refused_with_the_known_ones() {
        let error = fixtures::formats().named("foo").expect_err("unknown");
        let text = "unknown package format \"foo\": expected deb, rpm or tar";
        assert_eq!(error.to_string(), text);
    }

    use plimsoll_probe::Family;
    use plimsoll_spec::FormatName;

    use super::{Deb, FormatRules, Rpm, Tar, either};
    use crate::arch::Arch;

    #[test]
    fn a_format_is_found_by_its_name_and_says_what_it_is() {
        let formats = fixtures::formats();
        for (name, title, arch) in [
            ("deb", "Debian", "armhf"),
            ("rpm", "RPM", "armv7hl"),
            ("tar", "tar", "armv7hl"),
        ] {
            let format = formats.named(name).expect("known");
            assert_eq!(format.name().as_str(), name);
            assert_eq!(format.title(), title);
            assert_eq!(format.arch(Arch::Armhf), arch);
            assert!(format.about().ends_with('.'), "{name}");
            assert_eq!(formats.get(format.name()).expect("known").title(), title);
        }
        assert_eq!(formats.names().len(), formats.iter().count());
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let [deb, rpm, tar] = [FormatName::DEB, FormatName::RPM, FormatName::TAR];
        assert_eq!(either(&[]), "");
        assert_eq!(either(&[deb]), "deb");
        assert_eq!(either(&[deb, rpm]), "deb or rpm");
        assert_eq!(either(&[deb, rpm, tar]), "deb, rpm or tar");
    }

    #[test]
    fn only_packages_of_distributions_have_dependencies_a_suffix_and_sources_of_both() {
        let config = {
            let mut config = fixtures::config();
            config.deb.depends = ["adduser"].into_iter().collect();
            config.rpm.requires = ["shadow-utils"].into_iter().collect();
            config
        };
        assert_eq!(
            Deb.own_relations(&config, &[], "1-1").depends(),
            ["adduser"]
        );
        assert_eq!(
            Rpm.own_relations(&config, &[], "1-1").depends(),
            ["shadow-utils"]
        );
        assert_eq!(Tar.own_relations(&config, &[], "1-1").depends(), [""; 0]);
        let formats: [&dyn FormatRules; 3] = [&Deb, &Rpm, &Tar];
        assert_eq!(
            formats.map(FormatRules::has_dependencies),
            [true, true, false]
        );
        let marks = formats.map(|it| it.revision_suffix().map(|suffix| suffix.marks));
        assert_eq!(marks, [Some("~+"), Some("."), None]);
        let runs_sysusers = formats.map(|it| it.runs_sysusers().is_some());
        assert_eq!(runs_sysusers, [true, true, false]);
        assert_eq!(
            formats.map(|it| it.section(&config)),
            ["net", "System Environment/Daemons", "net"]
        );
        let derived = |programs: &[&str]| formats.map(|it| it.derives_from(programs));
        let one = derived(&["sample"]);
        assert_eq!(one[0].as_deref(), Some("what dpkg-shlibdeps finds"));
        assert_eq!(one[1].as_deref(), Some("the libraries that sample names"));
        assert_eq!(one[2], None);
        let several = |programs| derived(programs)[1].clone().unwrap_or_default();
        assert_eq!(several(&["a", "b"]), "the libraries that a and b name");
        assert_eq!(several(&[]), "the libraries that the programs name");
    }

    #[test]
    fn what_rpm_adds_itself_is_not_shown() {
        for (requirement, is_shown) in [
            ("nftables", true),
            ("libc.so.6()(64bit)", true),
            ("libz.so.1", true),
            ("perl(Foo)", true),
            ("libc.so.6(GLIBC_2.34)(64bit)", false),
            ("rpmlib(PayloadFilesHavePrefix)", false),
            ("config(sample)", false),
        ] {
            assert_eq!(Rpm.shows(requirement), is_shown, "{requirement}");
            assert!(Deb.shows(requirement), "{requirement}");
        }
    }

    #[test]
    fn the_family_is_the_hosts_where_the_format_is_its_own() {
        let [debian, rhel] = ["debian", "rhel"].map(Family::named);
        assert_eq!(Rpm.family(rhel), rhel);
        assert_eq!(Rpm.family(debian), Family::named("fedora"));
        assert_eq!(Deb.family(rhel), debian);
        assert_eq!(Deb.family(None), debian);
        assert_eq!(Tar.family(debian), None);
    }

    #[test]
    fn a_format_without_keys_of_its_own_refuses_all() {
        assert_eq!(Deb.check_own(&toml::Table::new()), Ok(()));
        let own: toml::Table = toml::from_str("level = 9").expect("TOML");
        assert_eq!(Deb.check_own(&own), Err("unknown key \"level\"".to_owned()));
    }
}
