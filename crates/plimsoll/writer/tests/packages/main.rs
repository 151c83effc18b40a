//! Whole packages, written by the program and read by the package managers' own tools where
//! those are installed.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod deb;
mod folder;
mod relations;
mod rpm;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use plimsoll_spec::{FileKind, FormatName, PackageSpec, Relation, Relations};
use test_support::{Need, require};

use folder::{Folder, printed};

#[test]
fn the_same_specification_gives_the_same_bytes() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let first = folder.spec(format, "first/sample.tar.gz");
        let second = PackageSpec {
            out: folder.path("second/sample.tar.gz"),
            ..first.clone()
        };
        folder.write(&first);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        folder.write(&second);
        let same = std::fs::read(&first.out).unwrap() == std::fs::read(&second.out).unwrap();
        assert!(same, "{format} differs from one second to the next");
    }
}

#[test]
fn the_report_is_what_the_finished_file_says() {
    let folder = Folder::new();
    let deb = folder.write(&folder.spec(FormatName::DEB, "sample.deb"));
    assert_eq!(deb.relations.depends(), ["libc6 (>= 2.34)"]);
    assert_eq!(deb.relations.of(Relation::Recommends), ["nftables"]);
    assert!(
        deb.files
            .contains(&"/usr/share/doc/sample/changelog.Debian.gz".to_owned())
    );

    let rpm = folder.write(&folder.spec(FormatName::RPM, "sample.rpm"));
    for requirement in ["nftables", "/bin/sh"] {
        let is_there = rpm.relations.has(Relation::Depends, requirement);
        assert!(is_there, "{requirement}: {:?}", rpm.relations);
    }
    assert!(
        rpm.files.contains(&"/etc/sample.toml".to_owned()),
        "{:?}",
        rpm.files
    );
}

#[test]
fn what_was_written_is_read_again() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let spec = folder.spec(format, "sample.tar.gz");
        let report = folder.write(&spec);
        let contents = folder.unpack(&spec.out, "root");
        assert_eq!(contents.format, format);
        assert_eq!(contents.name, "sample");
        assert_eq!(contents.report, report);
        if format != FormatName::TAR {
            assert_eq!(contents.version.as_deref(), Some("1.2.3"));
            assert_eq!(contents.revision.as_deref(), Some("1"));
            assert_eq!(contents.arch, Some(spec.arch));
            assert_eq!(contents.conffiles, ["/etc/sample.toml"]);
            let relations = &contents.report.relations;
            let provided = relations.has(Relation::Provides, "virtual-sample");
            assert!(provided, "{relations:?}");
        }
        let program = folder.path("root/usr/bin/sample");
        assert_eq!(std::fs::read(&program).unwrap(), b"#!/bin/sh\n");
        let mode = program.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{format}");
    }
}

#[test]
fn packages_of_others_making_are_read() {
    require!(Need::Program("dpkg-deb"));
    for compression in ["xz", "zstd", "none"] {
        let folder = Folder::new();
        let spec = folder.spec(FormatName::DEB, "sample.deb");
        folder.write(&spec);
        let tree = folder.path("tree");
        printed(
            "dpkg-deb",
            &["--raw-extract", &spec.out.display().to_string()],
            &tree,
        );
        std::os::unix::fs::symlink("sample", tree.join("usr/bin/alias")).unwrap();
        let other = folder.path("other.deb");
        let option = format!("-Z{compression}");
        let tree = tree.display().to_string();
        printed(
            "dpkg-deb",
            &["--build", "--root-owner-group", &option, &tree],
            &other,
        );
        let contents = folder.unpack(&other, "root");
        assert_eq!(contents.name, "sample");
        assert_eq!(contents.report.relations.depends(), ["libc6 (>= 2.34)"]);
        let link = std::fs::read_link(folder.path("root/usr/bin/alias")).unwrap();
        assert_eq!(link, Path::new("sample"));
    }
}

#[test]
fn a_restamped_package_differs_in_nothing_but_its_version() {
    for format in [FormatName::DEB, FormatName::RPM] {
        let folder = Folder::new();
        let spec = folder.spec(format, "sample");
        let before = folder.write(&spec);
        let (older, report) = folder.restamp(&spec.out, "older", "1.2.2-0.9");
        let (again, _) = folder.restamp(&spec.out, "again", "1.2.2-0.9");
        assert_eq!(
            std::fs::read(&older).unwrap(),
            std::fs::read(again).unwrap()
        );
        let contents = folder.unpack(&older, "root");
        assert_eq!(contents.version.as_deref(), Some("1.2.2"));
        assert_eq!(contents.revision.as_deref(), Some("0.9"));
        assert_eq!(report.files, before.files);
        let (back, _) = folder.restamp(&older, "back", "1.2.3-1");
        let same = std::fs::read(back).unwrap() == std::fs::read(&spec.out).unwrap();
        assert!(
            same,
            "{format}: restamping back does not give the first file"
        );
    }
}

#[test]
fn packages_of_the_same_build_follow_to_another_version() {
    for (format, of_build, of_others, older) in [
        (
            FormatName::DEB,
            "data (= 1.2.3-1)",
            "b (>= 1.2.3-1)",
            "data (= 1.2.2-0.9)",
        ),
        (
            FormatName::RPM,
            "data = 1.2.3-1",
            "b >= 1.2.3-1",
            "data = 1.2.2-0.9",
        ),
    ] {
        let folder = Folder::new();
        let mut spec = folder.spec(format, "sample");
        spec.relations = Relations::from_iter([(Relation::Depends, [of_others, of_build])]);
        let before = folder.write(&spec).relations;
        assert!(before.has(Relation::Depends, of_build), "{before:?}");
        let (_, report) = folder.restamp(&spec.out, "older", "1.2.2-0.9");
        for relation in [older, of_others] {
            let is_there = report.relations.has(Relation::Depends, relation);
            assert!(is_there, "{report:?}");
        }
    }
}

#[test]
fn package_managers_take_a_restamped_package() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let deb = folder.spec(FormatName::DEB, "sample.deb");
    folder.write(&deb);
    let (older, _) = folder.restamp(&deb.out, "older.deb", "1.2.2-1");
    assert!(printed("dpkg-deb", &["--info"], &older).contains(" Version: 1.2.2-1\n"));

    let rpm = folder.spec(FormatName::RPM, "sample.rpm");
    folder.write(&rpm);
    let (older, _) = folder.restamp(&rpm.out, "older.rpm", "1.2.2-1");
    let provides = printed("rpm", &["-qp", "--provides"], &older);
    for line in ["sample = 1.2.2-1", "config(sample) = 1.2.2-1"] {
        assert!(
            provides.lines().any(|it| it == line),
            "{line} in {provides}"
        );
    }
    assert!(!provides.contains("1.2.3"), "{provides}");
    printed("rpm", &["--checksig", "--nosignature"], &older);
}

#[test]
fn a_file_that_is_not_a_package_is_refused_by_name() {
    let folder = Folder::new();
    let file = folder.path("notes.txt");
    std::fs::write(&file, "notes").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll-writer"))
        .args([
            OsStr::new("unpack"),
            file.as_ref(),
            folder.path("root").as_ref(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("notes.txt is not a .deb"), "{stderr}");
}

#[test]
fn paths_with_characters_of_a_pattern_are_paths() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::with_odd_path();
        let mut spec = folder.spec(format, "sample.tar.gz");
        let dest = "/usr/share/sample/a [1] {b} *.txt";
        let file = folder.file("text [2]", "x", dest, 0o644, FileKind::Plain);
        spec.files.push(file);
        let report = folder.write(&spec);
        assert!(report.files.contains(&dest.to_owned()), "{format}");
        folder.unpack(&spec.out, "root");
        let text = std::fs::read_to_string(folder.path(&format!("root{dest}")));
        assert_eq!(text.unwrap(), "x", "{format}");
    }
}

#[test]
fn links_stay_links_whether_their_target_is_in_the_package_or_not() {
    for format in [FormatName::DEB, FormatName::RPM, FormatName::TAR] {
        let folder = Folder::new();
        let mut spec = folder.spec(format, "sample.tar.gz");
        let long = format!("../share/{}", "x".repeat(120));
        let links = [
            ("/usr/bin/alias", "sample"),
            ("/usr/bin/other", "/usr/lib/nowhere"),
            ("/usr/bin/long", &long),
        ];
        let made = links.map(|(dest, text)| folder.link(dest, text));
        spec.files.extend(made);
        let report = folder.write(&spec);
        folder.unpack(&spec.out, "root");
        for (dest, text) in links {
            assert!(report.files.contains(&dest.to_owned()), "{format}: {dest}");
            let found = std::fs::read_link(folder.path(&format!("root{dest}"))).unwrap();
            assert_eq!(found, Path::new(text), "{format}");
        }
    }
}

#[test]
fn package_managers_read_links_and_long_paths() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let deep = format!("/usr/share/sample/{}/{}", "d".repeat(90), "f".repeat(90));
    let with_more = |format, out| {
        let mut spec = folder.spec(format, out);
        spec.files.push(folder.link("/usr/bin/alias", "sample"));
        let file = folder.file("deep", "x", &deep, 0o644, FileKind::Plain);
        spec.files.push(file);
        folder.write(&spec);
        spec.out
    };
    let deb = with_more(FormatName::DEB, "sample.deb");
    let list = printed("dpkg-deb", &["--contents"], &deb);
    assert!(list.contains("./usr/bin/alias -> sample\n"), "{list}");
    assert!(list.contains(&format!(".{deep}\n")), "{list}");
    let rpm = with_more(FormatName::RPM, "sample.rpm");
    let list = printed("rpm", &["-qplv"], &rpm);
    assert!(list.contains("/usr/bin/alias -> sample\n"), "{list}");
    assert!(list.contains(&deep), "{list}");
}

#[test]
fn descriptions_keep_lists_and_paragraphs() {
    require!(Need::Program("dpkg-deb"));
    require!(Need::Program("rpm"));
    let folder = Folder::new();
    let text = "It can\ndo:\n\n- one thing,\n- and another.\n\nNo more.\n";
    let with_text = |format, out| {
        let mut spec = folder.spec(format, out);
        spec.description = text.to_owned();
        folder.write(&spec);
        spec.out
    };
    let deb = with_text(FormatName::DEB, "sample.deb");
    let control = folder.script(&deb, "control").unwrap();
    let wanted = "Description: Sample of a package\n It can do:\n .\n  - one thing,\n  - and \
                  another.\n .\n No more.\n";
    assert!(control.ends_with(wanted), "{control}");
    let rpm = with_text(FormatName::RPM, "sample.rpm");
    let printed = printed("rpm", &["-qp", "--queryformat", "%{DESCRIPTION}"], &rpm);
    assert_eq!(
        printed,
        "It can do:\n\n- one thing,\n- and another.\n\nNo more."
    );
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new();
    let mut spec = folder.spec(FormatName::TAR, "sample.tar.gz");
    spec.files[0].source = folder.path("nowhere");
    let path = folder.path("spec.json");
    std::fs::write(&path, serde_json::to_string(&spec).unwrap()).unwrap();
    let program = env!("CARGO_BIN_EXE_plimsoll-writer");
    let output = Command::new(program)
        .arg("write")
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("nowhere") && stderr.contains("No such file"),
        "{stderr}"
    );
    assert!(!spec.out.exists());
}
