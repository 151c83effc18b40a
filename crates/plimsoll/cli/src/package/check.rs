//! Checks that are made before anything is planned: what the packages say, and whether their files are there.

use std::path::Path;

use error_hint::Result;
use plimsoll_build::format::Formats;
use plimsoll_build::{compose, source};
use plimsoll_plan::check;
use plimsoll_plan::complaint::Complaints;
use plimsoll_plan::config::{Config, ConfigError};

use super::CONFIG;
use crate::run;

/// Checks the configuration, what Cargo.toml says of the main package where it does not, and the files of the assets.
///
/// # Errors
/// Names the file and the line of each fault.
pub(super) fn all(config: &Config, formats: &Formats) -> Result<()> {
    let root = run::root();
    let path = root.join(CONFIG);
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| ConfigError::Io { path, source })?;
    let complaints = check::config(config, formats.rules()).into_iter();
    let found = complaints.map(|complaint| complaint.found(Path::new(CONFIG), &text));
    let mut found: Vec<_> = found.collect();
    found.extend(source::check(&root, config, Path::new(CONFIG))?);
    Complaints::check(found)?;
    Ok(compose::check(config, &root)?)
}
