//! Endpoints of Docker's containers.

use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use tidegate_api::{Attach, EndpointView, NetworkView, Owner};
use tidegate_model::{IfName, Invalid, Name};

use super::{ENGINE, network, short};
use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why};

/// An endpoint that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateEndpoint {
    /// The request that makes it.
    pub request: Attach,
}

/// What dockerd asks before it moves an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The endpoint.
    pub endpoint: Name,
    /// Its network.
    pub network: Name,
}

fn id(given: &mut Fields) -> Result<String, Refused> {
    given.need("EndpointID")
}

/// The name of the endpoint of a request: Docker does not tell the container.
pub(super) fn name(given: &mut Fields) -> Result<Name, Refused> {
    named(&id(given)?)
}

fn named(id: &str) -> Result<Name, Refused> {
    let name = format!("docker-{}", short("the endpoint", id)?);
    name.parse().map_err(Refused::at("the endpoint"))
}

/// The owner of the endpoint of a request.
pub(super) fn owner(given: &mut Fields) -> Result<Owner, Refused> {
    owned(&id(given)?)
}

fn owned(id: &str) -> Result<Owner, Refused> {
    Ok(Owner {
        engine: ENGINE.parse().map_err(Refused::at("engine"))?,
        id: id.parse().map_err(Refused::at("the endpoint"))?,
    })
}

/// The name of an interface until dockerd moves it, and again when it brings it back.
fn ifname(id: &str) -> Result<IfName, Refused> {
    let name = format!("tgd{}", short("the endpoint", id)?);
    name.parse().map_err(Refused::at("the interface"))
}

/// Options of an endpoint that Docker itself acts on, or that come again when they are needed.
const OF_DOCKER: [&str; 5] = [
    "com.docker.network.portmap",
    "com.docker.network.endpoint.exposedports",
    "com.docker.network.endpoint.macaddress",
    "com.docker.network.endpoint.dnsservers",
    "com.docker.network.endpoint.sysctls",
];

impl CreateEndpoint {
    pub(super) fn read(mut given: Fields) -> Result<Self, Refused> {
        let network = network::name(&mut given)?;
        let id = id(&mut given)?;
        let mut options = given.inner("Options")?;
        for key in OF_DOCKER {
            options.ignore(key);
        }
        options.ignore_all("com.docker.network.private.");
        options
            .end()
            .map_err(|refused| refused.with_hint("leave out --driver-opt"))?;
        let mut interface = given.inner("Interface")?;
        let mut text = |key| -> Result<Option<String>, Refused> {
            let text: Option<String> = interface.take(key)?;
            Ok(text.filter(|text| !text.is_empty()))
        };
        let mac = text("MacAddress")?
            .map(|mac| mac.to_ascii_lowercase().parse())
            .transpose()
            .map_err(|e: Invalid| Refused::at("the Ethernet address")(e))?;
        let mut addresses = Vec::new();
        for key in ["Address", "AddressIPv6"] {
            let given = text(key)?;
            addresses.extend(
                given
                    .map(|text| address("the address", &text))
                    .transpose()?,
            );
        }
        let mut request = Attach::new(network, PathBuf::new());
        (request.netns, request.hand_over) = (None, Some(ifname(&id)?));
        request.name = Some(named(&id)?);
        request.owner = Some(owned(&id)?);
        request.mac = mac;
        request.addresses = addresses;
        // Docker gives an address to one endpoint alone: another one with it was left when dockerd was killed.
        request.replace = true;
        Ok(Self { request })
    }

    /// The answer, if the endpoint was made: what Docker did not choose itself. All else would be an error.
    pub fn answer(&self, made: &EndpointView) -> String {
        let endpoint = &made.endpoint;
        let mut chosen = Map::new();
        if self.request.mac.is_none() {
            chosen.insert("MacAddress".to_owned(), endpoint.mac.to_string().into());
        }
        let asked = &self.request.addresses;
        for address in &endpoint.addresses {
            let key = by_family(address.addr(), "Address", "AddressIPv6");
            let is_docker_s = |ip: &IpAddr| ip.is_ipv4() == address.addr().is_ipv4();
            if !asked.iter().any(is_docker_s) {
                chosen
                    .entry(key)
                    .or_insert_with(|| address.to_string().into());
            }
        }
        json!({ "Interface": chosen }).to_string()
    }
}

impl Join {
    pub(super) fn read(mut given: Fields) -> Result<Self, Refused> {
        let endpoint = name(&mut given)?;
        let network = network::name(&mut given)?;
        Ok(Self { endpoint, network })
    }

    /// The answer: the interface, the beginning of its name in the container, and the next hops of its default routes.
    ///
    /// # Errors
    /// If the endpoint was not handed over.
    pub fn answer(
        &self,
        endpoint: &EndpointView,
        network: &NetworkView,
    ) -> Result<String, Refused> {
        let endpoint = &endpoint.endpoint;
        if endpoint.handed_over.is_none() {
            let message = format!("endpoint {} is not one of Docker's", endpoint.name);
            return Err(Refused::new(Why::Invalid, message));
        }
        let labels = &network.network.labels;
        let prefix = labels
            .iter()
            .find(|(key, _)| key.as_str() == network::INTERFACE_PREFIX);
        let prefix = prefix.map_or("eth", |(_, prefix)| prefix.as_str());
        let mut answer = Map::new();
        let interface = json!({ "SrcName": endpoint.ifname, "DstPrefix": prefix });
        answer.insert("InterfaceName".to_owned(), interface);
        for gateway in &endpoint.gateways {
            let key = by_family(*gateway, "Gateway", "GatewayIPv6");
            answer.insert(key.to_owned(), gateway.to_string().into());
        }
        Ok(Value::Object(answer).to_string())
    }
}

fn by_family(ip: IpAddr, ipv4: &'static str, ipv6: &'static str) -> &'static str {
    match ip {
        IpAddr::V4(_) => ipv4,
        IpAddr::V6(_) => ipv6,
    }
}
