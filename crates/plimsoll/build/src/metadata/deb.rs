//! What cargo-deb is told (<https://docs.rs/crate/cargo-deb/latest>).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_spec::{FileKind, Relation, UnitActions, system_files};
use toml_edit::{Array, Item, Table, Value, value};

use super::lines::Line;
use super::value::{list, table as inline, texts};
use super::{Facts, Said};

/// The keys of relations besides `depends`.
const KEYS: [(Relation, &str); 8] = [
    (Relation::PreDepends, "pre-depends"),
    (Relation::Recommends, "recommends"),
    (Relation::Suggests, "suggests"),
    (Relation::Enhances, "enhances"),
    (Relation::Conflicts, "conflicts"),
    (Relation::Breaks, "breaks"),
    (Relation::Replaces, "replaces"),
    (Relation::Provides, "provides"),
];

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
    let depends = depends.iter().chain(spec.relations.depends());
    table["depends"] = value(depends.map(String::as_str).collect::<Array>());
    for (relation, key) in KEYS {
        let relations = spec.relations.of(relation);
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
        table["systemd-units"] = units(facts);
    }
    table["conf-files"] = value(conffiles(lines));
    table["assets"] = value(list(lines.iter().map(|line| asset(line, up))));
    Said {
        table,
        unsaid: unsaid(facts),
    }
}

/// What is done with the units. cargo-deb names units without their types.
fn units(facts: &Facts<'_>) -> Item {
    let actions = &facts.spec.actions;
    let entry = |name: Option<&str>, actions: UnitActions| {
        let name = name.map(|name| ("unit-name", Value::from(name)));
        inline(name.into_iter().chain([
            ("enable", actions.enable.into()),
            ("start", actions.start.into()),
            ("restart-after-upgrade", true.into()),
            ("stop-on-upgrade", false.into()),
        ]))
    };
    if actions.units.is_empty() {
        return value(entry(None, UnitActions::default()));
    }
    let units = unit_stems(facts);
    value(list(units.iter().map(|(stem, actions)| {
        entry(
            Some(stem),
            actions.iter().next().copied().unwrap_or_default(),
        )
    })))
}

/// The units without their types, and what is done with those of one name.
fn unit_stems<'a>(facts: &Facts<'a>) -> BTreeMap<&'a str, BTreeSet<UnitActions>> {
    let mut stems = BTreeMap::<_, BTreeSet<_>>::new();
    let files = facts.spec.files.iter().filter(|file| file.has_content());
    for unit in files.filter_map(|file| system_files::unit(&file.dest)) {
        let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
        let actions = stems.entry(stem).or_default();
        actions.insert(facts.spec.actions.unit(unit));
    }
    stems
}

fn asset(line: &Line, up: &str) -> Value {
    let dest = line.dest.trim_start_matches('/');
    match &line.link {
        Some(text) => inline([("dest", dest), ("link_name", text)]),
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

fn unsaid(facts: &Facts<'_>) -> Vec<String> {
    let Facts {
        spec,
        scripts,
        lines,
        ..
    } = *facts;
    let mut unsaid = vec![
        "the summary is the `description` of the Cargo package".to_owned(),
        "the changelog of the package, made from the project's; checksums of the files".to_owned(),
        "flavour, commit and reason in the program, and a failure where dependencies cannot be derived".to_owned(),
    ];
    if spec.epoch > 0 {
        let version = spec.full_version();
        unsaid.push(format!(
            "the epoch of the version: `cargo deb --deb-version {version}`"
        ));
    }
    if scripts.is_none() && lines.iter().any(is_acted_on) {
        let without =
            "scripts for units, users and temporary files: they need `maintainer-scripts`";
        unsaid.push(without.to_owned());
    }
    let owned = lines.iter().filter(|line| !line.owner.is_root());
    let owned: Vec<&str> = owned.map(|line| line.dest.as_str()).collect();
    if !owned.is_empty() {
        unsaid.push(format!("owners of {}", owned.join(", ")));
    }
    let actions = &facts.spec.actions;
    if !actions.alternatives.is_empty() || !actions.deb_triggers.is_empty() {
        unsaid.push("alternatives and triggers".to_owned());
    }
    if unit_stems(facts).values().any(|actions| actions.len() > 1) {
        let without = "`enable` and `start` of units whose names differ in the type alone";
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
