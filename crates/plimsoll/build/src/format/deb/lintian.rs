//! lintian(1), which reads Debian packages.

use crate::format::lint::{Lint, without_reason};
use crate::outcome::Outcome;
use plimsoll_probe::{Command, limit};

/// Runs it. Each error and each warning is a fault.
pub(super) fn run(lint: &Lint<'_>) -> Outcome {
    let fail_on = "--fail-on=error,warning";
    let file = lint.file.to_string_lossy();
    let command = Command::new("lintian", ["--allow-root", fail_on, &file]);
    let output = match command.limited(limit::WORK).output() {
        Ok(output) => output,
        Err(error) => return Outcome::not_run(error.reason()),
    };
    let overrides = lint.root.join("usr/share/lintian/overrides");
    let overrides = overrides.join(&lint.contents.name);
    let overrides = std::fs::read_to_string(overrides).ok();
    verdict(
        &output.stdout,
        output.success(),
        &output.stderr,
        overrides.as_deref(),
    )
}

/// What lintian(1) printed with `--fail-on error,warning`, whether it ended well, and what it had
/// to say besides: each error and each warning is a fault, and so is an end that none explains.
fn verdict(output: &str, ended_well: bool, besides: &str, overrides: Option<&str>) -> Outcome {
    let complaints = output
        .lines()
        .filter(|line| line.starts_with("E: ") || line.starts_with("W: "));
    let mut faults: Vec<String> = complaints.map(str::to_owned).collect();
    if !ended_well && faults.is_empty() {
        faults.push(format!("lintian failed: {}", besides.trim()));
    }
    faults.extend(without_reason(overrides.unwrap_or_default()));
    let count = overrides.unwrap_or_default().lines();
    let count = count.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let seen = match count.count() {
        0 => "lintian has no complaint".to_owned(),
        1 => "lintian has no complaint; 1 override, with its reason".to_owned(),
        n => format!("lintian has no complaint; {n} overrides, with their reasons"),
    };
    Outcome::of(faults, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_warnings_are_faults_and_hints_are_not() {
        let output = "N: note\nI: x: info\nW: x: no-manual-page\nE: x: bad-thing\n";
        let faults = ["W: x: no-manual-page", "E: x: bad-thing"].map(str::to_owned);
        let faults = faults.into();
        let outcome = verdict(output, false, "", None);
        assert_eq!(outcome, Outcome::Failed { faults });
        let crashed = verdict("", false, "no memory\n", None);
        assert_eq!(crashed, Outcome::failed("lintian failed: no memory"));
        assert_eq!(
            verdict("", true, "", Some("# why\nx: a\n")).text(),
            "lintian has no complaint; 1 override, with its reason"
        );
    }
}
