//! An endpoint that waits for its namespace, as it is stored.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidegate_model::{Name, Waiting};

/// A row of the table `waiting`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct WaitingRow {
    network: Name,
    netns: PathBuf,
    request: String,
}

impl From<Waiting> for WaitingRow {
    fn from(waiting: Waiting) -> Self {
        let Waiting {
            network,
            netns,
            request,
        } = waiting;
        Self {
            network,
            netns,
            request,
        }
    }
}

impl From<WaitingRow> for Waiting {
    fn from(row: WaitingRow) -> Self {
        let WaitingRow {
            network,
            netns,
            request,
        } = row;
        Self {
            network,
            netns,
            request,
        }
    }
}
