//! `cargo xtask probe`: what this host has, and which flavours follow from it.

use std::collections::BTreeMap;

use error_hint::Result;
use plimsoll_build::format::Formats;
use plimsoll_probe::{Finding, Findings, Matrix, NamedFinding, NativeDep, Outlook, outlook, probe};
use serde::Serialize;

use crate::{package, run, table};

/// Arguments of `cargo xtask probe`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,

    /// The target triple to build for, instead of this host's own
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// What is printed under `--json`.
#[derive(Serialize)]
struct Report<'a> {
    libraries: &'a BTreeMap<String, NativeDep>,
    findings: &'a Findings,
    flavours: &'a [Outlook],
}

/// Probes and prints.
///
/// # Errors
/// Where the declarations cannot be read, or standard output is closed.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    let matrix = matrix(formats)?;
    let findings = probe(&run::host()?, &matrix.libraries, args.target.as_deref());
    let flavours = outlook(&matrix, &findings);
    if args.json {
        let report = Report {
            libraries: &matrix.libraries,
            findings: &findings,
            flavours: &flavours,
        };
        return run::print(&run::json(&report)?);
    }
    run::print(&rendered(&matrix.libraries, &findings, &flavours))
}

/// The libraries and flavours that `packaging/dist.toml` declares.
///
/// # Errors
/// Where the file cannot be read or is wrong.
pub fn matrix(formats: &Formats) -> Result<Matrix> {
    Ok(package::configuration(formats)?.matrix())
}

/// Two tables: the findings, and the flavours that follow from them.
fn rendered(
    libraries: &BTreeMap<String, NativeDep>,
    findings: &Findings,
    flavours: &[Outlook],
) -> String {
    let head = format!(
        "host: {} ({})\ntarget: {}",
        findings.distribution.pretty_name, findings.rust.host, findings.target
    );
    let found = table::rendered(["what", "answer", "detail"], rows(libraries, findings));
    let follows = table::rendered(
        ["flavour", "can be built", "detail"],
        flavours.iter().map(flavour_row).collect(),
    );
    format!("{head}\n\n{found}\n\n{follows}")
}

fn rows(libraries: &BTreeMap<String, NativeDep>, findings: &Findings) -> Vec<[String; 3]> {
    let mut rows = vec![
        row("C compiler", &findings.c_compiler),
        row("static C library", &findings.static_libc),
        row("pkg-config", &findings.pkg_config),
    ];
    for (name, library) in libraries {
        rows.extend(library_rows(name, library, findings));
    }
    rows.push(row("Rust target", &rust_targets(findings)));
    let named = findings
        .packaging_tools
        .iter()
        .chain(&findings.container_engines);
    rows.extend(named.map(|named| row(&named.name, &named.finding)));
    rows
}

/// A library, its tool and what both need of the kernel.
fn library_rows(name: &str, library: &NativeDep, findings: &Findings) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    if let Some(found) = findings.libraries.get(name) {
        let library = &library.pkg_config;
        let archive = format!("{library}: static archive");
        rows.push(row(library, &found.finding));
        rows.push(row(&archive, &found.static_archive));
        rows.extend(checks(library, &found.checks));
    }
    if let Some((tool, found)) = library.tool.as_ref().zip(findings.tools.get(name)) {
        rows.push(row(&tool.program, &found.finding));
        rows.extend(checks(&tool.program, &found.checks));
    }
    let kernel = library.kernel.as_ref().zip(findings.kernel.get(name));
    rows.extend(kernel.map(|(check, finding)| row(&format!("kernel {}", check.module), finding)));
    rows
}

/// The declared properties of a library or a tool.
fn checks(of: &str, checks: &[NamedFinding]) -> impl Iterator<Item = [String; 3]> {
    let named = move |check: &NamedFinding| row(&format!("{of}: {}", check.name), &check.finding);
    checks.iter().map(named)
}

/// The target's finding, with all the targets that are installed in place of the one.
fn rust_targets(findings: &Findings) -> Finding {
    match findings.rust.finding.is_yes() {
        true => Finding::yes(findings.rust.installed.join(", ")),
        false => findings.rust.finding.clone(),
    }
}

fn row(what: &str, finding: &Finding) -> [String; 3] {
    [
        what.to_owned(),
        finding.answer.to_string(),
        detail(finding, None),
    ]
}

fn flavour_row(outlook: &Outlook) -> [String; 3] {
    let instead = outlook
        .instead
        .map(|flavour| format!("built instead: {flavour}"));
    let detail = detail(&outlook.finding, instead);
    [
        outlook.flavour.to_string(),
        outlook.finding.answer.to_string(),
        detail,
    ]
}

fn detail(finding: &Finding, more: Option<String>) -> String {
    let mend = finding
        .mend
        .as_ref()
        .map(|mend| format!("mend: {}", mend.command));
    let first = Some(finding.answer.text().to_owned());
    first
        .into_iter()
        .chain(mend)
        .chain(more)
        .collect::<Vec<_>>()
        .join("\n")
}
