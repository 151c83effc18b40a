//! Columns of text.

use std::fmt::Display;

use comfy_table::{ContentArrangement, Table, presets};

/// Texts, one a line.
pub(crate) fn lines(texts: impl IntoIterator<Item = impl Display>) -> String {
    texts.into_iter().map(|text| format!("{text}\n")).collect()
}

/// Rows below a header.
pub(super) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = plain();
    table.set_header(header.iter().copied());
    table.add_rows(rows.map(|row| row.into_iter().map(dash_if_empty)));
    text(&mut table)
}

/// Fields, one a line.
pub(super) fn fields(fields: &[(&str, String)]) -> String {
    let mut table = plain();
    table.add_rows(
        fields
            .iter()
            .map(|(key, value)| [(*key).into(), dash_if_empty(value.clone())]),
    );
    text(&mut table)
}

/// No lines, no colour, no wrapping: what goes through grep and awk unharmed.
pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// The text of a table, without spaces at the ends of lines.
pub(super) fn text(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    lines(table.lines().map(|line| line.trim_end().to_owned()))
}

/// An empty cell would move the next column into its place.
pub(super) fn dash_if_empty(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

/// Values, with commas between.
pub(super) fn joined(values: impl IntoIterator<Item = impl Display>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(",")
}
