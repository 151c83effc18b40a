//! Rules and their statements.

use serde_json::{Value as Json, json};

use super::{concat, one_or, value, verdict, with};
use crate::model::{
    Field, Key, Log, Match, Nat, NatTarget, Operand, Redirect, Reject, Rule, Statement,
};

pub(super) fn rule(rule: &Rule) -> Json {
    let chain = &rule.chain;
    let statements = rule.statements.iter().map(statement).collect::<Vec<_>>();
    let place = json!({
        "family": chain.table.family.name(),
        "table": chain.table.name.as_str(),
        "chain": chain.name.as_str(),
        "expr": statements,
    });
    let comment = rule.comment.as_ref().map(|comment| json!(comment.as_str()));
    with(place, [("comment", comment)])
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
        Statement::AddrType { of, kind, negated } => {
            let left = json!({ "fib": { "result": "type", "flags": [of.name()] } });
            matching(operator(negated), left, json!(kind.name()))
        }
        Statement::NoWayBack => {
            let left = json!({ "fib": { "result": "oif", "flags": ["saddr", "iif"] } });
            matching("==", left, json!(false))
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

fn key(key: &Key) -> Json {
    one_or(key.fields(), |part| field(*part), concat)
}
