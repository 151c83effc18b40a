//! The result of looking at one endpoint.

use serde::{Deserialize, Serialize};

/// How an endpoint differs from what it is to be, in its namespace and on the host; empty if all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointCheck {
    /// One entry for each thing that is missing or has changed.
    pub findings: Vec<EndpointFinding>,
}

/// One thing that is missing or has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointFinding {
    /// Which part of the endpoint it is about.
    pub part: EndpointPart,
    /// Description, with the name of the object.
    pub what: String,
}

/// A part of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EndpointPart {
    /// Its namespace: it is gone, or nobody can look into it.
    Namespace,
    /// Its interface in the namespace.
    Interface,
    /// An address of that interface.
    Address,
    /// A route through that interface.
    Route,
    /// The port of the bridge on the host, or the bridge.
    Bridge,
    /// The kernel's table: an element of the endpoint, or what all endpoints need.
    Rules,
    /// What the daemon knows to be missing, such as a host port that another program has.
    Status,
}

impl EndpointPart {
    /// Its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Interface => "interface",
            Self::Address => "address",
            Self::Route => "route",
            Self::Bridge => "bridge",
            Self::Rules => "rules",
            Self::Status => "status",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_same_name_for_people_and_in_json() {
        for part in [
            EndpointPart::Namespace,
            EndpointPart::Interface,
            EndpointPart::Address,
            EndpointPart::Route,
            EndpointPart::Bridge,
            EndpointPart::Rules,
            EndpointPart::Status,
        ] {
            assert_eq!(serde_json::to_value(part).unwrap(), part.as_str());
        }
    }
}
