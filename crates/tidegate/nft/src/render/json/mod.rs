//! libnftables-json(5).

mod rule;

use serde_json::{Value as Json, json};

use crate::model::{
    Base, Chain, Data, DataType, Element, Set, SetId, TableId, Timeout, Type, Value, Verdict,
};
use crate::op::{Object, ObjectId, Op};

/// A whole transaction.
pub(crate) fn transaction(ops: &[Op]) -> Json {
    json!({ "nftables": ops.iter().map(op).collect::<Vec<_>>() })
}

fn op(op: &Op) -> Json {
    match op {
        Op::Add(added) => json!({ "add": object(added) }),
        Op::Create(created) => json!({ "create": object(created) }),
        Op::Insert(inserted) => json!({ "insert": { "rule": rule::rule(inserted) } }),
        Op::Delete(deleted) => json!({ "delete": id(deleted) }),
        Op::Flush(flushed) => json!({ "flush": id(flushed) }),
        Op::AddElements { set, elements } => json!({ "add": element_op(set, elements, element) }),
        Op::CreateElements { set, elements } => {
            json!({ "create": element_op(set, elements, element) })
        }
        Op::DeleteElements { set, elements } => {
            json!({ "delete": element_op(set, elements, |element| values(&element.key)) })
        }
    }
}

fn object(object: &Object) -> Json {
    match object {
        Object::Table(table) => id(&ObjectId::Table(table.clone())),
        Object::Chain(added) => json!({ "chain": chain(added) }),
        Object::Set(added) => json!({ added.id.kind.name(): set(added) }),
        Object::Rule(added) => json!({ "rule": rule::rule(added) }),
    }
}

fn id(id: &ObjectId) -> Json {
    match id {
        ObjectId::Table(table) => {
            json!({ "table": { "family": table.family.name(), "name": table.name.as_str() } })
        }
        ObjectId::Chain(chain) => json!({ "chain": named(&chain.table, chain.name.as_str()) }),
        ObjectId::Set(set) => json!({ set.kind.name(): named(&set.table, set.name.as_str()) }),
    }
}

fn named(table: &TableId, name: &str) -> Json {
    json!({ "family": table.family.name(), "table": table.name.as_str(), "name": name })
}

/// `object` with more members.
fn with<const N: usize>(mut object: Json, members: [(&str, Option<Json>); N]) -> Json {
    for (member, value) in members {
        if let Some(value) = value {
            object[member] = value;
        }
    }
    object
}

fn chain(chain: &Chain) -> Json {
    let name = named(&chain.id.table, chain.id.name.as_str());
    let Some(Base {
        kind,
        hook,
        priority,
        policy,
        device,
    }) = &chain.base
    else {
        return name;
    };
    let device = device.as_ref().map(|device| json!(device.as_str()));
    with(
        name,
        [
            ("type", Some(json!(kind.name()))),
            ("hook", Some(json!(hook.name()))),
            ("prio", Some(json!(priority.0))),
            ("policy", Some(json!(policy.name()))),
            ("dev", device),
        ],
    )
}

fn set(set: &Set) -> Json {
    let data = match &set.data {
        DataType::None => None,
        DataType::Values(data) => Some(datatype(data)),
        DataType::Verdict => Some(json!("verdict")),
    };
    let timeout = match set.timeout {
        Timeout::Default(timeout) => Some(json!(timeout.as_secs())),
        Timeout::Never | Timeout::PerElement => None,
    };
    let flags: Vec<&str> = [
        (set.intervals, "interval"),
        (set.timeout != Timeout::Never, "timeout"),
    ]
    .into_iter()
    .filter_map(|(is_set, flag)| is_set.then_some(flag))
    .collect();
    let flags = (!flags.is_empty()).then(|| json!(flags));
    let elements = set.elements.iter().map(element).collect::<Vec<_>>();
    with(
        named(&set.id.table, set.id.name.as_str()),
        [
            ("type", Some(datatype(&set.key))),
            ("map", data),
            ("flags", flags),
            ("timeout", timeout),
            ("stmt", set.counter.then(|| json!([{ "counter": null }]))),
            (
                "comment",
                set.comment.as_ref().map(|comment| json!(comment.as_str())),
            ),
            ("elem", (!elements.is_empty()).then(|| json!(elements))),
        ],
    )
}

fn element_op(set: &SetId, elements: &[Element], render: impl Fn(&Element) -> Json) -> Json {
    let elements = json!(elements.iter().map(render).collect::<Vec<_>>());
    json!({ "element": with(named(&set.table, set.name.as_str()), [("elem", Some(elements))]) })
}

fn element(element: &Element) -> Json {
    let key = match element {
        Element {
            counter: None,
            timeout: None,
            comment: None,
            key,
            ..
        } => values(key),
        Element {
            counter,
            timeout,
            comment,
            key,
            ..
        } => {
            let counted =
                |c: &crate::model::Counter| json!({ "packets": c.packets, "bytes": c.bytes });
            let members = [
                ("counter", counter.as_ref().map(counted)),
                ("timeout", timeout.map(|timeout| json!(timeout.as_secs()))),
                (
                    "comment",
                    comment.as_ref().map(|comment| json!(comment.as_str())),
                ),
            ];
            json!({ "elem": with(json!({ "val": values(key) }), members) })
        }
    };
    match &element.data {
        None => key,
        Some(Data::Values(data)) => json!([key, values(data)]),
        Some(Data::Verdict(data)) => json!([key, verdict(data)]),
    }
}

fn datatype(datatype: &Type) -> Json {
    one_or(
        datatype.parts(),
        |part| json!(part.name()),
        |parts| json!(parts),
    )
}

fn values(values: &[Value]) -> Json {
    one_or(values, value, concat)
}

fn concat(parts: Vec<Json>) -> Json {
    json!({ "concat": parts })
}

/// The rendering of the one item, or what `joined` makes of all.
fn one_or<T>(items: &[T], one: impl Fn(&T) -> Json, joined: impl Fn(Vec<Json>) -> Json) -> Json {
    match items {
        [item] => one(item),
        items => joined(items.iter().map(one).collect()),
    }
}

fn value(value: &Value) -> Json {
    match value {
        Value::InetProto(protocol) => json!(protocol.0),
        Value::InetService(port) => json!(port.0),
        Value::Mark(mark) => json!(mark.0),
        Value::Ifname(name) => json!(name.as_str()),
        Value::Ipv4Net(net) => prefix(&net.addr().to_string(), net.prefix_len()),
        Value::Ipv6Net(net) => prefix(&net.addr().to_string(), net.prefix_len()),
        Value::Ipv4Addr(_) | Value::Ipv6Addr(_) | Value::EtherAddr(_) => json!(value.to_string()),
    }
}

fn prefix(address: &str, bits: u8) -> Json {
    json!({ "prefix": { "addr": address, "len": bits } })
}

fn verdict(verdict: &Verdict) -> Json {
    match verdict {
        Verdict::Accept => json!({ "accept": null }),
        Verdict::Drop => json!({ "drop": null }),
        Verdict::Continue => json!({ "continue": null }),
        Verdict::Return => json!({ "return": null }),
        Verdict::Jump(chain) => json!({ "jump": { "target": chain.as_str() } }),
        Verdict::Goto(chain) => json!({ "goto": { "target": chain.as_str() } }),
    }
}
