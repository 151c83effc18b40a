//! `debian/changelog`, see deb-changelog(5).

use super::{Name, Section, day, version};

/// Whether a text begins as an entry does: `name (1.2.3-1) unstable; urgency=medium`.
pub(super) fn is_one(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|line| heading(line).is_some())
}

pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = heading(line) {
            sections.push(Section {
                line: index + 1,
                name,
                date: None,
                changes: Vec::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            add(section, line);
        }
    }
    sections
}

fn heading(line: &str) -> Option<Name> {
    let (package, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let (distributions, keywords) = rest.split_once(';')?;
    let is_heading = !package.is_empty()
        && !package.contains(char::is_whitespace)
        && keywords.contains("urgency=");
    is_heading.then(|| match version::of_package(version) {
        _ if distributions.trim() == "UNRELEASED" => Name::Unreleased,
        Some(version) => Name::Version(version),
        None => Name::None,
    })
}

fn add(section: &mut Section, line: &str) {
    let text = line.trim();
    let is_author = text.starts_with('[') && text.ends_with(']');
    if let Some(trailer) = line.strip_prefix(" -- ") {
        let words: Vec<&str> = trailer.split_whitespace().collect();
        // What is unreleased takes the source date; the day in its trailer is the one of the last edit.
        let is_released = section.name != Name::Unreleased;
        section.date = day::of(&words).filter(|_| is_released);
    } else if let Some(change) = line.strip_prefix("  * ") {
        section.changes.push(change.trim().to_owned());
    } else if let Some(last) = section.changes.last_mut()
        && !text.is_empty()
        && !is_author
    {
        last.push(' ');
        last.push_str(text);
    }
}
