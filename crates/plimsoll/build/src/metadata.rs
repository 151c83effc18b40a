//! `[package.metadata.deb]` and `[package.metadata.generate-rpm]` of a Cargo manifest, which follow from the configuration.
//!
//! So plain `cargo deb` and `cargo generate-rpm` make packages too. They know less: a comment above each table lists what they
//! cannot be told. Those packages are not audited.

mod deb;
mod error;
mod generate_rpm;
mod lines;
mod manifest;
mod value;

use std::path::{Path, PathBuf};

use plimsoll_plan::config::{Architecture, AssetSource, CargoConfig, Config};
use plimsoll_plan::plan::{Arch, PackagePlan, Places, Plan, declared};
use plimsoll_plan::source::Source;
use plimsoll_probe::{Distribution, Flavour, Linking};
use plimsoll_spec::{FileKind, FormatName, PackageSpec};
use toml_edit::{Array, InlineTable, Item, Table};

use crate::compose::{Ingredients, compose, unbuilt};
use crate::format::Formats;
pub use error::MetadataError;
use lines::Line;
pub use manifest::with_tables;

/// Where the configuration is, and the manifest that it is written to.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The workspace.
    pub workspace: &'a Path,
    /// The Cargo manifest of the main package: its tables name files relative to its folder.
    pub manifest: &'a Path,
}

/// The tables of a manifest, by the name of the tool: `deb` and `generate-rpm`. A format that no dynamic flavour has gives none.
pub type Tables = Vec<(&'static str, Table)>;

/// What a table says, and what it cannot say.
struct Said {
    table: Table,
    unsaid: Vec<String>,
}

/// What a table is made of.
struct Facts<'a> {
    spec: &'a PackageSpec,
    lines: &'a [Line],
    cargo: &'a CargoConfig,
    /// The features that `flavour` needs, as Cargo takes them.
    features: &'a [String],
    /// The folder of the project's maintainer scripts, relative to the workspace.
    scripts: Option<&'a str>,
    /// Whether the toolkit has Cargo strip the programs.
    is_stripped: bool,
    /// From the manifest's folder to the workspace: empty, or with a `/` at its end.
    up: &'a str,
}

type Say = fn(&Facts<'_>) -> Said;

/// The tables that follow from a configuration.
///
/// They describe the dynamic flavour that links the fewest libraries: plain Cargo builds it nearly everywhere.
///
/// # Errors
/// When an asset stands for no file, or a dependency has no name.
pub fn tables(
    formats: &Formats,
    config: &Config,
    source: &Source,
    site: &Site<'_>,
) -> Result<Tables, MetadataError> {
    let all: [(&'static str, FormatName, Say); 2] = [
        ("deb", FormatName::DEB, deb::table),
        ("generate-rpm", FormatName::RPM, generate_rpm::table),
    ];
    let mut tables = Tables::new();
    for (tool, name, say) in all {
        let Some(flavour) = plain(config, name) else {
            continue;
        };
        let writer = Writer {
            formats,
            config,
            source,
            site,
            name,
            flavour,
            say,
        };
        tables.push((tool, writer.table(tool)?));
    }
    Ok(tables)
}

/// What the table of a tool is written with.
struct Writer<'a> {
    formats: &'a Formats,
    config: &'a Config,
    source: &'a Source,
    site: &'a Site<'a>,
    name: FormatName,
    flavour: Flavour,
    say: Say,
}

impl Writer<'_> {
    /// The table of the main package, and in it those of the further ones: `variants`, as both tools have them.
    fn table(&self, tool: &str) -> Result<Table, MetadataError> {
        let packages = self.config.packages_in(self.name);
        let further = packages
            .into_iter()
            .filter(|name| *name != self.config.name);
        let mut main = self.said(&self.config.name)?;
        let mut variants = Table::new();
        variants.set_implicit(true);
        for name in further {
            let mut variant = self.said(name)?;
            variant.unsaid.retain(|line| !main.unsaid.contains(line));
            takes_nothing_over(&main.table, &mut variant);
            let words = format!("{tool} --variant {name}");
            variants.insert(name, Item::Table(commented(variant, &words, &self.flavour)));
        }
        if !variants.is_empty() {
            main.unsaid
                .push("dependencies on libraries of another package of the build".to_owned());
        }
        let mut table = commented(main, tool, &self.flavour);
        if !variants.is_empty() {
            table.insert("variants", Item::Table(variants));
        }
        Ok(table)
    }

    /// What the table of one package says.
    fn said(&self, name: &str) -> Result<Said, MetadataError> {
        let (config, site) = (self.config, self.site);
        let holds = vec![name.to_owned()];
        let own = config.of_package(name, &holds);
        let mut files = unbuilt(config, site.workspace, self.name)?;
        files.retain(|(asset, _)| config.holder(asset) == name);
        let package = package(self.formats, &own, self.source, &self.flavour, self.name)?;
        let plan = plan(&own, self.source, site, package);
        let plain_files: Vec<_> = files.iter().map(|(_, file)| file.clone()).collect();
        let spec = compose(&Ingredients {
            config: &own,
            plan: &plan,
            format: self.formats.get(self.name)?,
            package: &plan.packages[0],
            files: &plain_files,
            programs: &[],
            derived: &[],
            changelog: &[],
        });
        let mut held = files.clone();
        held.retain(|(_, file)| file.has_content() || file.link.is_some());
        let scripts = spec.maintainer_scripts.as_deref();
        let scripts = scripts.and_then(|it| it.strip_prefix(site.workspace).ok()?.to_str());
        let mut said = (self.say)(&Facts {
            cargo: &config.cargo,
            scripts,
            spec: &spec,
            lines: &lines::of(&held, site.workspace),
            features: &features(config, &self.flavour),
            is_stripped: self.source.settings.strip.is_none(),
            up: &up(site),
        });
        said.unsaid.extend(elsewhere(&own, self.name));
        said.unsaid.extend(unheld(&spec));
        let debug = config.debug_packages.then(|| "debug packages".to_owned());
        said.unsaid.extend(debug);
        Ok(said)
    }
}

/// A variant has every key of the main table that it does not set: it sets each to what says nothing.
fn takes_nothing_over(main: &Table, variant: &mut Said) {
    let table = &mut variant.table;
    let mut has_scripts = false;
    for (key, said) in main {
        if table.contains_key(key) {
            continue;
        }
        let is_script = key.ends_with("_script");
        has_scripts |= is_script;
        let nothing = match key {
            // cargo-deb looks for scripts in a folder, and warns where it finds none.
            "maintainer-scripts" => toml_edit::value("none"),
            // cargo-generate-rpm takes an empty text for the path of a folder.
            _ if is_script => toml_edit::value(":"),
            _ if said.is_inline_table() && key != "systemd-units" => {
                toml_edit::value(InlineTable::new())
            }
            _ => toml_edit::value(Array::new()),
        };
        table.insert(key, nothing);
    }
    if has_scripts {
        table.insert("require-sh", toml_edit::value(true));
        let without =
            "that it has no scripts: those here do nothing, in the place of the main package's";
        variant.unsaid.push(without.to_owned());
    }
}

/// The dynamic flavour with a format that links the fewest libraries; the first of the file among equals.
fn plain(config: &Config, format: FormatName) -> Option<Flavour> {
    let matrix = config.matrix();
    let flavours = matrix.flavours.iter();
    let dynamic = flavours
        .filter(|it| it.linking == Linking::Dynamic && config.formats(it.name).contains(&format));
    dynamic.min_by_key(|it| matrix.linked(it).count()).cloned()
}

/// What neither tool can be told: flags of rustc(1), files that a build script writes or a program prints, and relations on single
/// distributions.
fn elsewhere(config: &Config, format: FormatName) -> Vec<String> {
    let assets = config.asset.iter().filter(|asset| asset.is_in(format));
    let made = assets.filter(|asset| {
        let source = &asset.source;
        matches!(source, AssetSource::Printed(_) | AssetSource::OutDir { .. })
    });
    let made: Vec<&str> = made.map(|asset| asset.dest.as_str()).collect();
    let made = (!made.is_empty()).then(|| {
        let files = made.join(", ");
        format!("files that the build or a program makes: {files}")
    });
    let flags = &config.cargo.rustflags;
    let flags = (!flags.is_empty()).then(|| format!("flags of rustc: {}", flags.join(" ")));
    let architecture = (config.architecture == Architecture::All)
        .then(|| "the architecture: the package is for every one".to_owned());
    let places: Vec<String> = match format {
        FormatName::DEB => config.deb.on.keys().map(ToString::to_string).collect(),
        FormatName::RPM => config.rpm.on.keys().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let places = (!places.is_empty()).then(|| {
        let names = places.join(", ");
        format!(
            "relations of packages for {names}, if they are not the family that the table is for"
        )
    });
    let all = [flags, architecture, places].into_iter().flatten();
    made.into_iter().chain(all).collect()
}

/// What neither tool puts into a package: folders that may be empty, and ghosts.
fn unheld(spec: &PackageSpec) -> Option<String> {
    let files = spec.files.iter();
    let unheld = files.filter(|file| file.folder || file.kind == FileKind::Ghost);
    let unheld: Vec<&str> = unheld.map(|file| file.dest.as_str()).collect();
    (!unheld.is_empty())
        .then(|| format!("folders and files that are not held: {}", unheld.join(", ")))
}

/// The Cargo features of a flavour: those of every flavour, and of its libraries.
fn features(config: &Config, flavour: &Flavour) -> Vec<String> {
    let matrix = config.matrix();
    let libraries = matrix.linked(flavour);
    let of_libraries = libraries.filter_map(|(_, dep)| dep.cargo_feature.as_ref());
    let features = config.cargo.features.iter().cloned();
    features
        .chain(of_libraries.map(ToString::to_string))
        .collect()
}

fn package(
    formats: &Formats,
    config: &Config,
    source: &Source,
    flavour: &Flavour,
    name: FormatName,
) -> Result<PackagePlan, MetadataError> {
    let format = formats.get(name)?;
    // No host: the names of the family that the format is at home in.
    let nowhere = Distribution::parse("");
    Ok(PackagePlan {
        file: format!("{}-{}", config.name, source.version),
        name: config.name.clone(),
        holds: vec![config.name.clone()],
        programs: Vec::new(),
        debug_of: None,
        format: name,
        flavour: flavour.name,
        driver: String::new(),
        arch: format.arch(Arch::Amd64).to_owned(),
        declared: declared(config, &nowhere, &source.version, flavour.name, format)?,
    })
}

fn plan(config: &Config, source: &Source, site: &Site<'_>, package: PackagePlan) -> Plan {
    Plan {
        name: config.name.clone(),
        source: source.clone(),
        places: Places {
            workspace: site.workspace.to_owned(),
            out: PathBuf::new(),
            cache: PathBuf::new(),
            cargo_home: PathBuf::new(),
        },
        target: String::new(),
        builds: Vec::new(),
        packages: vec![package],
        left_out: Vec::new(),
        warnings: Vec::new(),
    }
}

/// From the manifest's folder to the workspace.
fn up(site: &Site<'_>) -> String {
    let folder = site.manifest.parent().unwrap_or(site.workspace);
    let below = folder.strip_prefix(site.workspace);
    "../".repeat(below.map_or(0, |below| below.components().count()))
}

fn commented(said: Said, tool: &str, flavour: &Flavour) -> Table {
    let Said { mut table, unsaid } = said;
    let mut comment = format!(
        "\n# Written from packaging/dist.toml, which is what to edit. For `cargo {tool}`: the flavour {}.\n",
        flavour.name
    );
    if !unsaid.is_empty() {
        comment.push_str("# What cannot be said here, and `dist` does:\n");
    }
    for line in unsaid {
        comment.push_str(&format!("# - {line}\n"));
    }
    table.decor_mut().set_prefix(comment);
    table
}

#[cfg(test)]
mod tests;
