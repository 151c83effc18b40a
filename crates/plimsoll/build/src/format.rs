//! The part of a package format that runs programs, and reads and writes files.
//!
//! [`plimsoll_plan::format`] has the half that does neither. A format is a value that implements both halves, and a line in
//! [`Formats::standard`], or in the table that a project makes for itself.

mod deb;
mod lint;
mod rpm;
mod tar;

use std::fmt;
use std::path::Path;

use plimsoll_plan::config::Config;
use plimsoll_plan::format::{self as plan, Deb, FormatRules, Rpm, Tar, UnknownFormat};
use plimsoll_plan::plan::{PackagePlan, Plan};
use plimsoll_spec::{
    FileKind, FormatName, Owner, PackageContents, PackageFile, PackageReport, PackageSpec, Relation,
};

use crate::audit::{BuiltProgram, Fault, PackageFacts, audit_declared, audit_files};
use crate::debug::Split;
use crate::depends::DependsError;
use crate::lent::Lent;
use crate::outcome::Outcome;
use crate::packager::{Packager, PackagerError};

pub use lint::Lint;

/// A package format.
///
/// What writes and reads the files is the project's package writer ([`Packager`]), unless a format does it itself.
pub trait Format: FormatRules {
    /// Adds to a specification what only this format has.
    fn complete(&self, _spec: &mut PackageSpec, _config: &Config, _workspace: &Path) {}

    /// The dependencies that follow from the programs.
    ///
    /// # Errors
    /// When they cannot be read, or there are none where there must be some.
    fn derive(&self, _programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        Ok(Vec::new())
    }

    /// Compares a finished package with what was planned and with its programs. Pure.
    fn audit(&self, facts: &PackageFacts<'_>) -> Vec<Fault> {
        let mut faults = audit_files(facts);
        if self.has_dependencies() {
            let adds = |relation, text: &str| self.adds(facts, relation, text);
            faults.extend(audit_declared(facts, adds));
            faults.extend(self.audit_depends(facts));
        }
        faults
    }

    /// Whether the format itself gives a package this relation.
    fn adds(&self, _facts: &PackageFacts<'_>, _relation: Relation, _text: &str) -> bool {
        false
    }

    /// Compares the dependencies of a finished package with what its programs need. Pure; a package without
    /// dependencies is not asked.
    fn audit_depends(&self, facts: &PackageFacts<'_>) -> Vec<Fault>;

    /// Where a program of the host reads the programs otherwise than we do.
    ///
    /// # Errors
    /// When that program is there and fails.
    fn second_reading(
        &self,
        _facts: &PackageFacts<'_>,
        _programs: &[&Path],
    ) -> Result<Vec<Fault>, DependsError> {
        Ok(Vec::new())
    }

    /// The files of a debug package that hold the symbols of a program.
    fn debug_files(&self, file: &DebugFile<'_>) -> Vec<PackageFile> {
        vec![file.at(file.split.place(".debug"))]
    }

    /// Writes a package, and reports what the finished file says. `path` is the specification's file.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(
        &self,
        packager: &Packager,
        spec: &PackageSpec,
        path: &Path,
    ) -> Result<PackageReport, PackagerError> {
        packager.write(path, spec.source_date_epoch)
    }

    /// Unpacks the files of a package below a folder, and says what the package says.
    ///
    /// # Errors
    /// When it is no such package, or is damaged.
    fn unpack(
        &self,
        packager: &Packager,
        file: &Path,
        folder: &Path,
    ) -> Result<PackageContents, PackagerError> {
        packager.unpack(file, folder)
    }

    /// Runs the format's linter on a finished package.
    fn lint(&self, _package: &Lint<'_>) -> Outcome {
        Outcome::not_run("no linter is known for it")
    }

    /// The script that installs, upgrades and removes a package on a clean system. None: there is no such script.
    fn life_script(&self) -> Option<LifeScript> {
        None
    }

    /// Writes the same package under another version.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn restamp(
        &self,
        packager: &Packager,
        file: &Path,
        out: &Path,
        version: &str,
    ) -> Result<(), PackagerError> {
        packager.restamp(file, out, version)
    }
}

/// A script that bash(1) runs on a clean system, in `/verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeScript {
    /// Its name there.
    pub name: &'static str,
    /// What it holds. It reads `/verify/common.sh`, which calls its functions.
    pub text: &'static str,
}

/// The symbols of a program that go into a debug package.
#[derive(Debug, Clone, Copy)]
pub struct DebugFile<'a> {
    /// Where they are.
    pub split: &'a Split,
    /// The place of the program in its package.
    pub dest: &'a str,
    /// What all packages hold.
    pub config: &'a Config,
    /// The whole plan.
    pub plan: &'a Plan,
    /// The debug package.
    pub package: &'a PackagePlan,
}

impl DebugFile<'_> {
    /// The file of a package at a place.
    #[must_use]
    pub fn at(&self, dest: String) -> PackageFile {
        PackageFile {
            source: self.split.debug.clone(),
            dest,
            mode: 0o644,
            owner: Owner::default(),
            kind: FileKind::Plain,
            gzip: false,
            link: None,
            folder: false,
        }
    }

    /// A symbolic link of a package.
    #[must_use]
    pub fn link(&self, dest: String, text: String) -> PackageFile {
        PackageFile {
            link: Some(text),
            ..self.at(dest)
        }
    }
}

/// The ELF files of a package.
#[derive(Debug, Clone, Copy)]
pub struct Programs<'a> {
    /// The package's name.
    pub package: &'a str,
    /// What they are.
    pub built: &'a [BuiltProgram],
    /// The libraries that other packages of the build bring for them: no dependency is derived from these.
    pub lent: &'a [Lent],
    /// All files of the package.
    pub files: &'a [PackageFile],
    /// A folder for intermediate files, which need not exist.
    pub work: &'a Path,
}

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

#[cfg(test)]
mod tests;
