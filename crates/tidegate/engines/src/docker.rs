//! Docker's remote network drivers
//! (<https://github.com/moby/moby/blob/master/daemon/libnetwork/docs/remote.md>): requests of dockerd, and what it is answered.
//!
//! Docker names nothing but its own identifiers. It moves and configures the interface itself, gives out addresses, and
//! answers for names. It asks for ports at the one endpoint that is a container's way out, and asks again after it was
//! killed without a word about the endpoints that it had.

mod endpoint;
mod network;
mod ports;

use serde_json::json;
use tidegate_api::{CreateNetwork, Owner};
use tidegate_model::{Name, PortRequest};

use crate::fields::Fields;
use crate::{Refused, failure};

pub use endpoint::{CreateEndpoint, Join};

/// The engine in the owners of endpoints.
pub const ENGINE: &str = "docker";

/// The type of all answers.
pub const CONTENT_TYPE: &str = "application/vnd.docker.plugins.v1.2+json";

/// The answer to a request that asks for nothing in return.
pub const DONE: &str = "{}";

/// What dockerd asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// This answer. Nothing is to be done.
    Answer(String),
    /// A network.
    CreateNetwork(Box<CreateNetwork>),
    /// The removal of a network with what was left on it.
    DeleteNetwork(Name),
    /// An endpoint.
    CreateEndpoint(Box<CreateEndpoint>),
    /// What dockerd does with the interface of an endpoint.
    Join(Join),
    /// The published ports of an endpoint, in the place of all that it has.
    Publish {
        /// The endpoint.
        endpoint: Name,
        /// The ports.
        ports: Vec<PortRequest>,
    },
    /// No published ports of an endpoint, which may be gone.
    Unpublish(Name),
    /// The removal of the endpoint of this owner, if there is one.
    DeleteEndpoint(Owner),
}

/// Reads a request; none if dockerd asks for something that this driver does not have.
///
/// # Errors
/// If it cannot be read, or has something that is not acted on.
pub fn read(path: &str, body: &[u8]) -> Option<Result<Asked, Refused>> {
    let answer = |answer: serde_json::Value| Some(Ok(Asked::Answer(answer.to_string())));
    let done = Some(Ok(Asked::Answer(DONE.to_owned())));
    let read: fn(Fields) -> Result<Asked, Refused> = match path {
        "/Plugin.Activate" => return answer(json!({ "Implements": ["NetworkDriver"] })),
        "/NetworkDriver.GetCapabilities" => {
            return answer(json!({ "Scope": "local", "ConnectivityScope": "local" }));
        }
        // Docker shows nothing of it: it wants a type that no JSON has.
        "/NetworkDriver.EndpointOperInfo" => return answer(json!({ "Value": {} })),
        // Other hosts of a cluster, which a local network does not have.
        "/NetworkDriver.DiscoverNew" | "/NetworkDriver.DiscoverDelete" => return done,
        "/NetworkDriver.CreateNetwork" => |given| {
            let network = network::read(given)?;
            Ok(Asked::CreateNetwork(Box::new(network)))
        },
        "/NetworkDriver.DeleteNetwork" => {
            |mut given| Ok(Asked::DeleteNetwork(network::name(&mut given)?))
        }
        "/NetworkDriver.CreateEndpoint" => |given| {
            let wanted = CreateEndpoint::read(given)?;
            Ok(Asked::CreateEndpoint(Box::new(wanted)))
        },
        "/NetworkDriver.Join" => |given| Ok(Asked::Join(Join::read(given)?)),
        "/NetworkDriver.ProgramExternalConnectivity" => |mut given| {
            let endpoint = endpoint::name(&mut given)?;
            let ports = ports::read(given.inner("Options")?)?;
            Ok(Asked::Publish { endpoint, ports })
        },
        // From 29.0 on, dockerd does not revoke what it forgot in a restart.
        "/NetworkDriver.RevokeExternalConnectivity" | "/NetworkDriver.Leave" => {
            |mut given| Ok(Asked::Unpublish(endpoint::name(&mut given)?))
        }
        "/NetworkDriver.DeleteEndpoint" => {
            |mut given| Ok(Asked::DeleteEndpoint(endpoint::owner(&mut given)?))
        }
        _ => return None,
    };
    Some(Fields::read("the request", body).and_then(read))
}

/// The answer if a request is not served.
pub fn failed(why: &error_hint::Failure) -> String {
    json!({ "Err": failure::in_one_line(why) }).to_string()
}

/// How many digits of an identifier name an object: as many as Docker shows.
const SHORT: usize = 12;

/// The beginning of an identifier, which is a random number of 64 digits.
fn short<'a>(what: &str, id: &'a str) -> Result<&'a str, Refused> {
    let is_random = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.get(..SHORT).filter(|_| is_random).ok_or_else(|| {
        let message = format!("{what} {id:?} is not one of Docker's identifiers");
        Refused::new(crate::Why::Invalid, message)
    })
}
