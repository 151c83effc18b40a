//! The table of engines and cases.

use std::fmt::{self, Write};
use std::sync::Mutex;

use crate::column::Column;
use crate::scene::Answer;

/// What came of one case with one engine and one driver.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) engine: &'static str,
    pub(crate) column: Column,
    pub(crate) case: &'static str,
    pub(crate) answers: Vec<Answer>,
    /// Why the case ended early.
    pub(crate) stopped: Option<String>,
}

impl Outcome {
    /// What is neither wanted nor in the table of differences.
    pub(crate) fn faults(&self) -> Vec<String> {
        let at = format!("{}, {}, {}", self.engine, self.column.name(), self.case);
        let answers = self
            .answers
            .iter()
            .filter(|answer| answer.got != answer.expected);
        let answers = answers.map(
            |Answer {
                 question,
                 expected,
                 got,
                 ..
             }| { format!("{at}: {question}: got `{got}`, expected `{expected}`") },
        );
        let stopped = self
            .stopped
            .iter()
            .map(|why| format!("{at}: stopped: {why}"));
        answers.chain(stopped).collect()
    }

    /// Its cell: how many answers are those that a user would want.
    fn cell(&self) -> String {
        let wanted = self
            .answers
            .iter()
            .filter(|answer| answer.got == answer.wanted);
        let fault = if self.faults().is_empty() { "" } else { "!" };
        format!("{}/{}{fault}", wanted.count(), self.answers.len())
    }
}

impl fmt::Display for Outcome {
    /// Its cell, and every answer that is not the wanted one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, {}: {}",
            self.engine,
            self.column.name(),
            self.case,
            self.cell()
        )?;
        for Answer {
            question,
            wanted,
            got,
            ..
        } in &self.answers
        {
            if got != wanted {
                write!(f, "\n    {question}: `{got}` instead of `{wanted}`")?;
            }
        }
        match &self.stopped {
            Some(why) => write!(f, "\n    stopped: {why}"),
            None => Ok(()),
        }
    }
}

/// All outcomes of this run.
static OUTCOMES: Mutex<Vec<Outcome>> = Mutex::new(Vec::new());

/// Adds outcomes, and returns the table of all so far.
pub(crate) fn add(outcomes: Vec<Outcome>) -> String {
    let mut all = OUTCOMES.lock().expect("nothing panics while it is locked");
    all.extend(outcomes);
    table(&all)
}

/// A row for each case, and for each engine its columns: wanted answers of all answers, `!` where one is neither wanted nor
/// documented.
fn table(outcomes: &[Outcome]) -> String {
    let mut engines: Vec<&str> = Vec::new();
    let mut cases: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !engines.contains(&outcome.engine) {
            engines.push(outcome.engine);
        }
        if !cases.contains(&outcome.case) {
            cases.push(outcome.case);
        }
    }
    let cell = |engine: &str, column: Column, case: &str| {
        let found = outcomes.iter().find(|outcome| {
            (outcome.engine, outcome.column, outcome.case) == (engine, column, case)
        });
        found.map_or_else(|| "-".to_owned(), Outcome::cell)
    };
    let mut text = format!("{:38}", "wanted answers: own driver | Tidegate");
    for engine in &engines {
        let _ = write!(text, "  {engine:>21}");
    }
    text.push('\n');
    for case in cases {
        let _ = write!(text, "{case:38}");
        for engine in &engines {
            let both = format!(
                "{} | {}",
                cell(engine, Column::Own, case),
                cell(engine, Column::Tidegate, case)
            );
            let _ = write!(text, "  {both:>21}");
        }
        text.push('\n');
    }
    text
}
