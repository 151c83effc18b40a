//! Headings of Markdown, and those that name a release.

use super::super::{Name, day, version};

/// What a release in the making is called.
const UNRELEASED: [&str; 6] = [
    "unreleased",
    "tbd",
    "next",
    "upcoming",
    "unpublished",
    "head",
];

/// Level and text of a heading: after `#`, or underlined.
pub(super) fn heading<'a>(line: &'a str, next: &str) -> Option<(usize, &'a str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    let is_text = line.starts_with(|c: char| !c.is_whitespace() && !"-*".contains(c));
    match level {
        0 if is_text && is_underline(next.trim_end()) => {
            let level = if next.starts_with('=') { 1 } else { 2 };
            Some((level, line.trim_end()))
        }
        1..=6 if text.starts_with(' ') => Some((level, text.trim().trim_end_matches('#'))),
        _ => None,
    }
}

pub(super) fn is_underline(line: &str) -> bool {
    line.len() > 2 && "=-*_".chars().any(|mark| line.chars().all(|c| c == mark))
}

/// The release that a heading names, and its day. None for a heading that names no release.
pub(super) fn release(level: usize, heading: &str) -> Option<(Name, Option<String>)> {
    let words: Vec<&str> = heading
        .split(|c: char| c.is_whitespace() || "[]()`".contains(c))
        .filter(|word| !["", "-", "–", "—", "/"].contains(word))
        .map(|word| word.trim_matches(['*', '_', ':', ',']))
        .collect();
    let (first, rest) = words.split_first()?;
    let unreleased = first.to_lowercase();
    let may_be_a_word = level > 2 && unreleased != "unreleased";
    if UNRELEASED.contains(&&*unreleased) && !may_be_a_word {
        return Some((Name::Unreleased, None));
    }
    if let Some(version) = bare(first) {
        return Some((Name::Version(version.to_owned()), day::of(rest)));
    }
    // `Version 1.2.3`, `ripgrep 0.2.0`; `### Rust 1.85.0` groups changes.
    let (second, rest) = rest.split_first()?;
    let version = bare(second).filter(|version| version.matches('.').count() > 1);
    let version = version.filter(|_| level < 3)?;
    Some((Name::Version(version.to_owned()), day::of(rest)))
}

/// The version in `1.2.3`, `v1.2.3`, `name-1.2.3`, `name/v1.2.3`.
fn bare(word: &str) -> Option<&str> {
    let after = |index: usize| word.get(index + 1..);
    let ends = word.match_indices(['-', '/', '@']);
    let mut starts = std::iter::once(Some(word)).chain(ends.map(|(index, _)| after(index)));
    let is_link = word.contains("://");
    let found = starts.find_map(|start| {
        let start = start?;
        let version = start.strip_prefix(['v', 'V']).unwrap_or(start);
        version::is_one(version).then_some(version)
    });
    found.filter(|_| !is_link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_begins_with_marks_or_is_underlined() {
        for (line, next, expected) in [
            ("# 0.2.0", "", Some((1, "0.2.0"))),
            ("###### 0.2.0 ", "", Some((6, "0.2.0"))),
            ("####### 0.2.0", "", None),
            ("##0.2.0", "", None),
            ("0.2.0", "=====", Some((1, "0.2.0"))),
            ("0.2.0", "--- ", Some((2, "0.2.0"))),
            ("0.2.0", "==", None),
            ("0.2.0", "=-=", None),
            (" 0.2.0", "===", None),
            ("- 0.2.0", "---", None),
            ("* 0.2.0", "---", None),
            ("", "---", None),
        ] {
            assert_eq!(heading(line, next), expected, "{line:?} {next:?}");
        }
    }

    #[test]
    fn a_heading_of_a_release_names_a_version() {
        let version = |text: &str| Some(Name::Version(text.to_owned()));
        for (level, heading, name) in [
            (2, "0.2.0", version("0.2.0")),
            (3, "v0.2.0 of spring", version("0.2.0")),
            (2, "[0.2.0](https://example.org)", version("0.2.0")),
            (2, "**0.2.0**", version("0.2.0")),
            (2, "Version 0.2.0-rc.1", version("0.2.0-rc.1")),
            (1, "sample 0.2.0 (2026-01-31)", version("0.2.0")),
            (2, "sample-v0.2.0", version("0.2.0")),
            (2, "[0.2.0] - 2026-01-31 [YANKED]", version("0.2.0")),
            (2, "[UNRELEASED]", Some(Name::Unreleased)),
            (1, "TBD", Some(Name::Unreleased)),
            (2, "Next release", Some(Name::Unreleased)),
            (3, "Next steps", None),
            (3, "Rust 1.85.0", None),
            (2, "2 things", None),
            (2, "1. Things", None),
            (2, "e.g.", None),
            (2, "()", None),
            (2, "Changelog", None),
        ] {
            let found = release(level, heading).map(|(name, _)| name);
            assert_eq!(found, name, "{heading}");
        }
    }
}
