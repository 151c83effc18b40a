//! ADD.

use std::path::PathBuf;

use ipnet::IpNet;
use serde_json::{Map, Value, json};
use tidegate_api::{Attach, EndpointView};

use super::args::Args;
use super::config::Config;
use super::previous::Previous;
use super::{Environment, Version};
use crate::answered::{Resolving, gateway_of};
use crate::fields::Fields;
use crate::{Refused, Why, naming};

/// An endpoint that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Add {
    /// The request that makes it.
    pub request: Attach,
    /// What a user may want to know, although it is served.
    pub warnings: Vec<String>,
    version: Version,
    netns: PathBuf,
    previous: Previous,
}

impl Add {
    pub(super) fn read(
        version: Version,
        environment: &Environment,
        config: Fields,
    ) -> Result<Self, Refused> {
        let attachment = environment.attachment()?;
        let netns = environment.netns()?;
        let args = Args::read(environment.args()?)?;
        let config = Config::read(config)?;
        let previous = config.previous.unwrap_or_default();
        if previous.has_interface(attachment.ifname.as_str()) {
            let message = format!("a plugin before this one made {}", attachment.ifname);
            let hint = "make \"tidegate\" the first plugin of the list";
            return Err(Refused::new(Why::Invalid, message).with_hint(hint));
        }
        let (mut aliases, mut warnings) = (Vec::new(), Vec::new());
        let names = args
            .name()
            .into_iter()
            .chain(config.runtime.aliases.iter().cloned());
        for name in names {
            naming::add_alias(&mut aliases, &mut warnings, &config.network.name, &name)?;
        }
        let host_ports = config
            .host_ports
            .unwrap_or_else(|| config.runtime.host_ports(&args));
        let mut addresses = config.runtime.addresses;
        for address in config.addresses.into_iter().chain(args.addresses) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let mut request = Attach::new(config.network.name.clone(), netns.clone());
        request.name = Some(attachment.endpoint()?);
        request.owner = Some(attachment.owner()?);
        request.ifname = Some(attachment.ifname);
        request.aliases = aliases;
        request.addresses = addresses;
        request.mac = config.runtime.mac.or(args.mac);
        request.ports = config.runtime.ports;
        request.dns = config.dns.unwrap_or_default();
        request.network_if_missing = Some(config.network);
        request.host_ports = host_ports;
        Ok(Self {
            request,
            warnings,
            version,
            netns,
            previous,
        })
    }

    /// The answer, if the endpoint was made: what the plugins before found, and the endpoint behind it.
    pub fn answer(&self, made: &EndpointView) -> String {
        let endpoint = &made.endpoint;
        let mut previous = self.previous.clone();
        if let Some(bridge) = &made.bridge {
            let bridge = json!({ "name": bridge.ifname, "mac": bridge.mac });
            previous.interfaces.push(bridge);
        }
        previous
            .interfaces
            .push(json!({ "name": endpoint.host_ifname }));
        let index = previous.interfaces.len();
        previous.interfaces.push(json!({
            "name": endpoint.ifname,
            "mac": endpoint.mac,
            "sandbox": self.netns,
        }));
        let addresses = endpoint.addresses.iter();
        let ips = addresses.map(|address| self.ip(made, address, index));
        previous.ips.extend(ips);
        previous.routes.extend(routes(made));
        let mut answer = Map::new();
        answer.insert("cniVersion".to_owned(), self.version.as_str().into());
        answer.insert("interfaces".to_owned(), previous.interfaces.into());
        answer.insert("ips".to_owned(), previous.ips.into());
        answer.insert("routes".to_owned(), previous.routes.into());
        answer.insert(
            "dns".to_owned(),
            dns(previous.dns, &made.resolv_conf).into(),
        );
        Value::Object(answer).to_string()
    }

    fn ip(&self, made: &EndpointView, address: &IpNet, interface: usize) -> Value {
        let mut ip = Map::new();
        if self.version.numbers_addresses() {
            let version = if address.addr().is_ipv4() { "4" } else { "6" };
            ip.insert("version".to_owned(), version.into());
        }
        ip.insert("interface".to_owned(), interface.into());
        ip.insert("address".to_owned(), address.to_string().into());
        if let Some(gateway) = gateway_of(made, address) {
            ip.insert("gateway".to_owned(), gateway.to_string().into());
        }
        ip.into()
    }
}

/// The routes that the endpoint gave its namespace.
fn routes(made: &EndpointView) -> impl Iterator<Item = Value> {
    let default = made.endpoint.gateways.iter().map(|gateway| {
        let dst = if gateway.is_ipv4() {
            "0.0.0.0/0"
        } else {
            "::/0"
        };
        json!({ "dst": dst, "gw": gateway })
    });
    let others = made.endpoint.routes.iter().map(|route| match route.via {
        Some(via) => json!({ "dst": route.to, "gw": via }),
        None => json!({ "dst": route.to }),
    });
    default.chain(others)
}

/// DNS settings: those of the plugins before, completed.
fn dns(mut previous: Map<String, Value>, resolv_conf: &str) -> Map<String, Value> {
    let Resolving {
        servers,
        search,
        options,
    } = Resolving::of(resolv_conf);
    for (key, values) in [
        ("nameservers", servers),
        ("search", search),
        ("options", options),
    ] {
        if !values.is_empty() && !previous.contains_key(key) {
            previous.insert(key.to_owned(), values.into());
        }
    }
    previous
}
