//! The result as one page for the person who releases: what was built, why that flavour, what was proven,
//! and where. It needs nothing but itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Check, Outcome, Place, Report, Verified};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #c62828; --mute: #777; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .55rem; }
th { text-align: left; font-weight: 600; } td { vertical-align: top; }
.passed { color: var(--good); } .failed { color: var(--bad); font-weight: 700; }
.other { color: var(--mute); }
code, .file { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .2rem 1rem; margin: .4rem 0 .8rem; }
dt { color: var(--mute); } dd { margin: 0; }
";

/// Renders the page.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!("{}: packages verified", report.name);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p { (report.counts()) ". " (places()) }
                div.wide { (overview(report)) }
                @for broken in &report.broken {
                    p.failed { (broken.distro) " could not be verified: " (broken.because) }
                }
                @for package in &report.packages { (details(report, package)) }
            }
        }
    };
    page.into_string()
}

fn places() -> &'static str {
    "“booted”, “container” and “chroot” are systems of the distribution itself. “profile” is not: \
     there, rpm and dnf themselves met a list of what the distribution has, over another userland."
}

fn overview(report: &Report) -> Markup {
    html! {
        table {
            tr {
                th { "distribution" } th { "flavour" } th { "where" }
                @for check in Check::ALL { th { (check) } }
            }
            @for package in &report.packages {
                tr {
                    td { a href=(format!("#{}", anchor(package))) { (report.label(package)) } }
                    td { (package.flavour) }
                    td { (package.place) }
                    @for check in Check::ALL {
                        @match package.checks.get(&check) {
                            Some(outcome) => td class=(class(outcome)) { (outcome.word()) },
                            None => td.other { "–" },
                        }
                    }
                }
            }
        }
    }
}

/// A name in the page that no other package has.
fn anchor(package: &Verified) -> String {
    format!("{}-{}", package.distro, package.package)
}

fn details(report: &Report, package: &Verified) -> Markup {
    html! {
        h2 id=(anchor(package)) { (report.label(package)) }
        dl {
            dt { "package" } dd.file { (package.file) }
            dt { "built from" } dd { "commit " code { (package.commit) } ", version " (package.version) }
            dt { "flavour" } dd { (package.flavour) ", driver " (package.driver) }
            dt { "why" } dd { (why(package)) }
            @for (relation, texts) in package.relations.iter() {
                dt { (relation.verb()) } dd { code { (texts.join(", ")) } }
            }
            dt { "proven in" } dd { (proven_in(package)) }
        }
        table {
            @for (check, outcome) in &package.checks {
                tr {
                    th { (check) }
                    td class=(class(outcome)) { (outcome.word()) }
                    td { (outcome.text()) }
                }
            }
        }
    }
}

/// Why this flavour, and what was wanted instead.
#[must_use]
pub(super) fn why(package: &Verified) -> String {
    match &package.fallback {
        Some(fallback) => format!(
            "{}; {} was wanted: {}",
            package.reason, fallback.wanted, fallback.because
        ),
        None => package.reason.clone(),
    }
}

fn proven_in(package: &Verified) -> String {
    let system = match package.system.is_empty() {
        true => "no system was entered".to_owned(),
        false => package.system.clone(),
    };
    match package.place {
        Place::Profile => format!("a profile of {}, over {system}", package.distro),
        place => format!("{system}, {place}"),
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed { .. } => "passed",
        Outcome::Failed { .. } => "failed",
        Outcome::NotApplicable { .. } | Outcome::NotRun { .. } => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Broken;
    use plimsoll_probe::FlavourName;
    use plimsoll_spec::{FormatName, Relation, Relations};

    #[test]
    fn the_page_tells_what_failed_and_escapes_what_programs_said() {
        let checks = BTreeMap::from([
            (Check::Lint, Outcome::failed("W: <script>")),
            (Check::Smoke, Outcome::not_run("install failed")),
        ]);
        let report = Report {
            name: "x".into(),
            packages: vec![Verified {
                distro: "debian-12".into(),
                package: "x".into(),
                file: "x.deb".into(),
                format: FormatName::DEB,
                version: "1-1".into(),
                commit: "abc".into(),
                flavour: FlavourName::DYNAMIC,
                reason: "it can be linked".into(),
                fallback: None,
                driver: "library".into(),
                relations: Relations::from_iter([(Relation::Depends, ["libc6 (>= 2.34)"])]),
                place: Place::Booted,
                system: "Debian GNU/Linux 12".into(),
                checks,
            }],
            broken: vec![Broken {
                distro: "debian-13".into(),
                because: "no room".into(),
            }],
        };
        let page = page(&report);
        for expected in [
            "0 passed, 1 failed, 1 not run",
            "<td class=\"failed\">FAILED</td><td>W: &lt;script&gt;</td>",
            "<td class=\"other\">not run</td><td>install failed</td>",
            "libc6 (&gt;= 2.34)",
            "Debian GNU/Linux 12, booted",
            "debian-13 could not be verified: no room",
        ] {
            assert!(page.contains(expected), "{expected} is not in {page}");
        }
    }
}
