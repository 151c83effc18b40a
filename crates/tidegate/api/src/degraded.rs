//! Degraded networks and endpoints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_model::Name;

/// Why a network or an endpoint is degraded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// Whether it is down: the host has no link of it and the table no element. If false, a part of it works.
    pub down: bool,
    /// The failed step and the reason, as text.
    pub reason: String,
    /// What the user can do about it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The degraded networks and endpoints.
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
    /// Whether nothing is degraded.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.endpoints.is_empty()
    }
}

impl From<tidegate_model::Fault> for Fault {
    fn from(fault: tidegate_model::Fault) -> Self {
        let tidegate_model::Fault { down, reason, hint } = fault;
        Self { down, reason, hint }
    }
}

impl From<tidegate_model::Degraded> for Degraded {
    fn from(degraded: tidegate_model::Degraded) -> Self {
        let tidegate_model::Degraded {
            networks,
            endpoints,
        } = degraded;
        let told = |faults: BTreeMap<Name, tidegate_model::Fault>| {
            let told = faults.into_iter().map(|(name, fault)| (name, fault.into()));
            told.collect()
        };
        Self {
            networks: told(networks),
            endpoints: told(endpoints),
        }
    }
}
