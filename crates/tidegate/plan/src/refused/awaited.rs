//! Imported endpoints that wait for their namespaces.

use std::path::PathBuf;

use tidegate_model::{Name, Waiting};

/// An endpoint that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Its name.
    pub endpoint: Name,
    /// Its network.
    pub network: Name,
    /// The path of the namespace.
    pub netns: PathBuf,
}

impl Awaited {
    /// The endpoint of that name.
    pub fn of(name: &Name, waiting: &Waiting) -> Self {
        Self {
            endpoint: name.clone(),
            network: waiting.network.clone(),
            netns: waiting.netns.clone(),
        }
    }

    /// The commands that attach it and that forget it.
    pub(super) fn commands(&self) -> [String; 2] {
        let Self {
            endpoint, network, ..
        } = self;
        [
            format!("`tidegate attach {network} --name {endpoint} --netns NETNS`"),
            format!("`tidegate detach {endpoint}`"),
        ]
    }
}
