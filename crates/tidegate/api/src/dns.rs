//! DNS settings of networks and endpoints.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tidegate_model::{DnsOption, SearchDomain};

/// DNS settings. An endpoint takes what it does not set from its network, and a network from the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Dns {
    /// Servers for the names that are not those of endpoints. The host asks them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<IpAddr>,
    /// Search domains for relative names. `.` alone means none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<SearchDomain>,
    /// Options (resolv.conf(5), `options`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<DnsOption>,
}

impl Dns {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<tidegate_model::Dns> for Dns {
    fn from(dns: tidegate_model::Dns) -> Self {
        let tidegate_model::Dns {
            servers,
            search,
            options,
        } = dns;
        Self {
            servers,
            search,
            options,
        }
    }
}

impl From<Dns> for tidegate_model::Dns {
    fn from(dns: Dns) -> Self {
        let Dns {
            servers,
            search,
            options,
        } = dns;
        Self {
            servers,
            search,
            options,
        }
    }
}
