//! Reading the list.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{DistroError, DistroList, check};
use crate::format::Formats;
use crate::format_names::{self, FormatNames};

/// Reads a list of distributions.
///
/// # Errors
/// When it cannot be read, or as [`parse`] says.
pub fn load(path: &Path, formats: &Formats) -> Result<DistroList, DistroError> {
    parse(&read(path)?, path, formats)
}

/// The text of a list, for [`parse`] and [`check_names`](super::check_names).
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<String, DistroError> {
    std::fs::read_to_string(path).map_err(|source| DistroError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Parses and checks a list; `path` is for messages alone.
///
/// # Errors
/// When a key is unknown or missing, or an entry contradicts itself or another one.
pub fn parse(text: &str, path: &Path, formats: &Formats) -> Result<DistroList, DistroError> {
    let list: DistroList = toml::from_str(text).map_err(|source| DistroError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    if let Some((unknown, line)) = format_names::unknown::<Names>(text, &formats.names()) {
        return Err(DistroError::UnknownFormat {
            path: path.to_owned(),
            line,
            unknown,
        });
    }
    let file = check::File { path, text };
    check::check(&list, formats, &file)?;
    Ok(list)
}

/// The names of formats in the file, with their places.
#[derive(Deserialize)]
struct Names {
    family: BTreeMap<String, NameOf>,
}

#[derive(Deserialize)]
struct NameOf {
    format: Spanned<String>,
}

impl FormatNames for Names {
    fn names(self) -> Vec<Spanned<String>> {
        let families = self.family.into_values();
        families.map(|family| family.format).collect()
    }
}
