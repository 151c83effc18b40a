//! The base chains of other programs, with the rules that packets meet there.

mod read;
mod rule;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::Error;
use crate::kind::Kind;
use crate::model::TableId;
use read::Sets;

pub use rule::{Comparison, OtherField, OtherRule, OtherStatement, OtherValue, OtherVerdict};

/// The chains of a table by name.
pub type OtherChains = BTreeMap<String, Vec<OtherRule>>;

/// A chain that sees packets, in a table of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseChain {
    /// The family of its table, in nft's words.
    pub family: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Where packets come to it, in nft's words: `forward`.
    pub hook: String,
    /// What it is for, in nft's words: `filter`, `nat` or `route`.
    pub kind: String,
    /// Its place among the chains of that hook: the lowest comes first.
    pub priority: i64,
    /// Whether its policy is to drop.
    pub drops_by_policy: bool,
    /// The rules of all chains of its table.
    pub chains: Arc<OtherChains>,
    /// The names that the table's chains have, and every word that its rules compare with.
    pub words: BTreeSet<String>,
}

impl BaseChain {
    /// Reads the base chains of a table from `nft -j list table`.
    ///
    /// # Errors
    /// If the text is not the JSON that nft writes.
    pub fn parse_all(json: &str) -> Result<Vec<Self>, Error> {
        let parsed = objects(json).map(|objects| base_chains(&objects));
        parsed.map_err(|reason| Error::new(Kind::Unsupported, reason))
    }

    /// Adds the text of each rule to the chains of one table, from `nft -a list table`.
    pub fn with_texts(mut chains: Vec<Self>, listing: &str) -> Vec<Self> {
        let Some(first) = chains.first() else {
            return chains;
        };
        let mut texts = text::of_rules(listing);
        let mut all = OtherChains::clone(&first.chains);
        for rule in all.values_mut().flatten() {
            rule.text = texts.remove(&rule.handle).unwrap_or_default();
        }
        let all = Arc::new(all);
        for chain in &mut chains {
            chain.chains = Arc::clone(&all);
        }
        chains
    }

    /// Its own rules.
    pub fn rules(&self) -> &[OtherRule] {
        self.chains.get(&self.name).map_or(&[], Vec::as_slice)
    }

    /// Whether it has a rule that drops or rejects all packets.
    pub fn drops_by_rule(&self) -> bool {
        self.rules().iter().any(|rule| {
            let mut statements = rule.statements.iter();
            statements.find(|it| **it != OtherStatement::Neutral)
                == Some(&OtherStatement::End(OtherVerdict::Drop))
        })
    }
}

/// The tables with base chains in `nft -j list chains`, as `FAMILY NAME`, except one.
///
/// # Errors
/// If the text is not the JSON that nft writes, or a table has a name that nft does not accept.
pub fn tables_with_base_chains(json: &str, except: &TableId) -> Result<BTreeSet<String>, Error> {
    let except = (except.family.name(), except.name.as_str());
    let unreadable = |reason| Error::new(Kind::Unsupported, reason);
    let objects = objects(json).map_err(unreadable)?;
    let base = of_kind(&objects, "chain").filter(|chain| chain.get("hook").is_some());
    let mut tables = BTreeSet::new();
    for chain in base {
        let (family, table) = (text_of(chain, "family"), text_of(chain, "table"));
        if (family.as_str(), table.as_str()) == except {
            continue;
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        if !table.chars().all(is_plain) {
            let reason = format!("table {family} {table:?} has a name that nft does not accept");
            return Err(unreadable(reason));
        }
        tables.insert(format!("{family} {table}"));
    }
    Ok(tables)
}

fn objects(text: &str) -> Result<Vec<Json>, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("nft's JSON: {error}"))?;
    let Json::Object(mut members) = json else {
        return Err("nft's JSON is not an object".to_owned());
    };
    match members.remove("nftables") {
        Some(Json::Array(objects)) => Ok(objects),
        _ => Err("nft's JSON has no member `nftables`".to_owned()),
    }
}

fn of_kind<'a>(objects: &'a [Json], kind: &'static str) -> impl Iterator<Item = &'a Json> {
    objects.iter().filter_map(move |object| object.get(kind))
}

/// The base chains among the objects of one table.
fn base_chains(objects: &[Json]) -> Vec<BaseChain> {
    let sets: Sets = of_kind(objects, "set").filter_map(read::set).collect();
    let mut words = BTreeSet::new();
    let mut chains = OtherChains::new();
    for chain in of_kind(objects, "chain") {
        words.insert(text_of(chain, "name"));
        chains.entry(text_of(chain, "name")).or_default();
    }
    for rule in of_kind(objects, "rule") {
        let expressions = rule.get("expr").unwrap_or(&Json::Null);
        collect(expressions, &mut words);
        chains
            .entry(text_of(rule, "chain"))
            .or_default()
            .push(OtherRule {
                handle: rule
                    .get("handle")
                    .and_then(Json::as_u64)
                    .unwrap_or_default(),
                text: String::new(),
                statements: read::statements(expressions, &sets),
            });
    }
    let chains = Arc::new(chains);
    let base = of_kind(objects, "chain").filter(|chain| chain.get("hook").is_some());
    base.map(|chain| BaseChain {
        family: text_of(chain, "family"),
        table: text_of(chain, "table"),
        name: text_of(chain, "name"),
        hook: text_of(chain, "hook"),
        kind: text_of(chain, "type"),
        priority: chain.get("prio").and_then(Json::as_i64).unwrap_or_default(),
        drops_by_policy: text_of(chain, "policy") == "drop",
        chains: Arc::clone(&chains),
        words: words.clone(),
    })
    .collect()
}

fn text_of(object: &Json, key: &str) -> String {
    let text = object.get(key).and_then(Json::as_str);
    text.unwrap_or_default().to_owned()
}

/// Every text in a value.
fn collect(value: &Json, words: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => drop(words.insert(text.clone())),
        Json::Array(values) => values.iter().for_each(|value| collect(value, words)),
        Json::Object(values) => values.values().for_each(|value| collect(value, words)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(objects: &str) -> Vec<BaseChain> {
        BaseChain::parse_all(&format!("{{\"nftables\": [{objects}]}}")).expect("nft's JSON")
    }

    const FILTER: &str = r#"{"chain": {"family": "ip", "table": "filter", "name": "FORWARD",
        "type": "filter", "hook": "forward", "prio": 0, "policy": "POLICY"}},
        {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER"}},"#;

    fn with_rule(policy: &str, expressions: &str) -> BaseChain {
        let rule = format!(
            r#"{{"rule": {{"family": "ip", "table": "filter", "chain": "FORWARD", "expr": [{expressions}]}}}}"#
        );
        let chains = read(&(FILTER.replace("POLICY", policy) + &rule));
        let [chain] = <[BaseChain; 1]>::try_from(chains).expect("one base chain");
        chain
    }

    #[test]
    fn a_policy_and_a_rule_without_a_match_drop() {
        assert!(with_rule("drop", "").drops_by_policy);
        let reject = with_rule(
            "accept",
            r#"{"counter": null}, {"reject": {"type": "icmpx"}}"#,
        );
        assert!(reject.drops_by_rule() && !reject.drops_by_policy);
    }

    #[test]
    fn a_rule_with_a_match_does_not_drop_everything() {
        let matching = r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "tgb0"}}, {"drop": null}"#;
        let chain = with_rule("accept", matching);
        assert!(!chain.drops_by_rule());
        assert!(chain.words.contains("tgb0") && chain.words.contains("DOCKER-USER"));
        // What nft has no words for may be a match as well.
        assert!(!with_rule("accept", r#"{"xt": null}, {"drop": null}"#).drops_by_rule());
    }

    #[test]
    fn what_is_not_nfts_json_is_an_error() {
        assert!(BaseChain::parse_all("").is_err());
        assert!(BaseChain::parse_all("{}").is_err());
    }
}
