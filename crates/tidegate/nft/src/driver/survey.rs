//! Lists base chains of other programs that can drop packets unconditionally.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Error;
use crate::kind::Kind;

/// A chain that sees packets, in any table.
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
    /// Whether its policy is to drop.
    pub drops_by_policy: bool,
    /// Whether it has a rule that drops or rejects all packets.
    pub drops_by_rule: bool,
    /// The names that the table's chains have, and every word that its rules compare with.
    pub words: BTreeSet<String>,
}

impl BaseChain {
    /// Reads the base chains of all tables from `nft -j list ruleset`.
    ///
    /// # Errors
    /// If the text is not the JSON that nft writes.
    pub fn parse_all(json: &str) -> Result<Vec<Self>, Error> {
        base_chains(json).map_err(|reason| Error::new(Kind::Unsupported, reason))
    }
}

fn base_chains(text: &str) -> Result<Vec<BaseChain>, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("nft's JSON: {error}"))?;
    let objects = json.get("nftables").and_then(Json::as_array);
    let objects = objects.ok_or("nft's JSON has no member `nftables`")?;
    let of_kind = |kind: &'static str| objects.iter().filter_map(move |object| object.get(kind));
    let mut words: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut dropping: BTreeSet<(String, String, String)> = BTreeSet::new();
    for rule in of_kind("rule") {
        let (family, table) = (text_of(rule, "family"), text_of(rule, "table"));
        let expressions = rule.get("expr").unwrap_or(&Json::Null);
        collect(
            expressions,
            words.entry((family.clone(), table.clone())).or_default(),
        );
        if is_unconditional_drop(expressions) {
            dropping.insert((family, table, text_of(rule, "chain")));
        }
    }
    for chain in of_kind("chain") {
        let table = (text_of(chain, "family"), text_of(chain, "table"));
        words
            .entry(table)
            .or_default()
            .insert(text_of(chain, "name"));
    }
    let base = of_kind("chain").filter(|chain| chain.get("hook").is_some());
    Ok(base
        .map(|chain| {
            let (family, table) = (text_of(chain, "family"), text_of(chain, "table"));
            let name = text_of(chain, "name");
            BaseChain {
                hook: text_of(chain, "hook"),
                drops_by_policy: text_of(chain, "policy") == "drop",
                drops_by_rule: dropping.contains(&(family.clone(), table.clone(), name.clone())),
                words: words
                    .get(&(family.clone(), table.clone()))
                    .cloned()
                    .unwrap_or_default(),
                family,
                table,
                name,
            }
        })
        .collect())
}

fn text_of(object: &Json, key: &str) -> String {
    let text = object.get(key).and_then(Json::as_str);
    text.unwrap_or_default().to_owned()
}

/// Whether a rule's statements drop without a match before.
fn is_unconditional_drop(expressions: &Json) -> bool {
    let statements = expressions.as_array().into_iter().flatten();
    for (kind, _) in statements.filter_map(Json::as_object).flatten() {
        match kind.as_str() {
            "counter" | "log" => {}
            "drop" | "reject" => return true,
            _ => return false,
        }
    }
    false
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
        base_chains(&format!("{{\"nftables\": [{objects}]}}")).expect("nft's JSON")
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
        assert!(reject.drops_by_rule && !reject.drops_by_policy);
    }

    #[test]
    fn a_rule_with_a_match_does_not_drop_everything() {
        let matching = r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "tgb0"}}, {"drop": null}"#;
        let chain = with_rule("accept", matching);
        assert!(!chain.drops_by_rule);
        assert!(chain.words.contains("tgb0") && chain.words.contains("DOCKER-USER"));
        // What nft has no words for may be a match as well.
        assert!(!with_rule("accept", r#"{"xt": null}, {"drop": null}"#).drops_by_rule);
    }

    #[test]
    fn what_is_not_nfts_json_is_an_error() {
        assert!(base_chains("").is_err());
        assert!(base_chains("{}").is_err());
    }
}
