//! CHANGELOG.md, read so that the packages' own changelogs can be written from it.
//!
//! The file has one second-level heading a release (`## 0.2.0 (2026-03-01)`, also
//! `## [0.2.0] - 2026-03-01`), newest first, and a list of changes under it. `## Unreleased`
//! stands for the version that is being built. Third-level headings only group the changes.

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
    #[error("changelog lists no change for release {version}")]
    NoChanges {
        /// The release.
        version: String,
    },
}

/// Reads the releases out of a changelog in Markdown; `version` is the one being built.
///
/// # Errors
/// When the newest release in the file is another one, or a release has no changes.
pub fn parse(markdown: &str, version: &str) -> Result<Vec<Release>, ChangelogError> {
    let mut releases: Vec<Release> = Vec::new();
    let mut inside_change = false;
    for line in markdown.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            releases.push(heading_to_release(heading, version));
            inside_change = false;
            continue;
        }
        let Some(release) = releases.last_mut() else {
            continue;
        };
        let text = line.trim();
        match text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
            Some(change) => {
                release.changes.push(plain(change));
                inside_change = true;
            }
            None if text.is_empty() || text.starts_with('#') => inside_change = false,
            None if inside_change => append(release, text),
            None => {}
        }
    }
    check(releases, version)
}

fn check(releases: Vec<Release>, version: &str) -> Result<Vec<Release>, ChangelogError> {
    let version = version.to_owned();
    match releases.first() {
        None => return Err(ChangelogError::Empty { version }),
        Some(newest) if newest.version != version => {
            return Err(ChangelogError::Behind {
                version,
                found: newest.version.clone(),
            });
        }
        Some(_) => {}
    }
    match releases.iter().find(|release| release.changes.is_empty()) {
        Some(release) => Err(ChangelogError::NoChanges {
            version: release.version.clone(),
        }),
        None => Ok(releases),
    }
}

fn heading_to_release(heading: &str, building: &str) -> Release {
    let mut words = heading
        .split(|c: char| c.is_whitespace() || "[]()".contains(c))
        .filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default().trim_start_matches('v');
    let unreleased = name.eq_ignore_ascii_case("unreleased");
    Release {
        version: if unreleased {
            building.to_owned()
        } else {
            name.to_owned()
        },
        date: words.find(|word| is_date(word)).map(str::to_owned),
        changes: Vec::new(),
    }
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    matches!(parts.as_slice(), [year, month, day]
        if year.len() == 4 && month.len() == 2 && day.len() == 2)
        && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

fn append(release: &mut Release, text: &str) {
    if let Some(change) = release.changes.last_mut() {
        change.push(' ');
        change.push_str(&plain(text));
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
        let error = parse("## 0.2.0 (2026-03-01)\n\nWords.\n", "0.2.0").expect_err("empty");
        assert_eq!(
            error,
            ChangelogError::NoChanges {
                version: "0.2.0".into()
            }
        );
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
}
