//! The tables of other programs: a packet must pass them too.
//!
//! Their rules are evaluated as far as they can be read. A rule that cannot be read may match or not, and drop or not:
//! what it decides is unclear, and neither "passes" nor "is dropped".

mod iptables;
mod judge;
mod seen;

use std::sync::Arc;

use tidegate_nft::{
    BaseChain, IpVersion, OtherChains, OtherField, OtherRule, OtherStatement, OtherVerdict,
};

use crate::fact::{Fact, Facts};
use iptables::Listing;

pub(crate) use judge::{Judgement, Place, judge};
pub(crate) use seen::{Address, ConnectionState, Interface, Port, Seen};

/// What is known of the tables of other programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Others {
    /// Their base chains in nf_tables, or why they are unknown.
    pub chains: Result<Vec<BaseChain>, String>,
    /// The texts of facts that complete them ([`unknown_facts`](Self::unknown_facts)), or why they are unknown.
    pub facts: Facts,
}

impl Others {
    /// The facts that are needed and not there. With new facts more may be needed, so ask until there are none.
    pub fn unknown_facts(&self) -> Vec<Fact> {
        let chains = self.chains.as_deref().unwrap_or_default();
        let facts = facts(chains, &self.facts).into_iter();
        facts
            .filter(|fact| !self.facts.contains_key(fact))
            .collect()
    }

    /// All base chains, the first at a hook first, or why they are unknown.
    pub(crate) fn read(&self) -> Result<Vec<BaseChain>, String> {
        let chains = self.chains.as_deref().map_err(Clone::clone)?;
        let mut all = completed(chains, &self.facts);
        all.extend(legacy(&self.facts)?);
        all.sort_by_key(|chain| chain.priority);
        Ok(all)
    }
}

/// A family of iptables.
struct Family {
    /// The family of its tables in nf_tables.
    family: &'static str,
    /// Lists the tables of iptables-legacy that are loaded, one a line.
    loaded: &'static str,
    /// Prints the table `filter` of iptables-legacy.
    legacy: &'static [&'static str],
    /// Prints the table `filter` of iptables-nft.
    nft: &'static [&'static str],
}

const FAMILIES: [Family; 2] = [
    Family {
        family: "ip",
        loaded: "/proc/net/ip_tables_names",
        legacy: &["iptables-legacy", "-S"],
        nft: &["iptables-nft", "-S"],
    },
    Family {
        family: "ip6",
        loaded: "/proc/net/ip6_tables_names",
        legacy: &["ip6tables-legacy", "-S"],
        nft: &["ip6tables-nft", "-S"],
    },
];

/// What the table of iptables-legacy is called here.
pub(crate) const LEGACY: &str = "filter (legacy)";

/// The facts that complete what nft tells. Only iptables itself can read a table of its legacy variant, and it would
/// load a missing one. Of its other variant, nft does not know all words.
pub(crate) fn facts(chains: &[BaseChain], facts: &Facts) -> Vec<Fact> {
    let of_family = |family: &'static Family| {
        let tables = Fact::File(family.loaded);
        let legacy = is_loaded(family, facts).then_some(Fact::Output(family.legacy));
        let mut of_it = chains.iter().filter(|chain| is_filter(chain, family));
        let nft = of_it
            .any(|chain| is_unreadable(&chain.chains))
            .then_some(Fact::Output(family.nft));
        [Some(tables), legacy, nft].into_iter().flatten()
    };
    FAMILIES.iter().flat_map(of_family).collect()
}

fn is_loaded(family: &Family, facts: &Facts) -> bool {
    let tables = facts.get(&Fact::File(family.loaded));
    let tables = tables.and_then(|tables| tables.as_deref().ok());
    tables.is_some_and(|tables| tables.lines().any(|name| name == "filter"))
}

fn is_filter(chain: &BaseChain, family: &Family) -> bool {
    chain.family == family.family && chain.table == "filter"
}

/// Whether some rule has something that nft has no words for.
fn is_unreadable(chains: &OtherChains) -> bool {
    let mut statements = chains.values().flatten().flat_map(|rule| &rule.statements);
    statements.any(|statement| match statement {
        OtherStatement::Unreadable => true,
        OtherStatement::Compare(comparison) => comparison.field == OtherField::Unknown,
        _ => false,
    })
}

/// The chains, with the rules of iptables-nft as iptables prints them.
pub(crate) fn completed(chains: &[BaseChain], facts: &Facts) -> Vec<BaseChain> {
    let mut chains = chains.to_vec();
    for family in &FAMILIES {
        let output = facts.get(&Fact::Output(family.nft));
        let Some(Ok(output)) = output else {
            continue;
        };
        let Some(first) = chains.iter().find(|chain| is_filter(chain, family)) else {
            continue;
        };
        let joined = Arc::new(joined(&first.chains, Listing::parse(output).chains));
        for chain in chains.iter_mut().filter(|chain| is_filter(chain, family)) {
            chain.chains = Arc::clone(&joined);
        }
    }
    chains
}

/// The chains of nft, with the statements that iptables prints for the same rules.
fn joined(nft: &OtherChains, mut iptables: OtherChains) -> OtherChains {
    let rules = |name: &String, rules: &Vec<OtherRule>| match iptables.remove(name) {
        Some(printed) if printed.len() == rules.len() => {
            let with_handle = |(printed, rule): (OtherRule, &OtherRule)| OtherRule {
                handle: rule.handle,
                ..printed
            };
            printed.into_iter().zip(rules).map(with_handle).collect()
        }
        _ => rules.clone(),
    };
    let mut rules = rules;
    nft.iter()
        .map(|(name, of_it)| (name.clone(), rules(name, of_it)))
        .collect()
}

/// The chains of the filter tables of iptables-legacy.
pub(crate) fn legacy(facts: &Facts) -> Result<Vec<BaseChain>, String> {
    let mut found = Vec::new();
    for family in FAMILIES.iter().filter(|family| is_loaded(family, facts)) {
        let program = family.legacy[0];
        let output = facts.get(&Fact::Output(family.legacy));
        let output = output.ok_or_else(|| format!("{program} did not run"))?;
        let Listing { chains, policies } = Listing::parse(output.as_deref().map_err(Clone::clone)?);
        if policies.is_empty() {
            return Err(format!("{program} printed no policy"));
        }
        let chains = Arc::new(chains);
        found.extend(policies.into_iter().map(|(name, policy)| BaseChain {
            family: family.family.to_owned(),
            table: LEGACY.to_owned(),
            hook: name.to_lowercase(),
            kind: "filter".to_owned(),
            priority: 0,
            drops_by_policy: policy == "DROP",
            chains: Arc::clone(&chains),
            words: chains.keys().cloned().collect(),
            name,
        }));
    }
    Ok(found)
}

/// Whether a chain sees packets of a version of IP.
pub(crate) fn sees(chain: &BaseChain, version: IpVersion) -> bool {
    matches!(
        (chain.family.as_str(), version),
        ("inet", _) | ("ip", IpVersion::V4) | ("ip6", IpVersion::V6)
    )
}

/// Where a chain may drop frames of a bridge or of one of its ports. Their rules are not evaluated.
pub(crate) fn may_drop_frames(chain: &BaseChain) -> Option<Place> {
    if !matches!(chain.family.as_str(), "bridge" | "netdev" | "arp") {
        return None;
    }
    let may_drop = |statement: &OtherStatement| match statement {
        OtherStatement::End(verdict) => matches!(verdict, OtherVerdict::Drop | OtherVerdict::Queue),
        OtherStatement::Choose(choices) => choices
            .iter()
            .any(|(_, verdict)| matches!(verdict, OtherVerdict::Drop | OtherVerdict::Queue)),
        OtherStatement::Unreadable => true,
        OtherStatement::Compare(_) | OtherStatement::Neutral => false,
    };
    let rules = chain.chains.iter();
    let rules = rules.flat_map(|(name, rules)| rules.iter().map(move |rule| (name, rule)));
    let mut dropping = rules.filter(|(_, rule)| rule.statements.iter().any(may_drop));
    let rule = dropping.next();
    let rule = rule.map(|(name, rule)| Place::rule(chain, name, rule));
    rule.or(chain.drops_by_policy.then_some(Place::Policy))
}

/// The command that shows these places of a chain: the rules of one chain, or of the whole table.
pub(crate) fn command<'a>(
    chain: &BaseChain,
    places: impl IntoIterator<Item = &'a Place>,
) -> String {
    let of_place = |place: &'a Place| match place {
        Place::Policy => chain.name.clone(),
        Place::Rule { chain, .. } => chain.clone(),
    };
    let mut names: Vec<String> = places.into_iter().map(of_place).collect();
    names.sort_unstable();
    names.dedup();
    let (BaseChain { family, table, .. }, one) = (chain, <[String; 1]>::try_from(names).ok());
    match (table == LEGACY, one) {
        (true, one) => {
            let program = if family == "ip6" {
                "ip6tables"
            } else {
                "iptables"
            };
            let name = one.map_or_else(String::new, |[name]| format!(" {name}"));
            format!("`{program}-legacy -S{name}`")
        }
        (false, Some([name])) => format!("`nft -a list chain {family} {table} {name}`"),
        (false, None) => format!("`nft -a list table {family} {table}`"),
    }
}

/// A place, with the command that shows its rule.
pub(crate) fn with_command(chain: &BaseChain, place: &Place) -> String {
    match place {
        Place::Policy => place.to_string(),
        Place::Rule { .. } => format!("{place}, shown by {}", command(chain, [place])),
    }
}

/// The family, table and name of a chain, as text.
pub(crate) fn shown(chain: &BaseChain) -> String {
    let BaseChain {
        family,
        table,
        name,
        ..
    } = chain;
    format!("chain {name} of table {family} {table}")
}
