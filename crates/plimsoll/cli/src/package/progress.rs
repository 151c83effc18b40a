//! How far a run is: a spinner on a terminal, plain lines otherwise. All of it on stderr.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_build::progress::StepLine;
use plimsoll_build::run::Observer;

use crate::run;

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// For whom it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Reader {
    /// A person.
    Text,
    /// The `cargo xtask dist` that runs this one in another system.
    Json,
}

/// Shows the step that is running, and how long each took.
pub(super) struct Progress {
    reader: Reader,
    spinner: Option<ProgressBar>,
    current: Option<(String, Instant)>,
}

impl Progress {
    pub(super) fn new(reader: Reader) -> Self {
        let is_shown = reader == Reader::Text && std::io::stderr().is_terminal();
        Self {
            reader,
            spinner: is_shown.then(spinner),
            current: None,
        }
    }

    /// Ends the last step and takes the spinner away.
    pub(super) fn finish(&mut self) {
        self.end_step();
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }

    /// Leaves a line for the step that has ended.
    fn end_step(&mut self) {
        let Some((name, since)) = self.current.take() else {
            return;
        };
        let line = format!("{name} ({:.1} s)", since.elapsed().as_secs_f64());
        match &self.spinner {
            Some(spinner) => spinner.println(line),
            // The name is there already.
            None if since.elapsed() > Duration::from_secs(1) => run::say(&format!("  {line}")),
            None => {}
        }
    }
}

impl Observer for Progress {
    fn step(&mut self, number: usize, total: usize, name: &str) {
        self.end_step();
        if self.reader == Reader::Json {
            let step = StepLine {
                step: number,
                of: total,
                name: name.to_owned(),
            };
            return run::say(&step.to_string());
        }
        let name = format!("[{number}/{total}] {name}");
        match &self.spinner {
            Some(spinner) => {
                spinner.set_prefix(name.clone());
                spinner.set_message("");
            }
            None => run::say(&name),
        }
        self.current = Some((name, Instant::now()));
    }

    fn line(&mut self, line: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(line.trim().to_owned());
        }
    }
}

fn spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg}");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.enable_steady_tick(TICK);
    spinner
}
