//! The shared libraries that a package needs and another package of its build brings.
//!
//! No distribution has a package of them. The package depends on the one that brings them, in its own version: nothing says that
//! another version of the library fits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_plan::config::Config;
use plimsoll_plan::format::FormatRules;
use plimsoll_probe::Ownership;

use crate::elf_files::brought;
use crate::fault::Fault;
use crate::program::BuiltProgram;

/// A library that another package of the build brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// Its soname.
    pub soname: String,
    /// The package that brings it.
    pub package: String,
    /// The path of its file in that package.
    pub dest: String,
    /// Where its file is.
    pub file: PathBuf,
}

/// Another package of the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// Its ELF files.
    pub programs: Vec<BuiltProgram>,
}

/// The libraries that the ELF files of a package need, that it does not bring itself, and that others of the build bring. If several
/// do, it is that of a package in `same-version`. A library of a package of the system, says `owners`, is the system's: the others
/// may have private copies of it.
///
/// # Errors
/// If several bring a library, and none of them is in `same-version`.
pub fn lent(
    config: &Config,
    owners: &BTreeMap<String, Ownership>,
    programs: &[BuiltProgram],
    others: &[Other],
) -> Result<Vec<Lent>, Vec<Fault>> {
    let (mut lent, mut faults) = (Vec::<Lent>::new(), Vec::new());
    for (program, soname) in needed(programs) {
        if is_of_build(programs, &lent, soname) {
            continue;
        }
        let owner = owners.get(soname).and_then(|owner| owner.package.as_ref());
        let may_lend = |other: &Other| owner.is_none_or(|owner| *owner == other.name);
        let bringing = others.iter().filter(|other| may_lend(other));
        let bringing = bringing.filter_map(|it| Some((it, brought(&it.programs, soname)?)));
        let bringing: Vec<(&Other, &BuiltProgram)> = bringing.collect();
        let named = bringing.iter().copied();
        let mut named = named.filter(|(other, _)| is_named(config, &other.name));
        match (named.next(), bringing.as_slice()) {
            (_, []) => {}
            (Some((other, library)), _) | (None, &[(other, library)]) => lent.push(Lent {
                soname: soname.clone(),
                package: other.name.clone(),
                dest: library.place().to_owned(),
                file: library.path.clone(),
            }),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|(it, _)| it.name.as_str()).collect();
                let names = names.join(" and ");
                let what = format!(
                    "needs {soname}, which {names} of this build bring: name one of them in `same-version` of {}",
                    config.name
                );
                faults.push(Fault::new(&program.name, what));
            }
        }
    }
    match faults.is_empty() {
        true => Ok(lent),
        false => Err(faults),
    }
}

fn needed(programs: &[BuiltProgram]) -> impl Iterator<Item = (&BuiltProgram, &String)> {
    let each = |program| {
        let program: &BuiltProgram = program;
        program
            .elf
            .needed
            .iter()
            .map(move |soname| (program, soname))
    };
    programs.iter().flat_map(each)
}

fn is_named(config: &Config, package: &str) -> bool {
    let mut named = config.same_version.iter();
    named.any(|name| name.get_ref() == package)
}

/// Whether a library is of the package itself, or of another package of the build.
#[must_use]
pub fn is_of_build(programs: &[BuiltProgram], lent: &[Lent], soname: &str) -> bool {
    brought(programs, soname).is_some() || lent.iter().any(|it| it.soname == soname)
}

/// The dependencies on the packages that bring the libraries. `version` is that of the program.
#[must_use]
pub fn depends(
    lent: &[Lent],
    format: &dyn FormatRules,
    config: &Config,
    version: &str,
) -> Vec<String> {
    let depends = lent.iter();
    let depends = depends.filter_map(|it| format.same_version(config, &it.package, version));
    depends.collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_plan::fixtures;
    use plimsoll_plan::format::{Deb, Rpm, Tar};
    use plimsoll_probe::Answer;
    use toml::Spanned;

    use super::*;
    use crate::audit::fixtures::exec_daemon;

    fn library(dest: &str, soname: &str) -> BuiltProgram {
        let mut library = exec_daemon();
        library.name = dest.to_owned();
        library.path = dest.trim_start_matches('/').into();
        library.elf.soname = Some(soname.to_owned());
        library
    }

    fn other(name: &str) -> Other {
        let folder = format!("/usr/lib/{name}");
        let libraries = ["libtide.so.2", "libz.so.1"];
        let libraries = libraries.map(|it| library(&format!("{folder}/{it}.0"), it));
        Other {
            name: name.to_owned(),
            programs: libraries.into(),
        }
    }

    fn owner(package: Option<&str>) -> Ownership {
        Ownership {
            package: package.map(str::to_owned),
            toolchain: Answer::no("asked"),
        }
    }

    /// The packages that lend a program its libraries, or the fault.
    fn lenders(same_version: &[&str], others: &[Other], of_tide: Option<&str>) -> Vec<String> {
        let mut config = fixtures::config();
        let named = same_version.iter();
        config.same_version = named
            .map(|it| Spanned::new(0..0, (*it).to_owned()))
            .collect();
        let mut program = exec_daemon();
        let needed = ["libtide.so.2", "libz.so.1"].map(str::to_owned);
        program.elf.needed.extend(needed);
        let owners = BTreeMap::from([
            ("libtide.so.2".to_owned(), owner(of_tide)),
            ("libz.so.1".to_owned(), owner(Some("zlib1g"))),
        ]);
        match lent(&config, &owners, &[program], others) {
            Ok(lent) => lent
                .iter()
                .map(|it| format!("{} {} {}", it.package, it.soname, it.dest))
                .collect(),
            Err(faults) => faults.iter().map(Fault::to_string).collect(),
        }
    }

    #[test]
    fn a_library_that_no_package_of_the_system_has_is_of_another_package_of_the_build() {
        let of_libtide = ["libtide libtide.so.2 /usr/lib/libtide/libtide.so.2.0"];
        assert_eq!(lenders(&[], &[other("libtide")], None), of_libtide);
        // The package is installed where it is built.
        assert_eq!(
            lenders(&[], &[other("libtide")], Some("libtide")),
            of_libtide
        );
        assert_eq!(lenders(&[], &[other("libtide")], Some("libtide2")), [""; 0]);
        assert_eq!(lenders(&[], &[], None), [""; 0]);
    }

    #[test]
    fn of_several_packages_with_a_library_one_must_be_named() {
        let others = [other("aa"), other("bb")];
        assert_eq!(
            lenders(&[], &others, None),
            [
                "sampled: needs libtide.so.2, which aa and bb of this build bring: name one of them in `same-version` of sample"
            ]
        );
        let of_bb = ["bb libtide.so.2 /usr/lib/bb/libtide.so.2.0"];
        assert_eq!(lenders(&["bb"], &others, None), of_bb);
    }

    #[test]
    fn the_package_that_lends_is_needed_in_the_version_of_the_build() {
        let mut config = fixtures::config();
        config.deb.epoch = 1;
        let lent = [Lent {
            soname: "libtide.so.2".to_owned(),
            package: "libtide".to_owned(),
            dest: "/usr/lib/libtide.so.2".to_owned(),
            file: PathBuf::new(),
        }];
        let depends = |format: &dyn FormatRules| depends(&lent, format, &config, "1.0.0-rc.1");
        assert_eq!(depends(&Deb), ["libtide (= 1:1.0.0~rc.1-1)"]);
        assert_eq!(depends(&Rpm), ["libtide = 1.0.0~rc.1-1"]);
        assert_eq!(depends(&Tar), [""; 0]);
    }
}
