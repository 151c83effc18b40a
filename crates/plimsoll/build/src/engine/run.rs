//! Running recipes, those of several distributions side by side.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use error_hint::FileError;
use plimsoll_probe::{Command, RunError, limit};

use super::{EngineError, Role, Stage};
use crate::manifest::Manifest;
use crate::out;

/// The commands of one distribution, ready to run.
#[derive(Debug)]
pub struct Task {
    /// The entry of the list.
    pub distro: String,
    /// What is run, or why nothing can be.
    pub stages: Result<Vec<Stage>, EngineError>,
    /// Where the packages are afterwards.
    pub out: PathBuf,
    /// What all commands print.
    pub log: PathBuf,
    /// The working directory of every command.
    pub workspace: PathBuf,
}

/// How a task ended.
#[derive(Debug)]
pub struct Outcome {
    /// The entry of the list.
    pub distro: String,
    /// What was made, or why nothing was.
    pub result: Result<Manifest, EngineError>,
}

/// A progress listener for all distributions; called from several threads.
pub trait Watcher: Sync {
    /// A stage begins: its number from 1, how many there are, and its name.
    fn stage(&self, distro: &str, number: usize, total: usize, name: &str);
    /// A command has printed a line.
    fn line(&self, distro: &str, line: &str);
    /// The distribution is finished, successfully or not.
    fn done(&self, outcome: &Outcome);
}

/// Runs tasks, at most `jobs` at a time. A failure does not stop the others. The outcomes are in the order of the
/// tasks.
pub fn run_all(tasks: Vec<Task>, jobs: usize, watcher: &dyn Watcher) -> Vec<Outcome> {
    let threads = jobs.clamp(1, tasks.len().max(1));
    let queue: Mutex<VecDeque<_>> = Mutex::new(tasks.into_iter().enumerate().collect());
    let outcomes = Mutex::new(Vec::new());
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    let work = || {
        while let Some((index, task)) = next() {
            let outcome = run(task, watcher);
            watcher.done(&outcome);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.push((index, outcome));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn run(task: Task, watcher: &dyn Watcher) -> Outcome {
    let place = Place {
        distro: &task.distro,
        log: &task.log,
        workspace: &task.workspace,
    };
    let ran = task.stages.and_then(|stages| {
        // The folder is the distribution's own. What is in it must not be taken for this run's.
        out::clear(&task.out, |_| true)?;
        place.run(&stages, watcher)
    });
    Outcome {
        result: ran.and_then(|()| Ok(out::read(&task.out)?)),
        distro: task.distro,
    }
}

/// Runs stages that belong to no single distribution; `what` stands in its place.
///
/// # Errors
/// When one of them fails.
pub fn run_stages(
    what: &str,
    stages: &[Stage],
    log: &Path,
    workspace: &Path,
    watcher: &dyn Watcher,
) -> Result<(), EngineError> {
    let place = Place {
        distro: what,
        log,
        workspace,
    };
    place.run(stages, watcher)
}

/// Where stages run, and where their output goes.
struct Place<'a> {
    distro: &'a str,
    log: &'a Path,
    workspace: &'a Path,
}

impl Place<'_> {
    /// Runs stages in order until one fails, and those that clean up in any case.
    fn run(&self, stages: &[Stage], watcher: &dyn Watcher) -> Result<(), EngineError> {
        let mut log = self.open_log()?;
        let mut result = Ok(());
        for (index, stage) in stages.iter().enumerate() {
            if result.is_err() && stage.role != Role::CleansUp {
                continue;
            }
            watcher.stage(self.distro, index + 1, stages.len(), &stage.name);
            let ran = self.stage(stage, &mut log, watcher);
            if stage.role == Role::Tried {
                continue;
            }
            // The first failure explains the others; all are in the log.
            result = result.and(ran);
        }
        result
    }

    fn open_log(&self) -> Result<File, EngineError> {
        let folder = self.log.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder)
            .and_then(|()| File::create(self.log))
            .map_err(FileError::at("write", self.log))
            .map_err(EngineError::from)
    }

    fn stage(
        &self,
        stage: &Stage,
        log: &mut File,
        watcher: &dyn Watcher,
    ) -> Result<(), EngineError> {
        let command = Command {
            limit: limit::BUILD,
            ..stage.call.clone().within(self.workspace)
        };
        let mut logged = Ok(());
        let ran = command.lines(|line| {
            let text = format!("{line}\n");
            logged = std::mem::replace(&mut logged, Ok(()))
                .and_then(|()| log.write_all(text.as_bytes()));
            watcher.line(self.distro, line.trim_end());
        });
        logged.map_err(FileError::at("write", self.log))?;
        ran.map_err(|error| match error {
            RunError::Failed { last, .. } => EngineError::Failed {
                stage: stage.name.clone(),
                program: stage.call.program.clone(),
                last: complaint(&last),
                log: self.log.to_owned(),
            },
            source => EngineError::Run {
                stage: stage.name.clone(),
                source,
            },
        })
    }
}

/// The first line with an error, else the last line that is not empty.
fn complaint(lines: &[String]) -> String {
    let says = |line: &&String| line.contains("error:") || line.starts_with("E: ");
    let last = || lines.iter().rev().find(|line| !line.trim().is_empty());
    let line = lines.iter().find(says).or_else(last);
    line.map_or_else(|| "no output".to_owned(), |line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::OutError;
    use error_hint::Hint;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Watcher for Heard {
        fn stage(&self, distro: &str, number: usize, total: usize, name: &str) {
            self.push(format!("{distro}: {number}/{total} {name}"));
        }

        fn line(&self, distro: &str, line: &str) {
            self.push(format!("{distro}: | {line}"));
        }

        fn done(&self, outcome: &Outcome) {
            let ok = outcome.result.is_ok();
            self.push(format!("{}: ok={ok}", outcome.distro));
        }
    }

    impl Heard {
        fn push(&self, line: String) {
            self.0.lock().expect("not poisoned").push(line);
        }
    }

    fn shell(script: &str) -> Command {
        Command::new("sh", ["-c", script])
    }

    fn task(folder: &Path, distro: &str, stages: Vec<Stage>) -> Task {
        Task {
            distro: distro.to_owned(),
            stages: Ok(stages),
            out: folder.join(distro),
            log: folder.join(format!("{distro}.log")),
            workspace: folder.to_owned(),
        }
    }

    const MANIFEST: &str = r#"{"name":"x","version":"1","commit":"c","source-date-epoch":0,"artifacts":[],"left-out":[]}"#;

    #[test]
    fn a_failed_distribution_stops_neither_the_others_nor_its_own_clean_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let bad = vec![
            Stage::new("fail", shell("echo error: why; echo later; exit 3")),
            Stage::new("go on", shell("touch went-on")),
            Stage::tried("try", shell("touch tried")),
            Stage::cleaning_up("clean", shell("touch cleaned")),
        ];
        let write = format!("mkdir -p good && echo '{MANIFEST}' >good/manifest.json");
        let good = vec![
            Stage::tried("try in vain", shell("exit 1")),
            Stage::new("make", shell(&write)),
        ];
        let tasks = vec![
            task(folder.path(), "bad", bad),
            task(folder.path(), "good", good),
        ];
        let heard = Heard::default();
        let outcomes = run_all(tasks, 1, &heard);
        let error = outcomes[0].result.as_ref().expect_err("failed");
        assert_eq!(error.to_string(), "could not fail (sh): error: why");
        assert_eq!(outcomes[1].result.as_ref().expect("made").name, "x");
        assert!(folder.path().join("cleaned").exists());
        assert!(!folder.path().join("went-on").exists());
        assert!(!folder.path().join("tried").exists());
        let log = std::fs::read_to_string(folder.path().join("bad.log")).expect("a log");
        assert_eq!(log, "error: why\nlater\n");
        expect_test::expect![[r#"
            bad: 1/4 fail
            bad: | error: why
            bad: | later
            bad: 4/4 clean
            bad: ok=false
            good: 1/2 try in vain
            good: 2/2 make
            good: ok=true"#]]
        .assert_eq(&heard.0.into_inner().expect("not poisoned").join("\n"));
    }

    #[test]
    fn an_earlier_runs_manifest_is_not_taken_for_this_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("old");
        std::fs::create_dir(&out).expect("a folder");
        std::fs::write(out.join("manifest.json"), MANIFEST).expect("a file");
        let nothing = vec![Stage::new("do nothing", shell("true"))];
        let tasks = vec![task(folder.path(), "old", nothing)];
        let outcomes = run_all(tasks, 4, &Heard::default());
        assert!(matches!(
            outcomes[0].result,
            Err(EngineError::Out(OutError::File(_)))
        ));
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Stage::new("make the root", Command::new("no-such-program", ["x"]));
        let tasks = vec![task(folder.path(), "x", vec![stage])];
        let outcomes = run_all(tasks, 1, &Heard::default());
        let error = outcomes[0].result.as_ref().expect_err("failed");
        let shown = error_hint::in_one_line(error);
        let wanted = "cannot make the root: no-such-program is not installed";
        assert_eq!(shown, wanted);
        assert_eq!(error.hint().as_deref(), Some("install no-such-program"));
    }
}
