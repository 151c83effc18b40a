//! CHANGELOG.md, read so that the packages' own changelogs can be written from it.
//!
//! The file has one heading a release (`## 0.2.0 (2026-03-01)`, also `## [0.2.0] - 2026-03-01`, of the first to the third
//! level, or underlined), newest first, and a list of changes under it. `## Unreleased` stands for the version that is being
//! built; an empty one for nothing. Other headings only group the changes.

mod day;

use serde::{Deserialize, Serialize};

/// One release and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Its day as `YYYY-MM-DD`; none for the one being built, which takes the source date.
    pub date: Option<String>,
    /// What it changed, in a user's words; one paragraph each.
    pub changes: Vec<String>,
}

/// Why the changelog cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangelogError {
    /// There is no heading of a release in it.
    #[error("changelog has no release: expected a heading such as `## {version}`")]
    Empty {
        /// The version being built.
        version: String,
    },
    /// The newest release is not the one being built.
    #[error("changelog starts with release {found}, but {version} is being built")]
    Behind {
        /// The version being built.
        version: String,
        /// The newest release in the file.
        found: String,
    },
    /// A release that changes nothing a user would notice is not a release.
    #[error("line {line}: changelog lists no change for release {version}")]
    NoChanges {
        /// The line of its heading, from 1.
        line: usize,
        /// The release.
        version: String,
    },
    /// The packages' changelogs name a day for each release, and only the newest one is of today.
    #[error("line {line}: changelog names no day for release {version}")]
    NoDay {
        /// The line of its heading, from 1.
        line: usize,
        /// The release.
        version: String,
    },
}

/// Reads the releases out of a changelog in Markdown; `version` is the one being built.
///
/// # Errors
/// When the newest release in the file is another one, a release has no changes, or one before the newest has no day.
pub fn parse(markdown: &str, version: &str) -> Result<Vec<Release>, ChangelogError> {
    let mut sections: Vec<Section> = Vec::new();
    let lines: Vec<&str> = markdown.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        match heading(line, next).map(|heading| Section::new(heading, index + 1, version)) {
            Some(Some(section)) => sections.push(section),
            Some(None) => sections.iter_mut().for_each(|it| it.is_inside = false),
            None => {
                if let Some(section) = sections.last_mut() {
                    section.add(line.trim());
                }
            }
        }
    }
    check(sections, version)
}

/// One release, while it is read.
struct Section {
    release: Release,
    /// The line of its heading, from 1.
    line: usize,
    /// Whether it has no version of its own.
    is_unreleased: bool,
    /// What it says outside of lists.
    prose: Vec<String>,
    /// Whether the next line may go on with a change or a paragraph.
    is_inside: bool,
}

impl Section {
    /// None for a heading that names no release.
    fn new(heading: &str, line: usize, building: &str) -> Option<Self> {
        let words: Vec<&str> = heading
            .split(|c: char| c.is_whitespace() || "[]()".contains(c))
            .filter(|word| !word.is_empty())
            .collect();
        let name = words.first()?.trim_start_matches('v');
        let is_unreleased = name.eq_ignore_ascii_case("unreleased");
        let is_version = name.starts_with(|c: char| c.is_ascii_digit()) && name.contains('.');
        (is_unreleased || is_version).then(|| Self {
            release: Release {
                version: if is_unreleased { building } else { name }.to_owned(),
                date: day::of(&words[1..]),
                changes: Vec::new(),
            },
            line,
            is_unreleased,
            prose: Vec::new(),
            is_inside: false,
        })
    }

    fn add(&mut self, text: &str) {
        let change = text.strip_prefix("- ").or_else(|| text.strip_prefix("* "));
        if let Some(change) = change {
            self.release.changes.push(plain(change));
        } else if text.is_empty() || is_underline(text) {
            self.is_inside = false;
            return;
        } else if self.is_inside && self.release.changes.is_empty() {
            append(&mut self.prose, text);
        } else if self.is_inside {
            append(&mut self.release.changes, text);
        } else if self.release.changes.is_empty() {
            self.prose.push(plain(text));
        } else {
            return;
        }
        self.is_inside = true;
    }
}

/// The text of a heading, of the first to third level: after `#`, or underlined.
fn heading<'a>(line: &'a str, next: &str) -> Option<&'a str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    let is_text = line.starts_with(|c: char| !c.is_whitespace() && !"-*".contains(c));
    match level {
        0 if is_text && is_underline(next.trim_end()) => Some(line),
        1..=6 if text.starts_with(' ') => Some(text.trim()),
        _ => None,
    }
}

fn is_underline(line: &str) -> bool {
    line.len() > 2 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

fn check(mut sections: Vec<Section>, version: &str) -> Result<Vec<Release>, ChangelogError> {
    for section in &mut sections {
        if section.release.changes.is_empty() {
            section.release.changes = std::mem::take(&mut section.prose);
        }
    }
    let only = sections.len() == 1;
    sections.retain(|it| only || !it.is_unreleased || !it.release.changes.is_empty());
    let version = version.to_owned();
    match sections.first() {
        None => return Err(ChangelogError::Empty { version }),
        Some(newest) if newest.release.version != version => {
            return Err(ChangelogError::Behind {
                version,
                found: newest.release.version.clone(),
            });
        }
        Some(_) => {}
    }
    for (index, Section { release, line, .. }) in sections.iter().enumerate() {
        let (line, version) = (*line, release.version.clone());
        if release.changes.is_empty() {
            return Err(ChangelogError::NoChanges { line, version });
        }
        if index > 0 && release.date.is_none() {
            return Err(ChangelogError::NoDay { line, version });
        }
    }
    Ok(sections
        .into_iter()
        .map(|section| section.release)
        .collect())
}

fn append(paragraphs: &mut [String], text: &str) {
    if let Some(last) = paragraphs.last_mut() {
        last.push(' ');
        last.push_str(&plain(text));
    }
}

/// Markdown's marks for code and emphasis mean nothing in a package's changelog.
fn plain(text: &str) -> String {
    text.replace('`', "").replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "# Changelog\n\nIntroduction.\n\n## Unreleased\n\n### Packages\n\n\
        - The **dynamic** daemon now depends on `libnftables`\n  and says so.\n- Second.\n\n\
        ## [0.1.0] - 2026-01-31\n\n* First release.\n";

    #[test]
    fn unreleased_is_the_version_being_built_and_wrapped_lines_are_joined() {
        let releases = parse(TWO, "0.2.0").expect("a changelog");
        assert_eq!(
            releases,
            [
                Release {
                    version: "0.2.0".into(),
                    date: None,
                    changes: vec![
                        "The dynamic daemon now depends on libnftables and says so.".into(),
                        "Second.".into(),
                    ],
                },
                Release {
                    version: "0.1.0".into(),
                    date: Some("2026-01-31".into()),
                    changes: vec!["First release.".into()],
                },
            ]
        );
    }

    #[test]
    fn a_changelog_that_is_behind_is_refused() {
        let error = parse("## 0.1.0\n- x\n", "0.2.0").expect_err("behind");
        assert_eq!(
            error.to_string(),
            "changelog starts with release 0.1.0, but 0.2.0 is being built"
        );
    }

    #[test]
    fn a_release_without_changes_is_refused() {
        let error = parse("\n## 0.2.0 (2026-03-01)\n", "0.2.0").expect_err("empty");
        assert_eq!(
            error.to_string(),
            "line 2: changelog lists no change for release 0.2.0"
        );
    }

    #[test]
    fn a_release_before_the_newest_has_its_own_day() {
        let text = "## 0.2.0\n- New.\n\n## 0.1.0\n- Old.\n";
        let error = parse(text, "0.2.0").expect_err("no day");
        assert_eq!(
            error.to_string(),
            "line 4: changelog names no day for release 0.1.0"
        );
        let text = text.replace("0.1.0\n", "0.1.0 (31 January 2026)\n");
        let releases = parse(&text, "0.2.0").expect("days");
        assert_eq!(releases[0].date, None);
        assert_eq!(releases[1].date.as_deref(), Some("2026-01-31"));
    }

    #[test]
    fn the_forms_of_other_projects_are_read() {
        for text in [
            "0.2.0 (2026-03-01)\n==================\nWords of it,\non two lines.\n",
            "# Changelog\n\n## [Unreleased]\n\n### Added\n\n# [0.2.0](https://example.org/0.2.0) (2026-03-01)\n\nWords of it,\non two lines.\n",
            "## v0.2.0 - 2026-03-01\n\n### Fixed\n\n* Words of it,\n  on two lines.\n",
        ] {
            let releases = parse(text, "0.2.0").expect("a changelog");
            assert_eq!(releases.len(), 1, "{text}");
            assert_eq!(releases[0].date.as_deref(), Some("2026-03-01"), "{text}");
            assert_eq!(
                releases[0].changes,
                ["Words of it, on two lines."],
                "{text}"
            );
        }
    }

    #[test]
    fn a_file_without_a_release_is_refused() {
        let error = parse("# Changelog\n", "0.2.0").expect_err("no heading");
        assert_eq!(
            error,
            ChangelogError::Empty {
                version: "0.2.0".into()
            }
        );
    }

    #[test]
    fn a_heading_begins_with_marks_or_is_underlined() {
        for (line, next, expected) in [
            ("# 0.2.0", "", Some("0.2.0")),
            ("###### 0.2.0 ", "", Some("0.2.0")),
            ("####### 0.2.0", "", None),
            ("##0.2.0", "", None),
            ("0.2.0", "=====", Some("0.2.0")),
            ("0.2.0", "--- ", Some("0.2.0")),
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
        for (heading, version) in [
            ("0.2.0", Some("0.2.0")),
            ("v0.2.0 of spring", Some("0.2.0")),
            ("[0.2.0](https://example.org)", Some("0.2.0")),
            ("[UNRELEASED]", Some("0.3.0")),
            ("2 things", None),
            ("e.g.", None),
            ("()", None),
        ] {
            let section = Section::new(heading, 1, "0.3.0");
            let found = section.map(|section| section.release.version);
            assert_eq!(found.as_deref(), version, "{heading}");
        }
    }

    #[test]
    fn only_lines_directly_under_a_change_belong_to_it() {
        let text = "- of no release\n\n## 0.2.0\nIntroduction.\n- One,\n  `two`\n  **three**.\n\nNot of it.\n\
            * Four\n### Heading\nNot of it.\n";
        let releases = parse(text, "0.2.0").expect("a changelog");
        assert_eq!(releases.len(), 1);
        assert_eq!(releases[0].changes, ["One, two three.", "Four"]);
    }

    #[test]
    fn without_a_list_each_paragraph_is_a_change() {
        let text = "## 0.2.0\n\nOne,\ntwo.\n\n### Heading\nThree.\n";
        let releases = parse(text, "0.2.0").expect("a changelog");
        assert_eq!(releases[0].changes, ["One, two.", "Three."]);
    }

    #[test]
    fn only_an_empty_section_of_unreleased_changes_is_left_out() {
        let old = "## 0.1.0 (2026-01-31)\n- Old.\n";
        let count = |text: &str, version| parse(text, version).map(|releases| releases.len());
        let empty = format!("## Unreleased\n\n{old}");
        assert_eq!(count(&empty, "0.1.0"), Ok(1));
        let full = format!("## Unreleased\n- New.\n\n{old}");
        assert_eq!(count(&full, "0.2.0"), Ok(2));
        let none = |line, version: &str| {
            let version = version.to_owned();
            Err(ChangelogError::NoChanges { line, version })
        };
        assert_eq!(count("## Unreleased\n", "0.1.0"), none(1, "0.1.0"));
        let released = format!("## 0.2.0\n\n{old}");
        assert_eq!(count(&released, "0.2.0"), none(1, "0.2.0"));
    }
}
