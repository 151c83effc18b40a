//! What is stored and cannot be on the host as it is to be. It costs itself only: everything else works, and it is
//! tried again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Name;

/// Why a network or an endpoint is not on the host as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// Whether nothing of it is on the host: no link, and no element of the table, so that nothing is sent where it
    /// would be. Else a part of it works.
    pub down: bool,
    /// What was refused and why, in words.
    pub reason: String,
    /// What the user can do about it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The networks and endpoints that are not as they are to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Degraded {
    /// Networks, by name.
    #[serde(default)]
    pub networks: BTreeMap<Name, Fault>,
    /// Endpoints, by name.
    #[serde(default)]
    pub endpoints: BTreeMap<Name, Fault>,
}

impl Degraded {
    /// Whether all is as it is to be.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.endpoints.is_empty()
    }

    /// Why nothing of a network is on the host, if so.
    pub fn down_network(&self, name: &Name) -> Option<&Fault> {
        self.networks.get(name).filter(|fault| fault.down)
    }

    /// Why nothing of an endpoint is on the host, if so.
    pub fn down_endpoint(&self, name: &Name) -> Option<&Fault> {
        self.endpoints.get(name).filter(|fault| fault.down)
    }
}
