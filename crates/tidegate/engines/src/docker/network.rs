//! Networks of Docker.

use std::collections::BTreeMap;

use ipnet::IpNet;
use tidegate_api::CreateNetwork;
use tidegate_model::{Access, Name};

use super::short;
use crate::address::address;
use crate::fields::Fields;
use crate::options::{KNOWN, Options, switch, unknown, wrong};
use crate::{Refused, Why};

/// The label of a network with the beginning of the interfaces' names in its containers.
pub(super) const INTERFACE_PREFIX: &str = "docker.interface-prefix";

/// The name of the network of a request: Docker passes its own name to no driver.
pub(super) fn name(given: &mut Fields) -> Result<Name, Refused> {
    let id: String = given.need("NetworkID")?;
    let name = format!("docker-{}", short("the network", &id)?);
    name.parse().map_err(Refused::at("the network"))
}

/// Reads a request for a network.
pub(super) fn read(mut given: Fields) -> Result<CreateNetwork, Refused> {
    let mut made = CreateNetwork::new(name(&mut given)?);
    made.ipv4 = pools(&mut given, "IPv4Data", &mut made)?;
    made.ipv6 = pools(&mut given, "IPv6Data", &mut made)?;
    let mut options = given.inner("Options")?;
    let is_internal = options.take("com.docker.network.internal")? == Some(true);
    if is_internal {
        made.policy.access = Access::Internal;
    }
    let given = options.take("com.docker.network.generic")?;
    driver_options(given.unwrap_or_default(), &mut made)?;
    if is_internal != (made.policy.access != Access::Open) {
        // Docker decides by its own flag whether a container needs another way out.
        let message = format!(
            "the option \"access\" with the value \"{}\" contradicts {}",
            made.policy.access,
            match is_internal {
                true => "--internal",
                false => "a network without --internal",
            }
        );
        return Err(Refused::new(Why::Invalid, message).with_hint("use --internal for both others"));
    }
    Ok(made)
}

/// Takes the subnets of a family. Returns whether the network has the family.
fn pools(given: &mut Fields, key: &str, made: &mut CreateNetwork) -> Result<bool, Refused> {
    let pools = given.list(key)?;
    let has_family = !pools.is_empty();
    for mut pool in pools {
        let net: IpNet = pool.need("pool")?;
        if net.prefix_len() == 0 {
            // With the IPAM driver `null`, Docker gives out no addresses: Tidegate does, from its own pools.
            continue;
        }
        made.subnets.push(net);
        let gateway: Option<String> = pool.take("gateway")?;
        if let Some(gateway) = gateway.filter(|text| !text.is_empty()) {
            made.gateways.push(address("the gateway", &gateway)?);
        }
        let auxiliary: Option<BTreeMap<String, String>> = pool.take("auxaddresses")?;
        for (purpose, text) in auxiliary.unwrap_or_default() {
            let ip = address("an auxiliary address", &text)?;
            let parse = |purpose: &str| purpose.parse().map_err(Refused::at("auxiliary address"));
            let mut key: Name = parse(&purpose)?;
            if made.reserved.contains_key(&key) {
                // Docker has a list for each family.
                key = parse(&format!("{purpose}-ipv6"))?;
            }
            made.reserved.insert(key, ip);
        }
    }
    Ok(has_family)
}

/// Takes what a user has given with `-o`.
fn driver_options(
    given: BTreeMap<String, String>,
    made: &mut CreateNetwork,
) -> Result<(), Refused> {
    let mut isolated = Vec::new();
    let mut bridge = None;
    let mut prefix = None;
    let mut options = Options::of(made);
    for (given, value) in given {
        let (key, value) = match given.strip_prefix("com.docker.network.") {
            None => (given.as_str(), value),
            Some("bridge.name") => {
                bridge = Some(value.parse().map_err(Refused::at("the bridge"))?);
                continue;
            }
            Some("container_iface_prefix") => {
                prefix = Some(value);
                continue;
            }
            Some("bridge.gateway_mode_ipv4" | "bridge.gateway_mode_ipv6")
                if value == "isolated" =>
            {
                isolated.push(given);
                continue;
            }
            // What is always so with Tidegate.
            Some("bridge.default_bridge" | "bridge.inhibit_ipv4") if !switch(&given, &value)? => {
                continue;
            }
            Some("bridge.enable_icc") => ("icc", value),
            Some("bridge.enable_ip_masquerade") => ("masquerade", value),
            Some("bridge.gateway_mode_ipv4") => ("mode4", value),
            Some("bridge.gateway_mode_ipv6") => ("mode6", value),
            Some("bridge.host_binding_ipv4") => ("host-ips", value),
            Some("bridge.trusted_host_interfaces") => {
                ("trusted-interfaces", value.replace(':', ","))
            }
            Some("host_ipv4" | "host_ipv6") => ("snat", value),
            Some("driver.mtu") => ("mtu", value),
            Some(_) => return Err(unsupported(&given, &value)),
        };
        if !options.take(&given, key, &value)? {
            return Err(unsupported(&given, &value));
        }
    }
    options.end()?;
    made.bridge = bridge;
    if let Some(prefix) = prefix {
        let key = INTERFACE_PREFIX.parse().map_err(Refused::at("label"))?;
        made.labels.insert(key, prefix);
    }
    isolate(&isolated, made)
}

/// A network that is isolated in one family is so in both.
fn isolate(given: &[String], made: &mut CreateNetwork) -> Result<(), Refused> {
    let Some(first) = given.first() else {
        return Ok(());
    };
    if given.len() < usize::from(made.ipv4) + usize::from(made.ipv6) {
        let reason = "the other family of the network is not isolated";
        let hint = "give gateway_mode_ipv4 and gateway_mode_ipv6 alike";
        return Err(wrong(first, "isolated", reason).with_hint(hint));
    }
    made.policy.access = Access::Isolated;
    Ok(())
}

fn unsupported(key: &str, value: &str) -> Refused {
    let hint = format!(
        "known are com.docker.network.bridge.name, .enable_icc, .enable_ip_masquerade, .gateway_mode_ipv4, \
         .gateway_mode_ipv6, .host_binding_ipv4 and .trusted_host_interfaces, com.docker.network.host_ipv4, .host_ipv6, \
         .container_iface_prefix and .driver.mtu, and of Tidegate itself {KNOWN}"
    );
    unknown(key, value).with_hint(hint)
}
