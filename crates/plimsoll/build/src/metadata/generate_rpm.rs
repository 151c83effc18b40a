//! What cargo-generate-rpm is told (<https://docs.rs/crate/cargo-generate-rpm/latest>).

use plimsoll_spec::{FileKind, PackageSpec, Relation};
use toml_edit::{InlineTable, Table, Value, value};

use super::lines::Line;
use super::value::list;
use super::{Facts, Said};

/// The keys of relations.
const KEYS: [(Relation, &str); 8] = [
    (Relation::Depends, "requires"),
    (Relation::Recommends, "recommends"),
    (Relation::Suggests, "suggests"),
    (Relation::Supplements, "supplements"),
    (Relation::Enhances, "enhances"),
    (Relation::Conflicts, "conflicts"),
    (Relation::Obsoletes, "obsoletes"),
    (Relation::Provides, "provides"),
];

pub(super) fn table(facts: &Facts<'_>) -> Said {
    let Facts {
        spec, lines, up, ..
    } = *facts;
    let mut table = Table::new();
    table["name"] = value(&spec.name);
    table["summary"] = value(&spec.summary);
    table["version"] = value(&spec.version);
    table["release"] = value(&spec.revision);
    table["url"] = value(&spec.homepage);
    if spec.epoch > 0 {
        table["epoch"] = value(i64::from(spec.epoch));
    }
    for (relation, key) in KEYS {
        let relations = spec.relations.of(relation);
        if !relations.is_empty() {
            table[key] = value(self::relations(relations));
        }
    }
    let scriptlets = spec.scriptlets.clone().unwrap_or_default();
    table["require-sh"] = value(spec.scriptlets.is_some());
    for (key, script) in [
        ("post_install_script", scriptlets.post),
        ("pre_uninstall_script", scriptlets.preun),
        ("post_uninstall_script", scriptlets.postun),
    ] {
        if !script.is_empty() {
            table[key] = value(script);
        }
    }
    let said = lines.iter().filter(|line| line.link.is_none());
    table["assets"] = value(list(said.map(|line| asset(line, up))));
    Said {
        table,
        unsaid: unsaid(facts),
    }
}

fn asset(line: &Line, up: &str) -> Value {
    let mut table = InlineTable::new();
    table.insert("source", line.source_from(up).into());
    table.insert("dest", line.dest.as_str().into());
    table.insert("mode", line.octal().into());
    if !line.owner.is_root() {
        table.insert("user", line.owner.user.as_str().into());
        table.insert("group", line.owner.group.as_str().into());
    }
    match line.kind {
        FileKind::Config => {
            table.insert("config", "noreplace".into());
        }
        FileKind::Doc => {
            table.insert("doc", true.into());
        }
        FileKind::Plain | FileKind::License | FileKind::Ghost => {}
    }
    Value::from(table)
}

/// `a >= 1` is `a = ">= 1"` here, so a name has one comparison: the first.
fn relations(relations: &[String]) -> InlineTable {
    let mut table = InlineTable::new();
    for (name, version) in relations.iter().map(|relation| split(relation)) {
        if !table.contains_key(name) {
            table.insert(name, version.into());
        }
    }
    table
}

fn split(relation: &str) -> (&str, &str) {
    match relation
        .split_once(' ')
        .filter(|_| !relation.starts_with('('))
    {
        Some((name, version)) => (name, version),
        None => (relation, "*"),
    }
}

/// The relations that the table has no place for.
fn left(spec: &PackageSpec) -> Vec<String> {
    let left = spec.relations.iter().flat_map(|(relation, texts)| {
        let has_key = KEYS.iter().any(|(known, _)| *known == relation);
        let texts = texts.iter().enumerate().filter(move |(at, text)| {
            let name = split(text).0;
            let is_second = texts[..*at].iter().any(|it| split(it).0 == name);
            !has_key || is_second
        });
        texts.map(move |(_, text)| format!("it {} {text}", relation.verb()))
    });
    left.collect()
}

/// The build, which the tool leaves to its user.
fn build(facts: &Facts<'_>) -> String {
    let profile = match facts.cargo.profile.as_str() {
        "release" => "--release".to_owned(),
        other => format!("--profile {other}"),
    };
    let mut command = format!("cargo build {profile}");
    if facts.is_stripped {
        let profile = &facts.cargo.profile;
        command.push_str(&format!(" --config 'profile.{profile}.strip=\"symbols\"'"));
    }
    if !facts.cargo.default_features {
        command.push_str(" --no-default-features");
    }
    if !facts.features.is_empty() {
        command.push_str(&format!(" --features {}", facts.features.join(",")));
    }
    command
}

fn unsaid(facts: &Facts<'_>) -> Vec<String> {
    let Facts { spec, lines, .. } = *facts;
    let build = format!("the build, which comes first: `{}`", build(facts));
    let mut unsaid = vec![
        build,
        "group, packager, description and changelog of the package; which files are licences"
            .to_owned(),
        "compression of man pages; the folders that the package owns".to_owned(),
        "flavour, commit and reason in the program, and the audit of what it needs".to_owned(),
    ];
    if lines.iter().any(|line| line.link.is_some()) {
        unsaid.push("symbolic links".to_owned());
    }
    let actions = &spec.actions;
    if actions.rpm_scripts.is_some() || !actions.rpm_triggers.is_empty() {
        unsaid.push("scriptlets of the project and file triggers".to_owned());
    }
    if lines.iter().any(|line| !line.owner.is_root()) {
        unsaid.push("the making of users before their files are unpacked".to_owned());
    }
    let left = left(spec);
    if !left.is_empty() {
        unsaid.push(format!("relations without a place: {}", left.join("; ")));
    }
    if !spec.relations.depends().is_empty() {
        unsaid.push("names of packages on distributions other than Fedora".to_owned());
    }
    unsaid
}
