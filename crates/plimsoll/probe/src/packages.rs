//! The name of a package in each family of distributions, and in those that call it otherwise.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{Distribution, DistributionName, Family, Mend};

/// The name of one package, by family (`debian`) or by distribution (`ubuntu`, `debian-13`, `rhel-9`).
///
/// The keys are as [`DistributionName`] has them. The name that says most counts.
///
/// ```
/// use plimsoll_probe::{Distribution, Packages};
///
/// let runtime: Packages = toml::from_str("debian = \"libpcap0.8\"\ndebian-13 = \"libpcap0.8t64\"")?;
/// let on = |release: &str| runtime.on(&Distribution::parse(release)).map(str::to_owned);
/// assert_eq!(on("ID=debian\nVERSION_ID=12").as_deref(), Some("libpcap0.8"));
/// assert_eq!(on("ID=debian\nVERSION_ID=13").as_deref(), Some("libpcap0.8t64"));
/// assert_eq!(on("ID=fedora\nVERSION_ID=44"), None);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, String>",
    into = "BTreeMap<String, String>"
)]
pub struct Packages(BTreeMap<String, String>);

impl Packages {
    /// The package's name in `family`, where it is known.
    pub fn of(&self, family: Family) -> Option<&str> {
        self.0.get(family.name).map(String::as_str)
    }

    /// The package's name on a distribution: its own, else its family's.
    pub fn on(&self, distribution: &Distribution) -> Option<&str> {
        let names = distribution.names();
        let mut names = names.iter();
        names.find_map(|key| self.0.get(key)).map(String::as_str)
    }

    /// The same names with one for `distribution`: `name`, else what [`Packages::on`] says. Its family's name is then the
    /// distribution's.
    #[must_use]
    pub fn settled(&self, distribution: &Distribution, name: Option<&str>) -> Self {
        let name = name.or_else(|| self.on(distribution));
        let mut settled = self.0.clone();
        for key in distribution.names() {
            settled.remove(&key);
        }
        if let (Some(family), Some(name)) = (distribution.family, name) {
            settled.insert(family.name.to_owned(), name.to_owned());
        }
        Self(settled)
    }
}

impl Distribution {
    /// How to install a package that each family or distribution names in its own way.
    pub fn install(&self, packages: &Packages) -> Option<Mend> {
        self.install_named(&[packages.on(self)?])
    }
}

impl TryFrom<BTreeMap<String, String>> for Packages {
    type Error = String;

    fn try_from(names: BTreeMap<String, String>) -> Result<Self, String> {
        for key in names.keys() {
            DistributionName::try_from(key.clone())?;
        }
        Ok(Self(names))
    }
}

impl From<Packages> for BTreeMap<String, String> {
    fn from(packages: Packages) -> Self {
        packages.0
    }
}

impl<S: Into<String>> FromIterator<(Family, S)> for Packages {
    fn from_iter<I: IntoIterator<Item = (Family, S)>>(names: I) -> Self {
        let names = names.into_iter();
        Self(
            names
                .map(|(f, name)| (f.name.to_owned(), name.into()))
                .collect(),
        )
    }
}

impl JsonSchema for Packages {
    fn schema_name() -> Cow<'static, str> {
        "Packages".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a package, by family (`debian`, `fedora`, `rhel`, `suse`) or by distribution: \
                `ID` of os-release(5), or `ID-VERSION_ID` (`ubuntu`, `debian-13`, `rhel-9`). The name that says most \
                counts.",
            "type": "object",
            "additionalProperties": { "type": "string" },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Packages {
        toml::from_str(text).unwrap()
    }

    fn on(packages: &Packages, id: &str, version: &str) -> String {
        let release = Distribution::parse(&format!("ID={id}\nVERSION_ID={version}\n"));
        packages.on(&release).unwrap_or("none").to_owned()
    }

    #[test]
    fn the_name_that_says_most_counts() {
        let packages = names(
            "debian = \"a\"\nubuntu = \"b\"\n\"ubuntu-24.04\" = \"c\"\nrhel = \"d\"\nrhel-9 = \"e\"",
        );
        for (id, version, name) in [
            ("debian", "12", "a"),
            ("ubuntu", "22.04", "b"),
            ("ubuntu", "24.04", "c"),
            ("ubuntu", "24.10", "b"),
            ("rhel", "8.10", "d"),
            ("rhel", "9.4", "e"),
            ("rhel", "90", "d"),
            ("centos", "9", "d"),
            ("fedora", "44", "none"),
        ] {
            assert_eq!(on(&packages, id, version), name, "{id} {version}");
        }
    }

    #[test]
    fn an_entrys_own_name_replaces_all_others_of_its_distribution() {
        let packages = names("debian = \"a\"\ndebian-13 = \"b\"\nfedora = \"c\"");
        let trixie = Distribution::parse("ID=debian\nVERSION_ID=13\n");
        let settled = packages.settled(&trixie, Some("d"));
        assert_eq!(on(&settled, "debian", "13"), "d");
        assert_eq!(on(&settled, "fedora", "44"), "c");
        assert_eq!(
            on(&packages.settled(&trixie, None), "debian", "13"),
            "b",
            "the most particular of the names"
        );
    }

    #[test]
    fn an_unknown_family_or_distribution_is_refused_by_name() {
        for key in ["beos", "beos-5", "debia-12"] {
            let error = toml::from_str::<Packages>(&format!("{key} = \"nft\"")).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains(&format!("unknown variant `{key}`")),
                "{error}"
            );
            assert!(error.contains("or a distribution of theirs"), "{error}");
        }
    }
}
