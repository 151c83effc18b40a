//! The tables [deb] and [rpm]: what an adopter's own metadata says of other packages.

use std::fmt::Write;

use serde_json::Value;

use super::existing::within;
use super::facts::Package;
use super::words::{list, open, quoted};

/// Relations that have the same names in `[package.metadata.deb]` and in `[deb]`.
const OF_DEB: [&str; 9] = [
    "pre-depends",
    "depends",
    "recommends",
    "suggests",
    "enhances",
    "conflicts",
    "breaks",
    "replaces",
    "provides",
];

/// Relations that have the same names in `[package.metadata.generate-rpm]` and in `[rpm]`.
const OF_RPM: [&str; 8] = [
    "requires",
    "recommends",
    "suggests",
    "supplements",
    "enhances",
    "conflicts",
    "obsoletes",
    "provides",
];

/// Keys of the metadata of cargo-deb that are asked about.
const OPEN_OF_DEB: [&str; 1] = ["triggers-file"];

/// Keys of the metadata of cargo-generate-rpm that are asked about.
const OPEN_OF_RPM: [&str; 6] = [
    "pre_install_script",
    "post_install_script",
    "pre_uninstall_script",
    "post_uninstall_script",
    "pre_trans_script",
    "post_trans_script",
];

/// Both tables, and those of the units.
pub(super) fn text(main: &Package) -> String {
    format!("{}{}{}", deb(main), rpm(main), units(main))
}

/// The units that `systemd-units` of cargo-deb, a table or an array of tables, says not to enable or not to start.
fn units(main: &Package) -> String {
    let said = &main.deb["systemd-units"];
    let said = match said.as_array() {
        Some(tables) => tables.iter().collect(),
        None => vec![said],
    };
    let mut text = String::new();
    for unit in said {
        let name = unit["unit-name"].as_str().unwrap_or(&main.name);
        let off = ["enable", "start"].into_iter();
        let off: Vec<&str> = off
            .filter(|key| unit[*key].as_bool() == Some(false))
            .collect();
        if !off.is_empty() {
            let name = quoted(&format!("{name}.service"));
            let _ = writeln!(text, "\n[unit.{name}]");
            for key in off {
                let _ = writeln!(text, "{key} = false");
            }
        }
    }
    text
}

fn deb(main: &Package) -> String {
    // An area before the section, as in `contrib/net`, is of Debian's own archive.
    let section = main.deb["section"].as_str().unwrap_or("utils");
    let mut text = format!("\n[deb]\nsection = {}\n", quoted(section));
    if let Some(folder) = main.deb["maintainer-scripts"].as_str() {
        let folder = within(&main.folder, folder);
        let _ = writeln!(text, "maintainer-scripts = {}", quoted(&folder));
    }
    for key in OF_DEB {
        let packages = clauses(&main.deb[key]);
        if !packages.is_empty() {
            let _ = writeln!(text, "{key} = {}", list(packages));
        }
    }
    text.push_str(&unused(&main.deb, "deb", &OPEN_OF_DEB));
    text
}

/// The relations that cargo-deb would not derive: a text with commas, or an array of texts.
fn clauses(value: &Value) -> Vec<&str> {
    let texts = match value.as_array() {
        Some(texts) => texts.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().into_iter().collect::<Vec<_>>(),
    };
    let all = texts.into_iter().flat_map(|text| text.split(','));
    all.map(str::trim)
        .filter(|it| !it.is_empty() && !it.starts_with('$'))
        .collect()
}

fn rpm(main: &Package) -> String {
    let mut text = "\n[rpm]\ngroup = \"Applications/System\"\n".to_owned();
    if let Some(epoch) = main.rpm["epoch"].as_u64() {
        let _ = writeln!(text, "epoch = {epoch}");
    }
    for key in OF_RPM {
        text.push_str(&relations_of_rpm(key, &main.rpm[key]));
    }
    text.push_str(&unused(&main.rpm, "generate-rpm", &OPEN_OF_RPM));
    text
}

/// One key with its relations, a table of versions by names, and a question for each that is none.
fn relations_of_rpm(key: &str, said: &Value) -> String {
    let entries = said.as_object().into_iter().flatten();
    let entries = entries.map(|(name, version)| relation(name, version));
    let (known, odd): (Vec<_>, Vec<_>) = entries.partition(Result::is_ok);
    let known: Vec<String> = known.into_iter().flatten().collect();
    let mut text = String::new();
    if !known.is_empty() {
        let _ = writeln!(text, "{key} = {}", list(known));
    }
    for odd in odd.into_iter().filter_map(Result::err) {
        text.push_str(&open(&format!(
            "the existing metadata has {odd} in `{key}`, which is no comparison such as >= 1.2: what is meant?"
        )));
    }
    text
}

/// A relation as RPM writes it, `name >= 1.2`; an error has the entry as it is.
fn relation(name: &str, version: &Value) -> Result<String, String> {
    let said = version.as_str().map(str::trim);
    let odd = || format!("{name} = {version}");
    match said {
        Some("*") => Ok(name.to_owned()),
        Some(said) => {
            let (comparison, version) = comparison(said).ok_or_else(odd)?;
            Ok(format!("{name} {comparison} {version}"))
        }
        None => Err(odd()),
    }
}

/// The comparison and the version of a text such as `>= 1.2` or `>=1.2`.
fn comparison(text: &str) -> Option<(&str, &str)> {
    let comparisons = ["<=", ">=", "<", ">", "="];
    let comparison = comparisons.into_iter().find(|it| text.starts_with(it))?;
    let version = text[comparison.len()..].trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+~^:-".contains(c);
    let is_version = !version.is_empty() && version.chars().all(is_plain);
    is_version.then_some((comparison, version))
}

/// What the existing metadata says that nothing was made of.
fn unused(metadata: &Value, table: &str, keys: &[&str]) -> String {
    let said = keys.iter().filter(|key| !metadata[**key].is_null());
    let lines = said.map(|key| {
        open(&format!(
            "[package.metadata.{table}] has {key} = {}: what becomes of it?",
            metadata[*key]
        ))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_requirement_is_written_as_rpm_has_it_or_asked_for() {
        for (version, text) in [
            ("*", "a"),
            (">= 1.2", "a >= 1.2"),
            (">=1.2-3", "a >= 1.2-3"),
            ("< 2:1.0", "a < 2:1.0"),
            ("=  1", "a = 1"),
        ] {
            assert_eq!(relation("a", &json!(version)).as_deref(), Ok(text));
        }
        for odd in [
            json!("1.2"),
            json!("^1.2"),
            json!(">="),
            json!(">= 1 2"),
            json!(1),
        ] {
            let error = relation("a", &odd).expect_err("odd");
            assert_eq!(error, format!("a = {odd}"));
        }
    }

    #[test]
    fn dependencies_are_a_text_or_an_array_without_what_is_derived() {
        let expected = ["adduser", "foo (>= 1) | bar"];
        let text = json!("$auto, adduser,  foo (>= 1) | bar, ");
        assert_eq!(clauses(&text), expected);
        let array = json!(["${shlibs:Depends}", "adduser", "foo (>= 1) | bar"]);
        assert_eq!(clauses(&array), expected);
    }

    #[test]
    fn a_unit_that_is_not_to_be_started_is_said_to_be() {
        let units_of = |said: Value| {
            units(&Package {
                name: "a".into(),
                deb: json!({ "systemd-units": said }),
                ..Package::default()
            })
        };
        assert_eq!(units_of(json!({ "enable": true })), "");
        let one = units_of(json!({ "enable": false, "start": false }));
        assert_eq!(
            one,
            "\n[unit.\"a.service\"]\nenable = false\nstart = false\n"
        );
        let second = units_of(json!([{}, { "unit-name": "b", "start": false }]));
        assert_eq!(second, "\n[unit.\"b.service\"]\nstart = false\n");
    }

    #[test]
    fn relations_keep_their_names_and_what_nothing_was_made_of_is_asked_for() {
        let main = Package {
            deb: json!({ "suggests": "man-db, perl", "triggers-file": "a" }),
            rpm: json!({ "requires": { "a": "1" }, "obsoletes": { "b": "< 2" }, "epoch": 1 }),
            ..Package::default()
        };
        let text = text(&main);
        for part in [
            "\nsuggests = [\"man-db\", \"perl\"]\n",
            "[package.metadata.deb] has triggers-file = \"a\"",
            "\nepoch = 1\n",
            "\nobsoletes = [\"b < 2\"]\n",
            "has a = \"1\" in `requires`, which is no comparison",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("requires = "), "{text}");
    }
}
