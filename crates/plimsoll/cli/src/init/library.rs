//! The C libraries behind well-known crates.

use std::collections::BTreeMap;

use error_hint::{Failure, Result};
use serde::Deserialize;

use super::facts::Native;

const TABLE: &str = include_str!("libraries.toml");

/// Crates with `links` that link no library of the system: they have none, or always compile their own code.
const WITHOUT: [&str; 18] = [
    "aws-lc-fips-sys",
    "aws-lc-sys",
    "blake3",
    "compiler_builtins",
    "cxx",
    "jemalloc-sys",
    "libfuzzer-sys",
    "libmimalloc-sys",
    "link-cplusplus",
    "prettyplease",
    "psm",
    "rayon-core",
    "ring",
    "sys-info",
    "tikv-jemalloc-sys",
    "tree-sitter",
    "tree-sitter-language",
    "wasm-bindgen-shared",
];

/// A library as its declaration has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Library {
    /// The crates that link it.
    pub(super) crates: BTreeMap<String, Linking>,
    pub(super) pkg_config: String,
    /// The soname, or one for each family.
    pub(super) soname: toml::Value,
    pub(super) devel: toml::Table,
    pub(super) runtime: toml::Table,
}

/// When a crate links the library of the system, by the features of the crate that are on. Otherwise it compiles a copy.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Linking {
    /// Not with one of these.
    copy_with: Vec<String>,
    /// Only with one of these; none: always.
    only_with: Option<Vec<String>>,
}

impl Library {
    /// Whether a crate links this library, that of the system or a copy.
    pub(super) fn is_of(&self, native: &Native) -> bool {
        self.crates.contains_key(&native.name)
    }

    /// Whether a crate links this library of the system.
    pub(super) fn is_linked_by(&self, native: &Native) -> bool {
        let Some(Linking {
            copy_with,
            only_with,
        }) = self.crates.get(&native.name)
        else {
            return false;
        };
        let is_on = |feature: &String| native.features.contains(feature);
        let is_asked = only_with.as_ref().is_none_or(|only| only.iter().any(is_on));
        is_asked && !copy_with.iter().any(is_on)
    }

    /// Its sonames.
    pub(super) fn sonames(&self) -> Vec<&str> {
        match &self.soname {
            toml::Value::Table(names) => names.values().filter_map(toml::Value::as_str).collect(),
            name => name.as_str().into_iter().collect(),
        }
    }
}

/// The table, by the names of the libraries.
pub(super) fn table() -> Result<BTreeMap<String, Library>> {
    toml::from_str(TABLE).map_err(|error| Failure::of(&error))
}

/// Whether a crate is in the table.
pub(super) fn is_in_table(name: &str) -> bool {
    table().is_ok_and(|table| table.values().any(|it| it.crates.contains_key(name)))
}

/// Whether it is known that a crate links no library of the system.
pub(super) fn is_without(native: &Native) -> bool {
    WITHOUT.contains(&native.name.as_str())
}

/// Whether a crate that is not in the table compiles a copy, as far as the usual names of crates and features say.
pub(super) fn is_told_to_copy(native: &Native) -> bool {
    let names = ["bundled", "vendored", "static"];
    let mut features = native.features.iter();
    let is_told = features.any(|feature| {
        let start = feature.split('-').next().unwrap_or(feature);
        names.contains(&start)
    });
    is_told || native.name.ends_with("-src")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(name: &str, features: &[&str]) -> Native {
        Native {
            name: name.into(),
            features: features.iter().map(|&it| it.to_owned()).collect(),
            ..Native::default()
        }
    }

    #[test]
    fn each_library_has_a_runtime_package_wherever_it_has_a_devel_package() {
        for (name, library) in table().unwrap() {
            assert!(!library.crates.is_empty(), "{name}");
            let families: Vec<&String> = library.devel.keys().collect();
            assert!(families.iter().any(|it| *it == "debian"), "{name}");
            assert!(families.iter().any(|it| *it == "fedora"), "{name}");
            for family in families {
                assert!(library.runtime.contains_key(family), "{name} {family}");
            }
        }
    }

    #[test]
    fn the_features_of_a_crate_tell_a_copy_from_the_library_of_the_system() {
        let table = table().unwrap();
        for (library, name, features, is_linked) in [
            ("sqlite3", "libsqlite3-sys", &["bundled_bindings"][..], true),
            ("sqlite3", "libsqlite3-sys", &["bundled"], false),
            ("libpq", "pq-sys", &["bundled_without_openssl"], false),
            ("openssl", "openssl-sys", &["vendored"], false),
            ("zstd", "zstd-sys", &["legacy"], false),
            ("zstd", "zstd-sys", &["legacy", "pkg-config"], true),
            ("zlib", "libz-sys", &["libc", "stock-zlib"], true),
        ] {
            let linked = table[library].is_linked_by(&native(name, features));
            assert_eq!(linked, is_linked, "{name} {features:?}");
        }
    }

    #[test]
    fn the_usual_names_of_features_tell_a_copy_of_an_unknown_library() {
        for (feature, is_copy) in [
            ("bundled", true),
            ("vendored-openssl", true),
            ("bundled_bindings", false),
            ("statically", false),
        ] {
            let told = is_told_to_copy(&native("strange-sys", &[feature]));
            assert_eq!(told, is_copy, "{feature}");
        }
        assert!(is_told_to_copy(&native("pq-src", &[])));
    }
}
