//! Several packages of one build are verified together: a daemon with a unit and a user, a program with a library, and the library.

use std::fs;

use serde_json::Value;
use test_support::{Need, require, require_root_kernel};

use crate::machine::build_machine;
use crate::packages::{Packages, strings};
use crate::project::Project;

const FILES: [(&str, &str); 12] = [
    (
        "Cargo.toml",
        "[package]\nname = \"swell\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         authors = [\"A. Person <a@example.org>\"]\nhomepage = \"https://example.org\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"swell\"\nversion = \"1.0.0\"\n",
    ),
    (".gitignore", "/target\n"),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## [1.0.0] - 2026-01-01\n\n- It swells.\n",
    ),
    (
        "src/bin/swelld.rs",
        "fn main() {\n    match std::env::args().nth(1) {\n        Some(_) => println!(\"swelld 1.0.0\"),\n        \
         None => loop {\n            std::thread::park();\n        },\n    }\n}\n",
    ),
    (
        "src/bin/swell.rs",
        "unsafe extern \"C\" {\n    fn tide() -> i32;\n}\n\nfn main() {\n    println!(\"{}\", unsafe { tide() });\n}\n",
    ),
    // The library is in a folder of its own, and the program knows where.
    (
        "build.rs",
        r#"use std::process::Command;

fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let library = format!("{out}/libtide.so.1");
    let options = ["-shared", "-fPIC", "-Wl,-soname,libtide.so.1", "-o", &library, "lib/tide.c"];
    assert!(Command::new("cc").args(options).status().unwrap().success());
    println!("cargo:rerun-if-changed=lib/tide.c");
    println!("cargo:rustc-link-arg-bin=swell={library}");
    println!("cargo:rustc-link-arg-bin=swell=-Wl,-rpath,/usr/lib/swell");
}
"#,
    ),
    ("lib/tide.c", "int tide(void) { return 7; }\n"),
    (
        "packaging/swelld.service",
        "[Unit]\nDescription=Swells\nDocumentation=https://example.org\n\n[Service]\nUser=swell\n\
         ExecStart=/usr/sbin/swelld\n\n[Install]\nWantedBy=multi-user.target\n",
    ),
    (
        "packaging/swell.conf",
        "u swell - \"The daemon of swell\"\n",
    ),
    // Called with the name of a phase.
    (
        "packaging/verify",
        "#!/bin/sh -eu\n[ \"$1\" != smoke ] || [ \"$(swell)\" = 7 ]\n",
    ),
    ("packaging/dist.toml", include_str!("several/dist.toml")),
];

fn project() -> Project {
    Project::new("swell", |root| {
        for (name, text) in FILES {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let distros = tidegate_tests::workspace().join("tests/adoption/shared/packaging");
        for name in ["distros.toml", "profiles"] {
            let mut copy = std::process::Command::new("cp");
            copy.arg("--recursive").arg(distros.join(name));
            crate::packages::finished(copy.arg(root.join("packaging"))).success();
        }
    })
}

/// The outcome of each check of a package, without those that do not apply.
fn outcomes(report: &Value, package: &str) -> Vec<String> {
    let mut packages = report["packages"].as_array().expect("packages").iter();
    let found = packages.find(|it| it["package"] == package);
    let checks = found.expect("it is there")["checks"].as_object();
    let checks = checks.expect("checks").iter().map(|(name, check)| {
        let outcome = check["outcome"].as_str().unwrap_or_default();
        format!("{name} {outcome}")
    });
    let mut outcomes: Vec<String> = checks
        .filter(|it| !it.ends_with(" not-applicable"))
        .collect();
    outcomes.sort();
    outcomes
}

#[test]
fn packages_of_one_build_are_proved_together_and_each_has_its_own_report() {
    require_root_kernel!();
    require!(
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c")
    );
    let project = project();
    project.dist_on(&build_machine(), "deb,rpm");
    let packages = Packages::in_folder(project.out());
    let artifacts = packages.manifest["artifacts"].as_array().expect("a list");
    for (format, relation) in [
        ("deb", "libtide1 (= 1.0.0-1)"),
        ("rpm", "libtide1 = 1.0.0-1"),
    ] {
        let mut artifacts = artifacts.iter();
        let tools = artifacts.find(|it| it["name"] == "swell-tools" && it["format"] == format);
        let depends = strings(&tools.expect("made")["relations"]["depends"]);
        assert!(depends.contains(&relation), "{depends:?}");
    }

    let checks = "audit,resolve,install,service,smoke,upgrade,remove,purge";
    let verified = project.verify("debian-12", packages.folder(), checks);
    let report: Value = serde_json::from_str(&verified.success()).expect("a report");
    let of_all = [
        "audit", "install", "purge", "remove", "resolve", "smoke", "upgrade",
    ];
    let passed = |names: &[&str]| -> Vec<String> {
        let passed = names.iter().map(|name| format!("{name} passed"));
        passed.collect()
    };
    for package in ["swell-tools", "libtide1"] {
        assert_eq!(outcomes(&report, package), passed(&of_all), "{report:#}");
    }
    let mut of_daemon = of_all.to_vec();
    of_daemon.insert(5, "service");
    assert_eq!(outcomes(&report, "swell"), passed(&of_daemon), "{report:#}");

    // One that is not the manifest's is told from the others.
    let other = tempfile::tempdir().unwrap();
    let mut copy = std::process::Command::new("cp");
    copy.args(["--recursive", "--no-target-directory"]);
    crate::packages::finished(copy.arg(packages.folder()).arg(other.path())).success();
    let mut artifacts = artifacts.iter();
    let library = artifacts.find(|it| it["name"] == "libtide1" && it["format"] == "deb");
    let sum = library.expect("made")["sha256"].as_str().expect("a sum");
    let manifest = other.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace(sum, &"0".repeat(64))).unwrap();
    let refused = project.verify("debian-12", other.path(), "audit");
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    let report: Value = serde_json::from_str(&refused.stdout).expect("a report");
    assert_eq!(outcomes(&report, "libtide1"), ["audit failed"]);
    assert_ne!(outcomes(&report, "swell-tools"), ["audit failed"]);

    // A profile judges the RPMs of the build together, too.
    let judged = project.verify("fedora-44", packages.folder(), "resolve");
    let report: Value = serde_json::from_str(&judged.success()).expect("a report");
    for package in ["swell", "swell-tools", "libtide1"] {
        assert_eq!(outcomes(&report, package), ["resolve passed"]);
    }
}
