//! Finding `nft`.

use std::path::{Path, PathBuf};

use tidegate_nft::{Error, Kind};

const HINT: &str = "install the package nftables, or name the path of nft";

/// Finds the program to run: the given one, or the first in the usual directories.
pub(super) fn nft(given: Option<&Path>) -> Result<PathBuf, Error> {
    nft_in(given, &std::env::var("PATH").unwrap_or_default())
}

fn nft_in(given: Option<&Path>, path: &str) -> Result<PathBuf, Error> {
    if let Some(given) = given {
        return if given.is_file() {
            Ok(given.to_owned())
        } else {
            let reason = format!("no such program: {}", given.display());
            Err(Error::new(Kind::DriverGone, reason).with_hint(HINT))
        };
    }
    // The PATH of a daemon or an ordinary user often lacks the directories of system programs.
    let folders = format!("{path}:/usr/sbin:/sbin");
    let found = std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("nft"))
        .find(|program| program.is_file());
    found.ok_or_else(|| {
        let reason = format!("no program nft in {folders}");
        Error::new(Kind::DriverGone, reason).with_hint(HINT)
    })
}

#[cfg(test)]
mod tests {
    use error_hint::Hint;

    use super::*;

    #[test]
    fn a_given_program_must_be_there() {
        let error = nft_in(Some(Path::new("/nonexistent/nft")), "").expect_err("not there");
        assert_eq!(error.to_string(), "no such program: /nonexistent/nft");
        assert_eq!(error.hint().as_deref(), Some(HINT));
    }

    #[test]
    fn the_first_in_path_is_taken_and_relative_folders_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("nft"), "").expect("writable");
        let path = format!("relative:{}", folder.path().display());
        assert_eq!(
            nft_in(None, &path).expect("found"),
            folder.path().join("nft")
        );
    }
}
