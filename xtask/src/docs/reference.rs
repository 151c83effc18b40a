//! `docs/reference.md`: every key of the packaging toolkit's files, from the types that read them, with its value in an example
//! file.

use std::fmt::Write;

use plimsoll::Formats;
use plimsoll_plan::config::Config;
use plimsoll_plan::distro::DistroList;
use plimsoll_plan::examples;
use plimsoll_spec::FORMAT_NAME;
use plimsoll_verify::profile::{self, Profile};
use schemars::{Schema, schema_for};
use serde_json::{Map, Value, json};

/// What the file begins with.
const HEAD: &str = "# Reference of the toolkit's files

Written by `cargo xtask docs` from the types that read the files; do not edit. An unknown key is an
error that names its line. [Adopting the packaging toolkit](adopting.md) explains how to write the files.
Each example is a line of an example file that has every key; tests load that file like a project's own.
";

/// A file of the toolkit.
struct File {
    name: &'static str,
    schema: Schema,
    /// The example file, relative to this document.
    link: &'static str,
    /// The text of the example file.
    example: &'static str,
}

fn files() -> [File; 3] {
    [
        File {
            name: "packaging/dist.toml",
            schema: schema_for!(Config),
            link: "../crates/plimsoll/plan/examples/dist.toml",
            example: examples::DIST,
        },
        File {
            name: "packaging/distros.toml",
            schema: schema_for!(DistroList),
            link: "../crates/plimsoll/plan/examples/distros.toml",
            example: examples::DISTROS,
        },
        File {
            name: "packaging/profiles/ID.toml",
            schema: schema_for!(Profile),
            link: "../crates/plimsoll/verify/examples/profile.toml",
            example: profile::EXAMPLE,
        },
    ]
}

/// The reference, in Markdown.
pub(super) fn reference() -> String {
    let sections = files().map(|it| file(&it));
    format!("{HEAD}{}", sections.concat())
}

fn file(file: &File) -> String {
    let File { name, link, .. } = file;
    let root = file.schema.as_value();
    let mut reader = Reader {
        definitions: root["$defs"].as_object().cloned().unwrap_or_default(),
        text: format!("\n## `{name}`\n\nExample: [{link}]({link}).\n"),
        seen: Vec::new(),
    };
    // A file that cannot be parsed has no examples: the test of that file names the fault.
    let example = toml::from_str(file.example).unwrap_or_default();
    reader.table("", root, &[toml::Value::Table(example)]);
    reader.text
}

/// Walks through the schema of one file.
struct Reader {
    definitions: Map<String, Value>,
    text: String,
    /// The types that were described, and their examples. The same type at another place may have fewer examples there.
    seen: Vec<(Value, Vec<toml::Value>)>,
}

/// A table of the file that is described after the one that names it.
struct Nested {
    heading: String,
    path: String,
    schema: Value,
    /// What of an example's value is such a table.
    of: fn(toml::Value) -> Vec<toml::Value>,
}

impl Reader {
    /// The text about a type, its keys, and the tables below it. `examples` are tables of that type.
    fn table(&mut self, path: &str, schema: &Value, examples: &[toml::Value]) {
        let mut examples = examples.to_vec();
        let earlier = self.seen.iter().filter(|(seen, _)| seen == schema);
        examples.extend(earlier.flat_map(|(_, examples)| examples.clone()));
        self.seen.push((schema.clone(), examples.clone()));
        if let Some(about) = description(schema) {
            let _ = writeln!(self.text, "\n{about}");
        }
        self.text
            .push_str("\n| key | value | example | what it says |\n| --- | --- | --- | --- |\n");
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut nested = Vec::new();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|name| name == key);
            let values: Vec<toml::Value> = examples
                .iter()
                .filter_map(|it| it.get(key).cloned())
                .collect();
            let found = self.row(path, key, property, is_required, values.first());
            nested.extend(found.map(|nested| (nested, values)));
        }
        for (nested, values) in nested {
            let _ = writeln!(self.text, "\n### `{}`", nested.heading);
            let examples: Vec<toml::Value> = values.into_iter().flat_map(nested.of).collect();
            self.table(&nested.path, &nested.schema, &examples);
        }
    }

    /// A key's row; the table behind it, where it has one.
    fn row(
        &mut self,
        path: &str,
        key: &str,
        property: &Value,
        required: bool,
        example: Option<&toml::Value>,
    ) -> Option<Nested> {
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
        let example = match (&nested, example) {
            (Some(_), Some(_)) => "below".to_owned(),
            (None, Some(value)) => format!("`{key} = {}`", inline(value)),
            (_, None) => String::new(),
        };
        let _ = writeln!(
            self.text,
            "| `{key}` | {value}{presence} | {example} | {about}{meanings} |"
        );
        nested
    }

    /// What a value is, in words, and the table that it is.
    fn value(&self, path: &str, schema: &Value) -> (String, Option<Nested>) {
        if schema.get("properties").is_some() {
            let of = |table| vec![table];
            return nested(format!("[{path}]"), path.to_owned(), schema.clone(), of);
        }
        if let Some(items) = schema.get("items") {
            let items = self.resolved(items);
            if items.get("properties").is_some() {
                return nested(format!("[[{path}]]"), path.to_owned(), items, items_of);
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
                return nested(format!("[{path}]"), path, entries, values_of);
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

fn nested(
    heading: String,
    path: String,
    schema: Value,
    of: fn(toml::Value) -> Vec<toml::Value>,
) -> (String, Option<Nested>) {
    let value = format!("`{heading}` below");
    let nested = Nested {
        heading,
        path,
        schema,
        of,
    };
    (value, Some(nested))
}

/// The tables of a list.
fn items_of(value: toml::Value) -> Vec<toml::Value> {
    match value {
        toml::Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// The tables of a table with names.
fn values_of(value: toml::Value) -> Vec<toml::Value> {
    match value {
        toml::Value::Table(table) => table.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// A value of TOML in one line, for a cell of a table. A string is written as JSON writes it, which TOML reads too.
fn inline(value: &toml::Value) -> String {
    let text = match value {
        toml::Value::String(text) => json!(text).to_string(),
        toml::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        toml::Value::Table(table) => {
            let entry =
                |(key, value): (&String, &toml::Value)| format!("{key} = {}", inline(value));
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    };
    text.replace('|', "\\|")
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

    const EXAMPLE: &str = r#"
        name = "one"
        day = 2026-01-31

        [[part]]
        other = true

        [[part]]
        sizes = [1, 2]
    "#;

    #[test]
    fn tables_lists_and_choices_become_sections_and_words() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let made_up = File {
            name: "file.toml",
            schema: Schema::try_from(schema).unwrap(),
            link: "x/file.toml",
            example: EXAMPLE,
        };
        expect_test::expect![[r#"

            ## `file.toml`

            Example: [x/file.toml](x/file.toml).

            All of it.

            | key | value | example | what it says |
            | --- | --- | --- | --- |
            | `name` | string | `name = "one"` | What it is called. |
            | `day` | date, optional | `day = 2026-01-31` |  |
            | `colour` | `red`, optional |  | <br>`red`: As blood. |
            | `part` | `[[part]]` below | below |  |

            ### `[[part]]`

            One part.

            | key | value | example | what it says |
            | --- | --- | --- | --- |
            | `sizes` | list: integer, else `[]` | `sizes = [1, 2]` |  |
        "#]]
        .assert_eq(&file(&made_up));
    }

    #[test]
    fn values_are_written_in_one_line() {
        let text = "text = \"\"\"a\n\"b\" | c\"\"\"\ntable = { list = [true, 1.5], \"x\" = {} }\n";
        let table: toml::Table = toml::from_str(text).unwrap();
        assert_eq!(inline(&table["text"]), r#""a\n\"b\" \| c""#);
        assert_eq!(inline(&table["table"]), "{ list = [true, 1.5], x = {  } }");
    }

    #[test]
    fn every_key_says_something_and_has_an_example() {
        let reference = reference();
        let empty = reference.lines().find(|line| line.ends_with("|  |"));
        assert_eq!(empty, None);
        let without: Vec<&str> = reference.lines().filter(|it| it.contains("|  |")).collect();
        assert_eq!(
            without, [""; 0],
            "each key needs a line in an examples/*.toml of the toolkit"
        );
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
