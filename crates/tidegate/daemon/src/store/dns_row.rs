//! DNS settings as they are stored.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tidegate_model::{Dns, DnsOption, SearchDomain};

/// Part of a row of the tables `networks` and `endpoints`.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct DnsRow {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    servers: Vec<IpAddr>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search: Vec<SearchDomain>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<DnsOption>,
}

impl DnsRow {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Dns> for DnsRow {
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

impl From<DnsRow> for Dns {
    fn from(row: DnsRow) -> Self {
        let DnsRow {
            servers,
            search,
            options,
        } = row;
        Self {
            servers,
            search,
            options,
        }
    }
}
