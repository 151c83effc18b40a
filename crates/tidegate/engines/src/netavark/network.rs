//! Networks of podman.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde_json::{Map, Value, json};
use tidegate_api::{CreateNetwork, ProposeSubnets, ProposedSubnets, StaticRoute, Subnet};
use tidegate_model::Access;

use super::options::Options;
use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why, naming};

/// A network of podman, as the plugin understands it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Network {
    pub(super) id: String,
    /// The network, if it must be made.
    pub(super) made: CreateNetwork,
    pub(super) routes: Vec<StaticRoute>,
    pub(super) options: Options,
    pub(super) has_names: bool,
}

impl Network {
    /// Reads the object that podman keeps of a network.
    pub(super) fn read(mut given: Fields) -> Result<Self, Refused> {
        let name: String = given.need("name")?;
        let id = given.need("id")?;
        let mut made = CreateNetwork::new(naming::network(&name)?);
        for mut subnet in given.list("subnets")? {
            made.subnets.push(subnet.need("subnet")?);
            let gateway: Option<String> = subnet.take("gateway")?;
            if let Some(gateway) = filled(gateway) {
                made.gateways.push(address("the gateway", &gateway)?);
            }
            // podman gives addresses of it out itself.
            subnet.ignore("lease_range");
            subnet.end()?;
        }
        made.ipv6 = given.take("ipv6_enabled")?.unwrap_or_default();
        made.ipv6 |= made.subnets.iter().any(|subnet| subnet.addr().is_ipv6());
        made.ipv4 = made.subnets.is_empty() || made.subnets.iter().any(|s| s.addr().is_ipv4());
        if given.take("internal")?.unwrap_or(false) {
            made.policy.access = Access::Internal;
        }
        made.bridge = filled(given.take("network_interface")?)
            .map(|name| name.parse().map_err(Refused::at("the bridge")))
            .transpose()?;
        made.dns.servers = given.take("network_dns_servers")?.unwrap_or_default();
        made.remove_when_unused = true;
        let routes = given.list("routes")?;
        let options = Options::take(&mut given, &mut made)?;
        let has_names = given.take("dns_enabled")?.unwrap_or(true);
        check_ipam(given.inner("ipam_options")?)?;
        for key in ["driver", "created", "labels"] {
            given.ignore(key);
        }
        given.end()?;
        Ok(Self {
            id,
            made,
            routes: routes.into_iter().map(route).collect::<Result<_, _>>()?,
            options,
            has_names,
        })
    }
}

/// podman gives out the addresses, or leaves that to the plugin.
fn check_ipam(mut given: Fields) -> Result<(), Refused> {
    let driver: Option<String> = given.take("driver")?;
    match driver.as_deref() {
        None | Some("" | "host-local" | "none") => Ok(()),
        Some(other) => {
            let message = format!("the IPAM driver {other:?} is not supported");
            Err(Refused::new(Why::Unsupported, message).with_hint("use host-local or none"))
        }
    }
}

fn route(mut given: Fields) -> Result<StaticRoute, Refused> {
    let to = given.need("destination")?;
    let via: IpAddr = given.need("gateway")?;
    // netavark's default says nothing.
    if given.peek("metric") == Some(&json!(100)) {
        given.ignore("metric");
    }
    given
        .end()
        .map_err(|refused| refused.with_hint("leave it out"))?;
    Ok(StaticRoute { to, via: Some(via) })
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A network that podman is about to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    given: Map<String, Value>,
    /// The families in which podman needs a subnet to give addresses out of: IPv4 and IPv6.
    lacking: (bool, bool),
}

impl Create {
    /// Reads a request of `create`.
    ///
    /// # Errors
    /// If it cannot be read, or has something that is not acted on.
    pub fn read(text: &[u8]) -> Result<Self, Refused> {
        let made = Network::read(Fields::read("the network", text)?)?.made;
        let unreadable =
            |e| Refused::new(Why::Unreadable, format!("cannot parse the network: {e}"));
        let given: Map<String, Value> = serde_json::from_slice(text).map_err(unreadable)?;
        let ipam = given
            .get("ipam_options")
            .and_then(|ipam| ipam["driver"].as_str());
        let lacks = |is_ipv4: bool| !made.subnets.iter().any(|s| s.addr().is_ipv4() == is_ipv4);
        let lacking = match ipam {
            Some("none") => (false, false),
            _ => (made.ipv4 && lacks(true), made.ipv6 && lacks(false)),
        };
        Ok(Self { given, lacking })
    }

    /// The question for the subnets that it lacks; none if it lacks none. `others` are the texts of all networks that
    /// podman keeps: the daemon does not know those that no container uses.
    pub fn question<'a>(&self, others: impl Iterator<Item = &'a [u8]>) -> Option<ProposeSubnets> {
        let (ipv4, ipv6) = self.lacking;
        let avoid = others.flat_map(subnets).collect();
        (ipv4 || ipv6).then_some(ProposeSubnets { ipv4, ipv6, avoid })
    }

    /// The answer: the network with the subnets that it lacked, a gateway in each, and podman's own driver of addresses.
    /// podman chooses the same gateways, but for an internal network none: then it would give the bridge's address to a
    /// container. All else is as it was given, so that podman keeps it.
    pub fn answer(mut self, proposed: &ProposedSubnets) -> String {
        let mut subnets = match self.given.remove("subnets") {
            Some(Value::Array(subnets)) => subnets,
            _ => Vec::new(),
        };
        let object = |subnet: &Subnet| json!({ "subnet": subnet.net, "gateway": subnet.gateway });
        subnets.extend(proposed.subnets.iter().map(object));
        for subnet in subnets.iter_mut().filter_map(Value::as_object_mut) {
            let net = subnet.get("subnet").and_then(Value::as_str);
            let net: Option<IpNet> = net.and_then(|net| net.parse().ok());
            let lacks = subnet.get("gateway").is_none_or(Value::is_null);
            if let Some(net) = net.filter(|_| lacks) {
                subnet.insert("gateway".to_owned(), first_address(net).to_string().into());
            }
        }
        // Without a driver, podman gives out addresses too, and ignores one that is in no subnet.
        let has_subnets = !subnets.is_empty();
        let ipam = self.given.entry("ipam_options").or_insert(Value::Null);
        if has_subnets && ipam["driver"].is_null() {
            match ipam.as_object_mut() {
                Some(options) => drop(options.insert("driver".to_owned(), "host-local".into())),
                None => *ipam = json!({ "driver": "host-local" }),
            }
        }
        self.given.insert("subnets".to_owned(), subnets.into());
        Value::Object(self.given).to_string()
    }
}

/// The subnets of a network that podman keeps; none if the text is no network's.
fn subnets(text: &[u8]) -> Vec<IpNet> {
    let network: Value = serde_json::from_slice(text).unwrap_or_default();
    let subnets = network["subnets"].as_array().into_iter().flatten();
    let net = |subnet: &Value| subnet["subnet"].as_str()?.parse().ok();
    subnets.filter_map(net).collect()
}

/// The first address of a subnet: its gateway, if nothing is said.
fn first_address(net: IpNet) -> IpAddr {
    match net.network() {
        IpAddr::V4(ip) => Ipv4Addr::from(u32::from(ip).saturating_add(1)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip).saturating_add(1)).into(),
    }
}
