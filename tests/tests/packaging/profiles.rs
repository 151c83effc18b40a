//! RPMs where a capability profile stands in for their distribution: sound ones, and faults planted
//! in them, each of which one check must find.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use test_support::{Need, require};

use crate::packages::{Packages, artifact, finished, xtask};
use tidegate_tests::workspace;

const UNIT: &str = "/usr/lib/systemd/system/tidegated.service";

/// An RPM that is taken apart, and can be written anew.
struct Taken {
    folder: tempfile::TempDir,
    /// A `PackageSpec`.
    spec: Value,
    manifest: Value,
}

impl Taken {
    fn apart(packages: &Packages) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rpm = packages.file("rpm");
        let root = folder.path().join("root");
        let contents = packager(&["unpack", &text(&rpm), &text(&root)]);
        let relations = &contents["report"]["relations"];
        let depends = relations["depends"].as_array().unwrap();
        let own = |it: &&Value| {
            let of_rpm = ["rpmlib(", "config(", "/bin/sh"];
            !of_rpm
                .iter()
                .any(|start| it.as_str().unwrap().starts_with(start))
        };
        let spec = json!({
            "format": "rpm",
            "out": folder.path().join("fedora-44").join(rpm.file_name().unwrap()),
            "work": folder.path().join("work"),
            "source-date-epoch": 0,
            "name": contents["name"],
            "version": contents["version"],
            "revision": contents["revision"],
            "arch": contents["arch"],
            "summary": "Sample", "description": "Sample.", "license": "MIT",
            "maintainer": "A Maintainer <a@example.org>",
            "homepage": "https://example.org/", "section": "Sample",
            "relations": {
                "depends": depends.iter().filter(own).collect::<Vec<_>>(),
                "recommends": relations["recommends"].as_array().cloned().unwrap_or_default(),
            },
            "files": files(&root, &contents),
            "maintainer-scripts": null,
            "scriptlets": {
                "post": scriptlet(&rpm, "%{POSTIN}"),
                "preun": scriptlet(&rpm, "%{PREUN}"),
                "postun": scriptlet(&rpm, "%{POSTUN}"),
            },
            "changelog": [],
        });
        Self {
            folder,
            spec,
            manifest: packages.manifest.clone(),
        }
    }

    /// Adds to the script that is run after the installation.
    fn post(&mut self, line: &str) {
        let post = &mut self.spec["scriptlets"]["post"];
        *post = format!("{}\n{line}\n", post.as_str().unwrap()).into();
    }

    fn depends(&mut self) -> &mut Vec<Value> {
        self.spec["relations"]["depends"].as_array_mut().unwrap()
    }

    /// Writes it, with a manifest that says what it is, and verifies it. Returns the outcomes by
    /// the names of the checks.
    fn verified(&mut self, checks: &str) -> Value {
        self.write();
        verify(self.folder.path(), "fedora-44", checks, None)
    }

    fn write(&mut self) {
        let path = self.folder.path().join("spec.json");
        std::fs::write(&path, self.spec.to_string()).unwrap();
        let report = packager(&["write", &text(&path)]);
        let rpm = PathBuf::from(self.spec["out"].as_str().unwrap());
        let sum = finished(Command::new("sha256sum").arg(&rpm)).success();
        let size = rpm.metadata().unwrap().len();
        for entry in self.manifest["artifacts"].as_array_mut().unwrap() {
            if entry["format"] == "rpm" {
                entry["relations"] = report["relations"].clone();
                entry["size"] = size.into();
                entry["sha256"] = sum.split(' ').next().into();
            }
        }
        let manifest = rpm.with_file_name("manifest.json");
        std::fs::write(manifest, self.manifest.to_string()).unwrap();
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Runs the program that writes and reads packages.
fn packager(arguments: &[&str]) -> Value {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--features",
            "writer",
        ])
        .args(["--", "__writer"])
        .args(arguments)
        .current_dir(workspace());
    serde_json::from_str(&finished(&mut command).success()).unwrap()
}

fn scriptlet(rpm: &Path, tag: &str) -> String {
    finished(
        Command::new("rpm")
            .args(["-qp", "--queryformat", tag])
            .arg(rpm),
    )
    .success()
}

fn files(root: &Path, contents: &Value) -> Vec<Value> {
    let conffiles = contents["conffiles"].as_array().unwrap();
    let paths = contents["report"]["files"].as_array().unwrap();
    let paths = paths.iter().map(|path| path.as_str().unwrap());
    let sources = paths.map(|path| (path, root.join(path.trim_start_matches('/'))));
    let entries = sources.filter(|(_, source)| source.is_file());
    let entries = entries.map(|(path, source)| {
        let mode = source.metadata().unwrap().permissions().mode() & 0o7777;
        let is_config = conffiles.iter().any(|it| it == path);
        let kind = if is_config { "config" } else { "plain" };
        json!({ "source": source, "dest": path, "mode": mode, "kind": kind })
    });
    entries.collect()
}

/// Verifies the package in a distribution's folder of a folder.
fn verify(packages: &Path, distro: &str, checks: &str, previous: Option<&Path>) -> Value {
    let out = packages.join("report");
    let mut arguments = vec![
        "verify".to_owned(),
        format!("--distro={distro}"),
        "--place=profile".to_owned(),
        format!("--check={checks}"),
        format!("--packages={}", text(packages)),
        format!("--out={}", text(&out)),
    ];
    arguments.extend(previous.map(|folder| format!("--previous={}", text(folder))));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = xtask(&arguments);
    let report = std::fs::read_to_string(out.join("verify.json"));
    let report = report.unwrap_or_else(|error| panic!("{error}: {output:#?}"));
    let report: Value = serde_json::from_str(&report).unwrap();
    let package = &report["packages"][0];
    assert_eq!(package["place"], "profile");
    package["checks"].clone()
}

/// That a check found a fault, in words that hold these.
#[track_caller]
fn assert_found(checks: &Value, check: &str, words: &str) {
    let outcome = &checks[check];
    assert_eq!(outcome["outcome"], "failed", "{checks:#}");
    assert!(outcome["faults"].to_string().contains(words), "{outcome:#}");
}

const EVERYTHING: &str = "lint,audit,resolve,refuse,install,service,smoke,upgrade,remove,purge";

fn every_check_passes(packages: &Packages, id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let distro = folder.path().join(id);
    std::fs::create_dir(&distro).unwrap();
    let rpm = packages.file("rpm");
    std::fs::copy(&rpm, distro.join(rpm.file_name().unwrap())).unwrap();
    let manifest = distro.join("manifest.json");
    std::fs::write(manifest, packages.manifest.to_string()).unwrap();
    assert_eq!(artifact(&packages.manifest, "rpm")["format"], "rpm");
    let checks = verify(folder.path(), id, EVERYTHING, None);
    for check in EVERYTHING.split(',') {
        assert_eq!(checks[check]["outcome"], "passed", "{checks:#}");
    }
    assert!(!checks.to_string().contains("installed"), "{checks:#}");
}

#[test]
fn the_library_package_lives_over_the_profile_of_fedora() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c"),
        Need::Program("rpmlint")
    );
    every_check_passes(Packages::dynamic(), "fedora-44");
}

#[test]
fn the_exec_package_lives_over_the_profile_of_rhel() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c"),
        Need::Program("rpmlint")
    );
    every_check_passes(Packages::dynamic_exec(), "rhel-9");
}

#[test]
fn a_requirement_too_few_or_too_many_is_found() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("dnf"),
        Need::Program("createrepo_c")
    );
    let mut few = Taken::apart(Packages::dynamic());
    few.depends().retain(|it| it != "libnftables.so.1()(64bit)");
    let checks = few.verified("audit");
    assert_found(
        &checks,
        "audit",
        "does not require libnftables.so.1()(64bit)",
    );

    let mut many = Taken::apart(Packages::dynamic());
    many.depends().push("libbogus.so.7()(64bit)".into());
    let checks = many.verified("audit,resolve,install");
    assert_found(&checks, "audit", "requires libbogus.so.7()(64bit)");
    assert_found(
        &checks,
        "resolve",
        "nothing provides libbogus.so.7()(64bit)",
    );
    assert_found(
        &checks,
        "install",
        "nothing provides libbogus.so.7()(64bit)",
    );
}

#[test]
fn a_file_that_stays_after_the_removal_is_found() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c")
    );
    let mut taken = Taken::apart(Packages::dynamic());
    taken.post("touch /usr/share/forgotten");
    let checks = taken.verified("install,remove,purge");
    assert_eq!(checks["install"]["outcome"], "passed", "{checks:#}");
    assert_found(&checks, "purge", "left behind: /usr/share/forgotten");
}

#[test]
fn a_new_configuration_lies_beside_the_changed_one_after_an_upgrade() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c")
    );
    let mut previous = Taken::apart(Packages::dynamic());
    let config = previous
        .folder
        .path()
        .join("root/etc/tidegate/tidegated.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("# Of the previous version.\n{text}")).unwrap();
    previous.spec["version"] = "0.0.9".into();
    previous.write();
    let previous = previous.folder.path();
    let mut sound = Taken::apart(Packages::dynamic());
    sound.write();
    let checks = verify(sound.folder.path(), "fedora-44", "upgrade", Some(previous));
    assert_eq!(checks["upgrade"]["outcome"], "passed", "{checks:#}");

    let mut tidy = Taken::apart(Packages::dynamic());
    tidy.post("rm -f /etc/tidegate/tidegated.toml.rpmnew");
    tidy.write();
    let checks = verify(tidy.folder.path(), "fedora-44", "upgrade", Some(previous));
    assert_found(&checks, "upgrade", "tidegated.toml.rpmnew is not there");
}

#[test]
fn a_unit_that_does_not_start_or_starts_unasked_is_found() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("dnf"),
        Need::Program("createrepo_c")
    );
    let mut failing = Taken::apart(Packages::dynamic());
    let unit = failing.folder.path().join("root").join(&UNIT[1..]);
    let sound = std::fs::read_to_string(&unit).unwrap();
    let broken = sound.replace("ExecStart=/usr/sbin/tidegated", "ExecStart=/bin/false");
    assert_ne!(broken, sound);
    std::fs::write(&unit, broken).unwrap();
    let checks = failing.verified("service");
    assert_found(&checks, "service", "tidegated.service is ");

    let mut eager = Taken::apart(Packages::dynamic());
    eager.post("systemctl enable tidegated.service");
    let checks = eager.verified("service");
    let words = "tidegated.service is enabled right after the installation";
    assert_found(&checks, "service", words);
}
