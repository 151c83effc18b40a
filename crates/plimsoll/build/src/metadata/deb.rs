//! What cargo-deb is told (<https://docs.rs/crate/cargo-deb/latest>).

use plimsoll_spec::{FileKind, system_files};
use toml_edit::{Array, Table, Value, value};

use super::lines::Line;
use super::value::{list, table as inline, texts};
use super::{Facts, Said};

pub(super) fn table(facts: &Facts<'_>) -> Said {
    let Facts {
        spec,
        lines,
        cargo,
        features,
        scripts,
        up,
        ..
    } = *facts;
    let mut table = Table::new();
    table["name"] = value(&spec.name);
    table["maintainer"] = value(&spec.maintainer);
    table["section"] = value(&spec.section);
    table["revision"] = value(&spec.revision);
    table["extended-description"] = value(&spec.description);
    let depends = ["$auto".to_owned()];
    let depends = depends.iter().chain(&spec.depends);
    table["depends"] = value(depends.map(String::as_str).collect::<Array>());
    for (key, relations) in [
        ("recommends", &spec.recommends),
        ("provides", &spec.provides),
    ] {
        if !relations.is_empty() {
            table[key] = value(texts(relations));
        }
    }
    if !features.is_empty() {
        table["features"] = value(texts(features));
    }
    if !cargo.default_features {
        table["default-features"] = value(false);
    }
    if cargo.profile != "release" {
        table["profile"] = value(&cargo.profile);
    }
    if let Some(folder) = scripts {
        table["maintainer-scripts"] = value(format!("{up}{folder}"));
    }
    if lines.iter().any(is_acted_on) {
        table["systemd-units"] = value(inline([
            ("enable", true),
            ("start", true),
            ("restart-after-upgrade", true),
            ("stop-on-upgrade", false),
        ]));
    }
    table["conf-files"] = value(conffiles(lines));
    table["assets"] = value(list(lines.iter().map(|line| asset(line, up))));
    Said {
        table,
        unsaid: unsaid(scripts, lines),
    }
}

fn asset(line: &Line, up: &str) -> Value {
    let dest = line.dest.trim_start_matches('/');
    match &line.link {
        Some(text) => inline([("dest", dest), ("link-name", text)]),
        None => {
            let source = line.source_from(up);
            let mode = line.octal();
            Value::from(Array::from_iter([source.as_str(), dest, &mode]))
        }
    }
}

fn conffiles(lines: &[Line]) -> Array {
    let lines = lines.iter().filter(|line| line.kind == FileKind::Config);
    lines.map(|line| line.dest.as_str()).collect()
}

/// Whether scripts follow from the file.
fn is_acted_on(line: &Line) -> bool {
    let known = [
        system_files::unit,
        system_files::sysusers,
        system_files::tmpfiles,
    ];
    known.iter().any(|known| known(&line.dest).is_some())
}

fn unsaid(scripts: Option<&str>, lines: &[Line]) -> Vec<String> {
    let mut unsaid = vec![
        "the summary is the `description` of the Cargo package".to_owned(),
        "the changelog of the package, made from the project's; checksums of the files".to_owned(),
        "flavour, commit and reason in the program, and a failure where dependencies cannot be derived".to_owned(),
    ];
    if scripts.is_none() && lines.iter().any(is_acted_on) {
        let without =
            "scripts for units, users and temporary files: they need `maintainer-scripts`";
        unsaid.push(without.to_owned());
    }
    if lines
        .iter()
        .any(|line| line.gzip && !compresses(&line.dest))
    {
        unsaid.push("compression of files other than man pages and changelogs".to_owned());
    }
    unsaid
}

/// What cargo-deb compresses by itself.
fn compresses(dest: &str) -> bool {
    let is_doc = dest.starts_with("/usr/share/doc/");
    dest.starts_with("/usr/share/man/")
        || (is_doc && (dest.ends_with("/NEWS") || dest.ends_with("/changelog")))
        || (dest.starts_with("/usr/share/info/") && dest.ends_with(".info"))
}
