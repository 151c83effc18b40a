//! The declarations of C libraries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::facts::{Built, Facts, Found, Native, Package};
use super::library::{self, Library};
use super::words::{list, open, quoted};

/// The tables [native-dep.NAME] and [flavour.NAME].
pub(super) fn text(facts: &Facts, libraries: &BTreeMap<String, Library>) -> String {
    let mut text = String::new();
    let mut features = BTreeSet::new();
    for (name, library) in libraries {
        if let Some(use_of) = Use::of(facts, library) {
            features.extend(use_of.feature().map(|(_, feature)| feature));
            text.push_str(&declaration(facts, name, library, &use_of));
        }
    }
    text.push_str(&found(facts, libraries));
    text.push_str(&unknown(facts, libraries));
    text.push_str(&flavours(&features));
    text
}

fn flavours(features: &BTreeSet<&str>) -> String {
    let dynamic = "[flavour.dynamic]\nformats = [\"deb\", \"rpm\"]\n";
    if features.is_empty() {
        return format!("\n{dynamic}");
    }
    let (of, features) = match features.len() {
        1 => ("the feature", features.iter().copied().collect::<Vec<_>>()),
        _ => ("the features", features.iter().copied().collect()),
    };
    format!(
        "\n# With {of} {}. For packages without a feature, remove the [native-dep] that has it.\n{dynamic}\n\
         # Without: for systems that lack the library.\n\
         [flavour.plain]\nlibraries = []\nformats = [\"deb\", \"rpm\"]\n",
        features.join(", ")
    )
}

/// Who links a library of the system.
enum Use<'a> {
    /// Always these packages.
    Always(Vec<&'a Package>),
    /// A package, with a feature.
    WithFeature(&'a Package, &'a str),
}

impl<'a> Use<'a> {
    fn of(facts: &'a Facts, library: &Library) -> Option<Self> {
        let packages = facts.packages.iter();
        let users: Vec<(&Package, &Native)> = packages
            .flat_map(|package| package.native.iter().map(move |native| (package, native)))
            .filter(|(_, native)| library.is_of(native))
            .collect();
        let (optional, always): (Vec<_>, Vec<_>) = users
            .into_iter()
            .partition(|(_, native)| native.feature.is_some());
        let needing = facts
            .built
            .as_ref()
            .map(|it| it.needing(&library.sonames()));
        let is_needed = needing.is_some_and(|programs| !programs.is_empty());
        if always.is_empty() && !is_needed {
            let mut linking = optional.iter().filter(|(_, it)| library.is_linked_by(it));
            return linking.find_map(|(package, native)| {
                let feature = native.feature.as_deref()?;
                Some(Self::WithFeature(package, feature))
            });
        }
        let is_linked = match facts.built {
            Some(_) => is_needed,
            None => always.iter().any(|(_, it)| library.is_linked_by(it)),
        };
        let users = always.into_iter().map(|(package, _)| package);
        is_linked.then(|| Self::Always(users.collect()))
    }

    fn feature(&self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Always(_) => None,
            Self::WithFeature(package, feature) => Some((&package.name, feature)),
        }
    }

    /// The programs that link it.
    fn programs(&self, built: Option<&'a Built>, library: &Library) -> Vec<String> {
        match (self, built) {
            (Self::Always(_), Some(built)) => {
                let needing = built.needing(&library.sonames()).into_iter();
                needing.map(str::to_owned).collect()
            }
            (Self::Always(packages), None) => packages.iter().flat_map(|it| it.linking()).collect(),
            (Self::WithFeature(package, _), _) => package.linking(),
        }
    }
}

fn declaration(facts: &Facts, name: &str, library: &Library, use_of: &Use<'_>) -> String {
    let mut text = format!(
        "\n[native-dep.{name}]\npkg-config = {}\nsoname = {}\nmin-version = \"0\"\n",
        quoted(&library.pkg_config),
        library.soname
    );
    match use_of.feature() {
        Some((package, feature)) => {
            let (package, feature) = (quoted(package), quoted(feature));
            let _ = writeln!(
                text,
                "cargo-feature = {{ package = {package}, feature = {feature} }}"
            );
        }
        None => text.push_str("required = true\n"),
    }
    let programs = use_of.programs(facts.built.as_ref(), library);
    text.push_str(&linked_by(facts, &programs));
    for (key, packages) in [("devel", &library.devel), ("runtime", &library.runtime)] {
        let _ = writeln!(text, "{key} = {}", toml::Value::from(packages.clone()));
    }
    text
}

/// Which programs link a library, where there are several.
fn linked_by<S: AsRef<str>>(facts: &Facts, programs: &[S]) -> String {
    match facts.linking().nth(1) {
        Some(_) => format!("linked-by = {}\n", list(programs)),
        None => String::new(),
    }
}

/// The libraries that the programs need, that the table does not have, and that the building system's packages hold.
fn found(facts: &Facts, libraries: &BTreeMap<String, Library>) -> String {
    let mut text = String::new();
    let Some(built) = &facts.built else {
        return text;
    };
    let known: Vec<&str> = libraries.values().flat_map(Library::sonames).collect();
    let found = built.found.iter();
    for (soname, of) in found.filter(|(soname, _)| !known.contains(&soname.as_str())) {
        let programs = linked_by(facts, &built.needing(&[soname]));
        text.push_str(&found_declaration(soname, of, &programs));
    }
    text
}

fn found_declaration(soname: &str, found: &Found, linked_by: &str) -> String {
    let name = soname.split(".so").next().unwrap_or(soname);
    let name = name.strip_prefix("lib").unwrap_or(name);
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let family = &found.family;
    let (pkg_config, devel) = match &found.devel {
        Some((pkg_config, devel)) => (pkg_config.as_str(), devel.as_str()),
        None => ("?", "?"),
    };
    let mut text = format!("\n[native-dep.{name}]\n");
    match &found.devel {
        Some(_) => _ = writeln!(text, "pkg-config = {}", quoted(pkg_config)),
        None => text.push_str("pkg-config = \"?\" # QUESTION: what is its .pc file called?\n"),
    }
    let _ = writeln!(
        text,
        "soname = {}\nmin-version = \"0\"\nrequired = true",
        quoted(soname)
    );
    text.push_str(linked_by);
    let other = if family == "fedora" {
        "debian"
    } else {
        "fedora"
    };
    for (key, package, what) in [
        ("devel", devel, "headers and .pc file"),
        ("runtime", &found.runtime, "the shared library"),
    ] {
        let _ = writeln!(
            text,
            "{key} = {{ {family} = {}, {other} = \"?\" }} # QUESTION: which package holds {what}?",
            quoted(package)
        );
    }
    text
}

/// Crates that the table does not have, where no build showed what they link.
fn unknown(facts: &Facts, libraries: &BTreeMap<String, Library>) -> String {
    let native = facts.packages.iter().flat_map(|package| &package.native);
    let is_known = |native: &Native| {
        library::is_without(native) || libraries.values().any(|library| library.is_of(native))
    };
    let is_settled = |native: &Native| match &native.feature {
        Some(_) => library::is_told_to_copy(native),
        None => facts.built.is_some(),
    };
    let open_ones = native.filter(|native| !is_known(native) && !is_settled(native));
    let mut asked = BTreeSet::new();
    let mut text = String::new();
    for native in open_ones.filter(|native| asked.insert(&native.name)) {
        let of = match &native.feature {
            Some(feature) => format!(" (feature {feature})"),
            None => String::new(),
        };
        text.push('\n');
        text.push_str(&open(&format!(
            "crate {}{of} links {:?}: is that a library of the system? Then declare it as [native-dep.NAME]",
            native.name, native.links
        )));
    }
    text
}

/// The crates that compile a copy of a C library into the programs.
pub(super) fn copies<'a>(
    facts: &'a Facts,
    libraries: &BTreeMap<String, Library>,
) -> BTreeSet<&'a str> {
    let native = facts.packages.iter().flat_map(|package| &package.native);
    let always = native.filter(|it| it.feature.is_none() && !library::is_without(it));
    let is_copy = |native: &Native| match &facts.built {
        Some(built) => {
            let linking = built.linking.get(&native.name).into_iter().flatten();
            let mut linking = linking.map(|library| library.split_once('='));
            linking.any(|kind| kind.is_some_and(|(kind, _)| kind.starts_with("static")))
        }
        None => {
            let mut of = libraries
                .values()
                .filter(|library| library.is_of(native))
                .peekable();
            match of.peek() {
                Some(_) => of.all(|library| !library.is_linked_by(native)),
                None => library::is_told_to_copy(native),
            }
        }
    };
    let copies = always.filter(|native| is_copy(native));
    copies.map(|native| native.name.as_str()).collect()
}
