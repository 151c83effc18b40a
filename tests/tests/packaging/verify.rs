//! `cargo xtask verify` over the packages of Debian 12.

use std::path::Path;

use serde_json::Value;
use test_support::{Need, require, require_root_kernel};

use crate::packages::{Packages, xtask};
use tidegate_tests::Output;

/// What `cargo xtask verify` said of one package.
#[derive(Debug)]
pub(crate) struct Verdict {
    output: Output,
    package: Value,
}

impl Verdict {
    /// Verifies the package in a folder as one of a distribution.
    pub(crate) fn of(distro: &str, folder: &Path, checks: &str) -> Self {
        Self::at("auto", distro, folder, checks, None)
    }

    /// The same at a place, and with the package of another folder to upgrade from.
    pub(crate) fn at(
        place: &str,
        distro: &str,
        folder: &Path,
        checks: &str,
        previous: Option<&Path>,
    ) -> Self {
        let out = tempfile::tempdir().unwrap();
        let mut arguments = vec!["verify", "--json", "--distro", distro];
        let (folder, out) = (folder.to_string_lossy(), out.path().to_string_lossy());
        arguments.extend(["--packages", &folder, "--out", &out]);
        arguments.extend(["--place", place]);
        if !checks.is_empty() {
            arguments.extend(["--check", checks]);
        }
        let previous = previous.map(Path::to_string_lossy);
        if let Some(previous) = &previous {
            arguments.extend(["--previous", previous]);
        }
        let output = xtask(&arguments);
        let report: Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("no report ({error}): {output:#?}"));
        let package = report["packages"][0].clone();
        assert!(package.is_object(), "{output:#?}");
        Self { output, package }
    }

    /// Demands that every check passed or does not apply.
    pub(crate) fn passed(&self) -> &Self {
        assert_eq!(self.output.code, Some(0), "{self:#?}");
        let checks = self.package["checks"].as_object().expect("checks");
        for (check, outcome) in checks {
            let word = outcome["outcome"].as_str().expect("an outcome");
            let is_well = ["passed", "not-applicable"].contains(&word);
            assert!(is_well, "{check}: {outcome}");
        }
        self
    }

    /// Demands that a check found a fault that says `words`, and that the command failed with it.
    pub(crate) fn caught(&self, check: &str, words: &str) -> &Self {
        assert_eq!(self.output.code, Some(1), "{self:#?}");
        let faults = &self.package["checks"][check]["faults"];
        let faults = faults
            .as_array()
            .unwrap_or_else(|| panic!("{check} found nothing: {self:#?}"));
        let said = |fault: &Value| fault.as_str().is_some_and(|fault| fault.contains(words));
        assert!(faults.iter().any(said), "{check} found {faults:#?}");
        self
    }

    /// Demands that a check was not run, for a reason.
    pub(crate) fn was_not_run(&self, check: &str, because: &str) -> &Self {
        let outcome = &self.package["checks"][check];
        assert_eq!(outcome["outcome"], "not-run", "{self:#?}");
        assert_eq!(outcome["because"], because);
        self
    }

    /// What was seen by a check that passed.
    pub(crate) fn seen(&self, check: &str) -> &str {
        let seen = &self.package["checks"][check]["seen"];
        seen.as_str().unwrap_or_default()
    }

    /// A member of what is said of the package.
    pub(crate) fn said(&self, member: &str) -> &str {
        self.package[member].as_str().unwrap_or_default()
    }
}

#[test]
fn both_flavours_live_a_whole_life_on_a_booted_system() {
    require_root_kernel!();
    require!(
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("lintian")
    );
    let cases = [
        (Packages::dynamic(), "dynamic"),
        (Packages::dynamic_exec(), "dynamic-exec"),
    ];
    for (packages, flavour) in cases {
        let verdict = Verdict::of("debian-12", packages.folder(), "");
        verdict.passed();
        assert_eq!(verdict.said("place"), "booted");
        assert_eq!(verdict.said("flavour"), flavour);
        let system = verdict.said("system");
        assert!(system.starts_with("Debian GNU/Linux 12"), "{system}");
    }
}

#[test]
fn without_an_init_system_the_units_are_not_called_proven() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let folder = Packages::dynamic().folder().to_string_lossy();
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_string_lossy();
    let arguments = [
        "verify",
        "--distro",
        "debian-12",
        "--packages",
        &folder,
        "--out",
        &out,
        "--place",
        "chroot",
        "--check",
        "install,service,smoke,upgrade,remove,purge",
    ];
    let output = xtask(&arguments);
    let table = output.success();
    assert!(table.contains("5 passed, 0 failed, 1 not run"), "{table}");
    assert!(
        table.contains("service: not run: no init system runs here"),
        "{table}"
    );
    let strict = xtask(&[&arguments[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(1));
    assert!(
        strict.stderr.contains("some checks could not run"),
        "{strict:#?}"
    );
}

#[test]
fn packages_that_are_not_there_are_an_error_that_says_how_to_make_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_string_lossy();
    let output = xtask(&["verify", "--packages", &folder]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("has no packages"), "{output:#?}");
    assert!(
        output
            .stderr
            .contains("hint: build some with `cargo xtask dist --distro …`"),
        "{output:#?}"
    );
}
