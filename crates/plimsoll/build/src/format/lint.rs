//! What a linter is given, and the reasons for what it is told to overlook.

use std::path::Path;

use plimsoll_plan::config::Config;
use plimsoll_spec::PackageContents;

/// A package that a linter is to read.
#[derive(Debug, Clone, Copy)]
pub struct Lint<'a> {
    /// The file.
    pub file: &'a Path,
    /// The folder that it is unpacked in.
    pub root: &'a Path,
    /// What it says.
    pub contents: &'a PackageContents,
    /// What the packages hold.
    pub config: &'a Config,
    /// The project's workspace.
    pub workspace: &'a Path,
}

/// Overrides without a comment directly above them, or above a run of them.
///
/// The rule holds for lintian's overrides (lintian manual, 2.4) and for the filters of rpmlint's
/// configuration alike: a comment, then what it gives the reason for.
pub(super) fn without_reason(overrides: &str) -> Vec<String> {
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
}
