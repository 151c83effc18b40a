//! The files of the packages: those that an adopter's own metadata names, those that the build makes, and those that are where
//! such files usually are.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::existing::{self, Said, changelog};
use super::facts::{Facts, Package, Printed, library_file};
use super::place::{self, Place};
use super::words::{list, open, quoted};

/// Tables `[[asset]]`, no two of them for one path.
#[derive(Default)]
struct Assets {
    text: String,
    dests: BTreeSet<String>,
}

impl Assets {
    /// Adds a table. `source` are its keys that say what it is, each with its line end.
    fn add(&mut self, source: &str, file_name: &str, place: &Place) {
        if self.dests.insert(place.of(file_name)) {
            let (dest, keys) = (quoted(&place.dest), &place.keys);
            let _ = write!(self.text, "\n[[asset]]\n{source}dest = {dest}\n");
            if let Some(suffix) = place.strip_suffix {
                let _ = writeln!(self.text, "strip-suffix = {}", quoted(suffix));
            }
            self.text.push_str(keys);
        }
    }

    fn add_file(&mut self, path: &str, place: &Place) {
        self.add(&format!("source = {}\n", quoted(path)), last(path), place);
    }

    /// Adds a file that has its usual place, unless it is a document that the metadata has elsewhere.
    fn add_usual(&mut self, path: &str, place: &Place) {
        let source = format!("source = {}\n", quoted(path));
        let is_document = place.dest.starts_with("/usr/share/doc/");
        if !(is_document && self.text.contains(&source)) {
            self.add_file(path, place);
        }
    }

    fn ask(&mut self, question: &str) {
        self.text.push('\n');
        self.text.push_str(&open(question));
    }

    /// Whether a file with this name is there.
    fn has(&self, dest: &str) -> bool {
        self.dests.contains(dest)
    }

    fn has_manual(&self) -> bool {
        let mut dests = self.dests.iter();
        dests.any(|dest| dest.starts_with("/usr/share/man/"))
    }
}

/// All assets.
pub(super) fn text(facts: &Facts, main: &Package) -> String {
    let mut assets = Assets::default();
    for package in &facts.packages {
        programs(&mut assets, package);
        libraries(&mut assets, package, main);
    }
    made(&mut assets, facts);
    let said = facts.packages.iter().flat_map(|package| {
        let said = existing::assets(package).into_iter();
        said.map(move |said| (package, said))
    });
    let files = said.filter(|(package, said)| {
        said.program(package).is_none() && said.library(package).is_none()
    });
    let (there, missing): (Vec<_>, Vec<_>) =
        files.partition(|(package, said)| is_there(facts, package, said));
    let changelog = changelog(facts, main);
    for (package, said) in there {
        let path = said.file(package).unwrap_or_default();
        // Both have a place of their own in each format.
        let is_usual = Some(&path) == changelog.as_ref() || place::is_license(&path);
        if !(is_usual && said.dest.starts_with("/usr/share/doc/")) {
            assets.add_file(&path, &place_of(&said));
        }
    }
    let usual = facts.files.iter().filter(|file| !is_source(facts, file));
    for file in usual {
        for place in place::usual(file, &main.package_name()) {
            assets.add_usual(file, &place);
        }
    }
    if let Some(source) = changelog {
        let dest = format!("/usr/share/doc/{}/changelog", main.package_name());
        let keys = "kind = \"doc\"\ngzip = true\nformats = [\"deb\"]\n";
        assets.add_file(&source, &Place::new(dest, keys));
    }
    for (_, said) in &missing {
        missing_file(&mut assets, said);
    }
    units(&mut assets, facts);
    remaining(&mut assets, facts, main);
    assets.text
}

fn programs(assets: &mut Assets, package: &Package) {
    let said = existing::assets(package);
    for program in &package.programs {
        let dest = said.iter().find(|it| it.program(package) == Some(program));
        let dest = dest.map_or("/usr/bin/", |it| &it.dest);
        let dest = match dest.ends_with('/') {
            true => format!("{dest}{program}"),
            false => dest.to_owned(),
        };
        let source = format!("binary = {}\n", quoted(program));
        assets.add(&source, program, &Place::new(dest, ""));
    }
}

/// A library is packaged if the metadata says so, or its Cargo package has nothing else. Others are for a program of the same
/// package, or for no system at all, such as those for WebAssembly.
fn libraries(assets: &mut Assets, package: &Package, main: &Package) {
    let said = existing::assets(package);
    let folder = format!("/usr/lib/{}/", main.package_name());
    for name in &package.libraries {
        let source = format!("library = {}\n", quoted(name));
        let named = said.iter().find(|it| it.library(package) == Some(name));
        let file = library_file(name);
        if let Some(named) = named {
            assets.add(&source, &file, &Place::new(named.dest.clone(), ""));
        } else if package.programs.is_empty() {
            assets.ask(&format!(
                "who looks for {file}? A plugin goes where its program looks for it, a library for programs of others into /usr/lib, under its soname"
            ));
            assets.add(&source, &file, &Place::new(folder.clone(), ""));
        } else {
            assets.ask(&format!(
                "Cargo builds the shared library {file}: is it for users? Then add an [[asset]] with library = {} and dest = {}",
                quoted(name),
                quoted(&folder)
            ));
        }
    }
}

/// What the programs print, and what the build scripts wrote.
fn made(assets: &mut Assets, facts: &Facts) {
    let Some(built) = &facts.built else {
        return;
    };
    for (package, files) in &built.out {
        for file in files {
            for place in place::made(file) {
                let source = format!("out-dir = {}\nsource = {}\n", quoted(package), quoted(file));
                assets.add(&source, last(file), &place);
            }
        }
    }
    for printed in &built.printed {
        let Printed {
            program,
            arguments,
            kind,
        } = printed;
        let words = std::iter::once(format!("{{bin:{program}}}"));
        let words = list(words.chain(arguments.iter().cloned()));
        for place in place::printed(*kind, program) {
            assets.add(&format!("generate = {words}\n"), "", &place);
        }
    }
}

/// Whether a file is beside Rust code, and so belongs to the code.
fn is_source(facts: &Facts, file: &str) -> bool {
    let Some((folder, _)) = file.rsplit_once('/') else {
        return false;
    };
    let beside = facts
        .files
        .iter()
        .filter_map(|other| other.rsplit_once('/'));
    let mut beside = beside.filter(|(other, _)| *other == folder);
    beside.any(|(_, name)| name.ends_with(".rs"))
}

/// Whether a file of the workspace is what the metadata names.
fn is_there(facts: &Facts, package: &Package, said: &Said) -> bool {
    facts.files.iter().any(|file| said.is_of(package, file))
}

/// Asks for a file that the metadata names, unless something else makes one for the same path.
fn missing_file(assets: &mut Assets, said: &Said) {
    let dest = said.full_dest();
    let plain = dest.strip_suffix(".gz").unwrap_or(&dest);
    if !assets.has(plain) {
        assets.ask(&format!(
            "the existing metadata packs {} as {dest}, and the file is not in the workspace: what makes it?",
            said.source
        ));
    }
}

fn place_of(said: &Said) -> Place {
    let mut keys = String::new();
    let dest = &said.dest;
    if said.config || dest.starts_with("/etc/") {
        keys.push_str("kind = \"config\"\n");
    } else if dest.starts_with("/usr/share/doc/") || dest.starts_with("/usr/share/man/") {
        keys.push_str("kind = \"doc\"\n");
    }
    let mode = said.mode.as_deref().unwrap_or("644");
    let mode = mode.get(mode.len().saturating_sub(3)..).unwrap_or("644");
    if mode != "644" {
        let _ = writeln!(keys, "mode = \"0{mode}\"");
    }
    Place::new(dest.clone(), &keys)
}

/// Units that start a program of the packages at another place than the packages have it.
fn units(assets: &mut Assets, facts: &Facts) {
    let programs: Vec<&str> = facts.programs().collect();
    let started = facts.units.iter();
    let started = started.flat_map(|(unit, started)| started.iter().map(move |it| (unit, it)));
    for (unit, program) in started {
        if programs.contains(&last(program)) && !assets.has(program) {
            assets.ask(&format!(
                "{unit} starts {program}, where the packages have no program: change the unit, add a drop-in, or change `dest` of the program"
            ));
        }
    }
}

/// What a package of this kind usually has, and was not found.
fn remaining(assets: &mut Assets, facts: &Facts, main: &Package) {
    let name = main.package_name();
    let config = format!("{name}.conf");
    let is_unused = |file: &&String| last(file) == config && !assets.text.contains(&quoted(file));
    let configs: Vec<&String> = facts.files.iter().filter(is_unused).collect();
    for file in configs {
        assets.ask(&format!(
            "is {file} a configuration file of the package? Then add an [[asset]] below /etc with kind = \"config\""
        ));
    }
    if assets.has_manual() || facts.programs().next().is_none() {
        return;
    }
    let is_source = |file: &&String| place::is_manual_source(file);
    match facts.files.iter().find(is_source) {
        Some(source) => assets.ask(&format!(
            "{source} looks like the source of a manual page: what makes the page?"
        )),
        None => assets.ask("no manual page was found: does the program have one?"),
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
