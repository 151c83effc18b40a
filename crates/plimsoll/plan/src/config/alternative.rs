//! Names that several packages share.

use plimsoll_spec::{Alternative, Follower};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// A name that several packages have a program for: update-alternatives(1). An installation adds the package's program to the choice,
/// and a removal takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AlternativeConfig {
    /// The name of the choice, such as `editor`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The path that people use, such as `/usr/bin/editor`. No package holds it.
    pub link: String,
    /// The package's program for it, a file of the package.
    pub path: String,
    /// Which program is taken where nobody chose: the one with the highest number.
    pub priority: i32,
    /// The man page that goes along, as `{ link = "/usr/share/man/man1/editor.1.gz", path = "/usr/share/man/man1/x.1.gz" }`.
    pub man: Option<FollowerConfig>,
    /// The line of its name in the file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// A man page that goes along with a choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FollowerConfig {
    /// The path that people use.
    pub link: String,
    /// The package's page for it.
    pub path: String,
}

impl AlternativeConfig {
    /// What the writer of packages is told about it.
    #[must_use]
    pub fn action(&self) -> Alternative {
        let man = self.man.iter().map(|man| Follower {
            name: file_name(&man.link).to_owned(),
            link: man.link.clone(),
            path: man.path.clone(),
        });
        Alternative {
            name: self.name.get_ref().clone(),
            link: self.link.clone(),
            path: self.path.clone(),
            priority: self.priority,
            followers: man.collect(),
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
