//! Errors that say what to do about them, and one way to show them.
//!
//! ```
//! use std::borrow::Cow;
//! use std::fmt;
//!
//! use error_hint::{Hint, Result};
//!
//! #[derive(Debug)]
//! struct NoFile;
//!
//! impl fmt::Display for NoFile {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str("there is no dist.toml")
//!     }
//! }
//!
//! impl std::error::Error for NoFile {}
//!
//! impl Hint for NoFile {
//!     fn hint(&self) -> Option<Cow<'_, str>> {
//!         Some("run the command inside of the workspace".into())
//!     }
//! }
//!
//! fn load() -> Result<()> {
//!     Err(NoFile)?
//! }
//!
//! let shown = load().unwrap_err().to_string();
//! assert_eq!(shown, "error: there is no dist.toml\nhint: run the command inside of the workspace");
//! ```

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// An error that may know what to do about it.
pub trait Hint: Error {
    /// What the user can do: a command or a change, in a sentence without a full stop.
    fn hint(&self) -> Option<Cow<'_, str>> {
        None
    }
}

impl<E: Hint + ?Sized> Hint for &E {
    fn hint(&self) -> Option<Cow<'_, str>> {
        (**self).hint()
    }
}

/// The system's own errors know nothing to do.
impl Hint for io::Error {}

/// What could not be done to a file or a folder.
///
/// ```
/// use error_hint::FileError;
///
/// let error = std::fs::read("/no/such/file").map_err(FileError::at("read", "/no/such/file"));
/// assert_eq!(error.unwrap_err().to_string(), "cannot read /no/such/file");
/// ```
#[derive(Debug)]
pub struct FileError {
    /// What failed, in one word: `read`, `write`, `copy`, `lock`, `make`, `remove`.
    pub doing: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// Makes the system's error one about a file.
    pub fn at(doing: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self {
            doing,
            path,
            source,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.doing, self.path.display())
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl Hint for FileError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let is_full = self.source.kind() == io::ErrorKind::StorageFull;
        is_full.then(|| "free some space on its file system".into())
    }
}

/// An error as a user sees it: what went wrong, why, and what to do about it.
///
/// It is not an [`Error`] itself: it is where errors end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, naming the object.
    pub message: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a program does, or why it could not.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure that nothing caused.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// An error with its sources, without a hint.
    pub fn of(error: &dyn Error) -> Self {
        Self {
            message: error.to_string(),
            causes: causes(error),
            hint: None,
        }
    }

    /// A failure that nothing caused, and what to do about it.
    pub fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(message).with_hint(hint)
    }

    /// The same with another hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The failure that this one caused. The hint stays.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let causes = std::iter::once(self.message).chain(self.causes);
        Self {
            message: message.into(),
            causes: causes.collect(),
            hint: self.hint,
        }
    }
}

impl<E: Hint> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            hint: error.hint().map(Cow::into_owned),
            ..Self::of(&error)
        }
    }
}

/// The message, the causes and the hint, one a line. There is no line break at the end.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The sources of an error, outermost first.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes
}

/// An error with its sources in one line, for a log or a table.
pub fn in_one_line(error: &dyn Error) -> String {
    let texts = std::iter::once(error.to_string()).chain(causes(error));
    texts.collect::<Vec<_>>().join(": ")
}

/// What was being done when something failed.
pub trait Context<T> {
    /// Says what went wrong; what is there is its cause.
    ///
    /// # Errors
    /// With the message where there is no value.
    fn context(self, message: impl Into<String>) -> Result<T>;

    /// As [`Self::context`], with a message that is made only where it is needed.
    ///
    /// # Errors
    /// With the message where there is no value.
    fn with_context<S: Into<String>>(self, message: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.with_context(|| message)
    }

    fn with_context<S: Into<String>>(self, message: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| error.into().context(message()))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.with_context(|| message)
    }

    fn with_context<S: Into<String>>(self, message: impl FnOnce() -> S) -> Result<T> {
        self.ok_or_else(|| Failure::new(message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> io::Error {
        io::Error::other("the disk is full")
    }

    #[test]
    fn the_causes_and_the_hint_follow_the_message() {
        let failed: Result<(), _> = Err(full());
        let failure = failed.context("cannot write it").unwrap_err();
        let failure = failure.context("cannot do it").with_hint("empty it");
        let shown = "error: cannot do it\n  caused by: cannot write it\n  \
                     caused by: the disk is full\nhint: empty it";
        assert_eq!(failure.to_string(), shown);
        assert_eq!(Failure::new("no").to_string(), "error: no");
        assert_eq!(None::<()>.context("no"), Err(Failure::new("no")));
    }

    #[test]
    fn an_error_brings_its_sources() {
        let wrapped = io::Error::other(full());
        assert_eq!(Failure::from(wrapped), Failure::of(&full()));
    }
}
