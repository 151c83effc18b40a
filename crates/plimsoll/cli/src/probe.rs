//! `cargo xtask probe`: what this host has, and which flavours follow from it.

use error_hint::Result;
use plimsoll_build::format::Formats;
use plimsoll_probe::{Finding, Findings, Host, NamedFinding, NativeDep, Outlook, outlook, probe};
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
    dependency: &'a NativeDep,
    findings: &'a Findings,
    flavours: &'a [Outlook],
}

/// Probes and prints.
///
/// # Errors
/// Where the dependency's declaration cannot be read, or standard output is closed.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    let dependency = dependency(formats)?;
    let findings = probe(&Host, &dependency, args.target.as_deref());
    let flavours = outlook(&dependency, &findings);
    if args.json {
        let report = Report {
            dependency: &dependency,
            findings: &findings,
            flavours: &flavours,
        };
        return run::print(&run::json(&report)?);
    }
    run::print(&rendered(&dependency, &findings, &flavours))
}

/// The C library that the flavours differ by, as `packaging/dist.toml` declares it.
///
/// # Errors
/// Where the file cannot be read or is wrong.
pub fn dependency(formats: &Formats) -> Result<NativeDep> {
    Ok(package::configuration(formats)?.library().clone())
}

/// Two tables: the findings, and the flavours that follow from them.
fn rendered(dependency: &NativeDep, findings: &Findings, flavours: &[Outlook]) -> String {
    let head = format!(
        "host: {} ({})\ntarget: {}",
        findings.distribution.pretty_name, findings.rust.host, findings.target
    );
    let found = table::rendered(["what", "answer", "detail"], rows(dependency, findings));
    let follows = table::rendered(
        ["flavour", "can be built", "detail"],
        flavours.iter().map(flavour_row).collect(),
    );
    format!("{head}\n\n{found}\n\n{follows}")
}

fn rows(dependency: &NativeDep, findings: &Findings) -> Vec<[String; 3]> {
    let library = &dependency.pkg_config;
    let tool = &dependency.tool.program;
    let mut rows = vec![
        row("C compiler", &findings.c_compiler),
        row("static C library", &findings.static_libc),
        row("pkg-config", &findings.pkg_config),
        row(library, &findings.library.finding),
        row(
            &format!("{library}: static archive"),
            &findings.library.static_archive,
        ),
    ];
    rows.extend(checks(library, &findings.library.checks));
    rows.push(row(tool, &findings.tool.finding));
    rows.extend(checks(tool, &findings.tool.checks));
    let kernel = dependency.kernel.iter().zip(&findings.kernel);
    rows.extend(kernel.map(|(check, finding)| row(&format!("kernel {}", check.module), finding)));
    rows.push(row("Rust target", &rust_targets(findings)));
    let named = findings
        .packaging_tools
        .iter()
        .chain(&findings.container_engines);
    rows.extend(named.map(|named| row(&named.name, &named.finding)));
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
