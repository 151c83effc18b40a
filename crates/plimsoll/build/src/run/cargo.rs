//! Runs Cargo, and reports its progress.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cargo_metadata::Message;

use super::{Observer, RunError};
use crate::packager::{Packager, cargo_program};
use crate::units::{Units, shared_libraries};
use plimsoll_plan::plan::{BuildPlan, Plan};
use plimsoll_probe::{Command, RunError as ProgramError, limit};

/// The programs and shared libraries that Cargo says it built: the name of each, which is that of a library's file, and its file.
pub(super) type Built = BTreeMap<String, PathBuf>;

/// Builds the programs of one flavour. Only Cargo knows where they are: configuration files and variables decide with it.
pub(super) fn build(
    plan: &Plan,
    build: &BuildPlan,
    observer: &mut dyn Observer,
) -> Result<(Built, Units), RunError> {
    let mut command = cargo(&build.cargo, plan);
    for (name, value) in &build.env {
        command = command.with_env(name, value);
    }
    // Cargo splits this one at U+001F, so that a path may hold spaces.
    let flags = build.rustflags.join("\u{1f}");
    let command = command.with_env("CARGO_ENCODED_RUSTFLAGS", flags);
    let (mut programs, mut units) = (Programs::default(), Units::default());
    let ran = command.lines(|line| match message(line) {
        Some(message) => {
            units.take(&message);
            programs.take(message);
        }
        None => observer.line(line),
    });
    ran.map_err(without_messages)?;
    Ok((programs.of(build)?, units))
}

/// What Cargo says on a line of `--message-format=json`; none for what people read.
fn message(line: &str) -> Option<Message> {
    let is_message = line.starts_with("{\"reason\":");
    is_message.then(|| serde_json::from_str(line).ok())?
}

/// The error of a Cargo with `--message-format=json` without the lines that only programs read.
#[must_use]
pub fn without_messages(error: ProgramError) -> ProgramError {
    match error {
        ProgramError::Failed {
            command,
            status,
            mut last,
        } => {
            last.retain(|line| message(line).is_none());
            ProgramError::Failed {
                command,
                status,
                last,
            }
        }
        error => error,
    }
}

/// The programs and shared libraries in Cargo's messages.
#[derive(Default)]
struct Programs(Vec<(String, PathBuf)>);

impl Programs {
    fn take(&mut self, message: Message) {
        let Message::CompilerArtifact(artifact) = message else {
            return;
        };
        self.0.extend(shared_libraries(&artifact));
        if let (true, Some(path)) = (artifact.target.is_bin(), artifact.executable) {
            self.0.push((artifact.target.name, path.into()));
        }
    }

    /// The one file of each program that is planned.
    fn of(self, build: &BuildPlan) -> Result<Built, RunError> {
        let one = |name: &String| {
            let of_name = self.0.iter().filter(|(built, _)| built == name);
            let mut files: Vec<&PathBuf> = of_name.map(|(_, path)| path).collect();
            files.dedup();
            match files[..] {
                [file] => Ok((name.clone(), file.clone())),
                _ => Err(RunError::NotBuilt {
                    program: name.clone(),
                    files: files.into_iter().cloned().collect(),
                }),
            }
        };
        build
            .programs
            .iter()
            .map(|program| one(&program.name))
            .collect()
    }
}

/// Builds the program that writes packages, so that progress can be shown.
pub(super) fn build_packager(plan: &Plan, observer: &mut dyn Observer) -> Result<(), RunError> {
    match Packager::of(&plan.places.workspace).build_command() {
        Some(command) => Ok(command.lines(|line| observer.line(line))?),
        None => Ok(()),
    }
}

fn cargo(arguments: &[String], plan: &Plan) -> Command {
    let command = Command::new(cargo_program(), arguments);
    command.within(&plan.places.workspace).limited(limit::BUILD)
}
