//! Values of a table, laid out for people.

use toml_edit::{Array, InlineTable, Value};

/// An array with one value a line.
pub(super) fn list(values: impl IntoIterator<Item = Value>) -> Array {
    let mut list = Array::new();
    for mut value in values {
        value.decor_mut().set_prefix("\n    ");
        list.push_formatted(value);
    }
    if !list.is_empty() {
        list.set_trailing_comma(true);
        list.set_trailing("\n");
    }
    list
}

/// An array of texts on one line.
pub(super) fn texts(texts: &[String]) -> Array {
    texts.iter().map(String::as_str).collect()
}

/// An inline table.
pub(super) fn table<V: Into<Value>>(entries: impl IntoIterator<Item = (&'static str, V)>) -> Value {
    let entries = entries.into_iter();
    let table: InlineTable = entries.map(|(key, value)| (key, value.into())).collect();
    Value::from(table)
}
