//! Turns a request and the known state into one nft transaction and link steps. Pure: no IO, no clock; the same
//! values give the same plan.

mod addresses;
mod allow;
mod answers;
mod chain_names;
mod check;
mod dns;
mod doctor;
mod elements;
mod endpoint;
mod explain;
mod export;
mod fact;
mod gateways;
mod hand_over;
mod holds;
mod host_ports;
mod import;
mod interface_names;
mod ip_family;
mod limits;
mod lookup;
mod mend;
mod network;
mod others;
mod owned;
mod peers;
mod policy;
mod pool;
mod pools;
mod ports;
mod refused;
mod routes;
mod ruleset;
mod sets;
mod stale;
mod start;
mod steps;
mod subnets;
mod sweep;
mod together;
mod traffic;
mod unknown;
mod warnings;

use std::collections::BTreeSet;

use ipnet::IpNet;
use tidegate_model::links::LinkStep;
use tidegate_model::{Change, IfName};
use tidegate_nft::Transaction;

pub use answers::{AnswersMending, mend_answers, needs_answers};
pub use check::{SeenEndpoint, check};
pub use doctor::{Symptoms, diagnose, needs, unknown_facts};
pub use endpoint::{attach, detach};
pub use explain::{HostRouting, SYSCTLS_OF_PATHS, ends_of_paths, explain};
pub use export::export;
pub use fact::Fact;
pub use hand_over::{moved, relocate, unknown_namespace};
pub use holds::all_holds;
pub use host_ports::PortFacts;
pub use import::{Obstacle, Subject, check_import};
pub use interface_names::{bridge_names, port_names};
pub use ip_family::IpFamily;
pub use lookup::no_endpoint;
pub use mend::{Difference, LinkOwner, Mend, Mending, is_any_changed, is_whole, mend};
pub use network::{create_network, remove_network, without_ipv6};
pub use others::Others;
pub use owned::{
    Attached, attach_with_network, detach_all, missing_network, of_engine_but, of_owner, replaced,
};
pub use peers::{connect, disconnect};
pub use pool::{InvalidPool, Pool};
pub use pools::{Defaults, Pools, has_shared_pool};
pub use ports::{ChangedPorts, publish, unpublish};
pub use refused::{AddressHolder, Awaited, Holders, NoAllowList, NoHandOver, Refused};
pub use ruleset::{planned, remove_table, replace, shut};
pub use sets::table;
pub use stale::StaleConnections;
pub use start::{
    StartPlan, end, hold_again, revive_endpoint, revive_network, start, without_ipv6_again,
};
pub use steps::{forwards_ipv6, loosen};
pub use subnets::propose_subnets;
pub use sweep::Sweep;
pub use traffic::{traffic, traffic_of_ports};
pub use unknown::{UnknownLinks, UnknownReason, unknown};
pub use warnings::{
    needs_of_endpoint, needs_of_network, warnings_of_endpoint, warnings_of_network,
};

/// What one command does, how to undo it, and what the command answers.
///
/// The order is: preparing steps, transaction, link steps, change of state. So a new network is never without its
/// rules. When a network is removed, the inverse of its transaction is available while its link steps can still fail.
/// A host port is held before packets to it are translated.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<T> {
    /// Steps before the transaction, each with an inverse of its own.
    pub first: Vec<LinkStep>,
    /// All firewall changes of the command.
    pub transaction: Transaction,
    /// The inverse of `transaction`.
    pub undo: Transaction,
    /// Steps on the host's links, each with an inverse of its own.
    pub links: Vec<LinkStep>,
    /// The change of the state when all of it is done.
    pub change: Change,
    /// The tracked connections that it makes stale.
    pub stale: StaleConnections,
    /// What the command answers: the object after it, or a removed object as it was.
    pub outcome: T,
}

impl Plan<()> {
    /// A plan that does nothing.
    pub fn nothing() -> Self {
        Self::adding(Vec::new(), Vec::new(), Change::All(Vec::new()))
    }

    fn adding(elements: sets::Elements, links: Vec<LinkStep>, change: Change) -> Self {
        let (transaction, undo) = (sets::add(elements.clone()), sets::delete(elements));
        Self::of(transaction, undo, links, change)
    }

    fn removing(elements: sets::Elements, links: Vec<LinkStep>, change: Change) -> Self {
        let (transaction, undo) = (sets::delete(elements.clone()), sets::add(elements));
        Self::of(transaction, undo, links, change)
    }

    fn of(
        transaction: Transaction,
        undo: Transaction,
        links: Vec<LinkStep>,
        change: Change,
    ) -> Self {
        Self {
            first: Vec::new(),
            transaction,
            undo,
            links,
            change,
            stale: StaleConnections::default(),
            outcome: (),
        }
    }
}

impl<T> Plan<T> {
    /// The same plan with another outcome.
    pub fn with_outcome<U>(self, outcome: U) -> Plan<U> {
        Plan {
            first: self.first,
            transaction: self.transaction,
            undo: self.undo,
            links: self.links,
            change: self.change,
            stale: self.stale,
            outcome,
        }
    }

    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.first.is_empty()
            && self.transaction.ops().is_empty()
            && self.links.is_empty()
            && self.change.is_nothing()
    }

    /// Adds steps before the transaction.
    fn after(mut self, first: impl IntoIterator<Item = LinkStep>) -> Self {
        self.first.extend(first);
        self
    }

    /// Adds the tracked connections that it makes stale.
    fn leaving(mut self, stale: StaleConnections) -> Self {
        self.stale.add(stale);
        self
    }

    /// Adds link steps at the end.
    fn then(mut self, links: impl IntoIterator<Item = LinkStep>) -> Self {
        self.links.extend(links);
        self
    }
}

/// Facts of the host that a network depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Destinations of the host's routes, without default routes.
    pub routes: Vec<IpNet>,
    /// Those of the next [`bridge_names`] that a link of the host has.
    pub taken: BTreeSet<IfName>,
}
