//! What is wrong with what a project says about its packages, and where it says so.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use error_hint::Hint;

use crate::format_names::line_at;
use crate::toml_lines;

/// Something that a package must not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where it is said.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

/// A place in a TOML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The value of a key, by the names of the tables that it is in and its own.
    Key(Vec<String>),
    /// A line, from 1.
    Line(usize),
    /// What begins at a byte.
    At(usize),
}

impl Complaint {
    /// One about the value of a key.
    #[must_use]
    pub fn about(key: &[&str], what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            place: Place::Key(key.iter().map(|name| (*name).to_owned()).collect()),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// One about what is said in a line, from 1.
    #[must_use]
    pub fn in_line(line: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            place: Place::Line(line),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// The same about a further package, which says it in a table of its own.
    #[must_use]
    pub fn of_package(mut self, name: &str) -> Self {
        if let Place::Key(key) = &mut self.place {
            let table = ["package", name].map(str::to_owned);
            key.retain(|own| own != "name");
            key.splice(..0, table);
        }
        self
    }

    /// One about what begins at a byte of the file.
    #[must_use]
    pub fn in_place(at: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            place: Place::At(at),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// Says in which line of a file it is; `text` is what the file holds. What is not said there is in the line of its table.
    #[must_use]
    pub fn found(self, path: &Path, text: &str) -> Found {
        let line = match &self.place {
            Place::Key(key) => {
                let key: Vec<&str> = key.iter().map(String::as_str).collect();
                let mut tables = (1..=key.len()).rev();
                tables.find_map(|count| toml_lines::line(text, key.get(..count)?))
            }
            Place::Line(line) => Some(*line),
            Place::At(at) => Some(line_at(text, *at)),
        };
        self.at(path, line.unwrap_or(1))
    }

    /// Says that it is in this line of a file, from 1.
    #[must_use]
    pub fn at(self, path: &Path, line: usize) -> Found {
        Found {
            path: path.to_owned(),
            line,
            what: self.what,
            hint: self.hint,
        }
    }
}

/// A complaint with its file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// All that is wrong, so that it can be mended at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaints(Vec<Found>);

impl Complaints {
    /// No complaints are no error.
    ///
    /// # Errors
    /// When there is one.
    pub fn check(found: Vec<Found>) -> Result<(), Self> {
        if found.is_empty() {
            Ok(())
        } else {
            Err(Self(found))
        }
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => one.fmt(f),
            many => {
                write!(f, "{} faults in what the packages say", many.len())?;
                many.iter()
                    .try_for_each(|it| write!(f, "\n  {it}\n    hint: {}", it.hint))
            }
        }
    }
}

impl std::error::Error for Complaints {}

impl Hint for Complaints {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self.0.as_slice() {
            [one] => Some(one.hint.as_str().into()),
            _ => None,
        }
    }
}
