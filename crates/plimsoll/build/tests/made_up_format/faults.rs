//! Planted faults of builds: each is caught before there is a package, and named.

use super::{CONFIG, Manifest, Project, Silent, formats, planned, run};
use plimsoll_build::run::RunError;

impl Project {
    /// Plans and packages version 1.0.0. The version in the tree does not matter.
    fn run(&self) -> Result<Manifest, RunError> {
        let (config, plan) = planned(&self.workspace, CONFIG).unwrap();
        run::run(&formats(), &config, &plan, &mut Silent)
    }

    /// The error of a run, with its causes.
    fn error(&self) -> String {
        let error = self.run().unwrap_err();
        assert!(!self.workspace.join("out/manifest.json").exists());
        error_hint::in_one_line(&error)
    }
}

#[test]
fn a_target_in_cargos_configuration_does_not_hide_the_new_program_behind_the_old_one() {
    let project = Project::new();
    let old = project.run().unwrap();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    project.put(
        ".cargo/config.toml",
        &format!("[build]\ntarget = {target:?}\n"),
    );
    let main = super::WORKSPACE[4]
        .1
        .replace("fn main() {", "fn main() {\n    eprintln!(\"new\");");
    project.put("sample/src/main.rs", &main);
    let new = project.run().unwrap();
    let sums = [old, new].map(|manifest| manifest.artifacts[0].programs["sample"].clone());
    assert_ne!(sums[0].sha256, sums[1].sha256);
}

#[test]
fn a_program_of_another_version_than_planned_is_not_packaged() {
    let project = Project::new();
    let manifest = super::WORKSPACE[3].1.replace("1.0.0", "0.2.0");
    project.put("sample/Cargo.toml", &manifest);
    project.put(
        "Cargo.lock",
        &super::WORKSPACE[1].1.replace("1.0.0", "0.2.0"),
    );
    let error = project.error();
    let fault = "sample: says it is version 0.2.0, but 1.0.0 is planned";
    assert!(error.contains(fault), "{error}");
}

#[test]
fn a_package_without_the_program_is_named() {
    let project = Project::new();
    let text = "\n[[bin]]\nname = \"other\"\npath = \"src/main.rs\"\n";
    project.put(
        "sample/Cargo.toml",
        &format!("{}{text}", super::WORKSPACE[3].1),
    );
    assert_eq!(
        project.error(),
        "Cargo did not build exactly one program or library sample"
    );
}

#[test]
fn a_run_that_fails_at_its_second_package_leaves_neither_it_nor_the_old_ones() {
    let project = Project::new();
    project.run().unwrap();
    let text = CONFIG.replace("formats = [\"txt\"]", "formats = [\"txt\", \"tar\"]");
    let (config, plan) = planned(&project.workspace, &text).unwrap();
    // The package writer of this project ends with a panic.
    let error = run::run(&formats(), &config, &plan, &mut Silent).unwrap_err();
    assert!(matches!(error, RunError::Packager(_)), "{error}");
    let left = std::fs::read_dir(project.workspace.join("out")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn a_package_of_another_version_that_no_manifest_lists_is_named() {
    let project = Project::new();
    project.put("out/sample-0.9.0-x86_64.txt", "old");
    let error = project.error();
    assert!(
        error.ends_with("/out/sample-0.9.0-x86_64.txt is not listed in a manifest"),
        "{error}"
    );
    project.put("out/notes.txt", "mine");
    std::fs::remove_file(project.workspace.join("out/sample-0.9.0-x86_64.txt")).unwrap();
    project.run().unwrap();
}

/// Plans with what Cargo's configuration of the project sets, and packages.
fn run_with_settings(project: &Project, text: &str) -> Manifest {
    project.put(".cargo/config.toml", text);
    let main = super::WORKSPACE[4].1;
    let asks = "fn main() {\n    eprintln!(\"{:?} {}\", option_env!(\"FROM_CARGO\"), cfg!(given));";
    project.put("sample/src/main.rs", &main.replace("fn main() {", asks));
    let (config, mut plan) = planned(&project.workspace, CONFIG).unwrap();
    let settings = plimsoll_build::settings::read(&project.workspace, "release").unwrap();
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let flags = settings.rustflags_for(&host);
    plan.builds[0].rustflags.extend(flags);
    plan.source.settings = settings;
    run::run(&formats(), &config, &plan, &mut Silent).unwrap()
}

#[test]
fn what_the_project_sets_for_cargo_reaches_the_program_and_the_manifest() {
    let project = Project::new();
    let text = "[build]\nrustflags = [\"--cfg\", \"given\"]\n[env]\nFROM_CARGO = \"heard\"\n";
    let manifest = run_with_settings(&project, text);
    assert_eq!(
        manifest.settings["build.rustflags"],
        "[\"--cfg\", \"given\"]"
    );
    assert_eq!(manifest.settings["env.FROM_CARGO"], "heard");
    let program = project.workspace.join("cache/build/dynamic/release/sample");
    let said = plimsoll_probe::Command::new(program.display().to_string(), [""; 0]).output();
    assert_eq!(said.unwrap().stderr, "Some(\"heard\") true\n");
}
