//! How one flavour is built.

use std::collections::BTreeMap;

use plimsoll_probe::{Decision, Fallback, Findings, FlavourName, Linking};
use serde::{Deserialize, Serialize};

use super::Places;
use super::described::{Described, described};
use crate::config::Config;
use crate::source::Source;

/// One call of Cargo and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildPlan {
    /// The flavour of the programs.
    pub flavour: FlavourName,
    /// Whether they are static or dynamic.
    pub linking: Linking,
    /// Why this flavour.
    pub reason: String,
    /// The better flavour that is missing, where it is one.
    pub fallback: Option<Fallback>,
    /// The best driver that the programs have: `library` or `exec`.
    pub driver: String,
    /// The arguments of `cargo`.
    pub cargo: Vec<String>,
    /// What is set in its environment.
    pub env: BTreeMap<String, String>,
    /// The compiler flags, for these programs and the crates that they link alone.
    pub rustflags: Vec<String>,
    /// What is built.
    pub programs: Vec<ProgramPlan>,
    /// The version of each library that is linked, where the probe knows it.
    pub linked: BTreeMap<String, String>,
    /// What pkg-config said of each of them, by its soname.
    #[serde(default)]
    pub described: BTreeMap<String, Described>,
}

/// One program that a build must leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProgramPlan {
    /// Its name.
    pub name: String,
    /// The declared libraries that it must link, by their names; it must link none of the others.
    pub libraries: Vec<String>,
}

/// The driver of a flavour: by the libraries where it links any, else by tools.
pub(crate) fn driver(config: &Config, flavour: FlavourName) -> &'static str {
    let matrix = config.matrix();
    let declared = matrix.flavour(flavour);
    match declared.and_then(|flavour| matrix.linked(flavour).next()) {
        Some(_) => "library",
        None => "exec",
    }
}

pub(super) fn plan(
    config: &Config,
    source: &Source,
    places: &Places,
    findings: &Findings,
    decision: &Decision,
    has_debug: bool,
) -> BuildPlan {
    let flavour = decision.flavour;
    // A target folder holds the artefacts of one set of flags: if static and dynamic builds shared a folder, each would
    // compile everything again.
    let linking = config.linking(flavour);
    let target_dir = places.cache.join("build").join(linking.to_string());
    BuildPlan {
        flavour,
        linking,
        reason: decision.reason.clone(),
        fallback: decision.fallback.clone(),
        driver: driver(config, flavour).to_owned(),
        cargo: arguments(config, source, decision, &target_dir, has_debug),
        env: environment(config, source, decision),
        rustflags: rustflags(config, source, places, findings, decision),
        programs: programs(config, decision),
        linked: linked(config, findings, flavour),
        described: described(config, findings, flavour),
    }
}

fn arguments(
    config: &Config,
    source: &Source,
    decision: &Decision,
    target_dir: &std::path::Path,
    has_debug: bool,
) -> Vec<String> {
    let cargo = &config.cargo;
    let mut arguments: Vec<String> = vec!["build".into(), "--locked".into()];
    arguments.extend(["--profile".into(), cargo.profile.clone()]);
    // Debian Policy 10.1: no package has the symbols of its programs. Where the project sets something, that counts. Debug
    // packages take what the build leaves.
    if source.settings.strip.is_none() && !has_debug {
        let strip = format!("profile.{}.strip=\"symbols\"", cargo.profile);
        arguments.extend(["--config".into(), strip]);
    }
    for package in &cargo.packages {
        arguments.extend(["--package".into(), package.clone()]);
    }
    // No static build makes a library. A Cargo package that has nothing else would fail, and that is a package of a dynamic flavour.
    if config.libraries().next().is_some() && !is_dynamic(config, decision) {
        arguments.push("--bins".into());
    }
    if !cargo.default_features {
        arguments.push("--no-default-features".into());
    }
    let features = cargo.features.iter().chain(&decision.build.features);
    let features: Vec<&str> = features.map(String::as_str).collect();
    if !features.is_empty() {
        arguments.extend(["--features".into(), features.join(",")]);
    }
    if let Some(target) = &decision.build.target {
        arguments.extend(["--target".into(), target.clone()]);
    }
    // Where the programs are is Cargo's answer.
    arguments.push("--message-format=json-render-diagnostics".into());
    arguments.extend(["--target-dir".into(), target_dir.display().to_string()]);
    arguments
}

fn environment(config: &Config, source: &Source, decision: &Decision) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::from([
        // Packages are never built from what an incremental build kept.
        ("CARGO_INCREMENTAL".to_owned(), "0".to_owned()),
        (
            "SOURCE_DATE_EPOCH".to_owned(),
            source.source_date_epoch.to_string(),
        ),
    ]);
    let prefix = config.stamp.as_ref();
    if let Some(prefix) = prefix.and_then(|stamp| stamp.env_prefix.as_ref()) {
        environment.extend([
            (format!("{prefix}_FLAVOUR"), decision.flavour.to_string()),
            (format!("{prefix}_COMMIT"), source.commit.clone()),
            (format!("{prefix}_REASON"), decision.reason.clone()),
        ]);
    }
    // The build scripts of the libraries' crates link shared ones else.
    if decision.build.crt_static && driver(config, decision.flavour) == "library" {
        environment.insert("PKG_CONFIG_ALL_STATIC".to_owned(), "1".to_owned());
    }
    environment
}

/// Paths of this machine must not get into the programs: they would differ from machine to
/// machine, and tell where they were built. The project's own flags come last, those of its configuration after those of Cargo's.
fn rustflags(
    config: &Config,
    source: &Source,
    places: &Places,
    findings: &Findings,
    decision: &Decision,
) -> Vec<String> {
    let remap =
        |from: &std::path::Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let name = format!("{}-{}", config.name, source.version);
    let mut flags = vec![
        remap(&places.workspace, &name),
        // Wherever the target folder is, the files in it have the names that they have in the usual one.
        remap(&places.cache, &format!("{name}/target/dist")),
        remap(&places.cargo_home, "cargo"),
    ];
    if decision.build.crt_static {
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    }
    let target = decision.build.target.as_ref();
    let target = target.unwrap_or(&findings.rust.host);
    flags.extend(source.settings.rustflags_for(target));
    flags.extend_from_slice(&config.cargo.rustflags);
    flags
}

fn programs(config: &Config, decision: &Decision) -> Vec<ProgramPlan> {
    let programs = config.programs().into_iter();
    let is_made = |name: &&str| is_dynamic(config, decision) || !is_library(config, name);
    programs
        .filter(is_made)
        .map(|name| ProgramPlan {
            name: name.to_owned(),
            libraries: config.linked_by(decision.flavour, name),
        })
        .collect()
}

fn is_dynamic(config: &Config, decision: &Decision) -> bool {
    config.linking(decision.flavour) == Linking::Dynamic
}

fn is_library(config: &Config, name: &str) -> bool {
    config.libraries().any(|file| file == name)
}

fn linked(config: &Config, findings: &Findings, flavour: FlavourName) -> BTreeMap<String, String> {
    let matrix = config.matrix();
    let flavour = matrix.flavour(flavour).into_iter();
    let linked = flavour.flat_map(|flavour| matrix.linked(flavour));
    let versions = linked.filter_map(|(name, dep)| {
        let version = findings.libraries.get(name)?.version.clone()?;
        Some((dep.pkg_config.clone(), version))
    });
    versions.collect()
}
