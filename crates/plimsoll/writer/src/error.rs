//! Why a package could not be written or read.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_spec::FormatName;

/// Why a package could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    #[error(
        "{} has no line #DEBHELPER#, which stands for what the files of the package need",
        path.join(script).display()
    )]
    NoToken { script: &'static str, path: PathBuf },
    #[error("cannot read package specification {}", path.display())]
    Spec {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("cannot {doing} {}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("changelog date {date:?} of release {version} is not a day such as 2026-01-31")]
    Date {
        date: String,
        version: String,
        source: jiff::Error,
    },
    #[error("source date {epoch} cannot be written as a date")]
    Epoch { epoch: u32, source: jiff::Error },
    #[error("cannot describe the package to cargo-deb")]
    Manifest(#[source] toml::ser::Error),
    #[error("cargo-deb cannot write {}", path.display())]
    CargoDeb {
        path: PathBuf,
        source: cargo_deb::CargoDebError,
    },
    #[error("cargo-deb warns about {}: {warnings}", path.display())]
    CargoDebWarning { path: PathBuf, warnings: String },
    #[error("{} is not a Debian package: {what}", path.display())]
    NotDeb { path: PathBuf, what: &'static str },
    #[error("cannot write {} as RPM", path.display())]
    Rpm { path: PathBuf, source: rpm::Error },
    #[error("cannot read {} as RPM", path.display())]
    ReadRpm { path: PathBuf, source: rpm::Error },
    #[error("{} is not a {known}", path.display())]
    NoPackage { path: PathBuf, known: String },
    #[error("this program cannot write .{0} packages")]
    UnknownFormat(FormatName),
    #[error("{} has no version that can be changed", path.display())]
    NoVersion { path: PathBuf },
    #[error("{} does not have all files in one top folder", path.display())]
    NoTop { path: PathBuf },
    #[error("entry {path:?} would be written outside of the folder")]
    Escapes { path: String },
    #[error("relation {0:?} is not `NAME`, `NAME OPERATOR VERSION` or a rich one in parentheses")]
    Dependency(String),
    #[error("a .{format} cannot say that it {verb} something")]
    Relation {
        format: FormatName,
        verb: &'static str,
    },
    #[error("file {dest:?} is not an absolute path without `..`")]
    Dest { dest: String },
    #[error("two files have the destination {dest}")]
    Twice { dest: String },
    #[error("cannot print the report")]
    Report(#[source] serde_json::Error),
}

/// Adds to an input or output error what failed, in one word, and the file's name.
pub(crate) trait ResultExt<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PackageError>;
}

impl<T> ResultExt<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PackageError> {
        self.map_err(|source| PackageError::Io {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}

/// Prints an error and its causes, one a line.
#[expect(
    clippy::print_stderr,
    reason = "the one place where this program reports an error"
)]
pub(crate) fn print_chain(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
}
