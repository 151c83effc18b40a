//! Reading `nft -n -j list table` (libnftables-json(5)).
//!
//! The table is ours, so its shape is known; what does not fit is noted as foreign. Releases differ
//! in small ways (`"map": "a . b"` or `["a", "b"]`, names or numbers), and all are read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::LiveTable;
use super::value::{datatype, one_or_many, values};
use crate::diff::{ChainShape, RuleShape};
use crate::model::{
    Base, ChainKind, Comment, Counter, Data, DataType, Element, Hook, IfName, Name, Policy,
    Priority, Set, TableId, Timeout, Values, Verdict,
};
use crate::ruleset::SetState;

/// Reads a listing of one table.
pub(super) fn parse(table: &TableId, text: &str) -> Result<LiveTable, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("nft's JSON: {error}"))?;
    let objects = json.get("nftables").and_then(Json::as_array);
    let objects = objects.ok_or("nft's JSON has no member `nftables`")?;
    let mut live = LiveTable::default();
    for object in objects.iter().filter_map(Json::as_object) {
        for (kind, body) in object {
            if read(&mut live, table, kind, body).is_none() {
                let name = body
                    .get("name")
                    .and_then(Json::as_str)
                    .unwrap_or("without a name");
                live.foreign.push(format!("{kind} {table} {name}"));
            }
        }
    }
    Ok(live)
}

/// Reads one object; `None` when the model has no words for it.
fn read(live: &mut LiveTable, table: &TableId, kind: &str, body: &Json) -> Option<()> {
    match kind {
        "metainfo" | "table" => {}
        "chain" => {
            let base = if body.get("hook").is_some() {
                Some(base(body)?)
            } else {
                None
            };
            live.chains.insert(
                name(body, "name")?,
                ChainShape {
                    base,
                    rules: Vec::new(),
                },
            );
        }
        "rule" => {
            let comment = body
                .get("comment")
                .and_then(Json::as_str)
                .map(str::to_owned);
            let chain = live.chains.get_mut(&name(body, "chain")?)?;
            chain.rules.push(RuleShape {
                comment,
                text: None,
            });
        }
        "set" | "map" => {
            let set = set(table, body)?;
            let (elements, foreign) = elements(&set, body);
            live.foreign.extend(foreign);
            live.sets
                .insert(set.id.name.clone(), SetState { set, elements });
        }
        _ => return None,
    }
    Some(())
}

fn name(body: &Json, member: &str) -> Option<Name> {
    Name::new(body.get(member)?.as_str()?).ok()
}

fn base(body: &Json) -> Option<Base> {
    let text = |member: &str| body.get(member).and_then(Json::as_str);
    let kind = match text("type")? {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        "route" => ChainKind::Route,
        _ => return None,
    };
    let hook = match text("hook")? {
        "ingress" => Hook::Ingress,
        "prerouting" => Hook::Prerouting,
        "input" => Hook::Input,
        "forward" => Hook::Forward,
        "output" => Hook::Output,
        "postrouting" => Hook::Postrouting,
        _ => return None,
    };
    let policy = if text("policy") == Some("drop") {
        Policy::Drop
    } else {
        Policy::Accept
    };
    let priority = Priority(body.get("prio")?.as_i64()?.try_into().ok()?);
    let device = match text("dev") {
        Some(device) => Some(IfName::new(device).ok()?),
        None => None,
    };
    Some(Base {
        kind,
        hook,
        priority,
        policy,
        device,
    })
}

fn set(table: &TableId, body: &Json) -> Option<Set> {
    let name = name(body, "name")?;
    let key = datatype(body.get("type")?)?;
    let set = match body.get("map") {
        None => Set::new(table, name, key),
        Some(data) if data == "verdict" => Set::verdict_map(table, name, key),
        Some(data) => Set::map(table, name, key, datatype(data)?),
    };
    let known = |flag: &Json| flag == "timeout" || flag == "interval";
    let flags = body.get("flags").map_or(&[][..], one_or_many);
    if !flags.iter().all(known) {
        return None;
    }
    let has = |wanted: &str| flags.iter().any(|flag| flag == wanted);
    let timeout = match body.get("timeout").and_then(Json::as_u64) {
        Some(seconds) => Timeout::Default(Duration::from_secs(seconds)),
        None if has("timeout") => Timeout::PerElement,
        None => Timeout::Never,
    };
    let statements = body.get("stmt").map_or(&[][..], one_or_many);
    let counter = statements
        .iter()
        .any(|statement| statement.get("counter").is_some());
    Some(Set {
        counter,
        intervals: has("interval"),
        ..set.timeout(timeout)
    })
}

/// The elements of a set, and what could not be read of them.
fn elements(set: &Set, body: &Json) -> (BTreeMap<Values, Element>, Vec<String>) {
    let mut elements = BTreeMap::new();
    let mut foreign = Vec::new();
    for json in body
        .get("elem")
        .and_then(Json::as_array)
        .map_or(&[][..], Vec::as_slice)
    {
        match element(set, json) {
            Some(element) => drop(elements.insert(element.key.clone(), element)),
            None => foreign.push(format!("element {} {json}", set.id)),
        }
    }
    (elements, foreign)
}

fn element(set: &Set, json: &Json) -> Option<Element> {
    let (key, data) = match &set.data {
        DataType::None => (json, None),
        DataType::Values(of) => (json.get(0)?, Some(Data::Values(values(of, json.get(1)?)?))),
        DataType::Verdict => (json.get(0)?, Some(Data::Verdict(verdict(json.get(1)?)?))),
    };
    let Some(details) = key.get("elem") else {
        return Some(Element {
            data,
            ..Element::new(values(&set.key, key)?)
        });
    };
    let number = |json: Option<&Json>| json.and_then(Json::as_u64);
    let counter = details.get("counter").map(|counter| Counter {
        packets: number(counter.get("packets")).unwrap_or_default(),
        bytes: number(counter.get("bytes")).unwrap_or_default(),
    });
    let comment = details
        .get("comment")
        .and_then(Json::as_str)
        .map(Comment::sanitized);
    let timeout = number(details.get("timeout")).map(Duration::from_secs);
    let key = values(&set.key, details.get("val")?)?;
    Some(Element {
        key,
        data,
        counter,
        timeout,
        comment,
    })
}

fn verdict(json: &Json) -> Option<Verdict> {
    let (kind, body) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "continue" => Verdict::Continue,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(name(body, "target")?),
        "goto" => Verdict::Goto(name(body, "target")?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Datatype, Difference, Family, InetProto, InetService, Ruleset, Transaction, name};

    /// As nft 1.0.6 writes it, shortened.
    const LISTING: &str = r##"{"nftables":[{"metainfo":{"version":"1.0.6"}},
        {"table":{"family":"inet","name":"t","handle":1}},
        {"map":{"family":"inet","name":"m","table":"t","type":["inet_proto","inet_service"],
            "map":"ipv4_addr . inet_service","elem":[
            [{"elem":{"val":{"concat":["tcp",80]},"comment":"web"}},{"concat":["10.0.0.1",8080]}]]}},
        {"set":{"family":"inet","name":"other","table":"t","type":"time","handle":9}},
        {"chain":{"family":"inet","table":"t","name":"c","type":"filter","hook":"forward",
            "prio":0,"policy":"accept"}},
        {"rule":{"family":"inet","table":"t","chain":"c","comment":"one","expr":[]}},
        {"rule":{"family":"inet","table":"t","chain":"c","comment":"by hand","expr":[]}}]}"##;

    fn planned(table: &TableId) -> Ruleset {
        let (m, c) = (name!("m"), table.chain(name!("c")));
        let key = [Datatype::InetProto, Datatype::InetService];
        let data = [Datatype::Ipv4Addr, Datatype::InetService];
        let element = |port: u16| {
            let key = vec![InetProto::TCP.into(), InetService(port).into()];
            let to = vec![
                std::net::Ipv4Addr::new(10, 0, 0, 1).into(),
                InetService(8080).into(),
            ];
            Element::new(key)
                .values(to)
                .comment(Comment::sanitized("web"))
        };
        let map = Set::map(table, m, key, data).elements([element(80), element(81)]);
        let base = Base::new(ChainKind::Filter, Hook::Forward, Priority::FILTER);
        let rule = crate::Rule::new(c.clone(), [Verdict::Accept.into()]);
        let mut transaction = Transaction::new();
        transaction
            .add(table.clone())
            .add(map)
            .add(crate::Chain::base(c, base));
        transaction.add(rule.comment(Comment::sanitized("one")));
        let mut ruleset = Ruleset::new();
        ruleset.apply(&transaction).expect("valid");
        ruleset
    }

    #[test]
    fn a_listing_is_compared_with_the_plan() {
        let table = TableId::new(Family::Inet, name!("t"));
        let planned = planned(&table);
        let listing = super::super::Listing {
            text: String::new(),
            table: parse(&table, LISTING),
        };
        let state = planned.table(&table).expect("planned");
        let differences = listing.diff(&table, state).expect("it was read");
        let lines: Vec<_> = differences.iter().map(Difference::to_string).collect();
        assert_eq!(
            lines,
            [
                "- set inet t m { 6 . 81 comment \"web\" : 10.0.0.1 . 8080 }",
                "+ chain inet t c: a rule with comment `by hand`",
                "+ set inet t other",
            ]
        );
    }

    #[test]
    fn invalid_json_is_reported() {
        let table = TableId::new(Family::Inet, name!("t"));
        assert!(parse(&table, "").is_err());
        assert!(parse(&table, "{}").is_err());
    }
}
