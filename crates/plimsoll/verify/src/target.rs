//! What the libraries of a target define.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_build::elf::{self, ElfError, ElfFacts, SymbolVersion};

/// The libraries of a system, by the name that programs look them up by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Per soname, the symbol versions that the library defines; none for one without versions.
    pub libraries: BTreeMap<String, BTreeSet<String>>,
}

impl Target {
    /// Reads the libraries in a folder, each under its soname.
    ///
    /// # Errors
    /// When one of them is not a sound ELF file.
    pub fn read(folder: &Path) -> Result<Self, ElfError> {
        let io = |source| ElfError::Io {
            path: folder.to_owned(),
            source,
        };
        let mut libraries = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            libraries.insert(name, elf::definitions(&entry.path())?);
        }
        Ok(Self { libraries })
    }

    /// What a file needs and the target does not have.
    #[must_use]
    pub fn unmet(&self, file: &ElfFacts) -> Vec<String> {
        let missing = |soname: &String| match self.libraries.get(soname) {
            None => vec![format!("needs {soname}, which the target does not have")],
            // The dynamic linker takes a library without versions for any.
            Some(defined) if defined.is_empty() => Vec::new(),
            Some(defined) => {
                let needs = file.versions_of(soname);
                let absent = needs.filter(|version| !defined.contains(*version));
                absent
                    .map(|version| {
                        format!("needs {version} of {soname}, which the target's does not define")
                    })
                    .collect()
            }
        };
        file.needed.iter().flat_map(missing).collect()
    }

    /// The newest version with a prefix that a library defines: with `GLIBC` that of glibc.
    #[must_use]
    pub fn newest(&self, soname: &str, prefix: &str) -> Option<SymbolVersion> {
        let defined = self.libraries.get(soname)?.iter();
        defined
            .filter_map(|name| SymbolVersion::parse(name))
            .filter(|version| version.prefix == prefix)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_build::audit::fixtures::daemon;

    fn bookworm() -> Target {
        let versions = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Target {
            libraries: BTreeMap::from([
                (
                    "libc.so.6".into(),
                    versions(&["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.36", "GLIBC_PRIVATE"]),
                ),
                ("libnftables.so.1".into(), versions(&["LIBNFTABLES_1"])),
            ]),
        }
    }

    #[test]
    fn a_program_runs_where_everything_that_it_needs_is_defined() {
        assert_eq!(bookworm().unmet(&daemon().elf), [""; 0]);
        let glibc = bookworm().newest("libc.so.6", "GLIBC").expect("defined");
        assert_eq!(glibc.to_string(), "GLIBC_2.36");
    }

    #[test]
    fn an_older_symbol_version_and_an_absent_library_are_named() {
        let mut old = bookworm();
        old.libraries.remove("libnftables.so.1");
        let libc = old.libraries.get_mut("libc.so.6").expect("there");
        libc.remove("GLIBC_2.34");
        assert_eq!(
            old.unmet(&daemon().elf),
            [
                "needs libnftables.so.1, which the target does not have",
                "needs GLIBC_2.34 of libc.so.6, which the target's does not define",
            ]
        );
    }
}
