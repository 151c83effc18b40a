//! Putting tables into a Cargo manifest.

use toml_edit::{DocumentMut, Item, Table};

use super::{MetadataError, Tables};

/// Behind every table of a manifest.
const LAST: isize = isize::MAX;

/// The text of a manifest with these tables of `package.metadata` in the place of those that it has; all else stays as it is,
/// comments too.
///
/// # Errors
/// When the manifest is not TOML, or has no package.
pub fn with_tables(manifest: &str, tables: &Tables) -> Result<String, MetadataError> {
    let mut document: DocumentMut = manifest.parse()?;
    let package = document.get_mut("package").and_then(Item::as_table_mut);
    let package = package.ok_or(MetadataError::NoTable { key: "package" })?;
    let metadata = package.entry("metadata").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let metadata = metadata.as_table_mut();
    let metadata = metadata.ok_or(MetadataError::NoTable {
        key: "package.metadata",
    })?;
    for (tool, table) in tables {
        let there = metadata.get(tool).and_then(Item::as_table);
        let place = there.and_then(Table::position).unwrap_or(LAST);
        let mut table = table.clone();
        table.set_position(Some(place));
        metadata.insert(tool, Item::Table(table));
    }
    Ok(document.to_string())
}
