//! Finding the C libraries that the programs of a build hold.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::MetadataCommand;
use plimsoll_plan::plan::BuildPlan;
use plimsoll_probe::{Command, Distribution, Host, Linking, limit};

use super::{Run, RunError};
use crate::audit::AuditError;
use crate::bundled::archives::{Archive, archives};
use crate::bundled::{self, Bundled, BundledError, C_LIBRARY, known};
use crate::crates::Crates;
use crate::linked::OwnedFile;
use crate::linked::trace::owned;
use crate::packager::cargo_program;
use crate::program::BuiltProgram;
use crate::sbom::shown;
use crate::units::Units;

impl Run<'_> {
    /// Refuses copies of C libraries that must not be in the programs, and warns about the others.
    pub(super) fn audit_bundled(
        &mut self,
        build: &BuildPlan,
        programs: &[BuiltProgram],
    ) -> Result<(), RunError> {
        let crates = crates(build, &self.plan.places.workspace, &self.plan.target)?;
        self.crates.insert(build.flavour, crates);
        let held = self.held(build, programs);
        let found = bundled::audit(build.flavour, self.config, &held);
        for words in found.reported {
            self.observer.line(&format!("warning: {words}"));
        }
        Ok(AuditError::check(found.faults).map_err(BundledError::from)?)
    }

    /// The C libraries that programs hold.
    pub(super) fn held(&self, build: &BuildPlan, programs: &[BuiltProgram]) -> Vec<Bundled> {
        let units = self.units(build);
        let built: Vec<&BuiltProgram> = programs.iter().filter(|it| !it.is_asset()).collect();
        let names: Vec<&str> = built.iter().map(|program| program.name.as_str()).collect();
        let crates = self.crates.get(&build.flavour);
        let linked = crates.map(|crates| crates.linked(&units, &names));
        let linked = linked.unwrap_or_default();
        let mut held: BTreeSet<Bundled> = BTreeSet::new();
        for archive in archives(&units) {
            let mut packages = linked.iter();
            let package = packages.find(|package| package.id == archive.script.package);
            held.extend(package.map(|package| of_archive(&archive, package, &units)));
        }
        for program in &built {
            for (name, version, text) in in_file(&program.path) {
                if held.iter().all(|copy| copy.name != name) {
                    held.insert(Bundled {
                        name: name.to_owned(),
                        version,
                        of_crate: None,
                        archive: None,
                        found: format!("{} has the text {text:?}", program.name),
                    });
                }
            }
        }
        let is_static = build.linking == Linking::Static && !built.is_empty();
        held.extend(is_static.then(|| c_library(target(build, &self.plan.target))));
        held.into_iter().collect()
    }
}

/// The graph of dependencies with the features of a build.
fn crates(build: &BuildPlan, workspace: &Path, host: &str) -> Result<Crates, RunError> {
    let mut words: Vec<String> = ["metadata", "--format-version=1", "--locked"]
        .map(str::to_owned)
        .into();
    words.extend([
        "--filter-platform".to_owned(),
        target(build, host).to_owned(),
    ]);
    let mut given = build.cargo.iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "--no-default-features" | "--all-features" => words.push(word.clone()),
            "--features" => words.extend([word.clone()].into_iter().chain(given.next().cloned())),
            _ => {}
        }
    }
    let command = Command::new(cargo_program(), words).within(workspace);
    let text = command.limited(limit::WORK).text()?;
    let metadata = MetadataCommand::parse(text).map_err(RunError::Metadata)?;
    Ok(Crates::new(metadata))
}

/// The triple that a build is for.
fn target<'a>(build: &'a BuildPlan, host: &'a str) -> &'a str {
    let mut words = build.cargo.iter().skip_while(|word| *word != "--target");
    words.nth(1).map_or(host, String::as_str)
}

fn of_archive(archive: &Archive<'_>, package: &cargo_metadata::Package, units: &Units) -> Bundled {
    let file = &archive.file;
    let texts = archive.path.as_deref().map(in_file).unwrap_or_default();
    let named = known::name_of(file).or(match texts.as_slice() {
        [(name, ..)] => Some(*name),
        _ => None,
    });
    let stem = file.trim_start_matches("lib").trim_end_matches(".a");
    let is_crates_own = stem.starts_with(&package.name.replace('-', "_"));
    let name = named.unwrap_or(if is_crates_own { &package.name } else { stem });
    let by_text = texts.iter().find(|(known, ..)| *known == name);
    let by_text = by_text.and_then(|(_, version, _)| version.clone());
    let systems = match &archive.path {
        Some(path) if !archive.is_made(units) => Some(owned(&Host, &Distribution::of(&Host), path)),
        _ => None,
    };
    Bundled {
        version: by_text.or_else(|| match &systems {
            Some(archive) => version_of(archive),
            None => in_metadata(&package.version.build),
        }),
        found: match (&systems, &archive.path) {
            (Some(archive), _) => in_words(archive, file),
            (None, Some(_)) => format!("a build script made {file}"),
            (None, None) => format!("its build script names {file}"),
        },
        name: name.to_owned(),
        of_crate: Some(shown(package)),
        archive: Some(file.clone()),
    }
}

/// The version after `+` of a crate's own, as in `1.1.1+curl-8.5.0`.
fn in_metadata(build: &cargo_metadata::semver::BuildMetadata) -> Option<String> {
    let version = build.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    (!version.is_empty()).then(|| version.to_owned())
}

fn version_of(archive: &OwnedFile) -> Option<String> {
    let owner = archive.owner.as_ref().ok()?.as_ref();
    owner.map(|owner| owner.version.clone())
}

/// Whose an archive is. The path of one that no package has would differ from machine to machine.
fn in_words(archive: &OwnedFile, file: &str) -> String {
    match &archive.owner {
        Ok(Some(owner)) => format!(
            "{} of {} {}",
            archive.path.display(),
            owner.package,
            owner.version
        ),
        Ok(None) => format!("{file}, which no package has"),
        Err(reason) => format!("{file}, and the package manager cannot say who owns it: {reason}"),
    }
}

/// The C library of a static program.
fn c_library(target: &str) -> Bundled {
    let copy = |version: Option<String>, found: String| Bundled {
        name: C_LIBRARY.to_owned(),
        version,
        of_crate: None,
        archive: Some("libc.a".to_owned()),
        found,
    };
    if target.ends_with("musl") {
        return copy(None, format!("musl, as Rust brings it for {target}"));
    }
    let asked = Command::new("cc", ["-print-file-name=libc.a"]).text();
    let path = asked.unwrap_or_default();
    let archive = owned(&Host, &Distribution::of(&Host), Path::new(path.trim()));
    copy(version_of(&archive), in_words(&archive, "libc.a"))
}

/// What is recognised in a file; nothing where it cannot be read.
fn in_file(path: &Path) -> Vec<(&'static str, Option<String>, String)> {
    known::in_bytes(&std::fs::read(path).unwrap_or_default())
}
