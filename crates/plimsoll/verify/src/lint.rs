//! The linters' verdicts, and the reasons for what they are told to overlook. Pure.

use super::Outcome;

/// Overrides without a comment directly above them, or above a run of them.
///
/// The rule holds for lintian's overrides (lintian manual, 2.4) and for the filters of rpmlint's
/// configuration alike: a comment, then what it gives the reason for.
#[must_use]
pub fn without_reason(overrides: &str) -> Vec<String> {
    let mut has_reason = false;
    let mut faults = Vec::new();
    for line in overrides.lines().map(str::trim) {
        match line {
            "" => has_reason = false,
            line if line.starts_with('#') => has_reason = true,
            line if !has_reason => faults.push(format!("override without a reason: {line}")),
            _ => {}
        }
    }
    faults
}

/// What lintian(1) printed with `--fail-on error,warning`, whether it ended well, and what it had
/// to say besides: each error and each warning is a fault, and so is an end that none explains.
#[must_use]
pub fn lintian(output: &str, ended_well: bool, besides: &str, overrides: Option<&str>) -> Outcome {
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

/// What rpmlint(1) printed: each error and each warning is a fault. None: it did not come to its
/// end. `config` is the text of the configuration that it was given.
#[must_use]
pub fn rpmlint(output: &str, config: Option<&str>) -> Option<Outcome> {
    let is_over = |line: &str| line.contains(" 1 packages and 0 specfiles checked; ");
    if !output.lines().any(is_over) {
        return None;
    }
    let complaints = output
        .lines()
        .filter(|line| line.contains(": E: ") || line.contains(": W: "));
    let mut faults: Vec<String> = complaints.map(str::to_owned).collect();
    faults.extend(without_reason(config.unwrap_or_default()));
    let seen = match config {
        None => "rpmlint has no complaint",
        Some(_) => "rpmlint has no complaint; what it is told to overlook has its reason",
    };
    Some(Outcome::of(faults, seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_needs_its_reason_above_it() {
        let good = "# Rust checks bounds itself.\nx: a [f]\nx: b [g]\n\n# No bug.\nx: c\n";
        assert_eq!(without_reason(good), [""; 0]);
        let bad = "# A reason.\nx: a\n\nx: b\n";
        assert_eq!(without_reason(bad), ["override without a reason: x: b"]);
    }

    #[test]
    fn rpmlint_has_to_come_to_its_end_without_a_complaint() {
        let end = " 1 packages and 0 specfiles checked; 0 errors, 0 warnings, 0 badness";
        let outcome = |text: &str| rpmlint(text, Some("# why\nFilters = []\n"));
        assert_eq!(outcome("Traceback (most recent call last):"), None);
        assert_eq!(outcome(end).expect("an end").word(), "passed");
        let complaint = format!("x.x86_64: E: no-license\nx.x86_64: W: a b\n{end}");
        let outcome = rpmlint(&complaint, Some("Filters = []")).expect("an end");
        assert_eq!(
            outcome.text(),
            "x.x86_64: E: no-license; x.x86_64: W: a b; override without a reason: Filters = []"
        );
    }

    #[test]
    fn errors_and_warnings_are_faults_and_hints_are_not() {
        let output = "N: note\nI: x: info\nW: x: no-manual-page\nE: x: bad-thing\n";
        let faults = ["W: x: no-manual-page", "E: x: bad-thing"].map(str::to_owned);
        let faults = faults.into();
        let outcome = lintian(output, false, "", None);
        assert_eq!(outcome, Outcome::Failed { faults });
        let crashed = lintian("", false, "no memory\n", None);
        assert_eq!(crashed, Outcome::failed("lintian failed: no memory"));
        assert_eq!(
            lintian("", true, "", Some("# why\nx: a\n")).text(),
            "lintian has no complaint; 1 override, with its reason"
        );
    }
}
