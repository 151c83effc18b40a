//! Progress lines, by which a build inside another system reports its steps to the outer process.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The option of `cargo xtask dist` that has it write [`StepLine`]s.
pub const OPTION: &str = "--progress=json";

/// Begins each line. A builder may put its own words before it, and what resets colours after the line.
const MARK: &str = "plimsoll-step ";

/// A step that begins: one line on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// Its number, from 1.
    pub step: usize,
    /// How many there are.
    pub of: usize,
    /// What it does.
    pub name: String,
}

impl fmt::Display for StepLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "{MARK}{json}")
    }
}

impl StepLine {
    /// The step in a line, if there is one.
    #[must_use]
    pub fn find(line: &str) -> Option<Self> {
        let (_, json) = line.split_once(MARK)?;
        let mut values = serde_json::Deserializer::from_str(json).into_iter();
        values.next()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_behind_a_builders_words() {
        let step = StepLine {
            step: 2,
            of: 6,
            name: "write \"x\" [1/2]".to_owned(),
        };
        assert_eq!(StepLine::find(&step.to_string()), Some(step.clone()));
        let coloured = format!("#12 34.5 \u{1b}[91m{step}\u{1b}[0m\u{1b}[91m");
        assert_eq!(StepLine::find(&coloured), Some(step));
        for other in [
            "#9 [dependencies 2/2] RUN x",
            "[2/6] build",
            "plimsoll-step [2/6]",
        ] {
            assert_eq!(StepLine::find(other), None);
        }
    }
}
