//! From desired and known state to one nft transaction and the steps on links. Pure: no IO, no
//! clock; the same values give the same plan.

mod addresses;
mod allow;
mod chain_names;
mod doctor;
mod elements;
mod endpoint;
mod explain;
mod gateways;
mod holds;
mod host_ports;
mod interface_names;
mod limits;
mod lookup;
mod network;
mod peers;
mod policy;
mod pool;
mod pools;
mod ports;
mod refused;
mod ruleset;
mod sets;
mod stale;
mod start;
mod steps;
mod subnets;
mod sweep;
mod traffic;

use ipnet::IpNet;
use tidegate_model::Change;
use tidegate_model::links::LinkStep;
use tidegate_nft::Transaction;

pub use doctor::{Legacy, LegacyPolicy, Symptoms, diagnose, sysctls_of_interest};
pub use endpoint::{attach, detach};
pub use explain::{HostRouting, SYSCTLS_OF_PATHS, explain};
pub use holds::all_holds;
pub use host_ports::PortFacts;
pub use network::{create_network, remove_network, without_ipv6};
pub use peers::{connect, disconnect};
pub use pool::{InvalidPool, Pool};
pub use pools::{Defaults, Pools};
pub use ports::{publish, unpublish};
pub use refused::{IpFamily, Refused};
pub use ruleset::{planned, replace, shut};
pub use sets::table;
pub use stale::StaleConnections;
pub use start::{
    StartPlan, end, hold_anew, revive_endpoint, revive_network, start, without_ipv6_anew,
};
pub use sweep::Sweep;
pub use traffic::traffic;

/// What is to be done for one command, and how it is undone.
///
/// What must be had beforehand comes first, then the transaction, then the links in order, then the
/// change of state. For a network that appears this means that it is never there unprotected; for
/// one that goes, the exact inverse of its transaction is at hand while its links can still be
/// refused; and a port of the host is ours before a packet to it is sent anywhere else.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Steps before the transaction, each with an inverse of its own.
    pub first: Vec<LinkStep>,
    /// All firewall changes of the command.
    pub transaction: Transaction,
    /// The inverse of `transaction`.
    pub undo: Transaction,
    /// Steps on the host's links, each with an inverse of its own.
    pub links: Vec<LinkStep>,
    /// What the daemon believes once all of it is done.
    pub change: Change,
    /// What that leaves behind among the tracked connections.
    pub stale: StaleConnections,
}

impl Plan {
    fn adding(elements: sets::Elements, links: Vec<LinkStep>, change: Change) -> Self {
        let (transaction, undo) = (sets::add(elements.clone()), sets::delete(elements));
        Self {
            first: Vec::new(),
            transaction,
            undo,
            links,
            change,
            stale: StaleConnections::default(),
        }
    }

    fn removing(elements: sets::Elements, links: Vec<LinkStep>, change: Change) -> Self {
        let (transaction, undo) = (sets::delete(elements.clone()), sets::add(elements));
        Self {
            first: Vec::new(),
            transaction,
            undo,
            links,
            change,
            stale: StaleConnections::default(),
        }
    }

    /// With steps before the transaction.
    fn after(mut self, first: impl IntoIterator<Item = LinkStep>) -> Self {
        self.first.extend(first);
        self
    }

    /// With what it leaves behind among the tracked connections.
    fn leaving(mut self, stale: StaleConnections) -> Self {
        self.stale.add(stale);
        self
    }

    /// With more steps on links at the end.
    fn then(mut self, links: impl IntoIterator<Item = LinkStep>) -> Self {
        self.links.extend(links);
        self
    }
}

/// What of the host a network must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Destinations of the host's routes, without default routes.
    pub routes: Vec<IpNet>,
}
