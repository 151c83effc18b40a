//! Words that STYLE.md forbids, in documents, comments, messages and names.

use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, FileError, Result};
use plimsoll::run;

/// Where they are looked for. STYLE.md itself has to name them.
const PLACES: [&str; 11] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "crates",
    "docs",
    "examples",
    "packaging",
    "tests",
    "xtask",
];

/// Folders with files of other projects, or with what Cargo builds.
const FOREIGN: [&str; 2] = ["target", "vendor"];

/// The beginnings of the forbidden words, which all end in [`END`].
const BEGINNINGS: [&str; 3] = ["what", "which", "who"];
const END: &str = "ever";

/// Looks for forbidden words in the workspace.
///
/// # Errors
/// Names the file and line of each, or a file that cannot be read.
pub(crate) fn check() -> Result<()> {
    let root = run::root();
    let mut faults = Vec::new();
    for place in PLACES {
        look(Path::new(&root), Path::new(place), &mut faults).context("cannot look for words")?;
    }
    if faults.is_empty() {
        return Ok(());
    }
    let hint = "name the thing, as in \"any program that\"; see Words in STYLE.md";
    Err(Failure::hinted(faults.join("\n"), hint))
}

/// Adds what is wrong in a file, or in the files below a folder. Links are not followed.
fn look(root: &Path, path: &Path, faults: &mut Vec<String>) -> Result<(), FileError> {
    let full = root.join(path);
    let kind = std::fs::symlink_metadata(&full).map_err(FileError::at("read", &full))?;
    if kind.is_file() {
        let bytes = std::fs::read(&full).map_err(FileError::at("read", &full))?;
        faults.extend(said(path, &String::from_utf8_lossy(&bytes)));
    }
    if kind.is_dir() {
        for inner in inside(&full)? {
            look(root, &path.join(inner), faults)?;
        }
    }
    Ok(())
}

/// The names in a folder, in order.
fn inside(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(FileError::at("read", folder))?;
    let mut names: Vec<PathBuf> = entries.iter().map(|it| it.file_name().into()).collect();
    names.retain(|name| !FOREIGN.iter().any(|foreign| name == Path::new(foreign)));
    names.sort();
    Ok(names)
}

/// Each line of a text that has a forbidden word.
fn said(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| {
        let line = line.to_lowercase();
        let mut words = BEGINNINGS
            .map(|beginning| format!("{beginning}{END}"))
            .into_iter();
        let word = words.find(|word| line.contains(word))?;
        Some(format!("{}:{}: says {word}", path.display(), index + 1))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_avoids_the_words() {
        assert_eq!(check().map_err(|error| error.to_string()), Ok(()));
    }

    #[test]
    fn each_line_with_a_word_is_named_except_in_foreign_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (own, foreign) = (folder.path().join("src"), folder.path().join("vendor"));
        for inner in [&own, &foreign] {
            std::fs::create_dir(inner).unwrap();
            let text = format!("/// A name.\n/// What{END} it is.\nfn who{END}_it_is() {{}}\n");
            std::fs::write(inner.join("lib.rs"), text).unwrap();
        }
        let mut faults = Vec::new();
        look(folder.path(), Path::new(""), &mut faults).unwrap();
        let expected = [("2", "what"), ("3", "who")]
            .map(|(line, beginning)| format!("src/lib.rs:{line}: says {beginning}{END}"));
        assert_eq!(faults, expected);
    }
}
