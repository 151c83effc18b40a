//! What the host looks like.

use std::collections::BTreeSet;

use tidegate_api::Fight;
use tidegate_model::links::{AnswerRouting, Link, PolicyRouting, Route};
use tidegate_model::{IfName, Name, Needs};
use tidegate_nft::{BaseChain, Kind};

use crate::fact::{Fact, Facts};
use crate::others;

/// What the host looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptoms {
    /// The texts of facts that the checks need ([`unknown_facts`](super::unknown_facts)), or why they are unknown.
    pub facts: Facts,
    /// The host's links.
    pub links: Vec<Link>,
    /// The routes of the host's main table.
    pub routes: Vec<Route>,
    /// The host's routing rules, and the routes of the tables that only they use.
    pub policy: PolicyRouting,
    /// What the host has of the way of answers to isolated networks, or why that is unknown.
    pub answers: Result<AnswerRouting, String>,
    /// Our bridge ports without a loopback filter and our bridges that are not sealed, or why they are unknown.
    pub unguarded: Result<BTreeSet<IfName>, String>,
    /// What the host lacks of all that settings name ([`needs`](super::needs)), or why that is unknown.
    pub lacking: Result<Needs, String>,
    /// The differences between the planned table and the kernel's, or why they are unknown.
    pub table: Result<Vec<String>, String>,
    /// Why the kernel or nft refuses the table in a dry run.
    pub refusal: Option<(Kind, String)>,
    /// The base chains of other programs in nf_tables, or why they are unknown.
    pub chains: Result<Vec<BaseChain>, String>,
    /// The release of nft or libnftables, as in `1.0.6`.
    pub nft_version: Option<String>,
    /// A known fault of that release.
    pub nft_fault: Option<String>,
    /// Open file descriptors of the daemon, their limit (`RLIMIT_NOFILE`), and how many are reserved.
    pub descriptors: (u64, u64, u64),
    /// The program that changes the table again and again.
    pub fight: Option<Fight>,
    /// How often links were put right in a row, and the last change, if another program changes them again and again.
    pub links_fought: Option<String>,
    /// Endpoints of namespaces on several networks whose interface there has a strict reverse path filter.
    pub strict_endpoints: Vec<Name>,
    /// The path of the state file, if it was changed and a start would not find the confirmed state.
    pub unstored: Option<String>,
    /// Why the DNS server does not answer, if it should.
    pub unanswered: Option<String>,
}

impl Symptoms {
    /// The base chains of other programs in nf_tables, as far as they can be read, or why they are unknown.
    pub(super) fn completed(&self) -> Result<Vec<BaseChain>, &str> {
        let chains = self.chains.as_deref().map_err(String::as_str)?;
        Ok(others::completed(chains, &self.facts))
    }

    /// The value of a sysctl, if it is known.
    pub(super) fn sysctl(&self, path: &str) -> Option<&str> {
        let value = self.facts.get(&Fact::Sysctl(path.to_owned()))?;
        value.as_deref().ok()
    }
}
