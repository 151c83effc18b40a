//! What the host looks like.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_api::Fight;
use tidegate_model::links::{Link, PolicyRouting, Route};
use tidegate_model::{IfName, Name, Needs};
use tidegate_nft::{BaseChain, Kind};

/// What the host looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptoms {
    /// The texts of facts that the checks need ([`unknown_facts`](super::unknown_facts)), or why they are unknown.
    pub facts: BTreeMap<Fact, Result<String, String>>,
    /// The host's links.
    pub links: Vec<Link>,
    /// The routes of the host's main table.
    pub routes: Vec<Route>,
    /// The host's routing rules, and the routes of the tables that only they use.
    pub policy: PolicyRouting,
    /// Our bridge ports without a loopback filter and our bridges that are not sealed, or why they are unknown.
    pub unguarded: Result<BTreeSet<IfName>, String>,
    /// What the host lacks of all that settings name ([`needs`](super::needs)), or why that is unknown.
    pub lacking: Result<Needs, String>,
    /// The differences between the planned table and the kernel's, or why they are unknown.
    pub table: Result<Vec<String>, String>,
    /// Why the kernel or nft refuses the table in a dry run.
    pub refusal: Option<(Kind, String)>,
    /// The base chains of every table, or why they are unknown.
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

/// A fact of the host that is a text. A check names the facts that it reads, and the daemon reads any of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The value of a sysctl, by its path below /proc/sys.
    Sysctl(String),
    /// The content of a file of /proc or /sys, by its absolute path.
    File(&'static str),
    /// What a program prints on stdout: its name and arguments.
    Output(&'static [&'static str]),
}

impl Symptoms {
    /// The value of a sysctl, if it is known.
    pub(super) fn sysctl(&self, path: &str) -> Option<&str> {
        let value = self.facts.get(&Fact::Sysctl(path.to_owned()))?;
        value.as_deref().ok()
    }
}
