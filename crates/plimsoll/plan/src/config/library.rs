//! The declared libraries against one another, the flavours and the programs.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_probe::{FlavourName, NativeDep};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::asset::library_file;
use super::{Config, FlavourConfig};

/// What is wrong with a declaration.
pub(super) struct Fault {
    /// Where in the file, in bytes.
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) hint: String,
}

/// The libraries, each in a table of its own name.
pub(super) fn by_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, NativeDep>, D::Error> {
    struct ByName;

    impl<'de> Visitor<'de> for ByName {
        type Value = BTreeMap<String, NativeDep>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table for each library, as in [native-dep.zlib]")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            // An error keeps its place in the file.
            Deserialize::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(ByName)
}

/// Where libraries are named in the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Spans {
    #[serde(default)]
    native_dep: BTreeMap<Spanned<String>, Linked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Linked {
    #[serde(default)]
    linked_by: Vec<Spanned<String>>,
}

impl Config {
    /// The programs that link a library: those that it lists, else those of the Cargo package with its feature, else the only one.
    pub(super) fn linking_programs<'a>(&'a self, dep: &'a NativeDep) -> Vec<&'a str> {
        let programs = self.programs();
        let feature = dep.cargo_feature.as_ref();
        let with_feature: Vec<&str> = feature.map_or_else(Vec::new, |feature| {
            let library = library_file(&feature.package);
            let named = programs.iter().copied();
            named
                .filter(|name| *name == feature.package || *name == library)
                .collect()
        });
        match (&*dep.linked_by, &*with_feature, &*programs) {
            ([], [], [one]) => vec![*one],
            ([], [_, ..], _) => with_feature,
            (listed, _, _) => listed.iter().map(String::as_str).collect(),
        }
    }
}

/// The first fault of libraries and flavours.
pub(super) fn check(config: &Config, text: &str) -> Option<Fault> {
    let spans: Spans = toml::from_str(text).ok()?;
    let libraries = spans.native_dep.iter();
    let mut faults = libraries.filter_map(|(name, spans)| library(config, name, spans));
    let flavours = || config.flavour.iter();
    faults
        .next()
        .or_else(|| flavours().find_map(|(name, flavour)| of_flavour(config, name, flavour)))
}

fn library(config: &Config, name: &Spanned<String>, spans: &Linked) -> Option<Fault> {
    let (at, name) = (name.span().start, name.get_ref().as_str());
    let dep = config.native_dep.get(name)?;
    let fault = |what: &str, hint: &str| {
        let what = format!("[native-dep.{name}] {what}");
        Some(Fault {
            at,
            what,
            hint: hint.to_owned(),
        })
    };
    let mut others = config.native_dep.iter().filter(|(other, _)| *other != name);
    if let Some((other, _)) =
        others.find(|(_, other)| other.soname == dep.soname || other.pkg_config == dep.pkg_config)
    {
        let what = format!("has the soname or the pkg-config name of [native-dep.{other}]");
        return fault(&what, "declare each library once");
    }
    if let Some(program) = spans.linked_by.iter().find(|program| {
        let program = program.get_ref();
        !config.programs().contains(&program.as_str())
    }) {
        let name = program.get_ref();
        return Some(Fault {
            at: program.span().start,
            what: format!("{name:?} is not the `binary` of an asset, and no file of a `library`"),
            hint: format!("add an [[asset]] with binary = {name:?}, or correct the name"),
        });
    }
    if dep.cargo_feature.is_none() && !dep.required {
        return fault(
            "is optional, and no feature turns it off",
            "set `cargo-feature`, or `required = true`",
        );
    }
    // Packages without a program are complained of elsewhere.
    if config.linking_programs(dep).is_empty() && !config.programs().is_empty() {
        return fault(
            "does not say which program links it",
            "name the programs in `linked-by`",
        );
    }
    let tried = dep
        .kernel
        .as_ref()
        .filter(|kernel| !kernel.tried_by.is_empty());
    if tried.is_some() && dep.tool.is_none() {
        return fault(
            "has `kernel.tried-by`, and no tool to try it with",
            "declare `tool`, or leave out `tried-by`",
        );
    }
    None
}

fn of_flavour(
    config: &Config,
    name: &Spanned<FlavourName>,
    flavour: &FlavourConfig,
) -> Option<Fault> {
    let (at, name) = (name.span().start, *name.get_ref());
    let Some(libraries) = &flavour.libraries else {
        let has_default = [
            FlavourName::STATIC,
            FlavourName::DYNAMIC,
            FlavourName::DYNAMIC_EXEC,
        ];
        let optional = config.native_dep.values().any(|dep| !dep.required);
        return (optional && !has_default.contains(&name)).then(|| Fault {
            at,
            what: format!("[flavour.{name}] does not say which libraries it links"),
            hint: "list them, as in libraries = [\"zlib\"]; none is []".to_owned(),
        });
    };
    let mut before: Vec<&String> = Vec::new();
    libraries.iter().find_map(|listed| {
        let library = listed.get_ref();
        let fault = |what: String, hint: &str| {
            Some(Fault {
                at: listed.span().start,
                what: format!("flavour {name} {what}"),
                hint: hint.to_owned(),
            })
        };
        if !config.native_dep.contains_key(library) {
            let what = format!("links {library}, which no native-dep declares");
            return fault(what, &known(config));
        }
        if before.contains(&library) {
            return fault(format!("links {library} twice"), "list it once");
        }
        before.push(library);
        None
    })
}

fn known(config: &Config) -> String {
    let known: Vec<&str> = config.native_dep.keys().map(String::as_str).collect();
    match known.is_empty() {
        true => "declare it as [native-dep.NAME]".to_owned(),
        false => format!("declared are {}", known.join(", ")),
    }
}
