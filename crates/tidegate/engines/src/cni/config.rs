//! The configuration: the plugin's object of the network's file, as a runtime completes it.

use std::net::IpAddr;

use serde_json::{Map, Value};
use tidegate_api::{CreateNetwork, Dns};
use tidegate_model::{HostPorts, Name};

use super::previous::Previous;
use super::runtime::{self, Runtime};
use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why, naming};

/// The plugin's object of the network's file, with what the runtime says about one container.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Config {
    /// The network, if it must be made.
    pub(super) network: CreateNetwork,
    pub(super) host_ports: Option<HostPorts>,
    pub(super) dns: Option<Dns>,
    pub(super) runtime: Runtime,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) previous: Option<Previous>,
}

const HINT: &str = "the plugin knows network, host-ports and dns; what is said about the network goes under \"network\", \
                    with the keys of the API's CreateNetwork";

/// Takes apart the text that a runtime gives.
pub(super) fn fields(text: &[u8]) -> Result<Fields, Refused> {
    Fields::read("the configuration", text)
}

/// Takes the network's name.
pub(super) fn network(config: &mut Fields) -> Result<Name, Refused> {
    let name: String = config.need("name")?;
    naming::network(&name)
}

impl Config {
    /// Reads a configuration without its version.
    pub(super) fn read(mut config: Fields) -> Result<Self, Refused> {
        let name = network(&mut config)?;
        let runtime = Runtime::take(&mut config, name.as_str())?;
        let mut network = made(&mut config, &name)?;
        if network.subnets.is_empty() {
            network.subnets = runtime.ranges.iter().map(|range| range.subnet).collect();
            network.gateways = runtime.ranges.iter().filter_map(|r| r.gateway).collect();
        }
        let mut dns = config.inner("dns")?;
        dns.ignore("domain");
        let dns = runtime::dns(dns, ["nameservers", "search", "options"])?;
        let addresses = convention(&mut config)?;
        let read = Self {
            network,
            host_ports: config.take("host-ports")?,
            dns: runtime.dns.clone().or(dns),
            runtime,
            addresses,
            previous: Previous::take(&mut config)?,
        };
        // The first two are the runtime's own; an `ipam` without anything in it asks for nothing.
        config.ignore("type");
        config.ignore("capabilities");
        if config.inner("ipam")?.end().is_err() {
            let message = "the key \"ipam\" is not supported: Tidegate gives endpoints their addresses itself";
            return Err(Refused::new(Why::Unsupported, message)
                .with_hint("leave it out, and give subnets under \"network\""));
        }
        config.end().map_err(|refused| refused.with_hint(HINT))?;
        Ok(read)
    }
}

/// The network as the file describes it. It goes with its last endpoint, because nobody says when it is not needed.
fn made(config: &mut Fields, name: &Name) -> Result<CreateNetwork, Refused> {
    let mut given: Map<String, Value> = config.take("network")?.unwrap_or_default();
    let named = Value::from(name.as_str());
    if given.insert("name".to_owned(), named).is_some() {
        let message = "the key \"name\" of \"network\" is not supported: the network has the name of the file";
        return Err(Refused::new(Why::Unsupported, message).with_hint("leave it out"));
    }
    given
        .entry("remove-when-unused")
        .or_insert(Value::Bool(true));
    serde_json::from_value(Value::Object(given)).map_err(|e| {
        let message = format!("cannot use the key \"network\" of the configuration: {e}");
        Refused::new(Why::Invalid, message).with_hint(HINT)
    })
}

/// Addresses under `args.cni.ips` (conventions, "`args` in network config").
fn convention(config: &mut Fields) -> Result<Vec<IpAddr>, Refused> {
    let ips: Option<Vec<String>> = config.inner("args")?.inner("cni")?.take("ips")?;
    let parse = |ip: &String| address("args.cni.ips", ip);
    ips.unwrap_or_default().iter().map(parse).collect()
}
