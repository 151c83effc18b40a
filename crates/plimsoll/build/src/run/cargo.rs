//! Runs Cargo, and reports its progress.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;

use duct::Expression;

use super::{Observer, RunError};
use crate::packager::Packager;
use plimsoll_plan::plan::{BuildPlan, Plan};

/// How much of a failed command's output is shown.
const LINES_SHOWN: usize = 40;

/// Variables of the caller that would bend a planned build.
const BENDING: [&str; 4] = [
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTFLAGS",
];

/// Builds the programs of one flavour.
pub(super) fn build(
    plan: &Plan,
    build: &BuildPlan,
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let mut command = cargo(&build.cargo, &plan.places.workspace);
    for name in BENDING {
        command = command.env_remove(name);
    }
    for (name, value) in &build.env {
        command = command.env(name, value);
    }
    // Cargo splits this one at U+001F, so that a path may hold spaces.
    command = command.env("CARGO_ENCODED_RUSTFLAGS", build.rustflags.join("\u{1f}"));
    watch(&command, &build.cargo, observer)
}

/// Builds the program that writes packages, so that progress can be shown.
pub(super) fn build_packager(plan: &Plan, observer: &mut dyn Observer) -> Result<(), RunError> {
    let arguments = Packager::of(&plan.places.workspace).build_arguments();
    watch(
        &cargo(&arguments, &plan.places.workspace),
        &arguments,
        observer,
    )
}

fn cargo(arguments: &[String], workspace: &Path) -> Expression {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    duct::cmd(program, arguments).dir(workspace)
}

/// Runs a command, hands each line of its output on, and keeps the end of it for the error.
fn watch(
    command: &Expression,
    arguments: &[String],
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let start = |source| RunError::Start {
        command: line(arguments),
        source,
    };
    let reader = command
        .stdin_null()
        .stderr_to_stdout()
        .unchecked()
        .reader()
        .map_err(start)?;
    let mut lines: Vec<String> = Vec::new();
    for text in BufReader::new(&reader).lines() {
        let text = text.map_err(start)?;
        observer.line(&text);
        lines.push(text);
    }
    match reader.try_wait().map_err(start)? {
        Some(output) if output.status.success() => Ok(()),
        _ => {
            let shown = lines.split_off(lines.len().saturating_sub(LINES_SHOWN));
            Err(RunError::Failed {
                command: line(arguments),
                output: shown.join("\n"),
            })
        }
    }
}

fn line(arguments: &[String]) -> String {
    format!("cargo {}", arguments.join(" "))
}
