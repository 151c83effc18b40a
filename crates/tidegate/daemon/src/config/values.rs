//! What each key of `tidegated.toml` can be set to.

use std::net::SocketAddr;
use std::ops::Range;
use std::str::FromStr;

use error_hint::Hint;
use ipnet::IpNet;
use tidegate_model::{AllowList, Forwarding, Invalid, PortRange, Source};
use tidegate_nft_drivers::DriverChoice;
use tidegate_plan::{IpFamily, Pool};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::log_level::LogLevel;
use crate::resolver::Upstream;

/// A key, the table that it is in, and its values.
pub(super) struct KeyValues {
    /// The table's name; none for the keys above all tables.
    pub(super) table: Option<&'static str>,
    /// The key's own name, unique in the file.
    pub(super) name: &'static str,
    /// What it takes, for hints.
    pub(super) takes: &'static str,
    check: fn(&Spanned<DeValue<'_>>) -> Vec<Wrong>,
}

/// Something wrong in a value.
struct Wrong {
    span: Range<usize>,
    what: What,
    /// A better hint than what the key takes.
    hint: Option<String>,
}

enum What {
    /// The key cannot have this value, for this reason.
    Value(Option<String>),
    /// The list cannot have this entry, for this reason.
    Entry(Option<String>),
    /// A sentence of its own.
    Said(String),
}

/// What is wrong in a file.
#[derive(Debug)]
pub(super) struct Fault {
    /// The first byte that is wrong.
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: String,
}

const fn above(
    name: &'static str,
    takes: &'static str,
    check: fn(&Spanned<DeValue<'_>>) -> Vec<Wrong>,
) -> KeyValues {
    KeyValues {
        table: None,
        name,
        takes,
        check,
    }
}

const fn of(
    table: &'static str,
    name: &'static str,
    takes: &'static str,
    check: fn(&Spanned<DeValue<'_>>) -> Vec<Wrong>,
) -> KeyValues {
    KeyValues {
        table: Some(table),
        name,
        takes,
        check,
    }
}

/// Every key, as the types of [`super::file`] have them.
pub(super) const VALUES: &[KeyValues] = &[
    above(
        "socket",
        "a path in quotes, such as \"/run/tidegate/tidegated.sock\"",
        path,
    ),
    above(
        "state-dir",
        "a path in quotes, such as \"/var/lib/tidegate\"",
        path,
    ),
    above(
        "log-level",
        "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        |value| text(value, one_of::<LogLevel>),
    ),
    above("forwarding", "\"set\" or \"leave\"", |value| {
        text(value, one_of::<Forwarding>)
    }),
    of(
        "nft",
        "driver",
        "\"auto\", \"library\" or \"exec\"",
        |value| text(value, one_of::<DriverChoice>),
    ),
    of(
        "nft",
        "path",
        "a path in quotes, such as \"/usr/sbin/nft\"",
        path,
    ),
    of(
        "pools",
        "ipv4",
        "a list of pools, such as [{ base = \"10.208.0.0/12\", size = 24 }]",
        |value| entries(value, |entry| pool(entry, IpFamily::Ipv4)),
    ),
    of(
        "pools",
        "ipv6",
        "a list of pools, such as [{ base = \"fd12:3456:789a::/48\", size = 64 }]",
        |value| entries(value, |entry| pool(entry, IpFamily::Ipv6)),
    ),
    of(
        "ports",
        "free",
        "a range of ports in quotes, such as \"61000-65535\"",
        |value| {
            let reason = |invalid: Invalid| (Some(invalid.reason), None);
            text(value, |text| parsed::<PortRange>(text).map_err(reason))
        },
    ),
    of(
        "ports",
        "allow",
        "a list of prefixes and addresses, such as [\"192.0.2.0/24\", \"2001:db8::/32\"], or [] for everybody",
        allow,
    ),
    of(
        "metrics",
        "listen",
        "an IP address and a port in quotes, such as \"127.0.0.1:9464\" or \"[::1]:9464\"",
        |value| text(value, one_of::<SocketAddr>),
    ),
    of(
        "docker",
        "plugin-socket",
        "a path in quotes, such as \"/run/docker/plugins/tidegate.sock\"",
        path,
    ),
    of("dns", "enable", "true or false, without quotes", |value| {
        right(value.get_ref().is_bool(), value)
    }),
    of(
        "dns",
        "port",
        "a number from 1 to 65535 without quotes, such as 299",
        |value| right(number::<u16>(value).is_some_and(|port| port > 0), value),
    ),
    of(
        "dns",
        "upstreams",
        "a list of servers, such as [\"192.0.2.53\", \"[2001:db8::53]:5353\"], or [] for those of /etc/resolv.conf",
        |value| entries(value, listed::<Upstream>),
    ),
];

/// The tables, in the order of their keys.
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables: Vec<&str> = VALUES.iter().filter_map(|key| key.table).collect();
    tables.dedup();
    tables
}

/// The names of the keys of a table, or of those above all tables.
fn names_in(table: Option<&str>) -> Vec<&'static str> {
    let of_table = VALUES.iter().filter(|key| key.table == table);
    of_table.map(|key| key.name).collect()
}

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static KeyValues> {
    VALUES.iter().find(|key| key.name == name)
}

/// Everything that is wrong in a file, in no order.
pub(super) fn check(text: &str, file: &DeTable<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, value) in file {
        let at = name.span().start;
        let name: &str = name.get_ref();
        let is_table = tables().contains(&name);
        match value.get_ref() {
            DeValue::Table(table) if is_table => {
                for (key, value) in table {
                    let at = key.span().start;
                    faults.extend(check_key(text, Some(name), (at, key.get_ref()), value));
                }
            }
            _ if is_table => faults.push(Fault {
                at: value.span().start,
                message: format!("[{name}] is a table, not {}", shown(text, &value.span())),
                hint: format!(
                    "write [{name}] on a line of its own, and below it {}",
                    listed_names(&names_in(Some(name)), "or")
                ),
            }),
            DeValue::Table(_) => faults.push(Fault {
                at,
                message: format!("there is no table [{name}]"),
                hint: format!(
                    "the tables are {}",
                    listed_names(&brackets(&tables()), "and")
                ),
            }),
            _ => faults.extend(check_key(text, None, (at, name), value)),
        }
    }
    faults
}

fn check_key(
    text: &str,
    table: Option<&str>,
    (at, name): (usize, &str),
    value: &Spanned<DeValue<'_>>,
) -> Vec<Fault> {
    match find(name) {
        Some(key) if key.table == table => (key.check)(value)
            .into_iter()
            .map(|wrong| wrong.told(text, key))
            .collect(),
        found => vec![unknown(table, at, name, found)],
    }
}

/// A key that is nowhere, or in another table.
fn unknown(table: Option<&str>, at: usize, name: &str, found: Option<&KeyValues>) -> Fault {
    let place = match table {
        Some(table) => format!(" in [{table}]"),
        None => " above the tables".to_owned(),
    };
    let hint = match found.map(|key| key.table) {
        Some(Some(other)) => format!("write it below [{other}]"),
        Some(None) => "write it above the first table".to_owned(),
        None => {
            let names = listed_names(&names_in(table), "and");
            match table {
                Some(table) => format!("the keys of [{table}] are {names}"),
                None => format!(
                    "the keys are {names}; the tables are {}",
                    listed_names(&brackets(&tables()), "and")
                ),
            }
        }
    };
    Fault {
        at,
        message: format!("there is no key {name}{place}"),
        hint,
    }
}

impl Wrong {
    fn told(self, text: &str, key: &KeyValues) -> Fault {
        let value = || shown(text, &self.span);
        let because =
            |reason: Option<String>| reason.map_or_else(String::new, |it| format!(": {it}"));
        let message = match self.what {
            What::Value(reason) => format!("{key} cannot be {}{}", value(), because(reason)),
            What::Entry(reason) => format!("{key} cannot have {}{}", value(), because(reason)),
            What::Said(said) => format!("{key}: {said}"),
        };
        Fault {
            at: self.span.start,
            message,
            hint: self.hint.unwrap_or_else(|| format!("use {}", key.takes)),
        }
    }

    fn value(value: &Spanned<DeValue<'_>>) -> Self {
        Self {
            span: value.span(),
            what: What::Value(None),
            hint: None,
        }
    }

    fn said(span: Range<usize>, said: impl Into<String>) -> Self {
        Self {
            span,
            what: What::Said(said.into()),
            hint: None,
        }
    }
}

impl std::fmt::Display for KeyValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.table {
            Some(table) => write!(f, "{} in [{table}]", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// A value as the file has it, in one line that is not too long.
fn shown(text: &str, span: &Range<usize>) -> String {
    const MOST: usize = 60;
    let words = text
        .get(span.clone())
        .unwrap_or_default()
        .split_whitespace();
    let words = words.collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn brackets(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("[{name}]")).collect()
}

fn listed_names(names: &[impl AsRef<str>], last: &str) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((end, first @ [_, ..])) => format!("{} {last} {end}", first.join(", ")),
        _ => names.concat(),
    }
}

/// Nothing, or that the value is wrong.
fn right(is_right: bool, value: &Spanned<DeValue<'_>>) -> Vec<Wrong> {
    match is_right {
        true => Vec::new(),
        false => vec![Wrong::value(value)],
    }
}

/// Why a text is not what it should be, and a better hint.
type Reason = (Option<String>, Option<String>);

/// A text that `parse` accepts.
fn text(
    value: &Spanned<DeValue<'_>>,
    parse: impl FnOnce(&str) -> Result<(), Reason>,
) -> Vec<Wrong> {
    let parsed = value.get_ref().as_str().map_or(Err((None, None)), parse);
    let wrong = |(reason, hint)| Wrong {
        what: What::Value(reason),
        hint,
        ..Wrong::value(value)
    };
    parsed.map_err(wrong).err().into_iter().collect()
}

fn parsed<T: FromStr>(text: &str) -> Result<(), T::Err> {
    text.parse::<T>().map(drop)
}

/// A text of which the hint says enough.
fn one_of<T: FromStr>(text: &str) -> Result<(), Reason> {
    parsed::<T>(text).map_err(|_| (None, None))
}

fn path(value: &Spanned<DeValue<'_>>) -> Vec<Wrong> {
    let is_path = value
        .get_ref()
        .as_str()
        .is_some_and(|path| !path.is_empty());
    right(is_path, value)
}

fn number<T: TryFrom<u64>>(value: &Spanned<DeValue<'_>>) -> Option<T> {
    let integer = value.get_ref().as_integer()?;
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    T::try_from(number).ok()
}

/// A list of entries that `check` accepts.
fn entries(
    value: &Spanned<DeValue<'_>>,
    check: impl Fn(&Spanned<DeValue<'_>>) -> Vec<Wrong>,
) -> Vec<Wrong> {
    match value.get_ref().as_array() {
        Some(list) => list.iter().flat_map(check).collect(),
        None => vec![Wrong::value(value)],
    }
}

/// A text of a list.
fn listed<T: FromStr<Err = Invalid>>(entry: &Spanned<DeValue<'_>>) -> Vec<Wrong> {
    listed_with(entry, parsed::<T>)
}

/// A text of a list that `parse` accepts.
fn listed_with(
    entry: &Spanned<DeValue<'_>>,
    parse: impl FnOnce(&str) -> Result<(), Invalid>,
) -> Vec<Wrong> {
    let text = entry.get_ref().as_str();
    let parsed = text.map_or(Err(None), |text| parse(text).map_err(Some));
    let wrong = |invalid: Option<Invalid>| {
        let (reason, hint) = invalid
            .map(|invalid| (invalid.reason, invalid.hint.into_owned()))
            .unzip();
        Wrong {
            span: entry.span(),
            what: What::Entry(reason),
            hint,
        }
    };
    parsed.map_err(wrong).err().into_iter().collect()
}

/// Clients, not too many. Sources from which no client comes are only warned of ([`Settings::warnings`]): they do no harm,
/// and a daemon that does not start does.
///
/// [`Settings::warnings`]: super::Settings::warnings
fn allow(value: &Spanned<DeValue<'_>>) -> Vec<Wrong> {
    let source = |text: &str| text.parse::<Source>().map(|_| ());
    let wrong = entries(value, |entry| listed_with(entry, source));
    if !wrong.is_empty() {
        return wrong;
    }
    let list = value
        .get_ref()
        .as_array()
        .into_iter()
        .flat_map(|list| list.iter());
    let sources = list.filter_map(|entry| entry.get_ref().as_str()?.parse().ok());
    let invalid = AllowList::new(sources).err();
    let wrong = |invalid: Invalid| Wrong {
        hint: Some(invalid.hint.to_string()),
        ..Wrong::said(value.span(), invalid.to_string())
    };
    invalid.map(wrong).into_iter().collect()
}

/// A pool of a family.
fn pool(entry: &Spanned<DeValue<'_>>, family: IpFamily) -> Vec<Wrong> {
    let Some(table) = entry.get_ref().as_table() else {
        return vec![Wrong {
            what: What::Entry(None),
            ..Wrong::value(entry)
        }];
    };
    let mut wrong = Vec::new();
    let (mut base, mut size) = (None, None);
    for (key, value) in table {
        let name: &str = key.get_ref();
        match name {
            "base" => {
                let text = value.get_ref().as_str();
                base = text.and_then(|text| text.parse::<IpNet>().ok());
                let said = "the base of a pool is a prefix in quotes";
                wrong.extend(base.is_none().then(|| Wrong::said(value.span(), said)));
            }
            "size" => {
                size = number::<u8>(value);
                let said = "the size of a pool is a number, the prefix length of its subnets";
                wrong.extend(size.is_none().then(|| Wrong::said(value.span(), said)));
            }
            _ => {
                let said = format!("a pool has base and size, and no {name}");
                wrong.push(Wrong::said(key.span(), said));
            }
        }
    }
    for key in ["base", "size"] {
        if wrong.is_empty() && !table.contains_key(key) {
            wrong.push(Wrong::said(entry.span(), format!("the pool has no {key}")));
        }
    }
    if let (true, Some(base), Some(size)) = (wrong.is_empty(), base, size) {
        let made = Pool::new(base, size).and_then(|pool| pool.of_family(family));
        wrong.extend(made.err().map(|invalid| Wrong {
            hint: invalid.hint().map(|hint| hint.into_owned()),
            ..Wrong::said(entry.span(), invalid.to_string())
        }));
    }
    wrong
}
