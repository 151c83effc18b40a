//! The text of `packaging/dist.toml`, from what is known of a workspace.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::existing::changelog;
use super::facts::{Facts, Package, library_file};
use super::library::Library;
use super::words::{asked, list, open, quoted};
use super::{assets, native, relations};

/// The longest summary that fits a line of a package list.
const LONGEST_SUMMARY: usize = 80;

/// The text of the file. `main` is the first of the packages.
pub(super) fn text(facts: &Facts, main: &Package, libraries: &BTreeMap<String, Library>) -> String {
    let mut text =
        "# What is built, and what the packages hold. The version comes from Cargo.toml.\n\
                    # Written by `init`: answer the lines with QUESTION, and remove them.\n\n"
            .to_owned();
    text.push_str(&head(facts, main));
    text.push_str(&cargo(facts, main, libraries));
    text.push_str(&stamp(facts, main));
    text.push_str(&native::text(facts, libraries));
    text.push_str(&relations::text(main));
    text.push_str(&assets::text(facts, main));
    text
}

fn head(facts: &Facts, main: &Package) -> String {
    let mut text = format!("name = {}\n", quoted(&main.package_name()));
    let about = main.description.as_deref().unwrap_or_default().trim();
    match summary(about, &main.name) {
        Some(summary) => _ = writeln!(text, "summary = {}", quoted(&summary)),
        None => text.push_str(&asked(
            "summary",
            "what is the program, in one line of at most 80 characters?",
        )),
    }
    let extended = main.deb["extended-description"].as_str().unwrap_or(about);
    match extended.trim() {
        "" => text.push_str(&asked("description", "what does the program do?")),
        about => {
            let _ = writeln!(text, "description = {}", quoted(about));
            if !about.contains(". ") && !about.contains('\n') {
                text.push_str(&open(
                    "the description says no more than the summary: what else does the program do?",
                ));
            }
        }
    }
    text.push_str(&said(main));
    match changelog(facts, main) {
        Some(path) => _ = writeln!(text, "changelog = {}", quoted(&path)),
        None => text.push_str(
            "# No changelog was found: the packages list only the release that they are.\n",
        ),
    }
    let revision = main.deb["revision"]
        .as_str()
        .or(main.rpm["release"].as_str());
    if let Some(revision) = revision.filter(|it| !["", "1"].contains(it)) {
        let _ = writeln!(text, "revision = {}", quoted(revision));
    }
    text
}

/// What Cargo.toml does not say, or not as packages need it.
fn said(main: &Package) -> String {
    let mut text = String::new();
    let author = main.authors.first();
    let author = author.filter(|it| it.contains('<') && it.contains('@'));
    match (main.deb["maintainer"].as_str(), author) {
        (Some(name), _) => _ = writeln!(text, "maintainer = {}", quoted(name)),
        (None, Some(_)) => {}
        (None, None) => text.push_str(&asked(
            "maintainer",
            "who maintains the packages, as in Name <name@example.org>?",
        )),
    }
    match main.license.as_deref() {
        Some(license) if license.contains('/') => {
            let license = license.replace('/', " OR ");
            let license: Vec<&str> = license.split_whitespace().collect();
            let _ = writeln!(text, "license = {}", quoted(&license.join(" ")));
        }
        Some(_) => {}
        None => text.push_str(&asked(
            "license",
            "what is the licence, as an SPDX expression such as MIT OR Apache-2.0?",
        )),
    }
    if main.homepage.is_none() {
        text.push_str(&asked(
            "homepage",
            "which address of the web tells about the program?",
        ));
    }
    text
}

/// The first sentence of a description, as package lists have it: without the program's name, an article and a full stop. A long
/// one ends before a word that begins a further thought.
fn summary(about: &str, name: &str) -> Option<String> {
    let joined = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = joined.split(". ").next()?.trim_end_matches('.');
    let first = first.strip_prefix(&format!("{name} is ")).unwrap_or(first);
    let mut articles = ["A ", "An ", "The ", "a ", "an ", "the "].iter();
    let first = articles
        .find_map(|article| first.strip_prefix(article))
        .unwrap_or(first);
    let first = shortened(first).filter(|it| !it.is_empty())?;
    let mut rest = first.chars();
    let start = rest.next().into_iter().flat_map(char::to_uppercase);
    Some(start.chain(rest).collect())
}

/// The longest beginning of a sentence that fits.
fn shortened(sentence: &str) -> Option<&str> {
    let ends = [
        ", ", "; ", " (", " - ", " that ", " which ", " while ", " for ", " with ",
    ];
    let fits = |text: &&str| text.chars().count() <= LONGEST_SUMMARY;
    let places = ends.iter().flat_map(|end| sentence.match_indices(end));
    let beginnings = places.map(|(place, _)| &sentence[..place]);
    let fitting = std::iter::once(sentence).chain(beginnings).filter(fits);
    fitting.max_by_key(|text| text.len())
}

fn cargo(facts: &Facts, main: &Package, libraries: &BTreeMap<String, Library>) -> String {
    let mut text = String::new();
    let copies: Vec<&str> = native::copies(facts, libraries).into_iter().collect();
    if !copies.is_empty() {
        let _ = write!(
            text,
            "\n# These crates compile copies of C libraries into the programs: {}. With \"refuse\",\n\
             # `dist` fails because of them.\nbundled = \"report\"\n",
            copies.join(", ")
        );
    }
    let built = facts.packages.iter().map(|it| &it.name);
    let _ = writeln!(text, "\n[cargo]\npackages = {}", list(built));
    if facts.packages.len() > 1 {
        text.push_str(&open(
            "the packages hold the programs of all of these: are all of them for users?",
        ));
    }
    if !facts.left_out.is_empty() {
        let names = facts.left_out.join(", ");
        let _ = writeln!(text, "# Left out, though they have programs: {names}.");
    }
    for (package, library) in &facts.libraries_left_out {
        text.push_str(&open(&format!(
            "Cargo package {package} builds the shared library {}: is it for users? Then add {} to `packages`, and an [[asset]] \
             with library = {}",
            library_file(library),
            quoted(package),
            quoted(library),
        )));
    }
    let features = features(main);
    if !features.is_empty() {
        let _ = writeln!(text, "features = {}", list(features));
    }
    if main.deb["default-features"].as_bool() == Some(false) {
        text.push_str("default-features = false\n");
    }
    for (program, features) in facts.packages.iter().flat_map(|it| &it.further) {
        text.push_str(&open(&format!(
            "program {program} is built only with the features {}: is it for users? Then add them to `features`, and an \
             [[asset]] with the program",
            features.join(", ")
        )));
    }
    text
}

/// The features that the existing metadata turns on, without those that link libraries.
fn features(main: &Package) -> Vec<&str> {
    let linking: Vec<&str> = main
        .native
        .iter()
        .filter_map(|it| it.feature.as_deref())
        .collect();
    let features = main.deb["features"].as_array().into_iter().flatten();
    let features = features.filter_map(serde_json::Value::as_str);
    features.filter(|it| !linking.contains(it)).collect()
}

fn stamp(facts: &Facts, main: &Package) -> String {
    let named = main.programs.iter().find(|it| **it == main.name);
    let Some(program) = named.or(main.programs.first()) else {
        return String::new();
    };
    let known = facts.built.as_ref().map(|built| built.version.get(program));
    let (question, arguments) = match known {
        Some(Some(arguments)) => (String::new(), arguments.clone()),
        Some(None) => {
            let what =
                "prints its version neither with --version nor with -V, so it has no [stamp]";
            return format!("\n# {program} {what}.\n");
        }
        None => {
            let what =
                "does the program print its version with these arguments? Else leave out [stamp]";
            (open(what), vec!["--version".to_owned()])
        }
    };
    format!(
        "\n# Run after the build: what it prints must have the version as a word.\n{question}\
         [stamp]\nprogram = {}\narguments = {}\nform = \"version\"\n",
        quoted(program),
        list(arguments),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_sentence_or_its_beginning() {
        for (about, expected) in [
            ("A simple tarpit.", Some("Simple tarpit")),
            ("Does this. And that.", Some("Does this")),
            (
                "sample is a line-oriented\nsearch tool that searches the current folder for a regular expression while it reads",
                Some("Line-oriented search tool that searches the current folder"),
            ),
            ("", None),
            (&"word ".repeat(40), None),
        ] {
            assert_eq!(summary(about, "sample").as_deref(), expected, "{about}");
        }
    }
}
