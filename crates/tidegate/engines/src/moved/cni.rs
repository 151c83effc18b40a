//! Networks of CNI, from the files that runtimes read (SPEC.md, "Network configuration format"; keys of the plugins
//! bridge, host-local, portmap, firewall: <https://www.cni.dev/plugins/current/>).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};
use tidegate_api::Dns;
use tidegate_model::{Access, Subnet};

use super::Translated;
use super::draft::{Draft, changed, end, is_on, is_ours, optional};
use super::shell::{command, word};
use crate::fields::Fields;
use crate::{Refused, Why};

/// Versions of the specification that the plugin speaks, but for the first, with which no runtime writes files.
const SPOKEN: [&str; 4] = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// Bridges that runtimes named: the plugin, podman, nerdctl.
const MADE_UP: [&str; 4] = ["cni", "cni-podman", "br-", "nerdctl"];

/// The bridge of a network that names none.
const BRIDGE: &str = "cni0";

/// Plugins whose work Tidegate does itself.
const DONE: [&str; 6] = [
    "portmap",
    "firewall",
    "isolation",
    "dnsname",
    "podman-machine",
    "loopback",
];

/// Plugins that go behind Tidegate in the list.
const KEPT: [&str; 2] = ["tuning", "bandwidth"];

/// Reads a network from the text of a file.
pub(super) fn network(place: &str, mut given: Fields) -> Result<Translated, Refused> {
    let name: String = given.need("name")?;
    let version: Option<String> = given.take("cniVersion")?;
    let mut draft = Draft::new(&name)?;
    let plugins = match given.take::<Vec<Value>>("plugins")? {
        Some(plugins) => {
            list(given, &mut draft)?;
            plugins
        }
        None => vec![given.into_value()],
    };
    let mut bridge = None;
    let mut kept = Vec::new();
    for plugin in plugins {
        let kind = plugin["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "tidegate" => return Err(is_ours()),
            "bridge" if bridge.is_none() => bridge = Some(plugin),
            kind if KEPT.contains(&kind) => kept.push(plugin),
            kind if DONE.contains(&kind) => {}
            kind => {
                let message = format!(
                    "it has the plugin {kind:?}, and Tidegate takes the place of bridge alone"
                );
                return Err(changed(message));
            }
        }
    }
    let Some(bridge) = bridge else {
        return Err(changed("it has no plugin bridge"));
    };
    let interface = of_bridge(Fields::of("the plugin bridge", bridge)?, &mut draft)?;
    let (request, warnings) = draft.end()?;
    let version = version.filter(|version| SPOKEN.contains(&version.as_str()));
    let mut plugins = vec![json!({
        "type": "tidegate",
        "capabilities": { "portMappings": true, "ips": true, "mac": true, "aliases": true, "dns": true },
    })];
    plugins.extend(kept);
    let list = json!({
        "cniVersion": version.as_deref().unwrap_or("0.4.0"),
        "name": name,
        "plugins": plugins,
    });
    let file = match place.rsplit_once('.') {
        Some((stem, "conf" | "conflist" | "json")) => format!("{stem}.conflist"),
        _ => format!("/etc/cni/net.d/{name}.conflist"),
    };
    let old = if place.contains('.') { place } else { &file };
    Ok(Translated {
        request,
        warnings,
        remove: vec![
            command(["mv", old, &format!("{old}.moved")]),
            command(["ip", "link", "delete", &interface]),
        ],
        again: vec![format!(
            "echo {} > {}",
            word(&list.to_string()),
            word(&file)
        )],
    })
}

/// Takes the keys of a list.
fn list(mut given: Fields, draft: &mut Draft) -> Result<(), Refused> {
    let mut args = given.inner("args")?;
    draft.labels(args.take("podman_labels")?.unwrap_or_default());
    args.ignore("podman_options");
    end(args)?;
    // nerdctl's.
    draft.labels(given.take("nerdctlLabels")?.unwrap_or_default());
    for key in [
        "nerdctlID",
        "cniVersions",
        "disableCheck",
        "disableGC",
        "loadOnlyInlinedPlugins",
    ] {
        given.ignore(key);
    }
    end(given)
}

/// Takes the keys of the plugin bridge, and returns the name of its interface.
fn of_bridge(mut given: Fields, draft: &mut Draft) -> Result<String, Refused> {
    let interface: Option<String> = given.take("bridge")?;
    let interface = interface.unwrap_or_else(|| BRIDGE.to_owned());
    draft.bridge(&interface, &MADE_UP)?;
    draft.mtu(given.take("mtu")?.unwrap_or_default());
    let is_default_gateway = is_on(&mut given, "isDefaultGateway")?;
    let is_gateway = is_on(&mut given, "isGateway")? || is_default_gateway;
    let masquerades = is_on(&mut given, "ipMasq")?;
    if is_on(&mut given, "macspoofchk")? {
        draft.request.policy.anti_spoofing = true;
        draft.warn("macspoofchk bound containers to their Ethernet addresses; --anti-spoofing binds them to their IP addresses, too");
    }
    draft.request.policy.icc = !is_on(&mut given, "portIsolation")?;
    dns(given.inner("dns")?, draft)?;
    let routes = addresses(given.inner("ipam")?, draft)?;
    let is_default = |route: &Route| route.to.prefix_len() == 0 && route.via.is_none();
    let families = [true, false].map(|is_ipv4| {
        let is_of = |net: &IpNet| net.addr().is_ipv4() == is_ipv4;
        let has = draft.request.subnets.iter().any(is_of);
        let leads_out =
            is_default_gateway || routes.iter().any(|it| is_of(&it.to) && is_default(it));
        (has, leads_out)
    });
    for route in &routes {
        let [ipv4, ipv6] = families;
        let (_, leads_out) = if route.to.addr().is_ipv4() {
            ipv4
        } else {
            ipv6
        };
        if route.via.is_some() || !leads_out {
            return Err(changed(format!("containers have a route to {}", route.to)));
        }
    }
    let mut leads_out = families
        .iter()
        .filter(|(has, _)| *has)
        .map(|(_, leads_out)| *leads_out);
    let (all, some) = (leads_out.clone().all(|it| it), leads_out.any(|it| it));
    let policy = &mut draft.request.policy;
    match (is_gateway, all, some) {
        (true, true, _) => policy.masquerade = masquerades,
        (true, _, false) => policy.access = Access::Internal,
        (false, _, false) if !masquerades => policy.access = Access::Isolated,
        (true, ..) => {
            return Err(changed(
                "one family has a default route, and the other has not",
            ));
        }
        (false, ..) => {
            let message =
                "the bridge has no address (isGateway), and containers have another router";
            return Err(changed(message));
        }
    }
    // What the kernel or Tidegate does anyway, and what was said above.
    for key in [
        "type",
        "name",
        "cniVersion",
        "capabilities",
        "forceAddress",
        "hairpinMode",
        "ipMasqBackend",
        "promiscMode",
        "enabledad",
        "preserveDefaultVlan",
        "args",
    ] {
        given.ignore(key);
    }
    end(given)?;
    Ok(interface)
}

fn dns(mut given: Fields, draft: &mut Draft) -> Result<(), Refused> {
    let words = |given: &mut Fields, key| -> Result<Vec<Value>, Refused> {
        Ok(given.take(key)?.unwrap_or_default())
    };
    let settings = json!({
        "servers": words(&mut given, "nameservers")?,
        "search": words(&mut given, "search")?,
        "options": words(&mut given, "options")?,
    });
    given.ignore("domain");
    end(given)?;
    let dns: Result<Dns, _> = serde_json::from_value(settings);
    draft.request.dns =
        dns.map_err(|e| Refused::new(Why::Invalid, format!("cannot use the key \"dns\": {e}")))?;
    Ok(())
}

/// A route of containers.
struct Route {
    to: IpNet,
    via: Option<IpAddr>,
}

/// Takes the subnets of the plugin host-local, and returns the routes.
fn addresses(mut given: Fields, draft: &mut Draft) -> Result<Vec<Route>, Refused> {
    let kind: Option<String> = given.take("type")?;
    match kind.as_deref() {
        Some("host-local") => {}
        None | Some("") => return Err(changed("it gives out no addresses (no key ipam)")),
        Some(other) => {
            return Err(changed(format!(
                "its addresses come from the plugin {other}"
            )));
        }
    }
    let mut sets: Vec<Vec<Value>> = given.take("ranges")?.unwrap_or_default();
    // The form of one subnet.
    let keys = ["subnet", "rangeStart", "rangeEnd", "gateway"];
    if given.has("subnet") {
        let mut single = BTreeMap::new();
        for key in keys {
            single.extend(given.take::<Value>(key)?.map(|value| (key, value)));
        }
        sets.insert(0, vec![json!(single)]);
    }
    let mut families = [false, false];
    for set in sets {
        let Ok([range]) = <[Value; 1]>::try_from(set) else {
            return Err(changed("it gives out addresses of several ranges together"));
        };
        let mut range = Fields::of("a range", range)?;
        let net: IpNet = range.need("subnet")?;
        let family = usize::from(net.addr().is_ipv6());
        if std::mem::replace(&mut families[family], true) {
            return Err(changed("containers have several addresses of one family"));
        }
        // As host-local does.
        let gateway = optional(&mut range, "gateway")?;
        let first = || Some(Subnet::new(net.trunc(), None).ok()?.gateway);
        let gateway = gateway.or_else(first);
        let net = draft.subnet(net, gateway);
        let start = optional(&mut range, "rangeStart")?;
        let last = optional(&mut range, "rangeEnd")?;
        draft.range(net, start, last)?;
        end(range)?;
    }
    let routes = given.list("routes")?.into_iter().map(|mut route| {
        let (to, via) = (route.need("dst")?, optional(&mut route, "gw")?);
        end(route)?;
        Ok(Route { to, via })
    });
    let routes = routes.collect::<Result<Vec<Route>, Refused>>()?;
    // The gateway itself as next hop says the same as none.
    let gateways = draft.request.gateways.clone();
    let routes = routes.into_iter().map(|route| Route {
        via: route.via.filter(|via| !gateways.contains(via)),
        ..route
    });
    for key in ["dataDir", "resolvConf"] {
        given.ignore(key);
    }
    end(given)?;
    Ok(routes.collect())
}
