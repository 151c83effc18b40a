//! Reading Cargo's configuration files and the environment.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use error_hint::{FileError, Hint};
use plimsoll_plan::settings::{ConfigFile, SettingError, Settings, check_profile, strip};

/// Why it is not known what is set, or why it cannot be honoured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A setting cannot be honoured.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl Hint for SettingsError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::File(error) => error.hint(),
            Self::Setting(error) => error.hint(),
        }
    }
}

/// What Cargo's configuration and the environment of this process set for a build in a workspace with a profile.
///
/// # Errors
/// When a file cannot be read, a setting cannot be honoured, or there is no such profile.
pub fn read(workspace: &Path, profile: &str) -> Result<Settings, SettingsError> {
    let mut files = Vec::new();
    for folder in folders(workspace) {
        if let Some(path) = config_in(&folder) {
            let text = std::fs::read_to_string(&path).map_err(FileError::at("read", &path))?;
            files.push(ConfigFile::parse(
                &path,
                path.starts_with(workspace),
                &text,
            )?);
        }
    }
    let variables = std::env::vars_os().map(|(name, value)| {
        let [name, value] = [name, value].map(|text| text.to_string_lossy().into_owned());
        (name, value)
    });
    let manifest = manifest(workspace)?;
    check_profile(&files, &manifest, profile)?;
    Ok(Settings {
        strip: strip(&files, &manifest, profile),
        ..Settings::of(&files, &variables.collect(), profile)?
    })
}

/// What the Cargo manifest of a workspace alone has a profile strip.
///
/// # Errors
/// When the manifest cannot be read.
pub(crate) fn of_manifest(workspace: &Path, profile: &str) -> Result<Settings, SettingsError> {
    Ok(Settings {
        strip: strip(&[], &manifest(workspace)?, profile),
        ..Settings::default()
    })
}

/// The Cargo manifest of the workspace, which has its profiles. What is wrong with it is for Cargo to say.
fn manifest(workspace: &Path) -> Result<toml::Table, FileError> {
    let path = workspace.join("Cargo.toml");
    if !path.exists() {
        return Ok(toml::Table::new());
    }
    let text = std::fs::read_to_string(&path).map_err(FileError::at("read", &path))?;
    Ok(text.parse().unwrap_or_default())
}

/// Where Cargo looks for its configuration, the nearest first.
fn folders(workspace: &Path) -> Vec<PathBuf> {
    let above = workspace.ancestors().map(|folder| folder.join(".cargo"));
    let mut folders: Vec<PathBuf> = above.collect();
    let home = std::env::home_dir().map(|home| home.join(".cargo"));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
    folders.extend(home.filter(|home| !folders.contains(home)));
    folders
}

/// The configuration file in a folder. Where both names are there, Cargo takes the one without an ending.
fn config_in(folder: &Path) -> Option<PathBuf> {
    let names = ["config", "config.toml"].iter();
    names
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_what_its_profile_strips() {
        let folder = tempfile::tempdir().expect("a folder");
        let strip = || read(folder.path(), "release").expect("read").strip;
        assert_eq!(strip(), None);
        let text = "[workspace]\n[profile.release]\nstrip = \"debuginfo\"\n";
        std::fs::write(folder.path().join("Cargo.toml"), text).expect("written");
        assert_eq!(strip().as_deref(), Some("debuginfo"));
    }

    #[test]
    fn the_files_of_the_folders_above_are_read_too_and_are_not_the_projects() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = folder.path().join("workspace");
        let put = |folder: &Path, name: &str, text: &str| {
            std::fs::create_dir_all(folder.join(".cargo")).expect("made");
            std::fs::write(folder.join(".cargo").join(name), text).expect("written");
        };
        put(
            &workspace,
            "config.toml",
            "[build]\nrustflags = [\"--cfg=one\"]\n",
        );
        assert_eq!(
            read(&workspace, "release").expect("read").rustflags,
            ["--cfg=one"]
        );
        put(
            &workspace,
            "config",
            "[build]\nrustflags = [\"--cfg=two\"]\n",
        );
        assert_eq!(
            read(&workspace, "release").expect("read").rustflags,
            ["--cfg=two"]
        );
        put(folder.path(), "config.toml", "[env]\nCC = \"cc\"\n");
        let error = read(&workspace, "release")
            .expect_err("refused")
            .to_string();
        assert!(error.starts_with("env.CC in "), "{error}");
    }
}
