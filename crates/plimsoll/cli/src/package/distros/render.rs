//! Plans and results of several distributions as text.

use plimsoll_build::format::Formats;
use plimsoll_build::manifest::Artifact;
use plimsoll_plan::distro::{Departure, DistroPlan};
use plimsoll_plan::plan::PackagePlan;

use super::report::Report;
use crate::package::render::{dependencies, reason, relations, size};
use crate::table;

const HEADER: [&str; 6] = [
    "distribution",
    "engine",
    "artefact",
    "flavour",
    "dependencies",
    "result",
];

/// The summary, a row a package file or failure.
pub(super) fn reports(reports: &[Report], formats: &Formats) -> String {
    let rows = reports
        .iter()
        .flat_map(|report| rows(report, formats))
        .collect();
    table::rendered(HEADER, rows)
}

fn rows(report: &Report, formats: &Formats) -> Vec<[String; 6]> {
    let engine = report.engine.map_or("-", |engine| engine.as_str());
    let row = |artefact: String, flavour: String, depends: String, result: String| {
        [
            report.distro.clone(),
            engine.to_owned(),
            artefact,
            flavour,
            depends,
            result,
        ]
    };
    let none = || "-".to_owned();
    let failed = report.error.iter().map(|error| {
        let hint = report.hint.iter().map(|hint| format!("\nhint: {hint}"));
        let result = format!("failed: {error}{}", hint.collect::<String>());
        row(none(), none(), none(), result)
    });
    let artifacts = report
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.artifacts);
    let made = artifacts.map(|artifact| {
        row(
            format!("{}\n{}", artifact.file, size(artifact.size)),
            artifact.flavour.to_string(),
            dependencies(artifact, formats),
            result(artifact, report.departure.as_ref()),
        )
    });
    failed.chain(made).collect()
}

fn result(artifact: &Artifact, departure: Option<&Departure>) -> String {
    match departure {
        Some(departure) => format!("warning: {departure}"),
        None => reason(&artifact.reason, artifact.fallback.as_ref()),
    }
}

/// The plans, a paragraph a distribution.
pub(super) fn plans(plans: &[DistroPlan], formats: &Formats) -> String {
    let paragraphs = plans
        .chunk_by(|a, b| a.distro == b.distro)
        .map(|plans| paragraph(plans, formats));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// One distribution; its plans differ by architecture alone.
fn paragraph(plans: &[DistroPlan], formats: &Formats) -> String {
    let Some(plan) = plans.first() else {
        return String::new();
    };
    let architectures: Vec<&str> = plans.iter().map(|p| p.architecture.as_str()).collect();
    let end = plan.end_of_life.as_ref();
    let end = end.map_or_else(|| "no end known".to_owned(), |day| format!("until {day}"));
    let head = format!(
        "{}: {}, {}, {end}",
        plan.distro,
        plan.image,
        architectures.join(" and ")
    );
    let lines = [
        vec![head, flavour(plan)],
        install(plan),
        packages(plans, formats),
    ];
    lines.concat().join("\n  ")
}

fn flavour(plan: &DistroPlan) -> String {
    match &plan.departure {
        None => format!("flavour {}, as expected: {}", plan.follows, plan.reason),
        Some(departure) => format!("flavour {}; warning: {departure}", plan.follows),
    }
}

fn install(plan: &DistroPlan) -> Vec<String> {
    let packages = &plan.packages;
    let required = [
        vec![format!("$ {}", packages.refresh.join(" "))],
        vec![format!(
            "$ {} {}",
            packages.install.join(" "),
            packages.required.join(" ")
        )],
    ];
    let wished = packages.wished.iter().map(|name| {
        format!(
            "$ {} {name}    # if it is available",
            packages.install_wished.join(" ")
        )
    });
    required.concat().into_iter().chain(wished).collect()
}

fn packages(plans: &[DistroPlan], formats: &Formats) -> Vec<String> {
    let first = plans.first().into_iter();
    let packages = first.flat_map(|plan| &plan.plan.packages);
    let lines = packages.map(|package| of_package(plans, package, formats));
    lines.collect::<Vec<_>>().concat()
}

/// The files of a package, one an architecture, and what all of them relate to.
fn of_package(plans: &[DistroPlan], package: &PackagePlan, formats: &Formats) -> Vec<String> {
    let planned = plans.iter().flat_map(|plan| &plan.plan.packages);
    let files = planned.filter(|other| other.name == package.name);
    let mut lines: Vec<String> = files.map(|it| format!("write {}", it.file)).collect();
    for (verb, names) in relations(package, &[], formats) {
        lines.push(format!("  {verb} {}", names.join(", ")));
    }
    lines
}
