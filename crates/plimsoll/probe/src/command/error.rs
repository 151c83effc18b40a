//! Why a command gave nothing.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use error_hint::Hint;

/// How many of a failed command's last lines its message shows.
const SHOWN: usize = 40;

/// Why a command gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("{program} is not installed")]
    NotFound {
        /// The program that was looked for.
        program: String,
    },
    /// It was killed at its limit.
    #[error("{program} did not end within {} and was killed", span(*limit))]
    TimedOut {
        /// The program that hung.
        program: String,
        /// How long it was given.
        limit: Duration,
    },
    /// It could not be started, or its output could not be read.
    #[error("cannot run {program}")]
    Io {
        /// The program.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It ran to its end, and failed.
    #[error("`{command}` failed ({}){}", ended(*status), shown(last))]
    Failed {
        /// The command as a person would type it.
        command: String,
        /// The exit status; none after a signal.
        status: Option<i32>,
        /// The last lines that it printed, at most [`RunError::KEPT`]. None where they went to the user.
        last: Vec<String>,
    },
}

impl RunError {
    /// How many of a failed command's last lines are kept.
    pub const KEPT: usize = 200;

    /// The error with its cause, on one line, for a reason in a table.
    pub fn reason(&self) -> String {
        error_hint::in_one_line(self)
    }
}

impl Hint for RunError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NotFound { program } => Some(format!("install {program}").into()),
            Self::TimedOut { program, .. } => {
                Some(format!("run {program} by hand to see what it waits for").into())
            }
            Self::Io { .. } | Self::Failed { .. } => None,
        }
    }
}

/// How a command ended, in words.
fn ended(status: Option<i32>) -> String {
    match status {
        Some(status) => format!("exit status {status}"),
        None => "killed by a signal".to_owned(),
    }
}

fn shown(last: &[String]) -> String {
    let shown = last.get(last.len().saturating_sub(SHOWN)..).unwrap_or(last);
    match shown {
        [] => String::new(),
        lines => format!(":\n{}", lines.join("\n")),
    }
}

/// A time in the largest unit that it is a whole number of.
fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit;

    #[test]
    fn a_limit_is_shown_in_its_own_unit() {
        let shown = [limit::QUESTION, limit::WORK, limit::BUILD].map(span);
        assert_eq!(shown, ["20 s", "30 min", "12 h"]);
    }

    #[test]
    fn a_failure_shows_the_end_of_what_was_printed() {
        let failed = |last: Vec<String>| RunError::Failed {
            command: "cargo build".into(),
            status: Some(101),
            last,
        };
        let silent = failed(Vec::new()).to_string();
        assert_eq!(silent, "`cargo build` failed (exit status 101)");
        let lines = (1..=50).map(|number| number.to_string()).collect();
        let shown = failed(lines).to_string();
        let start = "`cargo build` failed (exit status 101):\n11\n12\n";
        assert!(
            shown.starts_with(start) && shown.ends_with("\n50"),
            "{shown}"
        );
    }

    #[test]
    fn a_limit_that_is_no_whole_minute_is_shown_in_seconds() {
        for (seconds, shown) in [(61, "61 s"), (3660, "61 min"), (7200, "2 h")] {
            assert_eq!(span(Duration::from_secs(seconds)), shown);
        }
        assert_eq!(span(Duration::from_millis(250)), "250 ms");
    }

    #[test]
    fn a_program_that_is_missing_or_hangs_has_a_hint() {
        let program = || "nft".to_owned();
        let missing = RunError::NotFound { program: program() };
        assert_eq!(missing.hint().as_deref(), Some("install nft"));
        let limit = limit::QUESTION;
        let hung = RunError::TimedOut {
            program: program(),
            limit,
        };
        let hint = "run nft by hand to see what it waits for";
        assert_eq!(hung.hint().as_deref(), Some(hint));
        let killed = RunError::Failed {
            command: program(),
            status: None,
            last: Vec::new(),
        };
        assert_eq!(killed.hint(), None);
        assert_eq!(killed.reason(), "`nft` failed (killed by a signal)");
    }
}
