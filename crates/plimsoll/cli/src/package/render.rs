//! Plan and result as text.

use plimsoll_build::format::Formats;
use plimsoll_build::manifest::{Artifact, Manifest};
use plimsoll_plan::config::Config;
use plimsoll_plan::plan::{BuildPlan, LeftOut, PackagePlan, Plan, ProgramPlan};
use plimsoll_probe::Fallback;
use plimsoll_spec::Relation;

/// The columns of the last table.
pub(super) const HEADER: [&str; 6] = [
    "artefact",
    "flavour",
    "driver",
    "size",
    "dependencies",
    "reason",
];

/// The rows of the last table, one a package file.
pub(super) fn rows(manifest: &Manifest, formats: &Formats) -> Vec<[String; 6]> {
    let made = manifest
        .artifacts
        .iter()
        .map(|artifact| row(artifact, formats));
    let left_out = manifest.left_out.iter().map(|left| {
        let none = || "-".to_owned();
        let mend = left.mend.as_ref();
        let mend = mend.map(|mend| format!("\nmend: {}", mend.command));
        let reason = format!("not made: {}{}", left.because, mend.unwrap_or_default());
        [
            left.format.map_or_else(none, |format| format!(".{format}")),
            left.flavour.to_string(),
            none(),
            none(),
            none(),
            reason,
        ]
    });
    made.chain(left_out).collect()
}

fn row(artifact: &Artifact, formats: &Formats) -> [String; 6] {
    [
        artifact.file.clone(),
        artifact.flavour.to_string(),
        artifact.driver.clone(),
        size(artifact.size),
        dependencies(artifact, formats),
        reason(&artifact.reason, artifact.fallback.as_ref()),
    ]
}

/// What a reader wants to know of the dependencies: packages, and libraries without versions.
pub(super) fn dependencies(artifact: &Artifact, formats: &Formats) -> String {
    let format = formats.get(artifact.format).ok();
    if format.is_some_and(|format| !format.has_dependencies()) {
        return "none".to_owned();
    }
    let shown = |name: &&str| format.is_none_or(|format| format.shows(name));
    let relations = &artifact.relations;
    let hard = [Relation::PreDepends, Relation::Depends];
    let names = hard.iter().flat_map(|relation| relations.of(*relation));
    let names = names.map(String::as_str);
    let mut names: Vec<&str> = names.filter(shown).collect();
    names.dedup();
    names.join("\n")
}

pub(super) fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

pub(super) fn reason(reason: &str, fallback: Option<&Fallback>) -> String {
    match fallback {
        Some(Fallback {
            wanted,
            mend: Some(mend),
            ..
        }) => {
            format!("instead of {wanted}: {reason}\nmend: {}", mend.command)
        }
        Some(Fallback {
            wanted, mend: None, ..
        }) => format!("instead of {wanted}: {reason}"),
        None => reason.to_owned(),
    }
}

/// Where it all is.
pub(super) fn closing(plan: &Plan, manifest: &Manifest) -> String {
    format!(
        "\n{} {}, commit {}: in {}, with SHA256SUMS and manifest.json",
        manifest.name,
        manifest.version,
        manifest.commit,
        plan.places.out.display()
    )
}

/// The plan, a paragraph a build.
pub(super) fn plan(plan: &Plan, config: &Config, formats: &Formats) -> String {
    let head = format!(
        "{} {}, commit {}{}",
        plan.name,
        plan.source.version,
        plan.source.commit,
        lacking(config)
    );
    let builds = plan.builds.iter().map(|build| {
        let packages = plan.packages.iter().filter(|p| p.flavour == build.flavour);
        build_text(build)
            + &packages
                .map(|p| package_text(p, formats))
                .collect::<String>()
    });
    let left_out = plan.left_out.iter().map(left_out_text);
    let paragraphs: Vec<String> = std::iter::once(head)
        .chain(builds)
        .chain(left_out)
        .collect();
    paragraphs.join("\n\n")
}

/// What is not done for want of an optional key.
fn lacking(config: &Config) -> String {
    let mut lines = String::new();
    if config.stamp.is_none() {
        lines.push_str(
            "\n  no [stamp]: no program is asked for its version; build ids are compared",
        );
    }
    if config.changelog.is_none() {
        lines.push_str("\n  no `changelog`: the packages list no changes");
    }
    lines
}

fn build_text(build: &BuildPlan) -> String {
    format!(
        "flavour {} (driver {}): {}\n  cargo {}\n  rustflags {}",
        build.flavour,
        build.driver,
        reason(&build.reason, build.fallback.as_ref()).replace('\n', "\n  "),
        build.cargo.join(" "),
        build.rustflags.join(" "),
    ) + &build.programs.iter().map(links).collect::<String>()
}

/// The declared libraries that a program links.
fn links(program: &ProgramPlan) -> String {
    match program.libraries.is_empty() {
        true => String::new(),
        false => format!(
            "\n  {} links {}",
            program.name,
            program.libraries.join(", ")
        ),
    }
}

/// What a package relates to by each kind of relation, as far as it is known before the build; `programs` are named where they are
/// known.
pub(super) fn relations(
    package: &PackagePlan,
    programs: &[&str],
    formats: &Formats,
) -> Vec<(&'static str, Vec<String>)> {
    let format = formats.get(package.format).ok();
    let derived = format.and_then(|format| format.derives_from(programs));
    let derived = derived.filter(|_| !package.programs.is_empty());
    let all = Relation::ALL.into_iter().map(|relation| {
        let derived = derived.iter().filter(|_| relation == Relation::Depends);
        let texts = derived.chain(package.declared.of(relation)).cloned();
        (relation.verb(), texts.collect::<Vec<_>>())
    });
    all.filter(|(_, texts)| !texts.is_empty()).collect()
}

fn package_text(package: &PackagePlan, formats: &Formats) -> String {
    let programs: Vec<&str> = package.programs.iter().map(String::as_str).collect();
    let mut text = format!("\n  write {}", package.file);
    let mut lines = relations(package, &programs, formats);
    if package.holds.len() > 1 {
        lines.push(("holds the packages", package.holds.clone()));
    }
    for (verb, names) in lines {
        text.push_str(&format!("\n    {verb} {}", names.join(", ")));
    }
    text
}

fn left_out_text(left: &LeftOut) -> String {
    let mend = left
        .mend
        .as_ref()
        .map(|mend| format!("\n  mend: {}", mend.command));
    let what = left.format.map(|format| format!(" as .{format}"));
    format!(
        "flavour {}{} is left out: {}{}",
        left.flavour,
        what.unwrap_or_default(),
        left.because,
        mend.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_is_not_done_for_want_of_a_key() {
        let mut config = plimsoll_plan::fixtures::config();
        assert_eq!(lacking(&config), "");
        config.stamp = None;
        assert!(lacking(&config).contains("no [stamp]"));
        assert!(!lacking(&config).contains("changelog"));
        config.changelog = None;
        assert!(lacking(&config).contains("no `changelog`"));
    }
}
