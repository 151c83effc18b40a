//! Relations and epochs, read by the package managers' own tools.

use plimsoll_spec::{FormatName, PackageSpec, Relation, Relations};
use test_support::{Need, require};

use crate::folder::{Folder, printed};

/// The relations of a Debian package with its fields.
const DEBIAN: [(Relation, &str, &str); 9] = [
    (
        Relation::PreDepends,
        "Pre-Depends",
        "init-system-helpers (>= 1.54~)",
    ),
    (
        Relation::Depends,
        "Depends",
        "libc6 (>= 2.34), perl:any | python3",
    ),
    (Relation::Recommends, "Recommends", "nftables"),
    (Relation::Suggests, "Suggests", "sample-doc"),
    (Relation::Enhances, "Enhances", "nftables (<< 2:3)"),
    (Relation::Conflicts, "Conflicts", "mail-sample"),
    (Relation::Breaks, "Breaks", "sample-tools (<< 1.2~)"),
    (Relation::Replaces, "Replaces", "sample-tools (<< 1.2~)"),
    (
        Relation::Provides,
        "Provides",
        "mail-sample, sample-api (= 3)",
    ),
];

/// The relations of an RPM with the option of rpm that prints each.
const RPM: [(Relation, &str, &[&str]); 12] = [
    (
        Relation::Depends,
        "--requires",
        &["(nftables >= 1:1.0 if firewalld)", "glibc"],
    ),
    (Relation::RequiresPre, "--requires", &["shadow-utils"]),
    (Relation::RequiresPost, "--requires", &["systemd >= 239"]),
    (Relation::RequiresPreun, "--requires", &["systemd >= 239"]),
    (Relation::RequiresPostun, "--requires", &["systemd >= 239"]),
    (Relation::Recommends, "--recommends", &["(a or b)"]),
    (Relation::Suggests, "--suggests", &["sample-doc"]),
    (
        Relation::Supplements,
        "--supplements",
        &["(nftables and systemd)"],
    ),
    (Relation::Enhances, "--enhances", &["nftables"]),
    (Relation::Conflicts, "--conflicts", &["mail-sample < 2"]),
    (
        Relation::Obsoletes,
        "--obsoletes",
        &["old-sample < 1.2.3-1"],
    ),
    (
        Relation::Provides,
        "--provides",
        &["mail-sample", "old-sample = 1.2.3-1"],
    ),
];

fn debian() -> Relations {
    let all = DEBIAN.map(|(relation, _, clauses)| (relation, clauses.split(", ")));
    all.into_iter().collect()
}

fn rpm() -> Relations {
    let all = RPM.map(|(relation, _, texts)| (relation, texts.to_vec()));
    all.into_iter().collect()
}

fn written(folder: &Folder, format: FormatName, relations: Relations, epoch: u32) -> PackageSpec {
    let spec = PackageSpec {
        relations,
        epoch,
        ..folder.spec(format, &format!("sample.{format}"))
    };
    let report = folder.write(&spec);
    for (relation, texts) in spec.relations.iter() {
        for text in texts {
            let is_there = report.relations.has(relation, text);
            assert!(is_there, "{text} in {:?}", report.relations);
        }
    }
    assert_eq!(folder.unpack(&spec.out, "root").report, report);
    spec
}

#[test]
fn dpkg_reads_every_relation() {
    require!(Need::Program("dpkg-deb"));
    let folder = Folder::new();
    let spec = written(&folder, FormatName::DEB, debian(), 0);
    for (_, field, value) in DEBIAN {
        let file = spec.out.display().to_string();
        let read = printed("dpkg-deb", &["--field", &file], field.as_ref());
        assert_eq!(read.trim(), value, "{field}");
    }
    assert_eq!(folder.unpack(&spec.out, "root").report.relations, debian());
}

#[test]
fn rpm_reads_every_relation_and_which_script_each_is_for() {
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let spec = written(&folder, FormatName::RPM, rpm(), 0);
    for (_, option, texts) in RPM {
        let read = printed("rpm", &["-qp", option], &spec.out);
        for text in texts {
            assert!(read.lines().any(|line| line == *text), "{text} in {read}");
        }
    }
    let query = "[%{REQUIRENAME} %{REQUIREFLAGS:deptype}\n]";
    let kinds = printed("rpm", &["-qp", "--queryformat", query], &spec.out);
    for line in [
        "shadow-utils pre",
        "systemd post,preun,postun",
        "glibc manual",
    ] {
        assert!(kinds.lines().any(|it| it == line), "{line} in {kinds}");
    }
    let requires = printed("rpm", &["-qp", "--requires"], &spec.out);
    assert!(requires.contains("rpmlib(RichDependencies)"), "{requires}");
}

#[test]
fn an_epoch_is_in_the_version_and_in_the_changelog() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let deb = written(&folder, FormatName::DEB, Relations::default(), 2);
    let control = folder.script(&deb.out, "control").unwrap();
    assert!(control.contains("\nVersion: 2:1.2.3-1\n"), "{control}");
    let changelog = folder.path("root/usr/share/doc/sample/changelog.Debian.gz");
    let changelog = printed("gzip", &["--decompress", "--stdout"], &changelog);
    assert!(changelog.starts_with("sample (2:1.2.3-1) "), "{changelog}");

    let rpm = written(&folder, FormatName::RPM, Relations::default(), 2);
    let query = "%{EPOCH} %{NEVRA}\n";
    let tags = printed("rpm", &["-qp", "--queryformat", query], &rpm.out);
    assert_eq!(tags, "2 sample-2:1.2.3-1.x86_64\n");
    let provides = printed("rpm", &["-qp", "--provides"], &rpm.out);
    assert!(provides.contains("sample = 2:1.2.3-1\n"), "{provides}");
    let changelog = printed("rpm", &["-qp", "--changelog"], &rpm.out);
    assert!(changelog.contains("- 2:1.2.3-1\n"), "{changelog}");
}

#[test]
fn a_restamped_package_has_the_epoch_of_its_new_version() {
    require!(Need::Program("rpm"));
    let own = [(Relation::Provides, ["sample = 2", "sample(api) = 3"])];
    for format in [FormatName::DEB, FormatName::RPM] {
        let folder = Folder::new();
        let relations = match format {
            FormatName::RPM => Relations::from_iter(own),
            _ => Relations::default(),
        };
        let spec = written(&folder, format, relations, 2);
        let (older, _) = folder.restamp(&spec.out, "older", "2:1.2.3~previous-1");
        let contents = folder.unpack(&older, "older-root");
        assert_eq!(contents.version.as_deref(), Some("2:1.2.3~previous"));
        if format == FormatName::RPM {
            let provides = printed("rpm", &["-qp", "--provides"], &older);
            for line in [
                "sample = 2:1.2.3~previous-1",
                "sample = 2",
                "sample(api) = 3",
            ] {
                assert!(
                    provides.lines().any(|it| it == line),
                    "{line} in {provides}"
                );
            }
            printed("rpm", &["--checksig", "--nosignature"], &older);
        }
        let (none, _) = folder.restamp(&spec.out, "none", "1.2.3-1");
        let contents = folder.unpack(&none, "none-root");
        assert_eq!(contents.version.as_deref(), Some("1.2.3"));
        let (back, _) = folder.restamp(&none, "back", "2:1.2.3-1");
        let same = std::fs::read(back).unwrap() == std::fs::read(&spec.out).unwrap();
        assert!(
            same,
            "{format}: restamping back does not give the first file"
        );
    }
}
