//! Compares programs with the planned build.

use std::collections::BTreeMap;

use plimsoll_plan::config::{self, Config, StampForm};
use plimsoll_probe::{Answer, FlavourName, Linking, NativeDep, Ownership};
use serde::Deserialize;

use super::{BuiltProgram, Fault};
use crate::elf::{Linkage, SymbolVersion};
use crate::lent::{Lent, is_of_build};

/// What a program says about itself, or should say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stamp {
    /// The flavour that it believes to be.
    pub flavour: String,
    /// Its version.
    pub version: String,
    /// The source that it was built from: a commit, with a digest where the tree is not that commit.
    pub commit: String,
}

/// Compares the programs with the planned flavour.
#[must_use]
pub fn audit_build(flavour: FlavourName, config: &Config, programs: &[BuiltProgram]) -> Vec<Fault> {
    let linking = config.linking(flavour);
    let libraries = &config.native_dep;
    let mut faults = Vec::new();
    for program in programs {
        faults.extend(linkage_fault(flavour, linking, program));
        faults.extend(search_faults(program));
        // A static program needs no shared library.
        if linking == Linking::Dynamic {
            let by_name = libraries.iter();
            faults.extend(by_name.filter_map(|library| library_fault(flavour, library, program)));
        }
        faults.extend(
            libraries
                .values()
                .flat_map(|library| symbol_faults(library, program)),
        );
    }
    faults
}

/// Every library that the ELF files of a package need must be its own, of another package of the build, of the system's
/// toolchain or a declared one. Another one was linked by accident, and nothing would check its dependency. So would nothing
/// check one of which nobody can tell: neither the database nor a declaration vouches for it. `owners` says whose each is.
#[must_use]
pub fn audit_libraries(
    config: &Config,
    owners: &BTreeMap<String, Ownership>,
    programs: &[BuiltProgram],
    lent: &[Lent],
) -> Vec<Fault> {
    let libraries = &config.native_dep;
    let is_known = |soname: &String| {
        let is_declared = libraries.values().any(|dep| *dep.soname == **soname);
        is_declared || is_of_build(programs, lent, soname)
    };
    let unknown = programs.iter().flat_map(|program| {
        let needed = program.elf.needed.iter();
        let unknown = needed.filter(|soname| !is_known(soname));
        unknown.filter_map(|soname| unknown_library(owners, program, soname))
    });
    unknown.collect()
}

fn linkage_fault(flavour: FlavourName, linking: Linking, program: &BuiltProgram) -> Option<Fault> {
    let linkage = program.elf.linkage;
    let as_planned = match linking {
        // A helper that needs nothing fits everywhere.
        Linking::Dynamic if program.is_asset() => true,
        Linking::Static => linkage.is_static(),
        Linking::Dynamic => linkage == Linkage::Dynamic,
    };
    (!as_planned).then(|| {
        let needed = match program.elf.needed.join(", ") {
            none if none.is_empty() => String::new(),
            some => format!(" and needs {some}"),
        };
        let what = format!("flavour {flavour} is planned, but the file is {linkage}{needed}");
        Fault::new(&program.name, what)
    })
}

/// Folders that no package has files in are those of the machine that built, or anybody's: the program would take libraries from
/// there.
fn search_faults(program: &BuiltProgram) -> impl Iterator<Item = Fault> {
    let is_below = |folder: &str, of: &str| {
        let rest = folder.strip_prefix(of);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_own = move |folder: &&String| {
        let packaged = [
            "/usr",
            "/opt",
            "/lib",
            "/lib32",
            "/lib64",
            "$ORIGIN",
            "${ORIGIN}",
        ];
        packaged.iter().any(|of| is_below(folder, of)) && !is_below(folder, "/usr/local")
    };
    let search = program.elf.search.iter();
    search.filter(move |folder| !is_own(folder)).map(|folder| {
        let what = format!(
            "searches {folder:?} for its libraries (RUNPATH), where no package has files: leave out the linker's `-rpath`, and \
             LD_RUN_PATH"
        );
        Fault::new(&program.name, what)
    })
}

fn library_fault(
    flavour: FlavourName,
    (name, library): (&String, &NativeDep),
    program: &BuiltProgram,
) -> Option<Fault> {
    let soname = &library.soname;
    let what = match (program.libraries.contains(name), program.elf.needs(soname)) {
        (true, false) => format!("flavour {flavour} is planned, but {soname} is not linked"),
        (false, true) => {
            format!("flavour {flavour} is planned without {soname}, but the file needs it")
        }
        (true, true) | (false, false) => return None,
    };
    Some(Fault::new(&program.name, what))
}

/// A symbol version above the ceiling keeps the program from starting on older systems.
fn symbol_faults(library: &NativeDep, program: &BuiltProgram) -> Vec<Fault> {
    let Some(ceiling) = &library.symbol_version_ceiling else {
        return Vec::new();
    };
    let limit = SymbolVersion::parse(ceiling);
    program
        .elf
        .versions_of(&library.soname)
        .filter(|version| {
            let version = SymbolVersion::parse(version);
            // An unknown name may mean anything, so it is not below the ceiling.
            !matches!((&version, &limit), (Some(version), Some(limit))
                if version.prefix == limit.prefix && version <= limit)
        })
        .map(|version| {
            let soname = &library.soname;
            let what = format!("needs {version} of {soname}, newer than {ceiling}");
            Fault::new(&program.name, what)
        })
        .collect()
}

fn unknown_library(
    owners: &BTreeMap<String, Ownership>,
    program: &BuiltProgram,
    soname: &str,
) -> Option<Fault> {
    let doubt = match &owners.get(soname)?.toolchain {
        Answer::Yes { .. } => return None,
        Answer::No { .. } => String::new(),
        Answer::CouldNotTell { reason } => {
            format!(", and the package manager cannot say who owns it: {reason}")
        }
    };
    let what = format!("needs {soname}, which no native-dep declares{doubt}");
    Some(Fault::new(&program.name, what))
}

/// Compares what a program said of itself with what is planned.
#[must_use]
pub fn audit_said(stamp: &config::Stamp, said: &str, planned: &Stamp) -> Vec<Fault> {
    let program = stamp.program.get_ref();
    match stamp.form {
        StampForm::Json => match serde_json::from_str::<Stamp>(said) {
            Ok(said) => audit_stamp(program, &said, planned),
            Err(error) => {
                let what = format!("does not print its stamp: {error}");
                vec![Fault::new(program, what)]
            }
        },
        StampForm::Version => {
            let version = planned.version.as_str();
            let is_word = said.split_whitespace().any(|word| {
                let word = word.trim_matches([',', ';', '(', ')']);
                word.strip_prefix('v').unwrap_or(word) == version
            });
            let what = || {
                format!(
                    "version {version} is planned, and it says {:?}",
                    said.trim()
                )
            };
            let fault = (!is_word).then(|| Fault::new(program, what()));
            fault.into_iter().collect()
        }
    }
}

/// Compares the program's stamp with the planned one.
fn audit_stamp(program: &str, stamp: &Stamp, planned: &Stamp) -> Vec<Fault> {
    let pairs = [
        ("", &stamp.flavour, &planned.flavour),
        ("version ", &stamp.version, &planned.version),
        ("commit ", &stamp.commit, &planned.commit),
    ];
    let differing = pairs.iter().filter(|(_, said, planned)| said != planned);
    let texts = differing
        .map(|(what, said, planned)| format!("says it is {what}{said}, but {planned} is planned"));
    let nameless = names_no_source(&planned.commit).then(|| {
        format!(
            "commit {} names no source: it equals any other",
            planned.commit
        )
    });
    texts
        .chain(nameless)
        .map(|what| Fault::new(program, what))
        .collect()
}

/// Whether two different trees could both be told by this commit.
fn names_no_source(commit: &str) -> bool {
    matches!(commit, "" | "unknown") || commit.ends_with("-dirty")
}

#[cfg(test)]
mod tests {
    use plimsoll_plan::fixtures;

    use super::*;
    use crate::audit::fixtures::{daemon, exec_daemon, owners, static_daemon};

    fn faults(flavour: FlavourName, program: BuiltProgram) -> Vec<String> {
        let config = fixtures::config();
        let programs = [program];
        let mut faults = audit_build(flavour, &config, &programs);
        faults.extend(audit_libraries(&config, &owners(), &programs, &[]));
        faults.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn each_flavour_as_planned_has_no_fault() {
        assert_eq!(faults(FlavourName::DYNAMIC, daemon()), [""; 0]);
        assert_eq!(faults(FlavourName::DYNAMIC_EXEC, exec_daemon()), [""; 0]);
        assert_eq!(faults(FlavourName::STATIC, static_daemon()), [""; 0]);
    }

    #[test]
    fn a_lost_library_is_a_fault() {
        let lost = BuiltProgram {
            libraries: vec!["libnftables".into()],
            ..exec_daemon()
        };
        assert_eq!(
            faults(FlavourName::DYNAMIC, lost),
            ["sampled: flavour dynamic is planned, but libnftables.so.1 is not linked"]
        );
    }

    #[test]
    fn a_library_that_was_not_planned_is_a_fault() {
        let extra = BuiltProgram {
            libraries: Vec::new(),
            ..daemon()
        };
        assert_eq!(
            faults(FlavourName::DYNAMIC_EXEC, extra),
            [
                "sampled: flavour dynamic-exec is planned without libnftables.so.1, \
              but the file needs it"
            ]
        );
    }

    #[test]
    fn a_static_program_needs_nothing() {
        assert_eq!(
            faults(FlavourName::STATIC, exec_daemon()),
            ["sampled: flavour static is planned, but the file is dynamic and needs libc.so.6"]
        );
        assert_eq!(
            faults(FlavourName::DYNAMIC_EXEC, static_daemon()),
            ["sampled: flavour dynamic-exec is planned, but the file is static-pie"]
        );
    }

    #[test]
    fn a_search_in_folders_of_no_package_is_a_fault() {
        let mut daemon = daemon();
        let folders = ["/usr/lib/sample", "$ORIGIN/../lib", "/opt/x/lib"];
        daemon.elf.search = folders.map(str::to_owned).into();
        assert_eq!(faults(FlavourName::DYNAMIC, daemon.clone()), [""; 0]);
        for folder in ["/home/me/lib", "/usr/local/lib", "lib", "", "$ORIGINAL"] {
            daemon.elf.search = vec![folder.to_owned()];
            assert_eq!(
                faults(FlavourName::DYNAMIC, daemon.clone()),
                [format!(
                    "sampled: searches {folder:?} for its libraries (RUNPATH), where no package has files: leave out the linker's \
                     `-rpath`, and LD_RUN_PATH"
                )]
            );
        }
    }

    #[test]
    fn a_symbol_above_the_ceiling_is_a_fault() {
        let mut newer = daemon();
        let versions = newer
            .elf
            .version_needs
            .entry("libnftables.so.1".into())
            .or_default();
        versions.insert("LIBNFTABLES_4".to_owned());
        assert_eq!(
            faults(FlavourName::DYNAMIC, newer),
            ["sampled: needs LIBNFTABLES_4 of libnftables.so.1, newer than LIBNFTABLES_1"]
        );
    }

    #[test]
    fn an_undeclared_library_is_a_fault() {
        let mut other = exec_daemon();
        other.elf.needed.push("libssl.so.3".to_owned());
        assert_eq!(
            faults(FlavourName::DYNAMIC_EXEC, other),
            ["sampled: needs libssl.so.3, which no native-dep declares"]
        );
    }

    #[test]
    fn a_library_of_the_toolchain_needs_no_declaration() {
        let mut other = exec_daemon();
        other.elf.needed.push("libstdc++.so.6".to_owned());
        assert_eq!(faults(FlavourName::DYNAMIC_EXEC, other), [""; 0]);
    }

    #[test]
    fn a_library_of_which_nobody_can_tell_must_be_declared() {
        let mut other = exec_daemon();
        other.elf.needed.push("libssl.so.3".to_owned());
        let mut owners = owners();
        let ssl = owners.get_mut("libssl.so.3").expect("there");
        ssl.toolchain = Answer::could_not_tell("dpkg-query is not installed");
        let config = fixtures::config();
        let faults = audit_libraries(&config, &owners, &[other], &[]);
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            faults,
            [
                "sampled: needs libssl.so.3, which no native-dep declares, and the package manager cannot say who owns it: dpkg-query is not \
              installed"
            ]
        );
        let declared = owners.get_mut("libnftables.so.1").expect("there");
        declared.toolchain = Answer::could_not_tell("dpkg-query is not installed");
        let faults = audit_libraries(&config, &owners, &[daemon()], &[]);
        assert_eq!(faults, []);
    }

    #[test]
    fn a_stamp_that_disagrees_is_a_fault() {
        let stamp = |flavour: &str, version: &str, commit: &str| Stamp {
            flavour: flavour.into(),
            version: version.into(),
            commit: commit.into(),
        };
        let said = stamp("dynamic-exec", "0.2.0", "abc");
        let faults = audit_stamp("sampled", &said, &stamp("dynamic", "0.3.0", "def"));
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            faults,
            [
                "sampled: says it is dynamic-exec, but dynamic is planned",
                "sampled: says it is version 0.2.0, but 0.3.0 is planned",
                "sampled: says it is commit abc, but def is planned",
            ]
        );
        for nameless in ["unknown", "", "abc-dirty"] {
            let same = stamp("dynamic", "0.3.0", nameless);
            let faults = audit_stamp("sampled", &same, &same);
            let fault = format!("sampled: commit {nameless} names no source: it equals any other");
            assert_eq!(faults[0].to_string(), fault);
        }
        let same = stamp("dynamic", "0.3.0", "unknown-0123456789ab");
        assert!(audit_stamp("sampled", &same, &same).is_empty());
    }

    /// A program of the project with three libraries that links some, as planned for others.
    fn captured(flavour: &'static str, planned: &[&str], linked: &[&str]) -> Vec<String> {
        let mut program = exec_daemon();
        program.name = "capture".to_owned();
        program.libraries = planned.iter().map(|name| (*name).to_owned()).collect();
        let linked = linked.iter().map(|soname| (*soname).to_owned());
        program.elf.needed.extend(linked);
        let config = fixtures::capture();
        let faults = audit_build(FlavourName::new(flavour), &config, &[program]);
        faults.iter().map(Fault::to_string).collect()
    }

    const PCAP: &str = "libpcap.so.0.8";
    const LZMA: &str = "liblzma.so.5";
    const ZLIB: &str = "libz.so.1";

    #[test]
    fn each_library_of_a_flavour_is_linked_and_no_other_declared_one() {
        let all = ["lzma", "pcap", "zlib"];
        assert_eq!(captured("full", &all, &[PCAP, LZMA, ZLIB]), [""; 0]);
        assert_eq!(
            captured("full", &all, &[PCAP]),
            [
                "capture: flavour full is planned, but liblzma.so.5 is not linked",
                "capture: flavour full is planned, but libz.so.1 is not linked",
            ]
        );
        assert_eq!(
            captured("plain", &["zlib"], &[ZLIB, LZMA]),
            ["capture: flavour plain is planned without liblzma.so.5, but the file needs it"]
        );
    }

    #[test]
    fn a_static_program_shows_none_of_the_libraries_that_it_links() {
        let mut program = static_daemon();
        program.libraries = vec!["lzma".to_owned()];
        let everywhere = FlavourName::new("everywhere");
        let faults = audit_build(everywhere, &fixtures::capture(), &[program]);
        assert_eq!(faults, []);
    }
}
