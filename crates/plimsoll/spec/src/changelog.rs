//! A project's changelog, read so that the packages' own changelogs can be written from it.
//!
//! Three forms are known by their first lines: Markdown (a heading for each release, `## [0.2.0] - 2026-03-01`), Debian's
//! `debian/changelog` (deb-changelog(5)), and the `%changelog` of an RPM spec file, with or without the spec around it. The newest
//! release comes first.
//!
//! The day of a release is the one that the file names, and never another.

mod day;
mod debian;
mod markdown;
mod rpm;
#[cfg(test)]
mod tests;
mod version;

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

/// What a changelog says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changelog {
    /// The releases, newest first. The first is the one being built, and each other one has a day.
    pub releases: Vec<Release>,
    /// The lines of older releases that name no day or list no change, from 1. The packages' changelogs leave them out.
    pub left_out: Vec<usize>,
}

/// Why the changelog cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangelogError {
    /// It has no release.
    #[error("changelog has no release: expected a heading such as `## {version}`")]
    Empty {
        /// The version being built.
        version: String,
    },
    /// The newest release is not the one being built.
    #[error("changelog starts with release {found}, but {version} is being built")]
    Behind {
        /// The line of its heading, from 1.
        line: usize,
        /// The version being built.
        version: String,
        /// The newest release in the file.
        found: String,
    },
    /// A release that changes nothing a user would notice is not a release.
    #[error("changelog lists no change for release {version}")]
    NoChanges {
        /// The line of its heading, from 1.
        line: usize,
        /// The release.
        version: String,
    },
    /// The newest entry of an RPM's changelog names no version.
    #[error("changelog entry names no version")]
    NoVersion {
        /// The line of the entry, from 1.
        line: usize,
        /// The version being built.
        version: String,
    },
}

impl ChangelogError {
    /// The line that is wrong, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Empty { .. } => 1,
            Self::Behind { line, .. }
            | Self::NoChanges { line, .. }
            | Self::NoVersion { line, .. } => *line,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Empty { version } => format!(
                "write `## {version}` and a list of changes below it, or leave out `changelog`"
            ),
            Self::Behind { version, .. } => format!(
                "write `## {version}` or `## Unreleased` above it, and a list of changes below that"
            ),
            Self::NoChanges { .. } => "list the changes of this release below its heading".into(),
            Self::NoVersion { version, .. } => {
                format!("end the line with the version, as in `- {version}-1`")
            }
        }
    }
}

/// Reads the releases out of a changelog; `version` is the one being built, in Cargo's form.
///
/// # Errors
/// When the newest release in the file is another one, or has no changes.
pub fn parse(text: &str, version: &str) -> Result<Changelog, ChangelogError> {
    let sections = if debian::is_one(text) {
        debian::sections(text)
    } else if rpm::is_one(text) {
        rpm::sections(text)
    } else {
        markdown::sections(text)
    };
    checked(sections, version)
}

/// One release as the file has it.
#[derive(Debug)]
struct Section {
    /// The line of its heading, from 1.
    line: usize,
    name: Name,
    date: Option<String>,
    changes: Vec<String>,
}

/// What a heading calls its release.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    Version(String),
    /// The release that is in the making.
    Unreleased,
    /// Nothing; RPM does not require a version.
    None,
}

fn checked(mut sections: Vec<Section>, building: &str) -> Result<Changelog, ChangelogError> {
    let version = building.to_owned();
    drop_unreleased(&mut sections, building);
    let mut sections = sections.into_iter();
    let Some(newest) = sections.next() else {
        return Err(ChangelogError::Empty { version });
    };
    let line = newest.line;
    match newest.name {
        Name::None => return Err(ChangelogError::NoVersion { line, version }),
        Name::Version(found) if !version::same(&found, building) => {
            return Err(ChangelogError::Behind {
                line,
                version,
                found,
            });
        }
        Name::Version(_) | Name::Unreleased => {}
    }
    if newest.changes.is_empty() {
        return Err(ChangelogError::NoChanges { line, version });
    }
    let mut changelog = Changelog {
        releases: vec![Release {
            version,
            date: newest.date,
            changes: newest.changes,
        }],
        left_out: Vec::new(),
    };
    sections.for_each(|section| changelog.add(section));
    Ok(changelog)
}

/// Unreleased changes are of the version being built, unless the file has that version already, or there are none.
fn drop_unreleased(sections: &mut Vec<Section>, building: &str) {
    let is_own =
        |it: &Section| matches!(&it.name, Name::Version(name) if version::same(name, building));
    let is_released = sections.iter().any(is_own);
    let is_only = sections.len() == 1;
    sections.retain(|it| {
        let is_needed = is_only || !it.changes.is_empty() && !is_released;
        it.name != Name::Unreleased || is_needed
    });
}

impl Changelog {
    fn add(&mut self, section: Section) {
        let Section {
            line,
            name,
            date,
            changes,
        } = section;
        match name {
            // Several revisions of one version, as Debian and RPM have them, are one release.
            Name::Version(version) if self.ends_with(&version) && !changes.is_empty() => {
                if let Some(last) = self.releases.last_mut() {
                    last.changes.extend(changes);
                }
            }
            Name::Version(version) if date.is_some() && !changes.is_empty() => {
                self.releases.push(Release {
                    version,
                    date,
                    changes,
                });
            }
            _ => self.left_out.push(line),
        }
    }

    fn ends_with(&self, version: &str) -> bool {
        let last = self.releases.last();
        last.is_some_and(|last| version::same(&last.version, version))
    }
}
