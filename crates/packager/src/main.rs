//! Writes one package from a specification: `tidegate-packager SPEC.json`.
//!
//! `cargo xtask dist` builds and runs this program when the first package is to be written, so
//! that the packaging libraries cost nothing before. On success it prints a
//! [`PackageReport`](tidegate_dist::spec::PackageReport) that was read back from the finished
//! file, as JSON on standard output.

mod date;
mod deb;
mod error;
mod files;
mod rpm;
mod tarball;
mod text;

use std::path::Path;
use std::process::ExitCode;

use tidegate_dist::spec::{Format, PackageReport, PackageSpec};

use crate::error::{PackageError, ResultExt, print_chain};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(spec), None) = (arguments.next(), arguments.next()) else {
        return usage();
    };
    match run(Path::new(&spec)) {
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

#[expect(clippy::print_stderr, reason = "a command line without its argument")]
fn usage() -> ExitCode {
    eprintln!("usage: tidegate-packager SPEC.json");
    ExitCode::FAILURE
}

fn run(path: &Path) -> Result<String, PackageError> {
    let text = std::fs::read_to_string(path).at(path)?;
    let spec: PackageSpec = serde_json::from_str(&text).map_err(|source| PackageError::Spec {
        path: path.to_owned(),
        source,
    })?;
    let report = write(&spec)?;
    serde_json::to_string(&report).map_err(PackageError::Report)
}

fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    if let Some(folder) = spec.out.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    match spec.format {
        Format::Deb => deb::write(spec),
        Format::Rpm => rpm::write(spec),
        Format::Tar => tarball::write(spec),
    }
}
