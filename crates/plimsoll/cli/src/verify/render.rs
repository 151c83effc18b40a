//! The result as text.

use plimsoll_verify::{Check, Outcome, Report, Verified};

use crate::table;

/// A table, distribution by check, and under it what failed, what was not run, and what was seen.
pub(super) fn report(report: &Report) -> String {
    let head: Vec<String> = ["distribution", "flavour", "where"]
        .map(str::to_owned)
        .into_iter()
        .chain(Check::ALL.map(|check| check.to_string()))
        .collect();
    let packages = report.packages.iter();
    let rows = packages.map(|package| row(report, package)).collect();
    let table = table::of(head, rows);
    let details = report.packages.iter().map(details);
    let broken = report.broken.iter();
    let broken = broken.map(|b| format!("{}: could not be verified: {}", b.distro, b.because));
    let mut parts: Vec<String> = std::iter::once(table)
        .chain(details)
        .chain(broken)
        .collect();
    parts.push(report.counts().to_string());
    parts.join("\n\n")
}

fn row(report: &Report, package: &Verified) -> Vec<String> {
    let known = [
        report.label(package),
        package.flavour.to_string(),
        package.place.to_string(),
    ];
    let words = Check::ALL.map(|check| {
        let outcome = package.checks.get(&check);
        outcome.map_or("-", Outcome::word).to_owned()
    });
    known.into_iter().chain(words).collect()
}

fn details(package: &Verified) -> String {
    let head = format!("{}: {}", package.distro, package.file);
    let lines = package
        .checks
        .iter()
        .map(|(check, outcome)| format!("  {check}: {}: {}", outcome.word(), outcome.text()));
    std::iter::once(head)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}
