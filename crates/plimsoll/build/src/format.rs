//! What is particular to a package format, where programs are run and files are written and read.
//!
//! [`plimsoll_plan::format`] has the half that does neither. A format is a value that implements both halves, and a line in
//! [`Formats::standard`], or in the table that a project makes for itself.

use std::fmt;

use plimsoll_plan::format::{self as plan, Deb, FormatRules, Rpm, Tar, UnknownFormat};
use plimsoll_spec::FormatName;

/// A package format.
pub trait Format: FormatRules {}

impl Format for Deb {}
impl Format for Rpm {}
impl Format for Tar {}

/// The package formats that a project can use.
#[derive(Clone)]
pub struct Formats {
    formats: Vec<&'static dyn Format>,
    rules: plan::Formats,
}

impl Formats {
    /// A table of formats, in the order in which messages name them.
    #[must_use]
    pub fn new(formats: Vec<&'static dyn Format>) -> Self {
        let rules = formats.iter().map(|format| *format as &dyn FormatRules);
        Self {
            rules: plan::Formats::new(rules.collect()),
            formats,
        }
    }

    /// The formats of this toolkit.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(vec![&Deb, &Rpm, &Tar])
    }

    /// The halves that run nothing, for reading a configuration and for planning.
    #[must_use]
    pub fn rules(&self) -> &plan::Formats {
        &self.rules
    }

    /// The format of a name.
    ///
    /// # Errors
    /// When there is none; the error names those that there are.
    pub fn get(&self, name: FormatName) -> Result<&'static dyn Format, UnknownFormat> {
        let mut formats = self.formats.iter().copied();
        let found = formats.find(|format| format.name() == name);
        found.ok_or_else(|| self.rules.unknown(name.as_str()))
    }
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.fmt(f)
    }
}
