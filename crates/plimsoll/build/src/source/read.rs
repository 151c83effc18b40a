//! Asking Cargo and git about the source.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use plimsoll_plan::config::Config;

use super::Source;
use super::commit::{checkout, commit, git};
use super::error::SourceError;
use super::manifest::{metadata, named, said};
use crate::settings;

/// Reads what the configuration and the main Cargo package say, and commit and date of the checkout.
///
/// The commit is `given` where there is no checkout to ask, and the date is
/// that of `SOURCE_DATE_EPOCH` where it is set, as reproducible-builds.org specifies it.
///
/// # Errors
/// When Cargo does not know the package, it says too little, or no date is known.
pub fn read(
    workspace: &Path,
    config: &Config,
    given: Option<String>,
) -> Result<Source, SourceError> {
    let (_, source) = of_manifest(workspace, config)?;
    Ok(Source {
        commit: commit(workspace, given)?,
        source_date_epoch: date(workspace, std::env::var_os("SOURCE_DATE_EPOCH"))?,
        settings: settings::read(workspace, &config.cargo.profile)?,
        ..source
    })
}

/// What the configuration and the manifest of the main Cargo package say, and where the manifest is. Commit and date are empty,
/// and the settings are those of the manifest.
///
/// # Errors
/// When Cargo does not know the package, or it says too little.
pub fn of_manifest(workspace: &Path, config: &Config) -> Result<(PathBuf, Source), SourceError> {
    let metadata = metadata(workspace)?;
    let package = named(&metadata, config.cargo.main())?;
    let said = said(package, config)?;
    let source = Source {
        commit: String::new(),
        source_date_epoch: 0,
        settings: settings::of_manifest(workspace, &config.cargo.profile)?,
        version: package.version.to_string(),
        license: said.license.to_owned(),
        maintainer: said.maintainer.to_owned(),
        homepage: said.homepage.to_owned(),
    };
    Ok((package.manifest_path.as_std_path().to_owned(), source))
}

fn date(workspace: &Path, given: Option<OsString>) -> Result<u32, SourceError> {
    let text = match given {
        Some(text) => text.to_string_lossy().into_owned(),
        None => date_of_checkout(workspace).map_err(|reason| SourceError::NoDate { reason })?,
    };
    text.trim().parse().map_err(|_| SourceError::Date { text })
}

/// The date of the commit, from the workspace's own repository.
fn date_of_checkout(workspace: &Path) -> Result<String, String> {
    let log = git(workspace, &["log", "-1", "--format=%ct"])?;
    match checkout(workspace) {
        Some(_) => Ok(log),
        None => Err("the repository around the workspace does not have its Cargo.toml".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_date_wins_over_git() {
        let date = date(Path::new("."), Some("1700000000".into())).expect("a date");
        assert_eq!(date, 1_700_000_000);
    }

    #[test]
    fn a_date_that_is_not_a_number_is_quoted() {
        let error = date(Path::new("."), Some("yesterday".into())).expect_err("no number");
        assert_eq!(
            error.to_string(),
            "source date \"yesterday\" is not a number of seconds since 1970"
        );
    }

    #[test]
    fn outside_of_a_checkout_there_is_no_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = date(folder.path(), None).expect_err("no checkout");
        assert!(
            error.to_string().contains("git: not a git repository"),
            "{error}"
        );
    }
}
