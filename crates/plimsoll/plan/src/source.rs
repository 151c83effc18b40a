//! The source: version, commit and date of what is built.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// The variable that names the commit where there is no checkout to ask, beside
/// `SOURCE_DATE_EPOCH` (reproducible-builds.org), which names the date.
pub const COMMIT_VARIABLE: &str = "SOURCE_COMMIT";

/// What is being built. Read once, before the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    /// The version in the Cargo manifest.
    pub version: String,
    /// The SPDX licence expression in the Cargo manifest.
    pub license: String,
    /// The first author in the Cargo manifest: `Name <address>`.
    pub maintainer: String,
    /// The homepage in the Cargo manifest, else the repository.
    pub homepage: String,
    /// What names the tree: its commit; `COMMIT-dirty-DIGEST` where the tree differs from it; outside of a checkout
    /// `COMMIT-crate-DIGEST` of a crate that was published from a commit, else `unknown-DIGEST`.
    pub commit: String,
    /// The time that every date in the packages takes, in seconds since 1970 (UTC).
    pub source_date_epoch: u32,
    /// What Cargo's configuration and the environment set for the build.
    pub settings: Settings,
}

impl Source {
    /// What the user should know of a tree that is not a commit.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let commit = &self.commit;
        let begins = |kind: &str| commit.split_once(kind).map(|(head, _)| head);
        let why = match (begins("-dirty"), begins("-crate-")) {
            (Some(head), _) => format!("the tree is not commit {head}, see `git status`"),
            (_, Some(head)) => {
                format!(
                    "the tree is a crate that was published from commit {head}, and may have been changed"
                )
            }
            _ if commit.starts_with("unknown") => "the commit is unknown".to_owned(),
            _ => return None,
        };
        Some(format!("{why}: the packages name {commit}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures;

    #[test]
    fn a_tree_that_is_not_a_commit_is_a_warning() {
        let warning = |commit: &str| {
            let mut source = fixtures::source();
            commit.clone_into(&mut source.commit);
            source.warning()
        };
        assert_eq!(warning("abc"), None);
        assert_eq!(
            warning("abc-dirty").as_deref(),
            Some("the tree is not commit abc, see `git status`: the packages name abc-dirty")
        );
        assert_eq!(
            warning("abc-crate-123").as_deref(),
            Some(
                "the tree is a crate that was published from commit abc, and may have been changed: the packages name abc-crate-123"
            )
        );
        assert_eq!(
            warning("unknown").as_deref(),
            Some("the commit is unknown: the packages name unknown")
        );
    }
}
