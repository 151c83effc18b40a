//! Endpoints of podman's containers.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use tidegate_api::{Attach, EndpointView};
use tidegate_model::{IfName, Invalid, PortRequest};

use super::network::Network;
use super::owner;
use crate::answered::{Resolving, gateway_of};
use crate::fields::Fields;
use crate::ports::Mapping;
use crate::{Refused, naming};

/// An endpoint that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The request that makes it.
    pub request: Attach,
    /// What a user may want to know, although it is served.
    pub warnings: Vec<String>,
    has_names: bool,
}

impl Setup {
    /// Reads a request of `setup` for a namespace.
    ///
    /// # Errors
    /// If it cannot be read, or has something that is not acted on.
    pub fn read(netns: PathBuf, text: &[u8]) -> Result<Self, Refused> {
        let mut given = Fields::read("the request", text)?;
        let container: String = given.need("container_id")?;
        let name: Option<String> = given.take("container_name")?;
        let network = Network::read(given.inner("network")?)?;
        let mut wanted = given.inner("network_options")?;
        let ifname: String = wanted.need("interface_name")?;
        let ifname: IfName = ifname.parse().map_err(Refused::at("the interface"))?;
        let mut names: Vec<String> = name.into_iter().collect();
        names.extend(wanted.take::<Vec<String>>("aliases")?.unwrap_or_default());
        let (mut aliases, mut warnings) = (Vec::new(), Vec::new());
        for name in names.iter().filter(|name| !name.is_empty()) {
            naming::add_alias(&mut aliases, &mut warnings, &network.made.name, name)?;
        }
        let mut request = Attach::new(network.made.name.clone(), netns);
        request.name = Some(naming::endpoint(&container, ifname.as_str())?);
        request.owner = Some(owner(&container, &network.id)?);
        request.ifname = Some(ifname);
        request.aliases = aliases;
        request.addresses = wanted.take("static_ips")?.unwrap_or_default();
        request.mac = wanted
            .take::<String>("static_mac")?
            .filter(|mac| !mac.is_empty())
            .map(|mac| mac.to_ascii_lowercase().parse())
            .transpose()
            .map_err(|e: Invalid| Refused::at("the Ethernet address")(e))?;
        wanted.inner("options")?.end()?;
        wanted.end()?;
        for entry in given.list("port_mappings")? {
            request.ports.extend(ports(entry)?);
        }
        request.routes = network.routes;
        request.default_route = network.options.default_route;
        request.host_ports = network.options.host_ports;
        request.network_if_missing = Some(network.made);
        // podman gives an address to one container alone: another endpoint with it is left over.
        request.replace = true;
        given.end()?;
        Ok(Self {
            request,
            warnings,
            has_names: network.has_names,
        })
    }

    /// The answer, if the endpoint was made.
    pub fn answer(&self, made: &EndpointView) -> String {
        let endpoint = &made.endpoint;
        let subnets = endpoint.addresses.iter().map(|address| {
            let mut subnet = Map::new();
            subnet.insert("ipnet".to_owned(), address.to_string().into());
            if let Some(gateway) = gateway_of(made, address) {
                subnet.insert("gateway".to_owned(), gateway.to_string().into());
            }
            Value::Object(subnet)
        });
        let subnets: Vec<Value> = subnets.collect();
        let resolving = match self.has_names {
            true => Resolving::of(&made.resolv_conf),
            false => Resolving::default(),
        };
        json!({
            "dns_search_domains": resolving.search,
            "dns_server_ips": resolving.servers,
            "interfaces": {
                endpoint.ifname.as_str(): { "mac_address": endpoint.mac, "subnets": subnets },
            },
        })
        .to_string()
    }
}

/// The ports of a mapping, which can have several protocols.
fn ports(mut entry: Fields) -> Result<Vec<PortRequest>, Refused> {
    let host_ip: Option<String> = entry.take("host_ip")?;
    let host_port = entry.need("host_port")?;
    let container_port = entry.need("container_port")?;
    let count: Option<i64> = entry.take("range")?;
    let protocols: Option<String> = entry.take("protocol")?;
    entry.end()?;
    let protocols = protocols.as_deref().unwrap_or_default();
    let of_protocol = |protocol: &str| {
        let mapping = Mapping {
            host_ip: host_ip.as_deref().unwrap_or_default(),
            host_port,
            container_port,
            count: count.unwrap_or(1),
            protocol: protocol.trim(),
        };
        mapping.request()
    };
    protocols.split(',').map(of_protocol).collect()
}
