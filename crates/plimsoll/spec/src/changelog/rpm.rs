//! The `%changelog` of an RPM spec file: `* Sat Jan 31 2026 Name <name@example.org> - 1.2.3-1`, and a list below it.

use super::{Name, Section, day, version};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Whether a text is a spec file, or begins as an entry does.
pub(super) fn is_one(text: &str) -> bool {
    let is_said = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let first = text.lines().find(|line| is_said(line));
    text.lines().any(is_start) || first.is_some_and(|line| words(line).is_some())
}

fn is_start(line: &str) -> bool {
    line.trim_end() == "%changelog"
}

pub(super) fn sections(text: &str) -> Vec<Section> {
    let start = text.lines().position(is_start).map_or(0, |line| line + 1);
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(start) {
        if let Some(words) = words(line) {
            sections.push(Section {
                line: index + 1,
                name: name(&words),
                date: day::of(&words),
                changes: Vec::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            add(section, line.trim());
        }
    }
    sections
}

/// The words of a heading, from the month on.
fn words(line: &str) -> Option<Vec<&str>> {
    let mut words = line.strip_prefix("* ")?.split_whitespace();
    let is_day = words.next().is_some_and(|word| DAYS.contains(&word));
    let words: Vec<&str> = words.collect();
    (is_day && day::of(&words).is_some()).then_some(words)
}

fn name(words: &[&str]) -> Name {
    let version = words.last().filter(|_| words.len() > 3);
    let version = version.and_then(|version| version::of_package(version));
    version.map_or(Name::None, Name::Version)
}

fn add(section: &mut Section, text: &str) {
    if let Some(change) = text.strip_prefix("- ") {
        section.changes.push(change.to_owned());
    } else if let Some(last) = section.changes.last_mut()
        && !text.is_empty()
    {
        last.push(' ');
        last.push_str(text);
    }
}
