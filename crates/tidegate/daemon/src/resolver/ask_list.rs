//! The servers that are asked for other names.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use tidegate_resolver::resolv_conf::AskOptions;

/// The servers that are asked for other names, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AskList {
    /// In this order.
    pub(crate) servers: Vec<SocketAddr>,
    /// How they are asked.
    pub(crate) options: AskOptions,
}
