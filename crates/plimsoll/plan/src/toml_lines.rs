//! The lines of a TOML file in which its values are.

use toml::de::{DeTable, DeValue};

use crate::format_names::line_at;

/// The line of a value, from 1, by the names of the tables that it is in and its own. None where it is not there.
#[must_use]
pub fn line(text: &str, key: &[&str]) -> Option<usize> {
    let (name, tables) = key.split_last()?;
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    for name in tables {
        let DeValue::Table(inner) = table.get(*name)?.get_ref() else {
            return None;
        };
        table = inner;
    }
    Some(line_at(text, table.get(*name)?.span().start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_its_table() {
        let text = "a = 1\n\n[t]\nb = 2\nc.d = 3\n";
        assert_eq!(line(text, &["a"]), Some(1));
        assert_eq!(line(text, &["t", "b"]), Some(4));
        assert_eq!(line(text, &["t", "c", "d"]), Some(5));
        for key in [&["x"][..], &["a", "b"], &[]] {
            assert_eq!(line(text, key), None);
        }
        assert_eq!(line("a = ", &["a"]), None);
    }
}
