//! The package against its manifest, its own programs and its target. Pure.

use std::collections::BTreeSet;
use std::path::Path;

use super::Target;
use super::installed::shown;
use plimsoll_build::audit::{
    BuiltProgram, Fault, PackageFacts, Stamp, audit_build, audit_libraries, audit_said,
};
use plimsoll_build::debug;
use plimsoll_build::elf::{self, ElfError};
use plimsoll_build::format::Format;
use plimsoll_build::lent::{Lent, is_of_build};
use plimsoll_build::manifest::{Artifact, Sum};
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::plan::PackagePlan;
use plimsoll_spec::{PackageContents, Relation, Relations};

/// All that is known of a finished package before it is installed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The package's format.
    pub format: &'a dyn Format,
    /// What the manifest says: the plan as it was carried out.
    pub artifact: &'a Artifact,
    /// The relations that follow from configuration and flavour, not from what the programs link.
    pub declared: &'a Relations,
    /// What is built and packaged.
    pub config: &'a Config,
    /// What the package says.
    pub contents: &'a PackageContents,
    /// What its bytes add up to.
    pub sum: &'a Sum,
    /// The programs that were unpacked from it.
    pub programs: &'a [BuiltProgram],
    /// The libraries that other packages of the build bring for them.
    pub lent: &'a [Lent],
    /// The configuration files that it should mark as such.
    pub configuration: &'a [String],
}

/// Compares plan, package and programs.
#[must_use]
pub fn package(facts: &Facts<'_>) -> Vec<String> {
    let artifact = facts.artifact;
    let plan = PackagePlan {
        name: artifact.name.clone(),
        holds: artifact.holds.clone(),
        programs: artifact.programs.keys().cloned().collect(),
        debug_of: artifact.debug_of.clone(),
        file: artifact.file.clone(),
        format: artifact.format,
        flavour: artifact.flavour,
        driver: artifact.driver.clone(),
        arch: artifact.arch.clone(),
        declared: facts.declared.clone(),
    };
    let mut faults = audit_build(artifact.flavour, facts.config, facts.programs);
    faults.extend(audit_libraries(
        facts.config,
        &artifact.owners,
        facts.programs,
        facts.lent,
    ));
    faults.extend(facts.format.audit(&PackageFacts {
        plan: &plan,
        libraries: &facts.config.native_dep,
        owners: &artifact.owners,
        programs: facts.programs,
        lent: facts.lent,
        files: &facts.contents.report.files,
        report: &facts.contents.report,
    }));
    let faults = faults.iter().map(Fault::to_string);
    let faults = faults.chain(unmarked(facts));
    faults.chain(against_manifest(facts)).collect()
}

/// A file that is not marked is overwritten by an upgrade, changed or not.
fn unmarked(facts: &Facts<'_>) -> impl Iterator<Item = String> {
    let marked = &facts.contents.conffiles;
    let files = facts.configuration.iter();
    let unmarked = files.filter(|file| !marked.contains(file));
    unmarked.map(|file| format!("{file} is not marked as a configuration file"))
}

/// A package that is not the one of the manifest was changed since, or swapped.
fn against_manifest(facts: &Facts<'_>) -> Vec<String> {
    let (artifact, contents) = (facts.artifact, facts.contents);
    let mut faults = Vec::new();
    let mut differs = |what: &str, manifest: String, package: String| {
        if manifest != package {
            faults.push(format!(
                "{what} is {package}, and {manifest} in the manifest"
            ));
        }
    };
    differs(
        "size",
        artifact.size.to_string(),
        facts.sum.size.to_string(),
    );
    differs(
        "SHA-256 sum",
        artifact.sha256.clone(),
        facts.sum.sha256.clone(),
    );
    for relation in Relation::ALL {
        let of = |relations: &Relations| relations.of(relation).join(", ");
        let what = format!("list of what it {}", relation.verb());
        differs(
            &what,
            of(&artifact.relations),
            of(&contents.report.relations),
        );
    }
    let needed: BTreeSet<&String> = facts.programs.iter().flat_map(|p| &p.elf.needed).collect();
    differs(
        "list of linked libraries",
        artifact
            .needed
            .iter()
            .cloned()
            .collect::<Vec<_>>()
            .join(", "),
        needed.into_iter().cloned().collect::<Vec<_>>().join(", "),
    );
    for program in facts.programs {
        let planned = artifact.programs.get(&program.name);
        let planned = planned.map_or_else(|| "not named".to_owned(), shown);
        let what = format!("build of {}", program.name);
        differs(&what, planned, shown(&program.identity));
    }
    let arch = contents.arch.clone().unwrap_or_default();
    differs("architecture", artifact.arch.clone(), arch);
    faults
}

/// Compares a debug package with the programs whose symbols it must hold: each is found by its build id. `root` is where the
/// package is unpacked.
///
/// # Errors
/// When a file of the package is damaged.
pub fn symbols(of: &[BuiltProgram], root: &Path) -> Result<Vec<String>, ElfError> {
    let mut faults = Vec::new();
    for program in of.iter().filter(|program| !program.is_asset()) {
        let Some(id) = &program.identity.build_id else {
            faults.push(format!("{} has no build id", program.name));
            continue;
        };
        let place = debug::place(id, ".debug");
        let path = root.join(place.trim_start_matches('/'));
        let found = match path.is_file() {
            true => elf::build_id(&path)?,
            false => None,
        };
        if found.as_ref() != Some(id) {
            faults.push(format!(
                "{place} does not hold the symbols of {}",
                program.name
            ));
        }
    }
    Ok(faults)
}

/// Compares the programs with the libraries of the target.
#[must_use]
pub fn target(programs: &[BuiltProgram], lent: &[Lent], target: &Target) -> Vec<String> {
    let unmet = |program: &BuiltProgram| {
        let name = program.name.clone();
        let mut elf = program.elf.clone();
        // What the packages bring is in them, and may be in folders of their own.
        elf.needed
            .retain(|soname| !is_of_build(programs, lent, soname));
        let unmet = target.unmet(&elf).into_iter();
        unmet.map(move |what| format!("{name}: {what}"))
    };
    programs.iter().flat_map(unmet).collect()
}

/// Compares what the installed program says of itself with the plan.
#[must_use]
pub fn stamp(stamp: &config::Stamp, said: &str, artifact: &Artifact, version: &str) -> Vec<String> {
    let planned = Stamp {
        flavour: artifact.flavour.to_string(),
        version: version.to_owned(),
        commit: artifact.commit.clone(),
    };
    let faults = audit_said(stamp, said, &planned);
    faults.iter().map(Fault::to_string).collect()
}

/// What a package passes with: which flavour, and what it takes of the target.
#[must_use]
pub fn seen(artifact: &Artifact, programs: &[BuiltProgram], target: Option<&Target>) -> String {
    let flavour = format!("{} in plan, package and program", artifact.flavour);
    let ceilings = programs.iter().filter_map(|p| p.elf.ceiling("GLIBC"));
    let glibc = ceilings.max().map(|needed| {
        let has = target.and_then(|target| target.newest("libc.so.6", "GLIBC"));
        let has = has.map_or_else(String::new, |has| format!(" of the target's {has}"));
        format!("; needs {needed}{has}")
    });
    flavour + &glibc.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installed::{Installed, faults as faults_of};
    use plimsoll_build::audit::fixtures::{daemon, exec_daemon, owners};
    use plimsoll_build::program::Identity;
    use plimsoll_plan::fixtures;
    use plimsoll_plan::format::Deb;
    use plimsoll_probe::FlavourName;
    use plimsoll_spec::{FormatName, PackageReport};
    use std::collections::BTreeMap;

    struct Case {
        artifact: Artifact,
        contents: PackageContents,
        sum: Sum,
        programs: Vec<BuiltProgram>,
        lent: Vec<Lent>,
    }

    impl Case {
        /// What the package says, and what the manifest says.
        fn relations(&mut self) -> [&mut Relations; 2] {
            let said = &mut self.contents.report.relations;
            [said, &mut self.artifact.relations]
        }
    }

    #[test]
    fn a_relation_that_nobody_declared_or_that_the_manifest_lacks_is_named() {
        let mut case = sound();
        for relations in case.relations() {
            relations.add(Relation::Conflicts, ["other"]);
        }
        let undeclared = "x.deb: conflicts with other, which nothing declares";
        assert_eq!(faults(&case), [undeclared]);
        case.artifact.relations = sound().artifact.relations;
        let differs = "list of what it conflicts with is other, and  in the manifest";
        assert_eq!(faults(&case), [undeclared, differs]);
    }

    fn sound() -> Case {
        let relations = Relations::from_iter([
            (
                Relation::Depends,
                vec!["libc6 (>= 2.34)", "libnftables1 (>= 1.0.2)"],
            ),
            (Relation::Recommends, vec!["nftables"]),
        ]);
        let programs = vec![daemon()];
        let needed = &programs[0].elf.needed;
        Case {
            artifact: Artifact {
                file: "x.deb".into(),
                name: "x".into(),
                holds: vec!["x".into()],
                debug_of: None,
                format: FormatName::DEB,
                flavour: FlavourName::DYNAMIC,
                reason: String::new(),
                fallback: None,
                driver: "library".into(),
                arch: "amd64".into(),
                relations: relations.clone(),
                needed: needed.iter().cloned().collect(),
                programs: programs
                    .iter()
                    .map(|program| (program.name.clone(), program.identity.clone()))
                    .collect(),
                owners: owners(),
                glibc: None,
                linked: BTreeMap::new(),
                bundled: Vec::new(),
                components: None,
                commit: "abc".into(),
                size: 1,
                sha256: "00".into(),
            },
            contents: PackageContents {
                format: FormatName::DEB,
                name: "x".into(),
                version: Some("1".into()),
                revision: Some("1".into()),
                arch: Some("amd64".into()),
                report: PackageReport {
                    relations,
                    files: Vec::new(),
                },
                conffiles: vec!["/etc/x.toml".into()],
            },
            sum: Sum {
                size: 1,
                sha256: "00".into(),
            },
            programs,
            lent: Vec::new(),
        }
    }

    fn faults(case: &Case) -> Vec<String> {
        let declared = Relations::from_iter([(Relation::Recommends, ["nftables"])]);
        package(&Facts {
            format: &Deb,
            artifact: &case.artifact,
            declared: &declared,
            config: &fixtures::config(),
            contents: &case.contents,
            sum: &case.sum,
            programs: &case.programs,
            lent: &case.lent,
            configuration: &["/etc/x.toml".to_owned()],
        })
    }

    #[test]
    fn a_sound_package_has_no_fault() {
        assert_eq!(faults(&sound()), [""; 0]);
    }

    /// A package whose program needs a library that another package of the build brings.
    fn borrowing() -> Case {
        let mut case = sound();
        let soname = "libtide.so.1".to_owned();
        case.programs[0].elf.needed.push(soname.clone());
        case.artifact.needed.insert(soname.clone());
        let nobody = plimsoll_probe::Ownership {
            package: None,
            toolchain: plimsoll_probe::Answer::no("no package has it"),
        };
        case.artifact.owners.insert(soname.clone(), nobody);
        case.lent = vec![Lent {
            soname,
            package: "libtide".to_owned(),
            dest: "/usr/lib/x/libtide.so.1".to_owned(),
            file: std::path::PathBuf::new(),
        }];
        case
    }

    #[test]
    fn a_library_of_another_package_of_the_build_is_neither_unknown_nor_missing() {
        let mut case = borrowing();
        assert_eq!(faults(&case), [""; 0]);
        let target = Target {
            libraries: BTreeMap::from([
                ("libc.so.6".to_owned(), BTreeSet::new()),
                ("libnftables.so.1".to_owned(), BTreeSet::new()),
            ]),
        };
        assert_eq!(super::target(&case.programs, &case.lent, &target), [""; 0]);
        case.lent.clear();
        assert_eq!(
            faults(&case),
            ["sampled: needs libtide.so.1, which no native-dep declares"]
        );
        let unmet = super::target(&case.programs, &case.lent, &target);
        let missing = "sampled: needs libtide.so.1, which the target does not have";
        assert_eq!(unmet, [missing]);
    }

    #[test]
    fn a_dependency_that_was_dropped_is_named() {
        let mut case = sound();
        for relations in case.relations() {
            relations.retain(|_, text| !text.starts_with("libnftables1"));
        }
        assert_eq!(
            faults(&case),
            ["x.deb: does not depend on libnftables1, which it links"]
        );
    }

    #[test]
    fn a_dependency_that_was_added_is_named() {
        let mut case = sound();
        for relations in case.relations() {
            relations.add(Relation::Depends, ["libssl3"]);
        }
        assert_eq!(
            faults(&case),
            ["x.deb: depends on libssl3, which nothing in it links or declares"]
        );
    }

    #[test]
    fn a_library_that_was_lost_since_the_plan_is_named() {
        let mut case = sound();
        case.programs = vec![BuiltProgram {
            libraries: vec!["libnftables".into()],
            ..exec_daemon()
        }];
        let faults = faults(&case);
        for expected in [
            "sampled: flavour dynamic is planned, but libnftables.so.1 is not linked",
            "x.deb: depends on libnftables1 (>= 1.0.2), which nothing in it links or declares",
            "list of linked libraries is libc.so.6, and libc.so.6, libnftables.so.1 in the manifest",
        ] {
            assert!(faults.iter().any(|f| f == expected), "{faults:#?}");
        }
    }

    #[test]
    fn a_configuration_file_that_is_not_marked_is_named() {
        let mut case = sound();
        case.contents.conffiles.clear();
        assert_eq!(
            faults(&case),
            ["/etc/x.toml is not marked as a configuration file"]
        );
    }

    #[test]
    fn a_program_of_another_build_is_recognised_by_its_build_id() {
        let mut case = sound();
        case.programs[0].identity.build_id = Some("0f".into());
        let fault =
            "build of sampled is build id 0f, SHA-256 sum , and SHA-256 sum  in the manifest";
        assert_eq!(faults(&case), [fault]);
        case.artifact.programs.clear();
        let fault = "build of sampled is build id 0f, SHA-256 sum , and not named in the manifest";
        assert_eq!(faults(&case), [fault]);
    }

    #[test]
    fn an_installed_program_that_is_not_the_manifests_is_recognised_by_its_build_id() {
        let case = sound();
        let installed = |identity: Option<Identity>| {
            let installed = Installed {
                name: case.programs[0].name.clone(),
                path: "/usr/sbin/sampled".to_owned(),
                identity,
            };
            faults_of(&[installed], &case.artifact)
        };
        let own = case.programs[0].identity.clone();
        assert_eq!(installed(Some(own.clone())), [""; 0]);
        let other = Identity {
            build_id: Some("0f".into()),
            ..own
        };
        assert_eq!(
            installed(Some(other)),
            [
                "the installed /usr/sbin/sampled is build id 0f, SHA-256 sum , and SHA-256 sum  in the manifest"
            ]
        );
        assert_eq!(
            installed(None),
            ["/usr/sbin/sampled is not there after the installation"]
        );
    }

    #[test]
    fn symbols_that_no_debugger_would_find_are_named() {
        let root = tempfile::tempdir().expect("a folder");
        let mut program = daemon();
        program.identity.build_id = Some("abcd".into());
        let faults = symbols(&[program], root.path()).expect("read");
        let place = "/usr/lib/debug/.build-id/ab/cd.debug";
        assert_eq!(
            faults,
            [format!("{place} does not hold the symbols of sampled")]
        );
    }

    #[test]
    fn a_file_that_is_not_the_manifests_is_recognised_by_its_sum() {
        let mut case = sound();
        case.sum.sha256 = "ff".into();
        assert_eq!(faults(&case), ["SHA-256 sum is ff, and 00 in the manifest"]);
    }
}
