//! netavark's plugins, API 1.0.0 (<https://github.com/containers/netavark/blob/main/plugin-API.md>): podman's networks.
//!
//! podman never says that a network is gone. So a network is made with its first endpoint and goes with its last one.

mod network;
mod options;
mod setup;

use serde_json::json;
use tidegate_api::Owner;

use crate::fields::Fields;
use crate::{Refused, failure};

pub use network::Create;
pub use setup::Setup;

/// The engine in the owners of endpoints.
pub const ENGINE: &str = "netavark";

/// The version of the interface between netavark and its plugins.
pub const API_VERSION: &str = "1.0.0";

/// The answer to `info`, with the version of the plugin.
pub fn info(version: &str) -> String {
    json!({ "version": version, "api_version": API_VERSION }).to_string()
}

/// What is printed if a request is not served. Nothing else is printed then.
pub fn failed(why: &error_hint::Failure) -> String {
    json!({ "error": failure::in_one_line(why) }).to_string()
}

/// Reads a request of `teardown`: the owner of the endpoint that is to go.
///
/// # Errors
/// If it cannot be read. What it says about the network does not matter.
pub fn teardown(text: &[u8]) -> Result<Owner, Refused> {
    let mut given = Fields::read("the request", text)?;
    let container: String = given.need("container_id")?;
    let id: String = given.inner("network")?.need("id")?;
    owner(&container, &id)
}

/// What an endpoint is made for: a container on a network.
fn owner(container: &str, network: &str) -> Result<Owner, Refused> {
    let id = format!("{container}/{network}");
    Ok(Owner {
        engine: ENGINE.parse().map_err(Refused::at("engine"))?,
        id: id.parse().map_err(Refused::at("the container's id"))?,
    })
}
