//! Checks of what a project says about its packages: what a package manager, or the rules of a distribution, would refuse in a
//! finished package is refused before anything is built.

mod alternatives;
mod assets;
mod source;

use std::collections::BTreeSet;

use plimsoll_probe::{FlavourName, Linking};
use plimsoll_spec::FormatName;

use crate::complaint::Complaint;
use crate::config::{Architecture, AssetSource, Config};
use crate::format::{FormatRules, Formats};

pub use source::{Said, source};

/// The longest summary, in characters: what fits a line of a package list (Debian Policy 3.4.1).
const LONGEST_SUMMARY: usize = 80;

/// All that is wrong in a configuration, for the formats that it names.
#[must_use]
pub fn config(config: &Config, formats: &Formats) -> Vec<Complaint> {
    let made = made(config, formats);
    let mut complaints = of_main(config, &made);
    complaints.extend(programs(config, &made));
    for name in config.package.keys() {
        complaints.extend(of_further(config, name, &made, &complaints));
    }
    complaints.extend(made.iter().flat_map(|format| apart(config, *format)));
    complaints.extend(assets::complaints(config, &made));
    complaints.extend(alternatives::complaints(config));
    complaints
}

fn of_main(config: &Config, made: &[&dyn FormatRules]) -> Vec<Complaint> {
    of_package(config, &config.name, made)
}

/// What a further package has from the main one is complained of there.
fn of_further(
    config: &Config,
    name: &str,
    made: &[&dyn FormatRules],
    before: &[Complaint],
) -> Vec<Complaint> {
    let found = of_package(config, name, made).into_iter();
    let own = found.filter(|found| !before.contains(found));
    own.map(|it| it.of_package(name)).collect()
}

fn of_package(config: &Config, name: &str, made: &[&dyn FormatRules]) -> Vec<Complaint> {
    let own = config.of_package(name, &[name.to_owned()]);
    let formats = made.iter();
    let formats = formats.filter(|format| config.packages_in(format.name()).contains(&name));
    let of_formats = formats.flat_map(|format| format.complaints(&own));
    let mut complaints = summary(&own);
    complaints.extend(of_formats);
    complaints
}

/// Packages that are to be installed with one that is not made in the format.
fn apart(config: &Config, format: &dyn FormatRules) -> Vec<Complaint> {
    let made = config.packages_in(format.name());
    let divided = made.iter().filter(|_| format.is_divided());
    let named = divided.flat_map(|own| {
        let names = config.of_package(own, &[]).same_version;
        names.into_iter().map(move |name| (*own, name.into_inner()))
    });
    let apart = named.filter(|(_, name)| !made.contains(&name.as_str()));
    let complaints = apart.map(|(own, name)| {
        let what = format!(
            "package {own} is to be installed with {name}, which has no asset in .{}",
            format.name()
        );
        let hint =
            format!("give {name} an [[asset]] of that format, or leave it out of `same-version`");
        let complaint = Complaint::about(&["same-version"], what, hint);
        match own == config.name {
            true => complaint,
            false => complaint.of_package(own),
        }
    });
    complaints.collect()
}

/// The formats that the configuration makes.
fn made(config: &Config, formats: &Formats) -> Vec<&'static dyn FormatRules> {
    let flavours = config.flavour.iter().map(|(_, flavour)| flavour);
    let names: BTreeSet<FormatName> = flavours.flat_map(|it| it.formats.iter().copied()).collect();
    let found = names.into_iter().filter_map(|name| formats.get(name).ok());
    found.collect()
}

fn summary(config: &Config) -> Vec<Complaint> {
    let summary = config.summary.as_str();
    let about = |what: String, hint: &str| vec![Complaint::about(&["summary"], what, hint)];
    let length = summary.chars().count();
    if summary.contains('\n') {
        let hint = "say it in one line, and the rest in `description`";
        about("the summary has more than one line".to_owned(), hint)
    } else if summary.trim().is_empty() {
        about(
            "the summary is empty".to_owned(),
            "say in one line what it is",
        )
    } else if length > LONGEST_SUMMARY {
        let what = format!("the summary has {length} characters, and {LONGEST_SUMMARY} fit");
        about(what, "shorten it; the rest is for `description`")
    } else if config.description.trim().is_empty() {
        let what = "the description is empty";
        let hint = "say in a sentence or two what the program does";
        vec![Complaint::about(&["description"], what, hint)]
    } else {
        Vec::new()
    }
}

/// One of the packages has something that Cargo builds, unless the main one is for every architecture.
fn programs(config: &Config, made: &[&dyn FormatRules]) -> Vec<Complaint> {
    let mut complaints = of_one_processor(config);
    complaints.extend(of_static_flavours(config));
    if config.architecture == Architecture::All {
        return complaints;
    }
    let holds = |name: &str, format: FormatName| {
        let mut assets = config.asset.iter().filter(|asset| asset.is_in(format));
        assets.any(|asset| asset.source.built() == Some(name))
    };
    let hint = "add an [[asset]] with `binary` or `library`, or leave out the format";
    for format in made.iter().map(|format| format.name()) {
        let mut names = config.programs().into_iter();
        if !names.any(|name| holds(name, format)) {
            let what = format!("no .{format} package has a program or library that Cargo builds");
            complaints.push(Complaint::about(&["cargo", "packages"], what, hint));
        }
    }
    complaints
}

/// A static program loads no libraries, and static builds make none.
fn of_static_flavours(config: &Config) -> Vec<Complaint> {
    let flavours = config.flavour.iter().map(|(name, _)| *name.get_ref());
    let fixed: Vec<FlavourName> = flavours
        .filter(|flavour| config.linking(*flavour) == Linking::Static)
        .collect();
    let found = config.asset.iter().filter_map(|asset| {
        let AssetSource::Library { name, .. } = &asset.source else {
            return None;
        };
        let mut pairs = fixed.iter().flat_map(|flavour| {
            let formats = config.formats(*flavour).iter();
            formats.map(move |format| (flavour, *format))
        });
        let (flavour, format) = pairs.find(|(_, format)| asset.is_in(*format))?;
        let what = format!(
            "library {} cannot be in .{format} packages of the static flavour {flavour}",
            name.get_ref()
        );
        let hint = "list the other formats in `formats` of the asset";
        Some(Complaint::in_line(asset.line, what, hint))
    });
    found.collect()
}

/// What is built for packages that are for every architecture.
fn of_one_processor(config: &Config) -> Vec<Complaint> {
    let assets = config.asset.iter();
    let for_all = assets.filter(|asset| config.architecture_of(asset) == Architecture::All);
    let built = for_all.filter_map(|asset| Some((asset.line, asset.source.built()?)));
    let complaints = built.map(|(line, name)| {
        let what = format!("{name} is for one processor, and `architecture` is \"all\"");
        Complaint::in_line(line, what, "leave out `architecture`, or this asset")
    });
    complaints.collect()
}

#[cfg(test)]
mod tests;
