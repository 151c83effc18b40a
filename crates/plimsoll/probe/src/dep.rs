//! The one declaration of a C dependency.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Packages, Soname, Version};

/// A C library that programs link, declared once.
///
/// The pkg-config probe, the Cargo feature, the build dependency, the runtime dependency, the linkage audit and the
/// fallback follow from it. In TOML:
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
    /// The soname of the library (DT_SONAME), which a linked program has as DT_NEEDED. A table where a family or
    /// distribution has another one: `{ debian = "libpcap.so.0.8", fedora = "libpcap.so.1" }`.
    pub soname: Soname,
    /// The oldest version that is supported.
    #[schemars(with = "String")]
    pub min_version: Version,
    /// Whether every flavour links it, and nothing can be built without it. Default: no; the flavours say which of them
    /// link it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// The Cargo feature that links it. Default: none, which only a required library can do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cargo_feature: Option<CargoFeature>,
    /// The programs that link it. Default: the one of the Cargo package that has the feature, or the only one that there
    /// is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_by: Vec<String>,
    /// The newest symbol version (`.gnu.version_r`) of the library that a program may need. A program that needs a
    /// newer one does not start on older distributions. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_version_ceiling: Option<String>,
    /// The package that holds headers and `.pc` file, by family (`debian`, `fedora`, `rhel`, `suse`), or by distribution
    /// where one calls it otherwise: `ID` of os-release(5), or `ID-VERSION_ID` (`ubuntu`, `debian-13`, `rhel-9`).
    pub devel: Packages,
    /// The package that holds the shared library, named as `devel` is.
    pub runtime: Packages,
    /// The program that a build without the library runs instead. Default: none; without the library the programs lack
    /// what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// Further properties of the library to find out and show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<LibraryCheck>,
    /// What library and tool need from the kernel. Default: nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelCheck>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
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

/// A program that does the library's work in a build without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tool {
    /// The program's name, looked up in PATH and in the sbin folders.
    pub program: String,
    /// The package that holds it, by family or distribution, as those of the library.
    pub packages: Packages,
    /// Further properties of the tool to find out and show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<ToolCheck>,
}

/// A property of the library that a C program finds out. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LibraryCheck {
    /// Name of the property, such as `JSON`.
    pub name: String,
    /// The C source of a program that is linked to the library and run. Exit status 0 means yes and 1 means no. After
    /// any other status, or if it cannot be run, the tool's check of the same name decides, if the tool has the
    /// library's version.
    pub program: String,
}

/// A property that the tool itself reports. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolCheck {
    /// Name of the property, such as `JSON`.
    pub name: String,
    /// The arguments with which the tool reports it.
    pub arguments: Vec<String>,
    /// The line of its output that means yes, with each run of white space as one space.
    pub yes: String,
    /// The line that means no.
    pub no: String,
}

/// What library and tool need from the running kernel. No flavour depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KernelCheck {
    /// The module, with its name below `/sys/module`.
    pub module: String,
    /// Arguments of the tool that succeed if the kernel has the module. The probe runs them in a network namespace of
    /// their own. Empty: the probe only checks whether the module is loaded.
    #[serde(default)]
    pub tried_by: Vec<String>,
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
        plain.tool.as_mut().unwrap().check.clear();
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
    fn types_with_a_schema_of_their_own_say_what_they_take() {
        let mut generator = schemars::SchemaGenerator::default();
        generator.subschema_for::<NativeDep>();
        generator.subschema_for::<crate::Family>();
        generator.subschema_for::<crate::FlavourName>();
        let of = |name: &str| &generator.definitions()[name];
        assert_eq!(of("Packages")["type"], "object");
        assert_eq!(of("Soname")["anyOf"][0]["type"], "string");
        assert_eq!(of("Soname")["anyOf"][1]["$ref"], "#/$defs/Packages");
        assert_eq!(of("Family")["oneOf"][0]["const"], "debian");
        assert_eq!(of("FlavourName")["pattern"], "^[a-z][a-z0-9-]{0,22}$");
    }
}
