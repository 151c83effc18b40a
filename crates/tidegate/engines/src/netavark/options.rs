//! Options of a network: `podman network create -o KEY=VALUE`.

use std::collections::BTreeMap;

use tidegate_api::CreateNetwork;
use tidegate_model::HostPorts;

use crate::Refused;
use crate::fields::Fields;
use crate::options::{KNOWN, Options as Shared, switch, unknown, wrong};

/// Options of a network that concern each of its endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) default_route: bool,
    pub(super) host_ports: HostPorts,
}

impl Options {
    /// Takes the options out of a network's object. Those of the network itself go into `made`.
    pub(super) fn take(given: &mut Fields, made: &mut CreateNetwork) -> Result<Self, Refused> {
        let given: BTreeMap<String, String> = given.take("options")?.unwrap_or_default();
        // podman binds the ports itself, unless enable_port_reservation of its configuration is off.
        let mut options = Self {
            default_route: true,
            host_ports: HostPorts::Engine,
        };
        let mut shared = Shared::of(made);
        for (key, value) in given {
            match key.as_str() {
                "no_default_route" => options.default_route = !switch(&key, &value)?,
                "host-ports" => {
                    let place = format!("the option {key:?}");
                    options.host_ports = value.parse().map_err(Refused::at(&place))?;
                }
                // Networks of Tidegate are always apart from each other.
                "isolate" if matches!(value.as_str(), "true" | "1" | "strict") => {}
                "isolate" => {
                    let hint = "networks are always isolated from each other; connect two with `tidegate network connect`";
                    return Err(wrong(&key, &value, "it is not supported").with_hint(hint));
                }
                given => {
                    let key = match given {
                        "com.docker.network.driver.mtu" => "mtu",
                        key => key,
                    };
                    if !shared.take(given, key, &value)? {
                        let hint =
                            format!("known are isolate, no_default_route, host-ports, {KNOWN}");
                        return Err(unknown(given, &value).with_hint(hint));
                    }
                }
            }
        }
        shared.end()?;
        Ok(options)
    }
}
