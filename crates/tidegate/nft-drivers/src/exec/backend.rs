//! The backend of the exec driver.

use std::time::Duration;

use tidegate_nft::{Description, Error, Listing, LiveTable, Support, TableId};

use super::child::Child;
use super::probe;
use super::{ENTRY, ExecMode, LONG_LIVED_CHILD, PER_TRANSACTION};
use crate::fault::known_fault;
use crate::message;
use crate::process::{Finished, Runner, tell_replaced};
use crate::script::Script;
use crate::shared::{Backend, Run};

/// The most bytes for the long-lived child. nft quotes the whole line for each refused operation. A process of its
/// own gets one operation a line, and quotes only that.
const CHILD_BYTES: usize = 64 * 1024;
const CHILD_OPS: usize = 256;

/// Runs `nft` in the namespace of its thread.
pub(super) struct ExecBackend<R> {
    runner: R,
    deadline: Duration,
    json: Support,
    child: Kept,
}

/// The long-lived child.
enum Kept {
    /// No long-lived child is used.
    Never,
    /// It was lost; the next transaction starts another.
    Lost,
    Running(Child),
}

impl<R: Runner> ExecBackend<R> {
    /// Queries the release of `nft`, and starts the child if one is used.
    pub(super) fn open(
        mut runner: R,
        mode: ExecMode,
        deadline: Duration,
    ) -> Result<(Self, Description), Error> {
        let about = probe::about(&mut runner)?;
        let (child, mode, why) = match mode {
            ExecMode::PerTransaction => {
                (Kept::Never, PER_TRANSACTION, "it was asked for".to_owned())
            }
            ExecMode::LongLivedChild => {
                let child = probe::child(&mut runner)?;
                (
                    Kept::Running(child),
                    LONG_LIVED_CHILD,
                    "it was asked for".to_owned(),
                )
            }
            ExecMode::Auto => match probe::child(&mut runner) {
                Ok(child) => {
                    let why = "nft -i answers on a pipe".to_owned();
                    (Kept::Running(child), LONG_LIVED_CHILD, why)
                }
                Err(error) => {
                    let why = format!("nft -i cannot be kept running: {error}");
                    (Kept::Never, PER_TRANSACTION, why)
                }
            },
        };
        let description = Description {
            driver: ENTRY.name,
            mode,
            why,
            warning: known_fault(about.version.as_deref()),
            version: about.version,
            json: about.json.clone(),
            program: Some(runner.program().to_owned()),
        };
        Ok((
            Self {
                runner,
                deadline,
                json: about.json,
                child,
            },
            description,
        ))
    }

    /// A transaction in a process of its own.
    fn run_alone(&mut self, script: &Script, run: Run) -> Result<(), Error> {
        let args: &[&str] = match run {
            Run::Apply => &["-f", "-"],
            Run::Check => &["-c", "-f", "-"],
        };
        let finished = self.runner.run(args, script.lines(), self.deadline)?;
        if finished.success {
            Ok(())
        } else {
            Err(failure(script, &finished))
        }
    }

    /// Runs a transaction in the long-lived child, or in the next one if the first was lost before it did anything.
    fn run_in_child(&mut self, script: &Script) -> Result<(), Error> {
        let answer = match self.exchange(script) {
            Err(lost) if lost.is_untouched() => {
                tell_replaced(&lost.error.reason);
                self.exchange(script)
            }
            outcome => outcome,
        };
        let answer = answer.map_err(|lost| lost.error)?;
        if message::is_harmless(&answer) {
            return Ok(());
        }
        let refusal = message::refusal(script, &answer);
        match message::has_error(&answer) {
            true => Err(refusal),
            // Not an error message of nft: it is unknown whether it continued.
            false => Err(Error::lost(format!("nft -i said: {}", refusal.reason))),
        }
    }

    fn exchange(&mut self, script: &Script) -> Result<String, super::child::Lost> {
        let mut child = self
            .take_child()
            .map_err(|error| super::child::Lost { error })?;
        let answer = child.exchange(script, self.deadline)?;
        self.child = Kept::Running(child);
        Ok(answer)
    }

    /// Takes the child, or starts one. Until it is returned, it counts as lost.
    fn take_child(&mut self) -> Result<Child, Error> {
        match std::mem::replace(&mut self.child, Kept::Lost) {
            Kept::Running(child) if !child.is_old() => Ok(child),
            Kept::Running(old) => {
                // Its work is done, so its exit status does not matter.
                let _ = old.close();
                Child::start(&mut self.runner)
            }
            Kept::Lost | Kept::Never => Child::start(&mut self.runner),
        }
    }

    fn list_with(&mut self, options: &[&str], what: &str) -> Result<String, Error> {
        let args: Vec<&str> = options
            .iter()
            .copied()
            .chain(["list"])
            .chain(what.split(' '))
            .collect();
        let finished = self.runner.run(&args, "", self.deadline)?;
        if finished.success {
            return Ok(finished.stdout);
        }
        let script = Script::of_lines(&[&format!("list {what}")]);
        Err(failure(&script, &finished))
    }
}

impl<R: Runner> Backend for ExecBackend<R> {
    fn run(&mut self, script: &Script, run: Run) -> Result<(), Error> {
        let is_small = script.bytes() <= CHILD_BYTES && script.len() <= CHILD_OPS;
        match self.child {
            _ if script.len() == 0 => Ok(()),
            Kept::Running(_) | Kept::Lost if is_small && run == Run::Apply => {
                self.run_in_child(script)
            }
            _ => self.run_alone(script, run),
        }
    }

    fn list(&mut self, table: &TableId) -> Result<Listing, Error> {
        let what = format!("table {table}");
        let text = self.list_with(&[], &what)?;
        let table = match &self.json {
            Support::No => Err("this nft has no JSON".to_owned()),
            Support::Yes | Support::CouldNotTell(_) => {
                LiveTable::parse(table, &self.list_json(&what)?)
            }
        };
        Ok(Listing { text, table })
    }

    fn list_json(&mut self, what: &str) -> Result<String, Error> {
        self.list_with(&["-n", "-j"], what)
    }

    fn list_handles(&mut self, what: &str) -> Result<String, Error> {
        self.list_with(&["-s", "-a"], what)
    }

    fn close(self) -> Result<(), Error> {
        match self.child {
            Kept::Running(child) => child.close(),
            Kept::Never | Kept::Lost => Ok(()),
        }
    }
}

/// The message of a failed process.
fn failure(script: &Script, finished: &Finished) -> Error {
    if finished.stderr.trim().is_empty() {
        return Error::lost(format!("nft ended with {} and no message", finished.status));
    }
    message::refusal(script, &finished.stderr)
}
