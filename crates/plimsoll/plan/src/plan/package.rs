//! What one package file is made of.

use std::collections::BTreeMap;

use plimsoll_probe::{Distribution, Findings, FlavourName, Packages};
use serde::{Deserialize, Serialize};

use super::{Arch, PlanError, build};
use crate::config::{Architecture, Config};
use crate::format::{
    FormatRules, Naming, is_safe, name_in_file, revision_in_file, version_in_file,
};
use crate::source::Source;
use plimsoll_spec::{FormatName, Relation, Relations};

/// One package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackagePlan {
    /// The package's name.
    pub name: String,
    /// The packages of the configuration whose assets it holds: itself, or all where the format has one file for all.
    pub holds: Vec<String>,
    /// The programs in it.
    pub programs: Vec<String>,
    /// The package whose programs' symbols it holds, where it is a debug package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_of: Option<String>,
    /// Its name below the folder for packages.
    pub file: String,
    /// What kind of file it is.
    pub format: FormatName,
    /// The flavour of the programs in it.
    pub flavour: FlavourName,
    /// The best driver that they have.
    pub driver: String,
    /// The architecture in the format's own words.
    pub arch: String,
    /// The relations that do not follow from what the programs link. Dependencies on libraries are derived from the programs.
    pub declared: Relations,
}

impl PackagePlan {
    /// What the configuration of all packages says of this file.
    #[must_use]
    pub fn config(&self, all: &Config) -> Config {
        all.of_file(&self.name, &self.holds, self.debug_of.as_deref())
    }
}

pub(super) fn plan(
    config: &Config,
    source: &Source,
    findings: &Findings,
    flavour: FlavourName,
    format: &dyn FormatRules,
) -> Result<Vec<PackagePlan>, PlanError> {
    let planned = parts(config, format).into_iter().map(|part| {
        let Part {
            name,
            holds,
            debug_of,
        } = part;
        let own = config.of_file(&name, &holds, debug_of.as_deref());
        let arch = match own.architecture {
            Architecture::Any => format.arch(Arch::of(&findings.target)?),
            Architecture::All => format.every_arch(),
        };
        let file = format.file_name(&Naming {
            name: &name_in_file(&name),
            version: &version_in_file(&format.version(&source.version)),
            revision: &revision_in_file(&config.revision),
            arch,
            flavour,
        });
        if !is_safe(&file) {
            let format = format.name();
            return Err(PlanError::FileName { format, file });
        }
        Ok(PackagePlan {
            file,
            format: format.name(),
            flavour,
            driver: build::driver(config, flavour).to_owned(),
            arch: arch.to_owned(),
            declared: declared(
                &own,
                &findings.distribution,
                &source.version,
                flavour,
                format,
            )?,
            programs: own
                .programs_in(format.name())
                .into_iter()
                .map(str::to_owned)
                .collect(),
            name,
            holds,
            debug_of,
        })
    });
    planned.collect()
}

/// One file of a format.
struct Part {
    name: String,
    /// The packages of the configuration that it holds.
    holds: Vec<String>,
    debug_of: Option<String>,
}

/// The files of a format. A debug package follows its package.
fn parts(config: &Config, format: &dyn FormatRules) -> Vec<Part> {
    let made = config.packages_in(format.name()).into_iter();
    let made = made.map(str::to_owned);
    let plain = |name: String, holds| Part {
        name,
        holds,
        debug_of: None,
    };
    if !format.is_divided() {
        return vec![plain(config.name.clone(), made.collect())];
    }
    let parts = made.flat_map(|name| {
        let holds = vec![name.clone()];
        let own = config.of_package(&name, &holds);
        let has_programs = !own.programs_in(format.name()).is_empty();
        let debug = format.debug_package(&name);
        let debug = debug.filter(|_| config.debug_packages && has_programs);
        let debug = debug.map(|debug| Part {
            name: debug,
            holds: Vec::new(),
            debug_of: Some(name.clone()),
        });
        [plain(name, holds)].into_iter().chain(debug)
    });
    parts.collect()
}

/// Refuses two packages of which one would overwrite the other.
pub(super) fn check_files(packages: &[PackagePlan]) -> Result<(), PlanError> {
    let mut files: BTreeMap<&str, &PackagePlan> = BTreeMap::new();
    let described = |it: &PackagePlan| format!("{} of flavour {}", it.name, it.flavour);
    for package in packages {
        if let Some(first) = files.insert(&package.file, package) {
            return Err(PlanError::SameFile {
                file: package.file.clone(),
                first: described(first),
                second: described(package),
            });
        }
    }
    Ok(())
}

/// The relations that do not follow from what the programs link: those of the configuration ([`Config::of_package`]), packages of
/// the same build, what the scripts run, and tools. `host` gives the names where the format is its own, `version` is that of the
/// program.
///
/// The tool of a library is a hard dependency where nothing else does its work, and otherwise what the library is fallen
/// back from.
///
/// # Errors
/// When the package of a tool has no name there, or no family is known that has the format.
pub fn declared(
    config: &Config,
    host: &Distribution,
    version: &str,
    flavour: FlavourName,
    format: &dyn FormatRules,
) -> Result<Relations, PlanError> {
    if !format.has_dependencies() {
        return Ok(Relations::default());
    }
    let family = format.family(host.family);
    let named = |packages: &Packages| match family == host.family {
        true => packages.on(host).map(str::to_owned),
        false => packages.of(family?).map(str::to_owned),
    };
    let matrix = config.matrix();
    let flavour = matrix.flavour(flavour).into_iter();
    let linked: Vec<&str> = flavour
        .flat_map(|flavour| matrix.linked(flavour))
        .map(|(name, _)| name)
        .collect();
    let mut on = match family == host.family {
        true => host.names(),
        false => family.iter().map(|it| it.name.to_owned()).collect(),
    };
    on.reverse();
    let own_version = format.full_version(config, version);
    let mut relations = format.own_relations(config, &on, &own_version);
    let names = config.same_version.iter();
    let same = names.filter_map(|name| format.same_version(config, name.get_ref(), version));
    relations.add(Relation::Depends, same);
    let sysusers = format.runs_sysusers().filter(|_| has_users(config, format));
    relations.add(Relation::Depends, sysusers);
    for (name, library) in &config.native_dep {
        let Some(tool) = &library.tool else {
            continue;
        };
        let package = named(&tool.packages).ok_or_else(|| PlanError::NoPackageName {
            family: format.title(),
            what: tool.program.clone(),
        })?;
        // One tool may stand in for several libraries.
        match linked.contains(&name.as_str()) {
            true => relations.add(Relation::Recommends, [package]),
            false => relations.add(Relation::Depends, [package]),
        }
    }
    let depends = relations.depends().to_vec();
    let is_needed = |text: &str| depends.iter().any(|it| it == text);
    relations.retain(|relation, text| relation != Relation::Recommends || !is_needed(text));
    Ok(relations)
}

/// Whether a package makes users or groups, by a file of sysusers.d(5).
fn has_users(config: &Config, format: &dyn FormatRules) -> bool {
    let assets = config
        .asset
        .iter()
        .filter(|asset| asset.is_in(format.name()));
    let mut dests = assets.map(|asset| asset.dest.as_str());
    dests.any(|dest| dest.starts_with("/usr/lib/sysusers.d/"))
}
