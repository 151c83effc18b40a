//! Declarations of sets, and their elements.

use std::time::Duration;

use super::{Scope, ensure, ensure_type};
use crate::model::{Data, DataType, Element, Set, SetId, Timeout, Type, Value};

pub(super) fn check_declaration(set: &Set) -> Result<(), String> {
    ensure(set.id.kind == set.data.kind(), || {
        format!(
            "is declared as a {} but used as a {}",
            set.data.kind().name(),
            set.id.kind.name()
        )
    })?;
    check_type("its key", &set.key)?;
    if let DataType::Values(data) = &set.data {
        check_type("its data", data)?;
    }
    if let Timeout::Default(timeout) = set.timeout {
        check_timeout(timeout)?;
    }
    ensure(!set.intervals || set.key.parts().len() > 1, || {
        "has intervals, but its key is not concatenated".to_owned()
    })?;
    set.elements
        .iter()
        .try_for_each(|element| check_element(element, set))
}

pub(super) fn check_elements(
    id: &SetId,
    elements: &[Element],
    scope: &dyn Scope,
) -> Result<(), String> {
    ensure(!elements.is_empty(), || {
        "there are no elements to add".to_owned()
    })?;
    match known(id, scope)? {
        Some(set) => elements
            .iter()
            .try_for_each(|element| check_element(element, set)),
        None => check_alike(elements),
    }
}

pub(super) fn check_keys(
    id: &SetId,
    elements: &[Element],
    scope: &dyn Scope,
) -> Result<(), String> {
    ensure(!elements.is_empty(), || {
        "there are no elements to delete".to_owned()
    })?;
    match known(id, scope)? {
        Some(set) => elements
            .iter()
            .try_for_each(|element| check_key(element, set)),
        None => check_alike(elements),
    }
}

fn known<'a>(id: &SetId, scope: &'a dyn Scope) -> Result<Option<&'a Set>, String> {
    let set = scope.set(&id.table, &id.name);
    ensure(set.is_none_or(|set| set.id.kind == id.kind), || {
        format!("it is not a {}", id.kind.name())
    })?;
    Ok(set)
}

fn check_type(what: &str, of: &Type) -> Result<(), String> {
    ensure(!of.parts().is_empty(), || format!("{what} has no type"))?;
    let bytes: usize = of.parts().iter().map(|part| part.register_bytes()).sum();
    ensure(bytes <= Type::MAX_BYTES, || {
        format!(
            "{what} ({of}) takes {bytes} bytes where the kernel has {}",
            Type::MAX_BYTES
        )
    })
}

fn check_timeout(timeout: Duration) -> Result<(), String> {
    ensure(timeout.subsec_nanos() == 0 && timeout.as_secs() > 0, || {
        format!("a timeout is a number of whole seconds, not {timeout:?}")
    })
}

fn check_key(element: &Element, set: &Set) -> Result<(), String> {
    let what = format!("key {}", key(element));
    ensure_type(&what, &Type::of(&element.key), &set.key)?;
    check_intervals(element, Some(set))
}

fn check_element(element: &Element, set: &Set) -> Result<(), String> {
    check_key(element, set)?;
    match (&element.data, &set.data) {
        (None, DataType::None) | (Some(Data::Verdict(_)), DataType::Verdict) => {}
        (Some(Data::Values(values)), DataType::Values(wanted)) => {
            ensure_type(
                &format!("data of {}", key(element)),
                &Type::of(values),
                wanted,
            )?;
        }
        (Some(_), DataType::None) => return Err(format!("{element} has data, but it is a set")),
        (Some(Data::Values(_)), DataType::Verdict) => {
            return Err(format!("{element} maps to values, but it is a verdict map"));
        }
        (Some(Data::Verdict(_)), DataType::Values(_)) => {
            return Err(format!(
                "{element} maps to a verdict, but it is a map of values"
            ));
        }
        (None, _) => return Err(format!("{element} has no data, but it is a map")),
    }
    ensure(element.counter.is_none() || set.counter, || {
        format!("{element} has a counter, but its set has none")
    })?;
    let Some(timeout) = element.timeout else {
        return Ok(());
    };
    check_timeout(timeout)?;
    ensure(set.timeout != Timeout::Never, || {
        format!("{element} has a timeout, but its elements have none")
    })
}

/// Intervals are in sets that have them, and as nft and the kernel write them: without host bits, and neither one
/// value nor all.
fn check_intervals(element: &Element, set: Option<&Set>) -> Result<(), String> {
    let is_plain = |value: &&Value| match value {
        Value::Ipv4Net(net) => net.trunc() == *net && (1..32).contains(&net.prefix_len()),
        Value::Ipv6Net(net) => net.trunc() == *net && (1..128).contains(&net.prefix_len()),
        _ => true,
    };
    if let Some(value) = element.key.iter().find(|value| !is_plain(value)) {
        return Err(format!("{value} is no interval of a key"));
    }
    let is_exact = !element.key.iter().any(Value::is_interval);
    ensure(is_exact || set.is_none_or(|set| set.intervals), || {
        format!("{element} has an interval, but its set has none")
    })?;
    let data = match &element.data {
        Some(Data::Values(values)) => values.as_slice(),
        Some(Data::Verdict(_)) | None => &[],
    };
    ensure(!data.iter().any(Value::is_interval), || {
        format!("{element} maps to an interval")
    })
}

/// Elements of a set that is not known: they must at least be of one type.
fn check_alike(elements: &[Element]) -> Result<(), String> {
    let Some(first) = elements.first() else {
        return Ok(());
    };
    ensure(!first.key.is_empty(), || "an element has no key".to_owned())?;
    let wanted = Type::of(&first.key);
    elements
        .iter()
        .try_for_each(|element| check_intervals(element, None))?;
    elements.iter().try_for_each(|element| {
        ensure_type(
            &format!("key {}", key(element)),
            &Type::of(&element.key),
            &wanted,
        )
    })
}

fn key(element: &Element) -> String {
    crate::render::Joined(&element.key, " . ").to_string()
}
