//! Options of a network: `podman network create -o KEY=VALUE`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tidegate_api::{CreateNetwork, Policy};
use tidegate_model::HostPorts;

use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why};

/// Options of a network that concern each of its endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) default_route: bool,
    pub(super) host_ports: HostPorts,
}

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

const HINT: &str = "known are mtu, isolate, no_default_route, host-ips, allow, host-ports, access, host-access, \
                    dns-forward, icc, anti-spoofing, mode4, mode6, masquerade, snat and trusted-interfaces";

impl Options {
    /// Takes the options out of a network's object. Those of the network itself go into `made`.
    pub(super) fn take(given: &mut Fields, made: &mut CreateNetwork) -> Result<Self, Refused> {
        let given: BTreeMap<String, String> = given.take("options")?.unwrap_or_default();
        // podman binds the ports itself, unless enable_port_reservation of its configuration is off.
        let mut options = Self {
            default_route: true,
            host_ports: HostPorts::Engine,
        };
        let mut policy = Map::new();
        for (key, value) in given {
            let place = format!("the option {key:?}");
            match key.as_str() {
                "mtu" | "com.docker.network.driver.mtu" => made.mtu = Some(number(&key, &value)?),
                "no_default_route" => options.default_route = !switch(&key, &value)?,
                "host-ports" => {
                    options.host_ports = value.parse().map_err(Refused::at(&place))?;
                }
                "host-ips" => made.host_ips = all(&value, |text| address(&place, text))?,
                "allow" => {
                    made.allow = all(&value, |text| text.parse().map_err(Refused::at(&place)))?
                }
                // Networks of Tidegate are always apart from each other.
                "isolate" if matches!(value.as_str(), "true" | "1" | "strict") => {}
                "isolate" => {
                    let hint = "networks are always isolated from each other; connect two with `tidegate network connect`";
                    return Err(wrong(&key, &value, "it is not supported").with_hint(hint));
                }
                key => {
                    let kind = POLICY.iter().find(|(known, _)| *known == key);
                    let Some((_, kind)) = kind else {
                        let message =
                            format!("the option {key:?} with the value {value:?} is not supported");
                        return Err(Refused::new(Why::Unsupported, message).with_hint(HINT));
                    };
                    let value = match kind {
                        Kind::Word => Value::from(value),
                        Kind::Switch => Value::from(switch(key, &value)?),
                        Kind::List => list(&value).map(Value::from).collect(),
                    };
                    policy.insert(key.to_owned(), value);
                }
            }
        }
        set(&mut made.policy, policy)?;
        Ok(options)
    }
}

/// Changes the keys of a policy that are given.
fn set(policy: &mut Policy, given: Map<String, Value>) -> Result<(), Refused> {
    let access = policy.access;
    let has_access = given.contains_key("access");
    *policy = serde_json::from_value(Value::Object(given)).map_err(|e| {
        Refused::new(
            Why::Invalid,
            format!("cannot use the network's options: {e}"),
        )
    })?;
    if !has_access {
        policy.access = access;
    }
    Ok(())
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

fn switch(key: &str, value: &str) -> Result<bool, Refused> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(key, value, "it is neither true nor false")),
    }
}

fn number(key: &str, value: &str) -> Result<u32, Refused> {
    value
        .parse()
        .map_err(|_| wrong(key, value, "it is no number"))
}

fn wrong(key: &str, value: &str, reason: &str) -> Refused {
    let message = format!("the option {key:?} with the value {value:?}: {reason}");
    Refused::new(Why::Invalid, message)
}
