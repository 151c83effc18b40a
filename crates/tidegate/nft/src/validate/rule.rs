//! Rules.

use super::{Scope, ensure, ensure_type};
use crate::model::{
    ChainKind, DataType, Datatype, Family, Field, Hook, IpVersion, Key, Match, Name, Nat, NatKind,
    NatTarget, Rule, Set, Statement, Transport, Type, Verdict,
};

pub(super) fn check(rule: &Rule, scope: &dyn Scope) -> Result<(), String> {
    let Some(last) = rule.statements.len().checked_sub(1) else {
        return Err("a rule without statements".to_owned());
    };
    for (index, statement) in rule.statements.iter().enumerate() {
        let inside = |reason| format!("`{statement}` {reason}");
        ensure(index == last || !is_terminal(statement), || {
            "ends the rule too early".to_owned()
        })
        .and_then(|()| check_statement(statement, rule, scope))
        .and_then(|()| check_place(statement, rule, scope))
        .and_then(|()| check_transport(statement, &rule.statements[..index]))
        .map_err(inside)?;
    }
    check_versions(rule)
}

/// Whether nft refuses any statement after it.
const fn is_terminal(statement: &Statement) -> bool {
    match statement {
        Statement::Verdict(verdict) => !matches!(verdict, Verdict::Continue),
        Statement::Masquerade | Statement::Nat(_) => true,
        _ => false,
    }
}

fn check_statement(statement: &Statement, rule: &Rule, scope: &dyn Scope) -> Result<(), String> {
    match statement {
        Statement::Match(Match { field, operand, .. }) => {
            ensure_type("its right side", &operand.datatype(), &field.datatype())
        }
        Statement::Lookup { key, set, .. } => {
            check_lookup(key, set, rule, scope, "a set", |data| {
                matches!(data, DataType::None)
            })
        }
        Statement::VerdictMap { key, map } => {
            check_lookup(key, map, rule, scope, "a verdict map", |data| {
                *data == DataType::Verdict
            })
        }
        Statement::Verdict(verdict) => ensure(verdict.target() != Some(&rule.chain.name), || {
            "leads to its own chain".to_owned()
        }),
        Statement::CtState(states) => ensure(!states.is_empty(), || "names no state".to_owned()),
        Statement::CtStatus(marks) => ensure(!marks.is_empty(), || "names no status".to_owned()),
        Statement::Nat(nat) => check_nat(nat, rule, scope),
        _ => Ok(()),
    }
}

/// A key looked up in a set of the rule's table whose data passes `fits`.
fn check_lookup(
    key: &Key,
    set: &Name,
    rule: &Rule,
    scope: &dyn Scope,
    wanted: &str,
    fits: impl Fn(&DataType) -> bool,
) -> Result<(), String> {
    ensure(!key.fields().is_empty(), || "looks nothing up".to_owned())?;
    let Some(Set {
        key: key_type,
        data,
        ..
    }) = scope.set(&rule.chain.table, set)
    else {
        return Ok(());
    };
    ensure_type("its key", &key.key_type(), key_type)?;
    ensure(fits(data), || format!("needs {wanted}, which {set} is not"))
}

fn check_nat(nat: &Nat, rule: &Rule, scope: &dyn Scope) -> Result<(), String> {
    let version = nat.target.version();
    let family = rule.chain.table.family;
    let fits = match family {
        Family::Inet => true,
        Family::Ip => version == IpVersion::V4,
        Family::Ip6 => version == IpVersion::V6,
        Family::Arp | Family::Bridge | Family::Netdev => false,
    };
    ensure(fits, || {
        format!("cannot be in a table of family {}", family.name())
    })?;
    let NatTarget::Map {
        key,
        map,
        with_port,
        ..
    } = &nat.target
    else {
        return Ok(());
    };
    let mut parts = vec![version.address()];
    parts.extend(with_port.then_some(Datatype::InetService));
    let wanted = DataType::Values(Type::new(parts));
    check_lookup(key, map, rule, scope, "a map to such addresses", |data| {
        *data == wanted
    })
}

/// Statements that change ports mean nothing before the rule has matched a transport protocol.
///
/// For maps with ports, only releases up to 0.9.8 insist on it; asking for it here makes a rule that
/// loads on all of them.
fn check_transport(statement: &Statement, before: &[Statement]) -> Result<(), String> {
    let changes_port = match statement {
        Statement::Nat(Nat {
            target: NatTarget::Literal { port, .. },
            ..
        }) => port.is_some(),
        Statement::Nat(Nat {
            target: NatTarget::Map { with_port, .. },
            ..
        }) => *with_port,
        _ => false,
    };
    ensure(
        !changes_port || before.iter().any(is_transport_match),
        || "needs a match on the transport protocol before it".to_owned(),
    )
}

/// Whether only packets of one transport protocol pass it.
const fn is_transport_match(statement: &Statement) -> bool {
    match statement {
        Statement::Match(Match {
            field: Field::L4proto,
            negated,
            ..
        }) => !*negated,
        Statement::Match(Match {
            field: Field::Sport(of) | Field::Dport(of),
            ..
        }) => !matches!(of, Transport::Any),
        _ => false,
    }
}

/// Statements that the kernel takes in some base chains only.
fn check_place(statement: &Statement, rule: &Rule, scope: &dyn Scope) -> Result<(), String> {
    let Some(base) = scope
        .chain(&rule.chain)
        .and_then(|chain| chain.base.as_ref())
    else {
        return Ok(());
    };
    let hooks: &[Hook] = match statement {
        Statement::Masquerade => &[Hook::Postrouting],
        Statement::Nat(Nat {
            kind: NatKind::Snat,
            ..
        }) => &[Hook::Postrouting, Hook::Input],
        Statement::Nat(Nat {
            kind: NatKind::Dnat,
            ..
        }) => &[Hook::Prerouting, Hook::Output],
        // `nft_fib_validate`; forward only on newer kernels.
        Statement::NoWayBack => &[Hook::Prerouting, Hook::Input],
        _ => return Ok(()),
    };
    let is_translation = !matches!(statement, Statement::NoWayBack);
    ensure(
        (base.kind == ChainKind::Nat || !is_translation) && hooks.contains(&base.hook),
        || {
            format!(
                "cannot be in a {} chain at hook {}",
                base.kind.name(),
                base.hook.name()
            )
        },
    )
}

/// A packet is of one version of IP, and so must be what one rule looks at.
fn check_versions(rule: &Rule) -> Result<(), String> {
    let of_family = match rule.chain.table.family {
        Family::Ip => Some(IpVersion::V4),
        Family::Ip6 => Some(IpVersion::V6),
        _ => None,
    };
    let versions = rule.statements.iter().flat_map(fields).filter_map(version);
    let mut seen = of_family;
    for version in versions {
        let clash = seen.is_some_and(|seen| seen != version);
        ensure(!clash, || {
            format!("`{rule}` looks at both versions of IP, or at the wrong one")
        })?;
        seen = Some(version);
    }
    Ok(())
}

fn fields(statement: &Statement) -> Vec<Field> {
    match statement {
        Statement::Match(Match { field, .. }) => vec![*field],
        Statement::Lookup { key, .. }
        | Statement::VerdictMap { key, .. }
        | Statement::Nat(Nat {
            target: NatTarget::Map { key, .. },
            ..
        }) => key.fields().to_vec(),
        _ => Vec::new(),
    }
}

const fn version(field: Field) -> Option<IpVersion> {
    match field {
        Field::IpSaddr | Field::IpDaddr => Some(IpVersion::V4),
        Field::Ip6Saddr | Field::Ip6Daddr => Some(IpVersion::V6),
        _ => None,
    }
}
