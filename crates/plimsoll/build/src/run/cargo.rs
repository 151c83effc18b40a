//! Runs Cargo, and reports its progress.

use super::{Observer, RunError};
use crate::packager::{Packager, cargo_program};
use plimsoll_plan::plan::{BuildPlan, Plan};
use plimsoll_probe::{Command, limit};

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
    let mut command = cargo(&build.cargo, plan);
    command.unset.extend(BENDING.map(str::to_owned));
    for (name, value) in &build.env {
        command = command.with_env(name, value);
    }
    // Cargo splits this one at U+001F, so that a path may hold spaces.
    let flags = build.rustflags.join("\u{1f}");
    let command = command.with_env("CARGO_ENCODED_RUSTFLAGS", flags);
    Ok(command.lines(|line| observer.line(line))?)
}

/// Builds the program that writes packages, so that progress can be shown.
pub(super) fn build_packager(plan: &Plan, observer: &mut dyn Observer) -> Result<(), RunError> {
    let arguments = Packager::of(&plan.places.workspace).build_arguments();
    let command = cargo(&arguments, plan);
    Ok(command.lines(|line| observer.line(line))?)
}

fn cargo(arguments: &[String], plan: &Plan) -> Command {
    let command = Command::new(cargo_program(), arguments);
    command.within(&plan.places.workspace).limited(limit::BUILD)
}
