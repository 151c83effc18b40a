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

    /// A workspace with this manifest, in no repository.
    fn workspace(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let package = format!("[package]\nname = \"sample\"\nversion = \"1.0.0\"\n{manifest}");
        std::fs::write(folder.path().join("Cargo.toml"), package).expect("written");
        std::fs::create_dir(folder.path().join("src")).expect("made");
        std::fs::write(folder.path().join("src/main.rs"), "").expect("written");
        folder
    }

    /// Each hint about the source, and what somebody writes who follows it.
    #[test]
    fn hints_about_the_source_lead_to_one_that_is_known() {
        let config = |edit: &dyn Fn(&mut Config)| {
            let mut config = plimsoll_plan::fixtures::config();
            config.cargo.packages = vec!["sample".to_owned()];
            edit(&mut config);
            config
        };
        let whole = "license = \"MIT\"\nauthors = [\"A <a@b>\"]\nrepository = \"https://x.org\"\n";
        let hint =
            |error: SourceError| error_hint::Hint::hint(&error).expect("a hint").into_owned();
        let of = |manifest: &str, config: &Config| {
            of_manifest(workspace(manifest).path(), config).map(drop)
        };
        let other = config(&|it| it.cargo.packages = vec!["simple".to_owned()]);
        let refused = of(whole, &other).expect_err("no package");
        assert_eq!(
            hint(refused),
            "list only packages of the workspace in `[cargo] packages` of packaging/dist.toml"
        );
        of(whole, &config(&|_| {})).expect("the package");
        type Edit = fn(&mut Config);
        let keys: [(&str, &str, Edit); 3] = [
            ("license", "license", |it| {
                it.license = Some("MIT".to_owned())
            }),
            ("authors", "maintainer", |it| {
                it.maintainer = Some("A <a@b>".to_owned());
            }),
            ("repository", "homepage", |it| {
                it.homepage = Some("https://x.org".to_owned());
            }),
        ];
        for (key, own, edit) in keys {
            let lines = whole.lines().filter(|line| !line.starts_with(key));
            let less: String = lines.map(|line| format!("{line}\n")).collect();
            let refused = of(&less, &config(&|_| {})).expect_err(key);
            assert_eq!(
                hint(refused),
                format!("add it to [package] of its Cargo.toml, or `{own}` to packaging/dist.toml")
            );
            of(&less, &config(&edit)).expect("in dist.toml");
        }

        let folder = workspace(whole);
        let unknown = date(folder.path(), None).expect_err("no checkout");
        let wanted = "build in a git checkout, or set SOURCE_DATE_EPOCH to seconds since 1970";
        assert_eq!(hint(unknown), wanted);
        date(folder.path(), Some("1767225600".into())).expect("set");
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
