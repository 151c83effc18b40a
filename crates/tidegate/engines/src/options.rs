//! Options of a network that several engines take: those of Tidegate's own networks, as text.

use serde_json::{Map, Value};
use tidegate_api::CreateNetwork;

use crate::address::address;
use crate::{Refused, Why};

/// How the value of an option of the policy is written.
#[derive(Clone, Copy)]
enum Kind {
    Word,
    Switch,
    List,
}

/// The options of a network's policy, by the names of the API.
const POLICY: [(&str, Kind); 10] = [
    ("access", Kind::Word),
    ("host-access", Kind::Word),
    ("dns-forward", Kind::Switch),
    ("icc", Kind::Switch),
    ("anti-spoofing", Kind::Switch),
    ("mode4", Kind::Word),
    ("mode6", Kind::Word),
    ("masquerade", Kind::Switch),
    ("snat", Kind::List),
    ("trusted-interfaces", Kind::List),
];

/// The names of all options that are taken here, for hints.
pub(crate) const KNOWN: &str = "mtu, host-ips, allow, access, host-access, dns-forward, icc, anti-spoofing, mode4, mode6, \
                                masquerade, snat and trusted-interfaces";

/// Options of a network. Those of its policy take effect at the [end](Self::end).
pub(crate) struct Options<'a> {
    made: &'a mut CreateNetwork,
    policy: Map<String, Value>,
}

impl<'a> Options<'a> {
    /// None yet.
    pub(crate) fn of(made: &'a mut CreateNetwork) -> Self {
        let policy = Map::new();
        Self { made, policy }
    }

    /// Takes an option, which the engine calls `given`. Returns whether it is known.
    pub(crate) fn take(&mut self, given: &str, key: &str, value: &str) -> Result<bool, Refused> {
        let place = format!("the option {given:?}");
        match key {
            "mtu" => self.made.mtu = Some(number(given, value)?),
            "host-ips" => {
                let ips = all(value, |text| address(&place, text))?;
                self.made.host_ips.extend(ips);
            }
            "allow" => {
                self.made.allow = all(value, |text| text.parse().map_err(Refused::at(&place)))?;
            }
            key => {
                let Some((_, kind)) = POLICY.iter().find(|(known, _)| *known == key) else {
                    return Ok(false);
                };
                let value = match kind {
                    Kind::Word => Value::from(value),
                    Kind::Switch => Value::from(switch(given, value)?),
                    Kind::List => {
                        let before = self.policy.remove(key);
                        let mut all = before.map_or_else(Vec::new, |value| match value {
                            Value::Array(before) => before,
                            _ => Vec::new(),
                        });
                        all.extend(list(value).map(Value::from));
                        Value::from(all)
                    }
                };
                self.policy.insert(key.to_owned(), value);
            }
        }
        Ok(true)
    }

    /// Changes the keys of the network's policy that were given.
    pub(crate) fn end(self) -> Result<(), Refused> {
        let policy = &mut self.made.policy;
        let access = policy.access;
        let has_access = self.policy.contains_key("access");
        *policy = serde_json::from_value(Value::Object(self.policy)).map_err(|e| {
            let message = format!("cannot use the network's options: {e}");
            Refused::new(Why::Invalid, message)
        })?;
        if !has_access {
            policy.access = access;
        }
        Ok(())
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn all<T>(value: &str, parse: impl Fn(&str) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
    list(value).map(parse).collect()
}

/// Whether an option is on, as Go writes it (`strconv.ParseBool`).
pub(crate) fn switch(key: &str, value: &str) -> Result<bool, Refused> {
    match value {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err(wrong(key, value, "it is neither true nor false")),
    }
}

fn number(key: &str, value: &str) -> Result<u32, Refused> {
    value
        .parse()
        .map_err(|_| wrong(key, value, "it is no number"))
}

/// Refuses the value of an option.
pub(crate) fn wrong(key: &str, value: &str, reason: &str) -> Refused {
    let message = format!("the option {key:?} with the value {value:?}: {reason}");
    Refused::new(Why::Invalid, message)
}

/// Refuses an option that is not known.
pub(crate) fn unknown(key: &str, value: &str) -> Refused {
    let message = format!("the option {key:?} with the value {value:?} is not supported");
    Refused::new(Why::Unsupported, message)
}
