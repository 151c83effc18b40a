//! RPM's capabilities, as its own `elfdeps` names them.
//!
//! A library is `libc.so.6()(64bit)`, one of its symbol versions `libc.so.6(GLIBC_2.34)(64bit)`;
//! files of 32 bits have no last mark. Only what the file names itself counts: the libraries of
//! its libraries are their packages' business.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_probe::{Command, RunError, limit};

use crate::depends::{DependsError, something};
use crate::elf::ElfFacts;
use crate::lent::{Lent, is_of_build};
use crate::program::BuiltProgram;

/// rpm's own reader of ELF files, where rpm is installed.
const ELFDEPS: &str = "/usr/lib/rpm/elfdeps";

/// The capabilities that a file requires.
#[must_use]
pub(super) fn requires(file: &ElfFacts) -> BTreeSet<String> {
    let mark = if file.is_64_bit { "(64bit)" } else { "" };
    let empty = if file.is_64_bit { "()" } else { "" };
    file.needed
        .iter()
        .flat_map(|soname| {
            let library = format!("{soname}{empty}{mark}");
            let versions = file
                .versions_of(soname)
                .map(move |version| format!("{soname}({version}){mark}"));
            std::iter::once(library).chain(versions)
        })
        .collect()
}

/// The capabilities that the ELF files of a package require together, and that no package of the build brings.
pub(super) fn of_all(programs: &[BuiltProgram], lent: &[Lent]) -> BTreeSet<String> {
    let all = programs.iter().flat_map(|program| requires(&program.elf));
    all.filter(|name| !is_brought(programs, lent, name))
        .collect()
}

/// Whether a package of the build brings the library of a capability.
pub(super) fn is_brought(programs: &[BuiltProgram], lent: &[Lent], capability: &str) -> bool {
    let soname = capability.split('(').next();
    soname.is_some_and(|soname| is_of_build(programs, lent, soname))
}

/// The capabilities that the programs of a package require together.
///
/// # Errors
/// When there are none, and should be: a dynamic program always needs its C library.
pub(super) fn derived(
    programs: &[BuiltProgram],
    lent: &[Lent],
) -> Result<Vec<String>, DependsError> {
    something(programs, of_all(programs, lent).into_iter().collect())
}

/// What rpm's own reader says that the programs require; none where it is not installed.
///
/// # Errors
/// When it is there and fails: what it would have said is not known.
pub(super) fn elfdeps(paths: &[&Path]) -> Result<Option<BTreeSet<String>>, DependsError> {
    let mut requires = BTreeSet::new();
    for path in paths {
        let path = path.to_string_lossy();
        let command = Command::new(ELFDEPS, ["--requires", &path]);
        match command.limited(limit::WORK).text() {
            Ok(text) => {
                let libraries = text.lines().filter(|line| is_library(line));
                requires.extend(libraries.map(str::to_owned));
            }
            Err(RunError::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(DependsError::Elfdeps { source }),
        }
    }
    Ok(Some(requires))
}

/// Whether a requirement is on a shared library, and so must follow from a file.
#[must_use]
pub(super) fn is_library(requirement: &str) -> bool {
    requirement
        .split(['(', ' '])
        .next()
        .is_some_and(|name| name.contains(".so"))
}

/// Whether rpm itself put the relation there: for its own features, for the package's configuration files, for the interpreter of
/// its scripts, and for its users and groups.
#[must_use]
pub(super) fn is_of_rpm(text: &str) -> bool {
    let starts = [
        "rpmlib(",
        "config(",
        "/bin/sh",
        "rtld(",
        "user(",
        "group(",
        "groupmember(",
    ];
    starts.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::elf::Linkage;
    use crate::program::Identity;

    fn file(is_64_bit: bool) -> ElfFacts {
        ElfFacts {
            is_64_bit,
            linkage: Linkage::Dynamic,
            interpreter: None,
            soname: None,
            needed: vec!["libnftables.so.1".into(), "libc.so.6".into()],
            search: Vec::new(),
            version_needs: BTreeMap::from([(
                "libc.so.6".to_owned(),
                BTreeSet::from(["GLIBC_2.34".to_owned()]),
            )]),
        }
    }

    #[test]
    fn an_unversioned_library_is_required_only_by_name() {
        let requires: Vec<String> = requires(&file(true)).into_iter().collect();
        assert_eq!(
            requires,
            [
                "libc.so.6()(64bit)",
                "libc.so.6(GLIBC_2.34)(64bit)",
                "libnftables.so.1()(64bit)"
            ]
        );
    }

    #[test]
    fn programs_that_require_nothing_are_an_error_and_not_an_empty_list() {
        let program = |needed| BuiltProgram {
            name: "sampled".into(),
            path: "sampled".into(),
            dest: None,
            libraries: Vec::new(),
            identity: Identity::default(),
            elf: ElfFacts {
                needed,
                ..file(true)
            },
        };
        let derived = |needed| derived(&[program(needed)], &[]);
        assert!(derived(vec!["libc.so.6".into()]).is_ok());
        let error = derived(Vec::new()).expect_err("nothing");
        assert_eq!(error.to_string(), "no dependency was derived from sampled");
    }

    #[test]
    fn a_file_of_32_bits_has_no_mark() {
        let requires: Vec<String> = requires(&file(false)).into_iter().collect();
        assert_eq!(
            requires,
            ["libc.so.6", "libc.so.6(GLIBC_2.34)", "libnftables.so.1"]
        );
    }

    #[test]
    fn libraries_are_distinguished_from_packages() {
        assert!(is_library("libc.so.6(GLIBC_2.34)(64bit)"));
        assert!(is_library("libnftables.so.1"));
        assert!(!is_library("nftables"));
        assert!(is_of_rpm("rpmlib(PayloadFilesHavePrefix) <= 4.0-1"));
    }
}
