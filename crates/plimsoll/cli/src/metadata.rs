//! `cargo xtask metadata`: what plain `cargo deb` and `cargo generate-rpm` are told, from `packaging/dist.toml`.

use std::path::PathBuf;

use error_hint::{Context, Failure, Result};
use plimsoll_build::format::Formats;
use plimsoll_build::metadata::{Site, tables, with_tables};
use plimsoll_build::source;
use plimsoll_plan::toolkit;

use crate::{package, run};

/// Arguments of `metadata`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing; fail if the manifest is not what would be written
    #[arg(long)]
    check: bool,
}

/// Writes the tables, or compares them.
///
/// # Errors
/// If they are unknown, the manifest cannot be read or written, or `--check` finds another one.
pub fn run(args: &Args, formats: &Formats) -> Result<()> {
    let Manifest { path, there, text } = manifest(formats)?;
    if there == text {
        return Ok(());
    }
    if args.check {
        let message = format!("{} is outdated", path.display());
        let hint = format!("run `{}`", toolkit::command("metadata"));
        return Err(Failure::hinted(message, hint));
    }
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The Cargo manifest of the main package.
#[derive(Debug)]
pub struct Manifest {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub there: String,
    /// Its text with the tables that follow from the configuration.
    pub text: String,
}

/// The manifest of the main package, and what it should be.
///
/// # Errors
/// If it cannot be read, or the tables are unknown.
pub fn manifest(formats: &Formats) -> Result<Manifest> {
    let root = run::root();
    let config = package::configuration(formats)?;
    let (path, source) = source::of_manifest(&root, &config)?;
    let site = Site {
        workspace: &root,
        manifest: &path,
    };
    let tables = tables(formats, &config, &source, &site)?;
    let there = std::fs::read_to_string(&path);
    let there = there.with_context(|| format!("cannot read {}", path.display()))?;
    let text = with_tables(&there, &tables);
    let text = text.with_context(|| format!("cannot edit {}", path.display()))?;
    Ok(Manifest { path, there, text })
}
