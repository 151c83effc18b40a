//! Docker's networks, as `docker network inspect` prints them (Docker Engine API, `Network`; options of the bridge driver:
//! moby, daemon/libnetwork/drivers/bridge/bridgelabels).

use std::collections::BTreeMap;
use std::net::IpAddr;

use tidegate_model::{Access, IfName, Mode};

use super::Translated;
use super::draft::{Draft, changed, end, is_on, is_ours, optional};
use super::shell::command;
use crate::address::address;
use crate::fields::Fields;
use crate::{Refused, Why};

/// Docker's own networks.
const OWN: [&str; 3] = ["bridge", "host", "none"];

/// Bridges that Docker named after the network's id.
const MADE_UP: [&str; 1] = ["br-"];

/// Reads a network.
pub(super) fn network(mut given: Fields) -> Result<Translated, Refused> {
    let name: String = given.need("Name")?;
    if OWN.contains(&name.as_str()) {
        return Err(changed(
            "it is Docker's own network, which Docker always has",
        ));
    }
    match given.need::<String>("Driver")?.as_str() {
        "bridge" => {}
        "tidegate" => return Err(is_ours()),
        driver => {
            return Err(changed(format!(
                "its driver is {driver}, and Tidegate's networks are bridges"
            )));
        }
    }
    let scope: Option<String> = given.take("Scope")?;
    if let Some(scope) = scope.filter(|scope| scope != "local") {
        return Err(changed(format!(
            "its scope is {scope}, and Tidegate's networks are of one host"
        )));
    }
    let mut draft = Draft::new(&name)?;
    let families = [
        given.take("EnableIPv4")?.unwrap_or(true),
        is_on(&mut given, "EnableIPv6")?,
    ];
    if is_on(&mut given, "Internal")? {
        draft.request.policy.access = Access::Internal;
    }
    addresses(given.inner("IPAM")?, families, &mut draft)?;
    let has = |is_ipv4| {
        draft
            .request
            .subnets
            .iter()
            .any(|net| net.addr().is_ipv4() == is_ipv4)
    };
    if families[1] && !has(false) {
        return Err(changed("it has IPv6, and no IPv6 subnet"));
    }
    options(given.take("Options")?.unwrap_or_default(), &mut draft)?;
    draft.labels(given.take("Labels")?.unwrap_or_default());
    // Facts about containers, and what Docker alone acts on.
    for key in [
        "Id",
        "Created",
        "Attachable",
        "ConfigFrom",
        "Containers",
        "Peers",
        "Services",
        "Status",
    ] {
        given.ignore(key);
    }
    end(given)?;
    let (request, warnings) = draft.end()?;
    Ok(Translated {
        request,
        warnings,
        remove: vec![command(["docker", "network", "rm", &name])],
        again: Vec::new(),
    })
}

/// Takes the subnets of the families that are on.
fn addresses(mut ipam: Fields, families: [bool; 2], draft: &mut Draft) -> Result<(), Refused> {
    let driver: Option<String> = ipam.take("Driver")?;
    if let Some(driver) = driver.filter(|driver| !["", "default"].contains(&driver.as_str())) {
        return Err(changed(format!(
            "its addresses come from the driver {driver}"
        )));
    }
    // The keys of a list's objects are in small letters.
    for mut config in ipam.list("Config")? {
        let net: ipnet::IpNet = config.need("subnet")?;
        let gateway = optional(&mut config, "gateway")?;
        let range: Option<String> = config.take("iprange")?;
        let auxiliary: [Option<BTreeMap<String, IpAddr>>; 2] = [
            config.take("auxiliaryaddresses")?,
            config.take("auxaddress")?,
        ];
        end(config)?;
        let [ipv4, ipv6] = families;
        if !(if net.addr().is_ipv4() { ipv4 } else { ipv6 }) {
            continue;
        }
        let net = draft.subnet(net, gateway);
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            let range: ipnet::IpNet = range.parse().map_err(|_| {
                Refused::new(Why::Invalid, format!("the range {range:?} is no prefix"))
            })?;
            if gateway.is_none() {
                // Docker takes an address of the range, and does not tell it.
                return Err(changed(
                    "it has a range of addresses, and its gateway is not told",
                ));
            }
            draft.range(net, Some(range.network()), Some(range.broadcast()))?;
        }
        for (purpose, address) in auxiliary.into_iter().flatten().flatten() {
            if purpose.starts_with("DefaultGatewayIPv") {
                return Err(changed(format!(
                    "containers have another router, {address} ({purpose})"
                )));
            }
            let purpose = purpose
                .parse()
                .map_err(Refused::at("the auxiliary address"))?;
            draft.request.reserved.insert(purpose, address);
        }
    }
    end(ipam)
}

fn options(given: BTreeMap<String, String>, draft: &mut Draft) -> Result<(), Refused> {
    let mut modes = [None, None];
    for (key, value) in given {
        let wrong = || {
            Refused::new(
                Why::Invalid,
                format!("the option {key:?} has the value {value:?}"),
            )
        };
        let switch = || match value.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(wrong()),
        };
        let host_address = || Ok(Some(address(&key, &value)?).filter(|ip| !ip.is_unspecified()));
        let known = key.strip_prefix("com.docker.network.").unwrap_or_default();
        let request = &mut draft.request;
        match known {
            "bridge.name" => draft.bridge(&value, &MADE_UP)?,
            "driver.mtu" => draft.mtu(value.parse().map_err(|_| wrong())?),
            "bridge.enable_icc" => request.policy.icc = switch()?,
            "bridge.enable_ip_masquerade" => request.policy.masquerade = switch()?,
            "bridge.host_binding_ipv4" | "bridge.host_binding_ipv6" => {
                request.host_ips.extend(host_address()?);
            }
            "host_ipv4" | "host_ipv6" => request.policy.snat.extend(host_address()?),
            "bridge.gateway_mode_ipv4" => modes[0] = Some(value),
            "bridge.gateway_mode_ipv6" => modes[1] = Some(value),
            "bridge.trusted_host_interfaces" => {
                let names = value.split(':').filter(|name| !name.is_empty());
                let names = names.map(str::parse::<IfName>);
                let names = names.collect::<Result<Vec<IfName>, _>>();
                request.policy.trusted_interfaces = names.map_err(Refused::at(&key))?;
            }
            // EnableIPv4 and EnableIPv6 say the same.
            "enable_ipv4" | "enable_ipv6" => {}
            "bridge.inhibit_ipv4" if !switch()? => {}
            "bridge.default_bridge" if !switch()? => {}
            "container_iface_prefix" => {
                draft.warn(format!(
                    "interfaces of containers are named eth0, eth1 … and not {value}0 …"
                ));
            }
            _ => {
                let message =
                    format!("the option {key:?} with the value {value:?} has no counterpart");
                return Err(changed(message));
            }
        }
    }
    gateway_modes(modes, draft)
}

/// Takes the gateway modes of IPv4 and IPv6.
fn gateway_modes(modes: [Option<String>; 2], draft: &mut Draft) -> Result<(), Refused> {
    let request = &mut draft.request;
    let has = |is_ipv4| {
        request
            .subnets
            .iter()
            .any(|net| net.addr().is_ipv4() == is_ipv4)
    };
    let families = [has(true), has(false)];
    let of_families = modes.iter().zip(families).filter(|(_, has)| *has);
    let isolated = of_families
        .clone()
        .filter(|(mode, _)| mode.as_deref() == Some("isolated"));
    match isolated.count() {
        0 => {}
        // Docker takes the mode of internal networks alone: the host has no address on them.
        isolated
            if isolated == of_families.count() && request.policy.access == Access::Internal =>
        {
            request.policy.access = Access::Isolated;
            return Ok(());
        }
        _ => {
            return Err(changed(
                "one family has the gateway mode isolated, and the other has not",
            ));
        }
    }
    let [mode4, mode6] = modes.map(|mode| match mode.as_deref() {
        None | Some("" | "nat") => Ok(Mode::Nat),
        Some("routed") => Ok(Mode::Routed),
        Some("nat-unprotected") => Ok(Mode::NatUnprotected),
        Some(other) => Err(changed(format!(
            "the gateway mode {other:?} has no counterpart"
        ))),
    });
    let [has4, has6] = families;
    if has4 {
        request.policy.mode4 = mode4?;
    }
    if has6 {
        request.policy.mode6 = mode6?;
    }
    Ok(())
}
