//! The profiles that a project has: *The Cargo Book*, "Profiles".

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{ConfigFile, SettingError};

/// The profiles that Cargo has in every project.
const OF_CARGO: [&str; 4] = ["bench", "dev", "release", "test"];

/// Looks whether a profile is there: in Cargo's configuration files, in the manifest of the workspace, or everywhere.
///
/// # Errors
/// If it is not.
pub fn check_profile(
    files: &[ConfigFile],
    manifest: &Table,
    profile: &str,
) -> Result<(), SettingError> {
    let tables = files.iter().map(|file| &file.table).chain([manifest]);
    let defined = tables
        .filter_map(|table| table.get("profile").and_then(Value::as_table))
        .flat_map(|profiles| profiles.keys().map(String::as_str));
    let known: BTreeSet<&str> = defined.chain(OF_CARGO).collect();
    if known.contains(profile) {
        return Ok(());
    }
    Err(SettingError::NoProfile {
        profile: profile.to_owned(),
        known: Vec::from_iter(known).join(", "),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use error_hint::Hint;

    use super::*;

    #[test]
    fn a_profile_that_is_nowhere_is_refused_with_those_that_are() {
        let path = Path::new("/w/.cargo/config.toml");
        let file = ConfigFile::parse(path, true, "[profile.small]\ninherits = \"release\"");
        let files = [file.expect("TOML")];
        let manifest = "[profile.trial]\ninherits = \"release\"".parse();
        let manifest = manifest.expect("TOML");
        for profile in ["release", "dev", "small", "trial"] {
            check_profile(&files, &manifest, profile).expect("there is one");
        }
        let refused = check_profile(&files, &manifest, "swift").expect_err("there is none");
        assert_eq!(refused.to_string(), "there is no Cargo profile swift");
        let hint = "take one of bench, dev, release, small, test, trial, or add [profile.swift] to Cargo.toml of the workspace";
        assert_eq!(refused.hint().as_deref(), Some(hint));
    }
}
