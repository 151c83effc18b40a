//! A network of an engine that becomes one of Tidegate.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use tidegate_api::CreateNetwork;
use tidegate_model::{Access, Mode, Name};

use super::range::{Range, range};
use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why, naming};

/// Longest value of a label that the daemon takes, in bytes, and most labels of a network (`tidegate_api::CreateNetwork`).
const LABEL: usize = 255;
const LABELS: usize = 256;

/// What is known of the network so far.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) request: CreateNetwork,
    pub(super) warnings: Vec<String>,
}

impl Draft {
    /// A network without subnets.
    pub(super) fn new(name: &str) -> Result<Self, Refused> {
        Ok(Self {
            request: CreateNetwork::new(naming::network(name)?),
            warnings: Vec::new(),
        })
    }

    /// Adds a subnet.
    pub(super) fn subnet(&mut self, net: IpNet, gateway: Option<IpAddr>) -> IpNet {
        let net = net.trunc();
        self.request.subnets.push(net);
        self.request.gateways.extend(gateway);
        net
    }

    /// Takes the range of a subnet, from one address to another.
    pub(super) fn range(
        &mut self,
        net: IpNet,
        start: Option<IpAddr>,
        end: Option<IpAddr>,
    ) -> Result<(), Refused> {
        let shown = || {
            let [start, end] =
                [start, end].map(|ip| ip.map_or("…".to_owned(), |ip| ip.to_string()));
            format!("{start} to {end}")
        };
        match range(net, start, end) {
            Range::Whole => {}
            Range::Prefix(prefix) => self.request.ranges.push(prefix),
            Range::Part(prefix) => {
                self.request.ranges.push(prefix);
                let shown = shown();
                self.warn(format!(
                    "the range {shown} is no prefix: without an address of their own, endpoints get one of {prefix}"
                ));
            }
            Range::Nothing => {
                let message = format!("the range {} is not in {net}", shown());
                return Err(Refused::new(Why::Invalid, message));
            }
        }
        Ok(())
    }

    /// Takes the name of the bridge, unless the engine made it up.
    pub(super) fn bridge(&mut self, name: &str, made_up: &[&str]) -> Result<(), Refused> {
        let is_number = |rest: &str| rest.bytes().all(|b| b.is_ascii_hexdigit());
        let mut made_up = made_up.iter().filter_map(|begin| name.strip_prefix(begin));
        if name.is_empty() || made_up.any(is_number) {
            return Ok(());
        }
        let bridge = name.parse().map_err(Refused::at("the bridge"))?;
        self.request.bridge = Some(bridge);
        Ok(())
    }

    /// Takes labels. They change nothing: those that Tidegate cannot hold are lost.
    pub(super) fn labels(&mut self, given: BTreeMap<String, String>) {
        for (key, value) in given {
            let is_held = value.len() <= LABEL
                && !value.chars().any(char::is_control)
                && self.request.labels.len() < LABELS;
            match key.parse::<Name>() {
                Ok(key) if is_held => {
                    self.request.labels.insert(key, value);
                }
                _ => self.warn(format!(
                    "the label {key:?} is lost: Tidegate cannot hold it"
                )),
            }
        }
    }

    /// Takes the MTU; 0 is the kernel's default.
    pub(super) fn mtu(&mut self, mtu: u32) {
        self.request.mtu = Some(mtu).filter(|mtu| *mtu != 0);
    }

    /// Warns of what is lost.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// The request and the warnings.
    pub(super) fn end(mut self) -> Result<(CreateNetwork, Vec<String>), Refused> {
        if self.request.subnets.is_empty() {
            return Err(changed(
                "the engine gives out none of its addresses: it has no subnet",
            ));
        }
        self.leave_out();
        let subnets = &self.request.subnets;
        let has = |is_ipv4: bool| subnets.iter().any(|net| net.addr().is_ipv4() == is_ipv4);
        (self.request.ipv4, self.request.ipv6) = (has(true), has(false));
        Ok((self.request, self.warnings))
    }

    /// Leaves out what says nothing on such a network; the daemon refuses that as a contradiction.
    fn leave_out(&mut self) {
        let request = &mut self.request;
        let policy = &mut request.policy;
        let (mode4, mode6) = (policy.mode4, policy.mode6);
        let is_routed = |ip: &IpAddr| if ip.is_ipv4() { mode4 } else { mode6 } == Mode::Routed;
        if policy.access != Access::Open {
            policy.masquerade = true;
            policy.snat.clear();
            if !request.dns.servers.is_empty() {
                request.dns.servers.clear();
                self.warnings.push(
                    "its DNS servers are not asked: such a network forwards no names".to_owned(),
                );
            }
        }
        if !policy.masquerade {
            policy.snat.clear();
        }
        policy.snat.retain(|ip| !is_routed(ip));
        if policy.access == Access::Isolated {
            policy.trusted_interfaces.clear();
            request.host_ips.clear();
        }
    }
}

/// A network whose meaning would change.
pub(super) fn changed(message: impl Into<String>) -> Refused {
    Refused::new(Why::Unsupported, message)
}

/// A network of Tidegate's own driver or plugin.
pub(super) fn is_ours() -> Refused {
    changed("it is on Tidegate already")
}

/// An address that may be missing or empty.
pub(super) fn optional(given: &mut Fields, key: &str) -> Result<Option<IpAddr>, Refused> {
    let text: Option<String> = given.take(key)?;
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| address(key, &text)).transpose()
}

/// A switch that may be missing.
pub(super) fn is_on(given: &mut Fields, key: &str) -> Result<bool, Refused> {
    Ok(given.take(key)?.unwrap_or(false))
}

/// Ends an object. Keys that say nothing are no reason to leave the network.
pub(super) fn end(mut given: Fields) -> Result<(), Refused> {
    given.retain(|value| match value {
        Value::Bool(is_on) => *is_on,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null => false,
    });
    given.end()
}
