//! dnf resolves a package of ours where a capability profile stands in for its distribution.

use std::path::PathBuf;

use plimsoll_build::packager::Packager;
use plimsoll_plan::plan::Arch;
use plimsoll_spec::{FormatName, PackageSpec, Relation, Relations};
use plimsoll_verify::profile::resolve::{Request, resolve};
use plimsoll_verify::profile::{self, Profile};
use plimsoll_verify::refuse::Answer;
use test_support::{Need, require};
use tidegate_tests::workspace;

/// What our dynamic package requires, newest glibc and all.
const REQUIRES: [&str; 8] = [
    "libc.so.6()(64bit)",
    "libc.so.6(GLIBC_2.34)(64bit)",
    "libgcc_s.so.1(GCC_4.2.0)(64bit)",
    "libnftables.so.1()(64bit)",
    "libnftables.so.1(LIBNFTABLES_1)(64bit)",
    "ld-linux-x86-64.so.2(GLIBC_2.3)(64bit)",
    "nftables",
    "systemd",
];

struct Bench {
    folder: tempfile::TempDir,
    packager: Packager,
    package: PathBuf,
    /// Packages of the distribution that it names in what it obsoletes.
    obsoleted: Vec<PackageSpec>,
}

impl Bench {
    /// A package with these requirements.
    fn of(requires: &[&str]) -> Self {
        Self::with(Relations::from_iter([(
            Relation::Depends,
            requires.to_vec(),
        )]))
    }

    /// A package with these relations.
    fn with(relations: Relations) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let packager = Packager::of(&workspace());
        let package = folder.path().join("sample.rpm");
        let obsoletes = relations.of(Relation::Obsoletes).to_vec();
        let spec = PackageSpec {
            name: "sample".into(),
            out: package.clone(),
            work: folder.path().join("work"),
            relations,
            ..profile("rhel-9").package("rhel-9", Arch::Amd64)
        };
        let path = folder.path().join("sample.json");
        std::fs::write(&path, serde_json::to_string(&spec).unwrap()).unwrap();
        packager.write(&path, 0).unwrap();
        Self {
            obsoleted: profile("rhel-9").obsoleted(&obsoletes, "rhel-9", Arch::Amd64),
            folder,
            packager,
            package,
        }
    }

    fn ask(&self, stand_in: &PackageSpec) -> Answer {
        resolve(&Request {
            packager: &self.packager,
            stand_in,
            obsoleted: &self.obsoleted,
            packages: &[("sample", &self.package)],
            arch: Arch::Amd64,
            folder: &self.folder.path().join("resolve"),
        })
        .unwrap()
    }
}

fn profile(id: &str) -> Profile {
    profile::load(&profile::path(&workspace().join("packaging/profiles"), id)).unwrap()
}

fn stand_in(id: &str) -> PackageSpec {
    let spec = profile(id).package(id, Arch::Amd64);
    assert_eq!(spec.format, FormatName::RPM);
    spec
}

/// What dnf says when it refuses.
fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused(words) => words,
        Answer::Accepted => panic!("accepted"),
    }
}

#[test]
fn a_distribution_that_has_all_of_it_takes_the_package() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let bench = Bench::of(&REQUIRES);
    for id in ["rhel-9", "fedora-44", "opensuse-leap-16"] {
        assert_eq!(bench.ask(&stand_in(id)), Answer::Accepted, "{id}");
    }
}

#[test]
fn an_older_distribution_refuses_it_and_names_glibc() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let words = refused(Bench::of(&REQUIRES).ask(&stand_in("rhel-8")));
    assert_eq!(
        words,
        "nothing provides libc.so.6(GLIBC_2.34)(64bit) needed by sample-1-1.x86_64"
    );
}

#[test]
fn a_capability_that_is_struck_out_is_named() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let bench = Bench::of(&REQUIRES);
    let whole = stand_in("rhel-9");
    for struck in [
        "libc.so.6(GLIBC_2.34)(64bit)",
        "libnftables.so.1()(64bit)",
        "libnftables.so.1(LIBNFTABLES_1)(64bit)",
        "nftables",
        "systemd",
    ] {
        let mut less = whole.clone();
        let is_struck = |it: &str| it == struck || it.starts_with(&format!("{struck} = "));
        less.relations.retain(|_, it| !is_struck(it));
        let count = |spec: &PackageSpec| spec.relations.of(Relation::Provides).len();
        assert_eq!(count(&less) + 1, count(&whole), "{struck}");
        let words = refused(bench.ask(&less));
        let expected = format!("nothing provides {struck} needed by sample-1-1.x86_64");
        assert_eq!(words, expected);
    }
}

#[test]
fn a_requirement_that_no_distribution_meets_is_named() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let bogus = [REQUIRES.as_slice(), &["libbogus.so.7()(64bit)"]].concat();
    let words = refused(Bench::of(&bogus).ask(&stand_in("fedora-44")));
    assert!(words.contains("libbogus.so.7()(64bit)"), "{words}");
}

#[test]
fn versions_are_compared_with_their_epoch() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let profile = stand_in("fedora-44");
    let taken = Bench::of(&["nftables >= 1:1.1.6", "systemd >= 250"]);
    assert_eq!(taken.ask(&profile), Answer::Accepted);
    let refusing = Bench::of(&["nftables >= 1:1.2"]);
    assert!(refused(refusing.ask(&profile)).contains("nftables >= 1:1.2"));
}

#[test]
fn a_conflict_with_what_the_distribution_has_is_named_and_one_with_itself_is_none() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let profile = stand_in("fedora-44");
    let ask = |conflicts: &[&'static str]| {
        let own = (Relation::Provides, vec!["virtual"]);
        let relations = [(Relation::Conflicts, conflicts.to_vec()), own];
        Bench::with(Relations::from_iter(relations)).ask(&profile)
    };
    let taken = ["systemd < 200", "missing", "virtual", "sample"];
    assert_eq!(ask(&taken), Answer::Accepted);
    let words = refused(ask(&["systemd < 999"]));
    assert!(words.contains("conflicts with systemd < 999"), "{words}");
}

#[test]
fn rich_requirements_are_resolved() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let profile = stand_in("fedora-44");
    let taken = [
        "(missing or systemd >= 200)",
        "(missing if absent)",
        "(systemd >= 200 with systemd < 999)",
    ];
    assert_eq!(Bench::of(&taken).ask(&profile), Answer::Accepted);
    for refusing in ["(missing or absent)", "(missing if systemd)"] {
        let words = refused(Bench::of(&[refusing]).ask(&profile));
        assert!(words.contains("missing"), "{words}");
    }
}

/// What the profile promises to others must not be taken away.
#[test]
fn a_package_that_takes_the_place_of_one_of_the_profile_is_refused_by_its_version() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let rhel = profile("rhel-9").package("rhel-9", Arch::Amd64);
    let ask = |obsoletes: &'static str| {
        let relations = Relations::from_iter([(Relation::Obsoletes, [obsoletes])]);
        Bench::with(relations).ask(&rhel)
    };
    let words = refused(ask("nftables < 1:2.0"));
    assert!(words.contains(" obsoletes nftables < 1:2.0"), "{words}");
    for obsoletes in ["nftables < 1:0.9", "old-nftables"] {
        assert_eq!(ask(obsoletes), Answer::Accepted, "{obsoletes}");
    }
}

#[test]
fn a_foreign_architecture_is_resolved_too() {
    require!(Need::Program("dnf"), Need::Program("createrepo_c"));
    let mut bench = Bench::of(&["libc.so.6(GLIBC_2.17)(64bit)"]);
    let arch = Arch::Arm64;
    let mut foreign = profile("rhel-9").package("rhel-9", arch);
    foreign.name = "sample".into();
    let linker = ["ld-linux-aarch64.so.1()(64bit)"];
    foreign.relations = Relations::from_iter([(Relation::Depends, linker)]);
    foreign.out = bench.folder.path().join("foreign.rpm");
    foreign.work = bench.folder.path().join("work");
    let spec = bench.folder.path().join("foreign.json");
    std::fs::write(&spec, serde_json::to_string(&foreign).unwrap()).unwrap();
    bench.packager.write(&spec, 0).unwrap();
    bench.package = foreign.out;
    let answer = resolve(&Request {
        packager: &bench.packager,
        stand_in: &profile("rhel-9").package("rhel-9", arch),
        obsoleted: &[],
        packages: &[("sample", &bench.package)],
        arch,
        folder: &bench.folder.path().join("resolve"),
    });
    assert_eq!(answer.unwrap(), Answer::Accepted);
}
