//! rpmlint(1), which reads RPM packages.

use crate::format::lint::{Lint, without_reason};
use crate::outcome::Outcome;
use plimsoll_probe::{Command, limit};

/// The name of the file is not that of the package if the version has `~` or `+`, which no host of files keeps. It is the toolkit's.
const FILE_NAME: &str = ": W: non-coherent-filename ";

/// Runs it. Each error and each warning is a fault.
pub(super) fn run(lint: &Lint<'_>) -> Outcome {
    let config = lint.config.rpm.rpmlint.as_ref();
    let config = config.map(|path| lint.workspace.join(path));
    let text = match config.as_ref().map(std::fs::read_to_string).transpose() {
        Ok(text) => text,
        Err(error) => return Outcome::failed(format!("rpmlint's configuration: {error}")),
    };
    let option = config.map(|path| format!("--config={}", path.display()));
    let arguments = option.into_iter().chain([lint.file.display().to_string()]);
    let command = Command::new("rpmlint", arguments);
    match command.limited(limit::WORK).output() {
        Err(error) => Outcome::not_run(error.reason()),
        Ok(output) => {
            let said = output.stdout + &output.stderr;
            verdict(&said, text.as_deref())
                .unwrap_or_else(|| Outcome::failed(format!("rpmlint failed: {}", said.trim())))
        }
    }
}

/// What rpmlint(1) printed: each error and each warning is a fault. None: it did not come to its
/// end. `config` is the text of the configuration that it was given.
fn verdict(output: &str, config: Option<&str>) -> Option<Outcome> {
    let is_over = |line: &str| line.contains(" 1 packages and 0 specfiles checked; ");
    if !output.lines().any(is_over) {
        return None;
    }
    let complaints = output
        .lines()
        .filter(|line| line.contains(": E: ") || line.contains(": W: "))
        .filter(|line| !line.contains(FILE_NAME));
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
    fn rpmlint_has_to_come_to_its_end_without_a_complaint() {
        let end = " 1 packages and 0 specfiles checked; 0 errors, 0 warnings, 0 badness";
        let outcome = |text: &str| verdict(text, Some("# why\nFilters = []\n"));
        assert_eq!(outcome("Traceback (most recent call last):"), None);
        assert_eq!(outcome(end).expect("an end").word(), "passed");
        let named = format!(
            "x.x86_64: W: non-coherent-filename x-1.0.0.rc.1-1.rpm x-1.0.0~rc.1-1.rpm\n{end}"
        );
        assert_eq!(outcome(&named).expect("an end").word(), "passed");
        let complaint = format!("x.x86_64: E: no-license\nx.x86_64: W: a b\n{end}");
        let outcome = verdict(&complaint, Some("Filters = []")).expect("an end");
        assert_eq!(
            outcome.text(),
            "x.x86_64: E: no-license; x.x86_64: W: a b; override without a reason: Filters = []"
        );
    }
}
