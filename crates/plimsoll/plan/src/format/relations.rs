//! Relations of the configuration, as a format takes them.

use std::collections::BTreeMap;

use plimsoll_probe::DistributionName;
use plimsoll_spec::{Relation, Relations};

use crate::complaint::Complaint;
use crate::config::Texts;

/// How to mend a relation of a package to itself.
pub(super) const ITSELF: &str = "leave it out: a package provides its own name, and an upgrade takes the place of older versions";

/// What stands for the version of the packages in a relation.
const VERSION: &str = "{version}";

/// A version of packages, for what is read before theirs is known.
const SOME_VERSION: &str = "1-1";

/// Gathers relations; `written` gives each text as the format writes it. `version` is that of the packages.
pub(super) fn gathered(
    relations: Vec<(Relation, &Texts)>,
    version: &str,
    written: impl Fn(&str) -> String,
) -> Relations {
    let relations = relations.into_iter();
    let relations = relations.map(|(relation, texts)| {
        let texts = texts.iter().map(|text| text.replace(VERSION, version));
        let texts: Vec<String> = texts.map(|text| written(&text)).collect();
        (relation, texts)
    });
    relations.collect()
}

/// Complains of each relation that `check` refuses; `check` says how to write it.
pub(super) fn refused<'a>(
    who: &str,
    relations: impl Iterator<Item = (Relation, &'a Texts)>,
    check: impl Fn(Relation, &str) -> Result<(), &'static str>,
) -> Vec<Complaint> {
    let texts = relations.flat_map(|(relation, texts)| {
        let places = texts.places();
        places.map(move |(text, at)| (relation, text, at))
    });
    let refused = texts.filter_map(|(relation, text, at)| {
        let hint = check(relation, &text.replace(VERSION, SOME_VERSION)).err()?;
        let what = format!("{who} refuses a package that {} {text:?}", relation.verb());
        Some(Complaint::in_place(at, what, hint))
    });
    refused.collect()
}

/// Complains of tables for distributions whose packages have another format.
pub(super) fn misplaced<T>(format: &str, on: &BTreeMap<DistributionName, T>) -> Vec<Complaint> {
    let names = on
        .keys()
        .filter(|name| name.family().native_format != format);
    let complaints = names.map(|name| {
        let native = name.family().native_format;
        let what = format!("[{format}.on.{name}] is for no package: those of {name} are .{native}");
        let hint = format!("move it to [{native}.on.{name}], or name another distribution");
        let name = name.to_string();
        Complaint::about(&[format, "on", &name], what, hint)
    });
    complaints.collect()
}
