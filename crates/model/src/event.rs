//! What `tidegate events` tells.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::api::Fight;
use crate::{Change, Endpoint, Name, Network, PortBinding};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Happening {
    /// A network was made.
    NetworkCreated {
        /// The network.
        network: Network,
    },
    /// A network was removed.
    NetworkRemoved {
        /// What it was.
        network: Network,
    },
    /// A network was connected to another, or disconnected from it.
    PeersChanged {
        /// The network.
        network: Name,
        /// The networks that it is connected to now.
        peers: BTreeSet<Name>,
    },
    /// An endpoint was attached.
    Attached {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// An endpoint was detached, or its namespace ended.
    Detached {
        /// What it was.
        endpoint: Endpoint,
    },
    /// A running endpoint publishes other ports.
    PortsChanged {
        /// The endpoint.
        endpoint: Name,
        /// The ports that it publishes now.
        ports: Vec<PortBinding>,
    },
    /// Another program changed the table, which was put back.
    TableMended {
        /// What that program's thread is called; none if it cannot be told.
        program: Option<String>,
        /// Its number, as the first process namespace counts; none if it cannot be told.
        process: Option<u32>,
        /// What it did, in words.
        what: Vec<String>,
    },
    /// Another program changes the table again and again. It is told once, when that begins.
    TableFought {
        /// Who, and how often.
        fight: Fight,
    },
    /// The reader was too slow: events are missing here.
    Missed {
        /// How many.
        events: u64,
    },
}

impl Happening {
    /// What happens with a change, in order.
    pub fn of(change: &Change) -> Vec<Self> {
        vec![match change.clone() {
            Change::All(changes) => return changes.iter().flat_map(Self::of).collect(),
            Change::AddNetwork(network) => Self::NetworkCreated { network },
            Change::ReplaceNetwork { after, .. } => Self::PeersChanged {
                network: after.name,
                peers: after.peers,
            },
            Change::RemoveNetwork(network) => Self::NetworkRemoved { network },
            Change::AddEndpoint(endpoint) => Self::Attached { endpoint },
            Change::RemoveEndpoint(endpoint) => Self::Detached { endpoint },
            Change::ReplaceEndpoint { after, .. } => Self::PortsChanged {
                endpoint: after.name,
                ports: after.ports,
            },
        }]
    }
}
