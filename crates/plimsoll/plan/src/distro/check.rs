//! Checks of entries that types cannot express.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_probe::Linking;

use super::{DevelSource, Distro, DistroError, DistroList};
use crate::config::Config;
use crate::format::{Formats, RevisionSuffix, either};

/// The file, for messages.
pub(super) struct File<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl File<'_> {
    fn fault(&self, distro: &Distro, fault: Fault) -> DistroError {
        let before = self.text.get(..distro.id.span().start).unwrap_or_default();
        DistroError::Entry {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            id: distro.id().to_owned(),
            what: fault.0,
            hint: fault.1.into_owned(),
        }
    }
}

/// What is wrong, and what mends it.
type Fault = (String, Cow<'static, str>);

/// A thing that an entry must fulfil.
type Rule = fn(&Known<'_>, &Distro) -> Option<Fault>;

/// What an entry is compared with.
struct Known<'a> {
    list: &'a DistroList,
    formats: &'a Formats,
}

const RULES: [Rule; 9] = [
    family_is_there,
    id_is_a_name,
    id_is_unique,
    suffix_is_unique,
    suffix_fits_the_format,
    architectures_are_there,
    a_root_can_be_made,
    devel_source_is_the_familys,
    profile_base_is_a_root,
];

/// Checks every entry by every rule; the first fault is reported.
pub(super) fn check(
    list: &DistroList,
    formats: &Formats,
    file: &File<'_>,
) -> Result<(), DistroError> {
    let known = &Known { list, formats };
    let entries = list.distros.iter();
    let mut faults = entries.flat_map(|distro| {
        let faults = RULES.iter().filter_map(move |rule| rule(known, distro));
        faults.map(move |fault| file.fault(distro, fault))
    });
    faults.next().map_or(Ok(()), Err)
}

/// Checks that the packages of each library have names in each entry, and that the flavour is one of the project's.
///
/// # Errors
/// Names the entry and what is missing. `path` and `text` are of the list.
pub fn check_names(
    list: &DistroList,
    config: &Config,
    path: &Path,
    text: &str,
) -> Result<(), DistroError> {
    let file = File { path, text };
    for distro in &list.distros {
        let fault = unknown_library(config, distro)
            .or_else(|| missing_name(&distro.adapt(list, config), distro))
            .or_else(|| unexpected_flavour(config, distro));
        if let Some(fault) = fault {
            return Err(file.fault(distro, fault));
        }
    }
    Ok(())
}

fn unknown_library(config: &Config, distro: &Distro) -> Option<Fault> {
    let mut named = distro.packages.keys();
    let unknown = named.find(|name| !config.native_dep.contains_key(*name))?;
    let what = format!("names packages of {unknown}, which no native-dep declares");
    let known: Vec<&str> = config.native_dep.keys().map(String::as_str).collect();
    let hint = format!("packages.NAME, where NAME is one of {}", known.join(", "));
    Some((what, hint.into()))
}

/// `config` is adapted to the entry.
fn missing_name(config: &Config, distro: &Distro) -> Option<Fault> {
    let distribution = distro.distribution();
    let mut libraries = config.native_dep.values();
    if let Some(library) = libraries.find(|dep| !dep.soname.is_known_on(&distribution)) {
        let what = format!("has no soname for {}", library.pkg_config);
        let hint = "name it for the family in packaging/dist.toml";
        return Some((what, hint.into()));
    }
    let (key, library) = config.native_dep.values().find_map(|library| {
        let tool = library.tool.as_ref().map(|tool| ("tool", &tool.packages));
        let mut needed = [("devel", &library.devel), ("runtime", &library.runtime)]
            .into_iter()
            .chain(tool);
        let missing = needed.find(|(_, names)| names.of(distro.family).is_none());
        missing.map(|(key, _)| (key, library))
    })?;
    let library = &library.pkg_config;
    let what = format!("has no name for the {key} package of {library}");
    let hint = "name it for the family in packaging/dist.toml, or under `packages` here";
    Some((what, hint.into()))
}

fn unexpected_flavour(config: &Config, distro: &Distro) -> Option<Fault> {
    let expected = distro.expected_flavour;
    let matrix = config.matrix();
    let dynamic: Vec<String> = matrix
        .flavours
        .iter()
        .filter(|flavour| flavour.linking == Linking::Dynamic)
        .map(|flavour| flavour.name.to_string())
        .collect();
    let hint = || format!("expect {}", dynamic.join(" or ")).into();
    match matrix.flavour(expected).map(|flavour| flavour.linking) {
        Some(Linking::Dynamic) => None,
        Some(Linking::Static) => Some((
            format!(
                "expects the flavour {expected}, which is static and belongs to no distribution"
            ),
            hint(),
        )),
        None => Some((
            format!("expects the flavour {expected}, which packaging/dist.toml does not declare"),
            hint(),
        )),
    }
}

fn family_is_there(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let missing = !known.list.family.contains_key(&distro.family);
    missing.then(|| {
        let what = "is of a family that is not described".to_owned();
        (what, "describe it under [family.NAME]".into())
    })
}

fn id_is_a_name(_: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let id = distro.id();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let starts = id.starts_with(|c: char| c.is_ascii_lowercase());
    // These are folders of target/dist already.
    let taken = ["build", "work"].contains(&id);
    (!starts || !id.chars().all(fits) || taken).then(|| {
        let what = "cannot be the name of a folder and of an image".to_owned();
        let hint = "use lower-case letters, digits, `.` and `-`, as in debian-12";
        (what, hint.into())
    })
}

fn id_is_unique(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let first = known
        .list
        .distros
        .iter()
        .find(|other| other.id() == distro.id())?;
    (first.id.span() != distro.id.span()).then(|| {
        (
            "is there twice".to_owned(),
            "remove one, or rename it".into(),
        )
    })
}

fn suffix_is_unique(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let suffix = &distro.revision_suffix;
    let mut earlier = known
        .list
        .distros
        .iter()
        .take_while(|other| other.id() != distro.id());
    let other = earlier.find(|other| other.revision_suffix == *suffix)?;
    let what = format!("has the revision suffix {suffix:?} of {}", other.id());
    Some((
        what,
        "give each entry a `revision-suffix` of its own, or packages of both have the same file name".into(),
    ))
}

fn suffix_fits_the_format(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let name = known.list.family.get(&distro.family)?.format;
    let Some(RevisionSuffix { marks, hint }) = known.formats.get(name).ok()?.revision_suffix()
    else {
        let what = format!("is packaged as {name}, which every distribution can share");
        let others = known.formats.iter();
        let others = others.filter(|format| format.revision_suffix().is_some());
        let others: Vec<_> = others.map(|format| format.name()).collect();
        let hint = format!("give its family the format {}", either(&others));
        return Some((what, hint.into()));
    };
    let suffix = &distro.revision_suffix;
    let fits = |c: char| c.is_ascii_alphanumeric() || ".~+".contains(c);
    let starts = suffix.starts_with(|c| marks.contains(c)) && suffix.len() > 1;
    (!starts || !suffix.chars().all(fits)).then(|| {
        let what = format!("has the revision suffix {suffix:?}, which {name} does not take");
        (what, hint.into())
    })
}

fn architectures_are_there(_: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let unique: BTreeSet<_> = distro.architectures.iter().collect();
    (unique.is_empty() || unique.len() != distro.architectures.len()).then(|| {
        let what = "has no architecture, or one twice".to_owned();
        (what, "list each once, as in [\"amd64\", \"arm64\"]".into())
    })
}

fn a_root_can_be_made(_: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let complete = distro.suite.is_some() && distro.archive.is_some();
    (distro.family.bootstrap.is_some() && !complete).then(|| {
        let what = "lacks `suite` or `archive`, which the Debian family needs".to_owned();
        let hint = "set both, as in suite = \"trixie\" and archive = \"http://deb.debian.org/debian\": a root is made from them";
        (what, hint.into())
    })
}

fn profile_base_is_a_root(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let base = known
        .list
        .family
        .get(&distro.family)?
        .profile_base
        .as_ref()?;
    let entry = known.list.distros.iter().find(|entry| entry.id() == base);
    let is_made = entry.is_some_and(|entry| entry.family.bootstrap.is_some());
    (!is_made).then(|| {
        let what = format!(
            "has a family whose `profile-base` {base:?} is not an entry of the Debian family"
        );
        (
            what,
            "name an entry of the Debian family in `profile-base`".into(),
        )
    })
}

fn devel_source_is_the_familys(known: &Known<'_>, distro: &Distro) -> Option<Fault> {
    let family = known.list.family.get(&distro.family)?;
    let own = distro.packages.values().filter_map(|own| own.repository);
    let mut sources = own.chain([distro.devel]);
    let from_crb = sources.any(|source| source == DevelSource::Crb);
    (from_crb && family.crb.is_empty()).then(|| {
        let what = "gets a devel package from crb, which its family cannot enable".to_owned();
        (what, "set `crb` under the family".into())
    })
}

#[cfg(test)]
mod tests;
