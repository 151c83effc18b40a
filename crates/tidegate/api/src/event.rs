//! The events of `tidegate events`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use tidegate_model::{Change, Degraded, IfName, Name, PortBinding};

use crate::{Endpoint, Fault, Fight, Network};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// Time in milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Happening {
    /// A network was created.
    NetworkCreated {
        /// The network.
        network: Network,
    },
    /// A network was removed.
    NetworkRemoved {
        /// What it was.
        network: Network,
    },
    /// A network was connected to another network, or disconnected from it.
    PeersChanged {
        /// The network.
        network: Name,
        /// The networks whose endpoints are reached by its own now.
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
    /// The published ports of an endpoint changed.
    PortsChanged {
        /// The endpoint.
        endpoint: Name,
        /// The published ports now.
        ports: Vec<PortBinding>,
    },
    /// Another program changed the table, and the daemon restored it.
    TableMended {
        /// Name of that program's thread; none if unknown.
        program: Option<String>,
        /// Its process id in the initial process namespace; none if unknown.
        process: Option<u32>,
        /// What it did, in words.
        what: Vec<String>,
    },
    /// Another program changes the table again and again. This event comes once, when that begins.
    TableFought {
        /// Who, and how often.
        fight: Fight,
    },
    /// Another program changed or removed an interface of Tidegate's, and the daemon put it right.
    InterfaceMended {
        /// The interface.
        interface: IfName,
        /// What the daemon did, in words.
        what: Vec<String>,
    },
    /// Another program changes interfaces of Tidegate's again and again. This event comes once, when that begins.
    InterfacesFought {
        /// How often interfaces were put right, with less than a minute in between.
        times: u32,
        /// The last repair, in words.
        last: String,
    },
    /// Another program removed routing rules or routes of Tidegate's, and the daemon added them again.
    RoutingMended {
        /// What the daemon did, in words.
        what: Vec<String>,
    },
    /// A network became degraded, or is degraded for another reason than before.
    NetworkDegraded {
        /// The network.
        network: Name,
        /// Why.
        fault: Fault,
    },
    /// A network is no longer degraded.
    NetworkRestored {
        /// The network.
        network: Name,
    },
    /// An endpoint became degraded, or is degraded for another reason than before.
    EndpointDegraded {
        /// The endpoint.
        endpoint: Name,
        /// Why.
        fault: Fault,
    },
    /// An endpoint is no longer degraded.
    EndpointRestored {
        /// The endpoint.
        endpoint: Name,
    },
    /// Events are missing here, because the reader was too slow.
    Missed {
        /// How many.
        events: u64,
    },
}

type Faults = BTreeMap<Name, tidegate_model::Fault>;

impl Happening {
    /// The events of everything that is degraded now, compared with nothing degraded.
    pub fn degraded(now: &Degraded) -> Vec<Self> {
        Self::between(&Degraded::default(), now)
    }

    /// The events between two states of degraded objects. Removed objects have an event of their own.
    pub fn between(before: &Degraded, after: &Degraded) -> Vec<Self> {
        let news = |before: &Faults, after: &Faults| {
            let worse = after
                .iter()
                .filter(|(name, fault)| before.get(*name) != Some(*fault))
                .map(|(name, fault)| (name.clone(), Some(fault.clone().into())));
            let better = before
                .keys()
                .filter(|name| !after.contains_key(*name))
                .map(|name| (name.clone(), None));
            worse.chain(better).collect::<Vec<_>>()
        };
        let networks = news(&before.networks, &after.networks).into_iter();
        let networks = networks.map(|(network, fault)| match fault {
            Some(fault) => Self::NetworkDegraded { network, fault },
            None => Self::NetworkRestored { network },
        });
        let endpoints = news(&before.endpoints, &after.endpoints).into_iter();
        let endpoints = endpoints.map(|(endpoint, fault)| match fault {
            Some(fault) => Self::EndpointDegraded { endpoint, fault },
            None => Self::EndpointRestored { endpoint },
        });
        networks.chain(endpoints).collect()
    }

    /// The events of a change, in order.
    pub fn of(change: &Change) -> Vec<Self> {
        vec![match change.clone() {
            Change::All(changes) => return changes.iter().flat_map(Self::of).collect(),
            Change::SkipNumbers(_) => return Vec::new(),
            Change::AddNetwork(network) => Self::NetworkCreated {
                network: network.into(),
            },
            Change::ReplaceNetwork { after, .. } => Self::PeersChanged {
                network: after.name,
                peers: after.peers,
            },
            Change::RemoveNetwork(network) => Self::NetworkRemoved {
                network: network.into(),
            },
            Change::AddEndpoint(endpoint) => Self::Attached {
                endpoint: endpoint.into(),
            },
            Change::RemoveEndpoint(endpoint) => Self::Detached {
                endpoint: endpoint.into(),
            },
            Change::ReplaceEndpoint { after, .. } => Self::PortsChanged {
                endpoint: after.name,
                ports: after.ports,
            },
            // It is told when it is attached.
            Change::Wait(..) | Change::StopWaiting(_) => return Vec::new(),
        }]
    }
}
