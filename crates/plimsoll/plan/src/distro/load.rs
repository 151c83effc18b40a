//! Reading the list.

use std::path::Path;

use super::{DistroError, DistroList, check};

/// Reads a list of distributions.
///
/// # Errors
/// When it cannot be read, or as [`parse`] says.
pub fn load(path: &Path) -> Result<DistroList, DistroError> {
    let text = std::fs::read_to_string(path).map_err(|source| DistroError::Io {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, path)
}

/// Parses and checks a list; `path` is for messages alone.
///
/// # Errors
/// When a key is unknown or missing, or an entry contradicts itself or another one.
pub fn parse(text: &str, path: &Path) -> Result<DistroList, DistroError> {
    let list: DistroList = toml::from_str(text).map_err(|source| DistroError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let file = check::File { path, text };
    check::check(&list, &file)?;
    Ok(list)
}
