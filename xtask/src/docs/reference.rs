//! `docs/reference.md`: every key of the packaging toolkit's files, from the types that read them.

use std::fmt::Write;

use plimsoll::Formats;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::DistroList;
use plimsoll_spec::FORMAT_NAME;
use plimsoll_verify::profile::Profile;
use schemars::Schema;
use serde_json::{Map, Value, json};

/// What the file begins with.
const HEAD: &str = "# Reference of the toolkit's files

Written by `cargo xtask docs` from the types that read the files; do not edit. An unknown key is an
error that names its line. [Adopting the packaging toolkit](adopting.md) explains how to write the files.
";

/// The reference, in Markdown.
pub(super) fn reference() -> String {
    let files = [
        ("packaging/dist.toml", schemars::schema_for!(Config)),
        ("packaging/distros.toml", schemars::schema_for!(DistroList)),
        ("packaging/profiles/ID.toml", schemars::schema_for!(Profile)),
    ];
    let sections = files.map(|(name, schema)| file(name, &schema));
    format!("{HEAD}{}", sections.concat())
}

fn file(name: &str, schema: &Schema) -> String {
    let root = schema.as_value();
    let mut reader = Reader {
        definitions: root["$defs"].as_object().cloned().unwrap_or_default(),
        text: format!("\n## `{name}`\n"),
    };
    reader.table("", root);
    reader.text
}

/// Walks through the schema of one file.
struct Reader {
    definitions: Map<String, Value>,
    text: String,
}

/// A table of the file that is described after the one that names it.
struct Nested {
    heading: String,
    path: String,
    schema: Value,
}

impl Reader {
    /// The text about a type, its keys, and the tables below it.
    fn table(&mut self, path: &str, schema: &Value) {
        if let Some(about) = description(schema) {
            let _ = writeln!(self.text, "\n{about}");
        }
        self.text
            .push_str("\n| key | value | what it says |\n| --- | --- | --- |\n");
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut nested = Vec::new();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|name| name == key);
            nested.extend(self.row(path, key, property, is_required));
        }
        for Nested {
            heading,
            path,
            schema,
        } in nested
        {
            let _ = writeln!(self.text, "\n### `{heading}`");
            self.table(&path, &schema);
        }
    }

    /// A key's row; the table behind it, where it has one.
    fn row(&mut self, path: &str, key: &str, property: &Value, required: bool) -> Option<Nested> {
        let schema = self.resolved(property);
        let path = match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        let (value, nested) = self.value(&path, &schema);
        let presence = match (required, property.get("default")) {
            (true, _) => String::new(),
            (false, None | Some(Value::Null)) => ", optional".to_owned(),
            (false, Some(default)) => format!(", else `{default}`"),
        };
        let about = description(property).or_else(|| description(&schema));
        let about = about
            .unwrap_or_default()
            .replace("\n\n", " ")
            .replace('\n', " ");
        let meanings = self.meanings(&schema);
        let _ = writeln!(
            self.text,
            "| `{key}` | {value}{presence} | {about}{meanings} |"
        );
        nested
    }

    /// What a value is, in words, and the table that it is.
    fn value(&self, path: &str, schema: &Value) -> (String, Option<Nested>) {
        if schema.get("properties").is_some() {
            return nested(format!("[{path}]"), path.to_owned(), schema.clone());
        }
        if let Some(items) = schema.get("items") {
            let items = self.resolved(items);
            if items.get("properties").is_some() {
                return nested(format!("[[{path}]]"), path.to_owned(), items);
            }
            return (format!("list: {}", self.value(path, &items).0), None);
        }
        let entries = schema
            .get("additionalProperties")
            .filter(|of| of.is_object());
        if let Some(entries) = entries {
            let entries = self.resolved(entries);
            let path = format!("{path}.NAME");
            if entries.get("properties").is_some() {
                return nested(format!("[{path}]"), path, entries);
            }
            return (format!("table of: {}", self.value(&path, &entries).0), None);
        }
        let choices: Vec<String> = choices(schema)
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let name = schema["format"].as_str().filter(|format| *format == "date");
        let name = name.or(schema["type"].as_str()).unwrap_or("value");
        match choices.is_empty() {
            true => (name.to_owned(), None),
            false => (choices.join(", "), None),
        }
    }

    /// What each choice means, of a value or of the values of a list.
    fn meanings(&self, schema: &Value) -> String {
        let items = schema.get("items").map(|items| self.resolved(items));
        let schema = items.as_ref().unwrap_or(schema);
        let meaning = |(name, about): (&str, Option<String>)| {
            let about = about?.replace('\n', " ");
            Some(format!("<br>`{name}`: {about}"))
        };
        choices(schema).filter_map(meaning).collect()
    }

    /// The type itself, where a schema points to it or adds that there may be none.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or(name);
            let found = self.definitions.get(name);
            return found.map_or(Value::Null, |found| self.resolved(found));
        }
        let some = schema["anyOf"].as_array().into_iter().flatten();
        let mut some = some.filter(|variant| variant["type"] != "null");
        if let Some(variant) = some.next() {
            return self.resolved(variant);
        }
        if schema["format"].as_str() == Some(FORMAT_NAME) {
            return formats();
        }
        let mut schema = schema.clone();
        if let Some(first) = schema["type"].as_array().and_then(|types| types.first()) {
            schema["type"] = first.clone();
        }
        schema
    }
}

/// The names of package formats, as a choice.
fn formats() -> Value {
    let formats = Formats::standard();
    let choices = formats
        .rules()
        .iter()
        .map(|format| json!({ "const": format.name(), "description": format.about() }));
    json!({ "type": "string", "oneOf": choices.collect::<Vec<_>>() })
}

fn nested(heading: String, path: String, schema: Value) -> (String, Option<Nested>) {
    let value = format!("`{heading}` below");
    let nested = Nested {
        heading,
        path,
        schema,
    };
    (value, Some(nested))
}

/// The values that a type may have, with what they mean.
fn choices(schema: &Value) -> impl Iterator<Item = (&str, Option<String>)> {
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let described =
        described.filter_map(|choice| Some((choice["const"].as_str()?, description(choice))));
    let bare = schema["enum"].as_array().into_iter().flatten();
    described.chain(bare.filter_map(|choice| Some((choice.as_str()?, None))))
}

fn description(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of made-up keys: what a table, a list and a choice look like.
    const SCHEMA: &str = r##"{
        "description": "All of it.",
        "required": ["name", "part"],
        "properties": {
            "name": { "type": "string", "description": "What it\nis called." },
            "day": { "type": ["string", "null"], "format": "date" },
            "colour": { "anyOf": [{ "$ref": "#/$defs/Colour" }, { "type": "null" }] },
            "part": { "type": "array", "items": { "$ref": "#/$defs/Part" } }
        },
        "$defs": {
            "Colour": { "oneOf": [{ "const": "red", "description": "As blood." }] },
            "Part": {
                "description": "One part.",
                "properties": { "sizes": { "type": "array", "items": { "type": "integer" }, "default": [] } }
            }
        }
    }"##;

    #[test]
    fn tables_lists_and_choices_become_sections_and_words() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let schema = Schema::try_from(schema).unwrap();
        expect_test::expect![[r#"

            ## `file.toml`

            All of it.

            | key | value | what it says |
            | --- | --- | --- |
            | `name` | string | What it is called. |
            | `day` | date, optional |  |
            | `colour` | `red`, optional | <br>`red`: As blood. |
            | `part` | `[[part]]` below |  |

            ### `[[part]]`

            One part.

            | key | value | what it says |
            | --- | --- | --- |
            | `sizes` | list: integer, else `[]` |  |
        "#]]
        .assert_eq(&file("file.toml", &schema));
    }

    #[test]
    fn every_key_says_something() {
        let reference = reference();
        let empty = reference.lines().find(|line| line.ends_with("|  |"));
        assert_eq!(empty, None);
        for key in [
            "`soname`",
            "`end-of-life` | date",
            "`strip-suffix`",
            "`confidence`",
        ] {
            assert!(reference.contains(key), "{key}");
        }
    }
}
