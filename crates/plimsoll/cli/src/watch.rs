//! How far each distribution is: a spinner each on a terminal, plain lines otherwise, on stderr.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use plimsoll_build::engine::{Outcome, Watcher};
use plimsoll_build::progress::StepLine;

use crate::run;

/// How often the spinners turn.
const TICK: Duration = Duration::from_millis(120);

/// Shows several distributions at once.
pub(crate) struct Watch {
    screen: Option<MultiProgress>,
    running: Mutex<BTreeMap<String, Running>>,
}

struct Running {
    since: Instant,
    spinner: Option<ProgressBar>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            screen: std::io::stderr().is_terminal().then(MultiProgress::new),
            running: Mutex::default(),
        }
    }

    /// Takes every spinner away.
    pub(crate) fn finish(&self) {
        if let Some(screen) = &self.screen {
            // Nothing is to be done where standard error is closed.
            let _ = screen.clear();
        }
    }

    fn with<T>(&self, distro: &str, act: impl FnOnce(&Running) -> T) -> T {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = running.entry(distro.to_owned()).or_insert_with(|| Running {
            since: Instant::now(),
            spinner: self
                .screen
                .as_ref()
                .map(|screen| screen.add(spinner(distro))),
        });
        act(entry)
    }

    fn say(&self, distro: &str, what: &str) {
        self.with(distro, |running| {
            let seconds = running.since.elapsed().as_secs();
            match &running.spinner {
                Some(spinner) => spinner.set_message(what.to_owned()),
                None => run::say(&format!("[{distro}] {what} ({seconds} s)")),
            }
        });
    }
}

impl Watcher for Watch {
    fn stage(&self, distro: &str, number: usize, total: usize, name: &str) {
        self.say(distro, &format!("{number}/{total} {name}"));
    }

    fn line(&self, distro: &str, line: &str) {
        match StepLine::find(line) {
            Some(StepLine { step, of, name }) => self.say(distro, &format!("[{step}/{of}] {name}")),
            None => self.with(distro, |running| {
                if let Some(spinner) = &running.spinner {
                    spinner.set_message(line.trim().to_owned());
                }
            }),
        }
    }

    fn done(&self, outcome: &Outcome) {
        let word = if outcome.result.is_ok() {
            "done"
        } else {
            "failed"
        };
        self.say(&outcome.distro, word);
        self.with(&outcome.distro, |running| {
            if let Some(spinner) = &running.spinner {
                spinner.abandon();
            }
        });
    }
}

fn spinner(distro: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg}");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.set_prefix(distro.to_owned());
    spinner.enable_steady_tick(TICK);
    spinner
}
