//! The files of the configuration's assets.

use std::path::{Path, PathBuf};

use plimsoll_plan::config::{Asset, AssetSource, Config};
use plimsoll_plan::plan::{PackagePlan, Plan};
use plimsoll_spec::PackageFile;

use crate::program::BuiltProgram;

/// Why the files of a package are unknown.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// The pattern is not one.
    #[error("asset source {pattern:?} is not a glob pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Where it goes wrong.
        source: glob::PatternError,
    },
    /// A folder cannot be read.
    #[error("cannot look for asset {pattern:?}")]
    Io {
        /// The pattern.
        pattern: String,
        /// What the system said.
        source: glob::GlobError,
    },
    /// Nothing matches: the package would silently lack it.
    #[error("asset source {pattern:?} matches no file")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
}

/// Lists the files of one package.
///
/// # Errors
/// When an asset stands for no file.
pub fn collect(
    config: &Config,
    plan: &Plan,
    built: &[BuiltProgram],
    package: &PackagePlan,
) -> Result<Vec<PackageFile>, AssetError> {
    let mut files = Vec::new();
    let assets = config.asset.iter();
    for asset in assets.filter(|asset| asset.is_in(package.format)) {
        match &asset.source {
            AssetSource::Binary(name) => {
                let programs = built.iter();
                let found = programs.filter(|program| program.name == *name.get_ref());
                files.extend(found.map(|program| file(asset, program.path.clone())));
            }
            AssetSource::Files(pattern) => {
                let paths = matches(&plan.places.workspace, pattern)?;
                files.extend(paths.into_iter().map(|path| file(asset, path)));
            }
        }
    }
    Ok(files)
}

/// Checks that every asset has a file, before anything is built for a package that could not be written.
///
/// # Errors
/// When one does not.
pub fn check(config: &Config, plan: &Plan) -> Result<(), AssetError> {
    config
        .asset
        .iter()
        .try_for_each(|asset| match &asset.source {
            AssetSource::Binary(_) => Ok(()),
            AssetSource::Files(pattern) => matches(&plan.places.workspace, pattern).map(drop),
        })
}

fn file(asset: &Asset, source: PathBuf) -> PackageFile {
    let name = source
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    PackageFile {
        source,
        dest: asset.dest_of(&name),
        mode: asset.mode,
        kind: asset.kind,
        gzip: asset.gzip,
        link: None,
    }
}

/// The files that match, in name order.
fn matches(workspace: &Path, pattern: &str) -> Result<Vec<PathBuf>, AssetError> {
    let folder = glob::Pattern::escape(&workspace.to_string_lossy());
    let whole = format!("{folder}/{pattern}");
    let paths = glob::glob(&whole)
        .map_err(|source| AssetError::Pattern {
            pattern: pattern.to_owned(),
            source,
        })?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| AssetError::Io {
            pattern: pattern.to_owned(),
            source,
        })?;
    let files: Vec<PathBuf> = paths.into_iter().filter(|path| path.is_file()).collect();
    if files.is_empty() {
        return Err(AssetError::NoMatch {
            pattern: pattern.to_owned(),
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_files_in_name_order_and_must_match() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.1", "a.1", "c.8"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let found = matches(folder.path(), "*.1").expect("matches");
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["a.1", "b.1"]);
        let error = matches(folder.path(), "*.5").expect_err("none");
        assert_eq!(error.to_string(), "asset source \"*.5\" matches no file");
    }
}
