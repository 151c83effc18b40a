//! The host's distribution.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Family, Mend, PackageManager, System};

/// What `/etc/os-release` says (os-release(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Distribution {
    /// `ID`, such as `debian`; `linux` where the file does not say.
    pub id: String,
    /// `VERSION_ID`, such as `12`; rolling releases have none.
    pub version_id: Option<String>,
    /// `PRETTY_NAME`, such as `Debian GNU/Linux 12 (bookworm)`.
    pub pretty_name: String,
    /// The family; none for a distribution whose package names are not known.
    pub family: Option<Family>,
}

impl Distribution {
    /// Reads `/etc/os-release`, else `/usr/lib/os-release`.
    pub fn of(system: &dyn System) -> Self {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files
            .iter()
            .find_map(|file| system.read(Path::new(file)).ok());
        Self::parse(&text.unwrap_or_default())
    }

    /// Parses the text of an os-release file. A missing key takes the default that os-release(5)
    /// gives it.
    pub fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let mut lines = text.lines().rev();
            let value = lines.find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
            value.map(unquote)
        };
        let id = value("ID").unwrap_or_else(|| "linux".to_owned());
        let like = value("ID_LIKE").unwrap_or_default();
        let ids = std::iter::once(id.as_str()).chain(like.split_whitespace());
        Self {
            family: ids.into_iter().find_map(Family::of_id),
            version_id: value("VERSION_ID"),
            pretty_name: value("PRETTY_NAME").unwrap_or_else(|| "Linux".to_owned()),
            id,
        }
    }

    /// The package manager, where the family is known.
    pub fn package_manager(&self) -> Option<&'static PackageManager> {
        self.family.map(|family| family.package_manager)
    }

    /// How to install the package that provides `what`; see [`FamilyTable::packages`](crate::FamilyTable::packages).
    pub fn install_provider(&self, what: &str) -> Option<Mend> {
        self.install_named(&[self.family?.package(what)?])
    }

    /// One mend that does what several do; none of none.
    pub(crate) fn all_of(&self, mut mends: Vec<Mend>) -> Option<Mend> {
        if mends.len() < 2 {
            return mends.pop();
        }
        let (installing, others): (Vec<Mend>, Vec<Mend>) = mends
            .into_iter()
            .partition(|mend| !mend.packages.is_empty());
        let mut packages: Vec<&str> = Vec::new();
        for package in installing.iter().flat_map(|mend| &mend.packages) {
            if !packages.contains(&package.as_str()) {
                packages.push(package);
            }
        }
        let install = (!packages.is_empty()).then(|| self.install_named(&packages));
        let install = install.flatten();
        let mut commands: Vec<String> = Vec::new();
        for mend in others.iter().chain(&install) {
            if !commands.contains(&mend.command) {
                commands.push(mend.command.clone());
            }
        }
        Some(Mend {
            command: commands.join(" && "),
            packages: install.map(|mend| mend.packages).unwrap_or_default(),
        })
    }

    /// How to install packages whose names on this distribution are known.
    pub fn install_named(&self, packages: &[&str]) -> Option<Mend> {
        let manager = self.package_manager()?;
        Some(Mend {
            command: format!("{manager} install {}", packages.join(" ")),
            packages: packages.iter().map(|name| (*name).to_owned()).collect(),
        })
    }
}

/// The value of a shell-style assignment, as os-release(5) allows it.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    });
    match inner {
        Some(inner) => inner
            .replace("\\\"", "\"")
            .replace("\\$", "$")
            .replace("\\\\", "\\"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_its_own_family() {
        let distribution = Distribution::parse(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
        );
        assert_eq!(distribution.id, "debian");
        assert_eq!(distribution.version_id.as_deref(), Some("12"));
        assert_eq!(distribution.family, Family::named("debian"));
        let mend = distribution.install_named(&["pkg-config"]).unwrap();
        assert_eq!(mend.command, "apt-get install pkg-config");
    }

    #[test]
    fn an_unknown_id_takes_the_first_known_family_it_is_like() {
        let rebuild = Distribution::parse("ID=\"neo\"\nID_LIKE=\"rhel centos fedora\"\n");
        assert_eq!(rebuild.family, Family::named("rhel"));
        let leap = Distribution::parse("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n");
        assert_eq!(leap.family, Family::named("suse"));
        assert_eq!(leap.package_manager().unwrap().program, "zypper");
    }

    /// As Ubuntu has it: `ID_LIKE` comes after `ID`.
    #[test]
    fn a_key_is_not_taken_for_another_that_begins_with_it() {
        let ubuntu = Distribution::parse("VERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n");
        assert_eq!(ubuntu.id, "ubuntu");
        assert_eq!(ubuntu.family, Family::named("debian"));
    }

    #[test]
    fn an_unknown_distribution_has_no_family_and_so_no_mend() {
        let unknown = Distribution::parse("");
        assert_eq!((unknown.id.as_str(), unknown.family), ("linux", None));
        assert_eq!(unknown.install_named(&["nftables"]), None);
    }

    #[test]
    fn id_is_not_taken_from_a_longer_key() {
        let distribution = Distribution::parse("ID=fedora\nVERSION_ID=43\nBUILD_ID=rolling\n");
        assert_eq!(distribution.id, "fedora");
    }

    #[test]
    fn values_are_quoted_as_in_a_shell_and_the_last_assignment_counts() {
        for (text, name) in [
            ("PRETTY_NAME=Plain", "Plain"),
            ("PRETTY_NAME= Plain ", "Plain"),
            ("  PRETTY_NAME='A b'", "A b"),
            (r#"PRETTY_NAME="A \"b\" \$c \\d""#, r#"A "b" $c \d"#),
            ("PRETTY_NAME=\"A'", "\"A'"),
            ("PRETTY_NAME=One\nPRETTY_NAME=Two\n", "Two"),
            ("", "Linux"),
        ] {
            assert_eq!(Distribution::parse(text).pretty_name, name, "{text}");
        }
    }

    #[test]
    fn the_file_of_the_administrator_comes_before_that_of_the_vendor() {
        let vendor = crate::fakes::FakeSystem::new().file("/usr/lib/os-release", "ID=fedora\n");
        assert_eq!(Distribution::of(&vendor).id, "fedora");
        let both = vendor.file("/etc/os-release", "ID=debian\n");
        assert_eq!(Distribution::of(&both).id, "debian");
    }

    #[test]
    fn a_mend_names_the_package_of_the_family() {
        let debian = Distribution::parse("ID=debian\n");
        let mend = debian.install_provider("cc").unwrap();
        assert_eq!(mend.packages, ["build-essential"]);
        assert_eq!(debian.install_provider("no-such-thing"), None);
        let manager = debian.package_manager().unwrap();
        let args = manager.install_args(&["a".to_owned(), "b".to_owned()]);
        let flags = ["install", "--yes", "--no-install-recommends"];
        assert_eq!(args, [&flags[..], &["a", "b"]].concat());
        assert_eq!(manager.to_string(), "apt-get");
    }
}
