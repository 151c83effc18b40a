//! The one declaration of a C dependency.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Family, Version};

/// A C library that a Cargo feature links, declared once.
///
/// The pkg-config probe, the Cargo feature, the build dependency, the runtime dependency, the
/// linkage audit and the fallback all follow from it. In TOML:
///
/// ```toml
/// [native-dep.libnftables]
/// pkg-config = "libnftables"
/// soname = "libnftables.so.1"
/// min-version = "0.9.3"
/// cargo-feature = { package = "sampled", feature = "libnftables" }
/// symbol-version-ceiling = "LIBNFTABLES_1"
/// devel = { debian = "libnftables-dev", fedora = "nftables-devel" }
/// runtime = { debian = "libnftables1", fedora = "nftables" }
/// tool = { program = "nft", packages = { debian = "nftables", fedora = "nftables" } }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NativeDep {
    /// The name of its `.pc` file without the suffix.
    pub pkg_config: String,
    /// The DT_SONAME that a binary linked to it carries as DT_NEEDED.
    pub soname: String,
    /// The oldest version that is supported.
    #[schemars(with = "String")]
    pub min_version: Version,
    /// The Cargo feature that links it.
    pub cargo_feature: CargoFeature,
    /// The newest symbol version (`.gnu.version_r`) that a binary may need of it; a binary that
    /// needs a newer one does not start on the older distributions. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_version_ceiling: Option<String>,
    /// The package that holds headers and `.pc` file, by family: `debian`, `fedora`, `rhel`, `suse`.
    pub devel: Packages,
    /// The package that holds the shared library, by family: `debian`, `fedora`, `rhel`, `suse`.
    pub runtime: Packages,
    /// What a build without the library runs instead.
    pub tool: Tool,
    /// What else is found out about the library, and shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<LibraryCheck>,
    /// What library and tool need of the kernel. Absent: nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelCheck>,
}

impl NativeDep {
    /// The library as the linker names it: `nftables` for `libnftables.so.1`.
    pub fn link_name(&self) -> &str {
        let name = self.soname.strip_prefix("lib").unwrap_or(&self.soname);
        name.split_once(".so").map_or(name, |(name, _)| name)
    }

    /// The file name of its static archive: `libnftables.a`.
    pub fn archive_name(&self) -> String {
        format!("lib{}.a", self.link_name())
    }
}

/// A Cargo feature of one package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CargoFeature {
    /// The Cargo package that has the feature.
    pub package: String,
    /// The name of the feature.
    pub feature: String,
}

/// As `cargo build --features` takes it: `package/feature`.
impl fmt::Display for CargoFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.package, self.feature)
    }
}

/// A program that does the library's work in a build that does not link it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tool {
    /// The program's name, looked up in PATH and in the sbin folders.
    pub program: String,
    /// The package that holds it, by family: `debian`, `fedora`, `rhel`, `suse`.
    pub packages: Packages,
    /// What else is found out about it, and shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<ToolCheck>,
}

/// A property of the library that a C program finds out. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LibraryCheck {
    /// What the property is called, such as `JSON`.
    pub name: String,
    /// The C source of a program that is linked to the library and run. Exit status 0 is a yes
    /// and 1 a no; after any other, or where it cannot be run, the tool's check of the same name
    /// answers if it has the library's version.
    pub program: String,
}

/// A property of the tool that it says itself. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolCheck {
    /// What the property is called, such as `JSON`.
    pub name: String,
    /// The arguments with which the tool says it.
    pub arguments: Vec<String>,
    /// The line of its output that is a yes, each run of white space written as one blank.
    pub yes: String,
    /// The line that is a no.
    pub no: String,
}

/// What library and tool need of the running kernel. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KernelCheck {
    /// The module, as `/sys/module` has it when it is loaded.
    pub module: String,
    /// Arguments of the tool that work where the kernel has it, tried in a network namespace of
    /// their own. Empty: whether the module is loaded is all that is asked.
    #[serde(default)]
    pub tried_by: Vec<String>,
}

/// The name of one package in each family of distributions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Packages(BTreeMap<Family, String>);

impl Packages {
    /// The package's name in `family`, where it is known.
    pub fn of(&self, family: Family) -> Option<&str> {
        self.0.get(&family).map(String::as_str)
    }

    /// Each family with its package, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &str)> {
        self.0
            .iter()
            .map(|(family, package)| (*family, package.as_str()))
    }
}

impl<S: Into<String>> FromIterator<(Family, S)> for Packages {
    fn from_iter<I: IntoIterator<Item = (Family, S)>>(names: I) -> Self {
        Self(
            names
                .into_iter()
                .map(|(family, name)| (family, name.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::libnftables;

    #[test]
    fn the_linker_name_comes_from_the_soname() {
        assert_eq!(libnftables().link_name(), "nftables");
        assert_eq!(libnftables().archive_name(), "libnftables.a");
    }

    #[test]
    fn a_library_without_anything_particular_needs_no_keys_for_it() {
        let mut plain = libnftables();
        plain.check.clear();
        plain.tool.check.clear();
        plain.kernel = None;
        let text = toml::to_string(&plain).unwrap();
        assert!(
            !text.contains("check") && !text.contains("kernel"),
            "{text}"
        );
        assert_eq!(toml::from_str::<NativeDep>(&text).unwrap(), plain);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = toml::to_string(&libnftables()).unwrap() + "\n[colour]\nred = 1\n";
        let error = toml::from_str::<NativeDep>(&text).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `colour`"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_family_is_refused_by_name() {
        let error = toml::from_str::<Packages>("beos = \"nft\"").unwrap_err();
        assert!(error.to_string().contains("beos"), "{error}");
    }
}
