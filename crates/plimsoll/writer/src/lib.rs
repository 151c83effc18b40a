//! Writes packages and reads them.
//!
//! ```no_run
//! use clap::Parser;
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     args: plimsoll_writer::Args,
//! }
//!
//! // writer write sample.json; writer unpack sample.rpm folder; writer restamp old.deb new.deb 1.2-1
//! fn main() -> std::process::ExitCode {
//!     Cli::parse().args.run()
//! }
//! ```
//!
//! Its libraries are many. So a project's `xtask` links this crate only with a feature that is off by default, and `dist`
//! and `verify` have Cargo build that when the first package is to be written or read. [`Args`] is what they run; it
//! prints JSON on standard output, as the types in [`plimsoll_spec`] have it.

mod archive;
mod compression;
mod date;
mod deb;
mod entry;
mod error;
mod files;
mod format;
mod formats;
mod new_version;
mod restamp;
mod rpm;
mod tarball;
mod text;
mod unpack;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_spec::{PackageReport, PackageSpec};
use serde::Serialize;

use crate::error::{PackageError, ResultExt, print_chain};
use crate::new_version::Stamp;

/// What is to be written or read.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// Write packages from specifications, and read finished ones.
#[derive(Debug, Subcommand)]
enum Command {
    /// Write one package; print what the finished file says.
    Write {
        /// The specification, a `PackageSpec` as JSON.
        spec: PathBuf,
    },
    /// Unpack a package; print its `PackageContents`.
    Unpack {
        /// The package.
        file: PathBuf,
        /// The folder that its payload goes to.
        dir: PathBuf,
    },
    /// Write a package again under another version; print what the finished file says.
    Restamp {
        /// The package.
        file: PathBuf,
        /// The file to be written.
        out: PathBuf,
        /// The version and revision, such as 0.0.9-1; an epoch may stand before them, as in 1:0.0.9-1.
        stamp: Stamp,
    },
}

impl Args {
    /// Does it, and reports a failure on standard error.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        match run(&self.command) {
            Ok(report) => {
                println!("{report}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                print_chain(&error);
                ExitCode::from(2)
            }
        }
    }
}

fn run(command: &Command) -> Result<String, PackageError> {
    match command {
        Command::Write { spec } => json(&write(&load(spec)?)?),
        Command::Unpack { file, dir } => json(&unpack::unpack(file, dir)?),
        Command::Restamp { file, out, stamp } => json(&restamp::restamp(file, out, stamp)?),
    }
}

fn json(report: &impl Serialize) -> Result<String, PackageError> {
    serde_json::to_string(report).map_err(PackageError::Report)
}

fn load(path: &Path) -> Result<PackageSpec, PackageError> {
    let text = std::fs::read_to_string(path).at("read", path)?;
    serde_json::from_str(&text).map_err(|source| PackageError::Spec {
        path: path.to_owned(),
        source,
    })
}

fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    if let Some(folder) = spec.out.parent() {
        std::fs::create_dir_all(folder).at("make", folder)?;
    }
    let format = formats::named(spec.format).ok_or(PackageError::UnknownFormat(spec.format))?;
    (format.write)(spec)
}
