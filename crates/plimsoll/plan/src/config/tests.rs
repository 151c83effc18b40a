//! Defaults, and files that are read from a disk.

use std::error::Error;
use std::path::Path;

use error_hint::Hint;

use super::{Config, ConfigError, load, parse};
use crate::fixtures::{DIST, config, formats};

#[test]
fn a_file_is_read_from_its_path_and_one_that_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dist.toml");
    let names = formats().names();
    let error = load(&path, &names).expect_err("no file");
    assert_eq!(error.to_string(), format!("cannot read {}", path.display()));
    assert!(error.source().is_some());
    assert_eq!(
        error.hint().as_deref(),
        Some("run the command inside of the workspace; `cargo xtask init` writes the file")
    );
    std::fs::write(&path, DIST).expect("written");
    assert_eq!(load(&path, &names).expect("sound").name, "sample");
}

#[test]
fn what_cannot_be_parsed_has_its_place_and_no_hint() {
    let error = parse("name = ", Path::new("dist.toml"), &[]).expect_err("no TOML");
    assert!(matches!(error, ConfigError::Parse { .. }), "{error}");
    assert_eq!(error.hint(), None);
}

#[test]
fn the_first_revision_is_1_and_the_first_cargo_package_the_main_one() {
    let text = DIST.replace("revision = \"1\"\n", "");
    let config = parse(&text, Path::new("dist.toml"), &formats().names()).expect("sound");
    assert_eq!(config.revision, "1");
    assert_eq!(config.cargo.main(), "sampled");
    let none = text.replace("packages = [\"sampled\", \"sample\"]", "packages = []");
    let error = parse(&none, Path::new("dist.toml"), &[]).expect_err("none");
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("names no Cargo package"), "{cause}");
}

#[test]
fn the_schema_takes_a_table_for_each_format_of_a_project() {
    let schema = serde_json::to_value(schemars::schema_for!(Config)).expect("JSON");
    let format = &schema["properties"]["format"];
    assert_eq!(format["additionalProperties"]["type"], "object");
}

#[test]
fn a_program_that_is_not_built_has_a_hint() {
    let text = DIST.replace("program = \"sampled\"", "program = \"sampl\"");
    let names = formats().names();
    let error = parse(&text, Path::new("dist.toml"), &names).expect_err("unknown");
    let hint = "add an [[asset]] with binary = \"sampl\", or correct the name";
    assert_eq!(error.hint().as_deref(), Some(hint));
}

#[test]
fn a_program_that_two_assets_hold_is_one_program() {
    let mut config = config();
    let first = config.asset[0].clone();
    config.asset.push(first);
    assert_eq!(config.programs(), ["sampled", "sample"]);
}
