//! What an RPM does when other packages bring or take files.

use std::path::{Path, PathBuf};

use plimsoll_spec::{FileTrigger, TriggerTime};
use schemars::JsonSchema;
use serde::Deserialize;

/// A script that an RPM runs when any package brings or takes files below a path: `%transfiletriggerin` and its like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileTriggerConfig {
    /// What the paths of the files begin with, such as `/usr/share/x/plugins`.
    pub path: String,
    /// When it runs.
    pub when: TriggerTime,
    /// Whether it runs once for the whole transaction, and not once for each package.
    #[serde(default = "super::yes")]
    pub transaction: bool,
    /// The script for `/bin/sh`, a file relative to the workspace.
    pub script: PathBuf,
}

impl FileTriggerConfig {
    /// What the writer of packages is told about it.
    #[must_use]
    pub fn action(&self, workspace: &Path) -> FileTrigger {
        FileTrigger {
            path: self.path.clone(),
            when: self.when,
            transaction: self.transaction,
            script: workspace.join(&self.script),
        }
    }
}
