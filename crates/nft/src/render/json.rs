//! libnftables-json(5).

use serde_json::{Value as Json, json};

use crate::model::{
    Base, Chain, Data, DataType, Element, Field, Key, Log, Match, Nat, NatTarget, Operand,
    Redirect, Reject, Rule, Set, SetId, Statement, TableId, Timeout, Type, Value, Verdict,
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
        Op::Insert(inserted) => json!({ "insert": { "rule": rule(inserted) } }),
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
        Object::Rule(added) => json!({ "rule": rule(added) }),
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
    let (flags, timeout) = match set.timeout {
        Timeout::Never => (None, None),
        Timeout::PerElement => (Some(json!(["timeout"])), None),
        Timeout::Default(timeout) => (Some(json!(["timeout"])), Some(json!(timeout.as_secs()))),
    };
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

fn key(key: &Key) -> Json {
    one_or(key.fields(), |part| field(*part), concat)
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
        Value::Ipv4Addr(_) | Value::Ipv6Addr(_) | Value::EtherAddr(_) => json!(value.to_string()),
    }
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

fn rule(rule: &Rule) -> Json {
    let chain = &rule.chain;
    json!({
        "family": chain.table.family.name(),
        "table": chain.table.name.as_str(),
        "chain": chain.name.as_str(),
        "expr": rule.statements.iter().map(statement).collect::<Vec<_>>(),
        "comment": rule.comment.as_ref().map_or(Json::Null, |comment| json!(comment.as_str())),
    })
}

fn statement(statement: &Statement) -> Json {
    let operator = |negated: &bool| if *negated { "!=" } else { "==" };
    match statement {
        Statement::Match(Match {
            field: left,
            operand: right,
            negated,
        }) => matching(operator(negated), field(*left), operand(right)),
        Statement::Lookup {
            key: left,
            set,
            negated,
        } => matching(operator(negated), key(left), json!(format!("@{set}"))),
        Statement::CtState(states) => {
            let names: Vec<_> = states.iter().map(|state| state.name()).collect();
            matching("in", json!({ "ct": { "key": "state" } }), json!(names))
        }
        Statement::CtStatus(marks) => {
            let names: Vec<_> = marks.iter().map(|mark| mark.name()).collect();
            matching("in", json!({ "ct": { "key": "status" } }), json!(names))
        }
        Statement::DaddrType { kind, negated } => {
            let left = json!({ "fib": { "result": "type", "flags": ["daddr"] } });
            matching(operator(negated), left, json!(kind.name()))
        }
        Statement::Counter => json!({ "counter": null }),
        Statement::Verdict(taken) => verdict(taken),
        Statement::VerdictMap { key: left, map } => {
            json!({ "vmap": { "key": key(left), "data": format!("@{map}") } })
        }
        Statement::Masquerade => json!({ "masquerade": null }),
        Statement::Nat(translation) => nat(translation),
        Statement::Redirect(target) => redirect(target),
        Statement::Reject(how) => reject(*how),
        Statement::Log(how) => log(how),
        Statement::SetMark { kind, mark } => {
            let key = json!({ kind.name(): { "key": "mark" } });
            json!({ "mangle": { "key": key, "value": mark.0 } })
        }
    }
}

fn matching(operator: &str, left: Json, right: Json) -> Json {
    json!({ "match": { "op": operator, "left": left, "right": right } })
}

fn operand(operand: &Operand) -> Json {
    let prefix =
        |address: String, length: u8| json!({ "prefix": { "addr": address, "len": length } });
    match operand {
        Operand::Value(constant) => value(constant),
        Operand::Ipv4Net(net) => prefix(net.network().to_string(), net.prefix_len()),
        Operand::Ipv6Net(net) => prefix(net.network().to_string(), net.prefix_len()),
    }
}

fn field(field: Field) -> Json {
    let meta = |key: &str| json!({ "meta": { "key": key } });
    let payload =
        |header: &str, field: &str| json!({ "payload": { "protocol": header, "field": field } });
    match field {
        Field::Iifname => meta("iifname"),
        Field::Oifname => meta("oifname"),
        Field::L4proto => meta("l4proto"),
        Field::MetaMark => meta("mark"),
        Field::CtMark => json!({ "ct": { "key": "mark" } }),
        Field::IpSaddr => payload("ip", "saddr"),
        Field::IpDaddr => payload("ip", "daddr"),
        Field::Ip6Saddr => payload("ip6", "saddr"),
        Field::Ip6Daddr => payload("ip6", "daddr"),
        Field::EtherSaddr => payload("ether", "saddr"),
        Field::EtherDaddr => payload("ether", "daddr"),
        Field::Sport(transport) => payload(transport.name(), "sport"),
        Field::Dport(transport) => payload(transport.name(), "dport"),
    }
}

fn map(left: &Key, map: &impl std::fmt::Display) -> Json {
    json!({ "map": { "key": key(left), "data": format!("@{map}") } })
}

fn nat(nat: &Nat) -> Json {
    let family = nat.target.version().name();
    let target = match &nat.target {
        NatTarget::Literal { address, port } => with(
            json!({ "family": family, "addr": address.to_string() }),
            [("port", port.map(|port| json!(port)))],
        ),
        NatTarget::Map {
            key,
            map: name,
            with_port,
            ..
        } => with(
            json!({ "family": family, "addr": map(key, name) }),
            [("type_flags", with_port.then(|| json!("concat")))],
        ),
    };
    json!({ nat.kind.name(): target })
}

fn redirect(redirect: &Redirect) -> Json {
    let port = match redirect {
        Redirect::SamePort => return json!({ "redirect": null }),
        Redirect::Port(port) => json!(port),
        Redirect::Map { key, map: name } => map(key, name),
    };
    json!({ "redirect": { "port": port } })
}

fn reject(reject: Reject) -> Json {
    let icmpx = |code: &str| json!({ "reject": { "type": "icmpx", "expr": code } });
    match reject {
        Reject::PortUnreachable => json!({ "reject": null }),
        Reject::AdminProhibited => icmpx("admin-prohibited"),
        Reject::HostUnreachable => icmpx("host-unreachable"),
        Reject::NoRoute => icmpx("no-route"),
        Reject::TcpReset => json!({ "reject": { "type": "tcp reset" } }),
    }
}

fn log(log: &Log) -> Json {
    let (Log::Kernel { prefix, .. } | Log::Group { prefix, .. }) = log;
    let (level, group) = match log {
        Log::Kernel { level, .. } => (level.map(|level| json!(level.name())), None),
        Log::Group { group, .. } => (None, Some(json!(group))),
    };
    let prefix = prefix.as_ref().map(|prefix| json!(prefix.as_str()));
    let members = [("prefix", prefix), ("level", level), ("group", group)];
    json!({ "log": with(json!({}), members) })
}
