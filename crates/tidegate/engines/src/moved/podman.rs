//! podman's networks, as netavark's files and `podman network inspect` have them (container-libs,
//! common/libnetwork/types/network.go; options: podman-network-create(1)).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::Access;

use super::Translated;
use super::draft::{Draft, changed, end, is_on, is_ours, optional};
use super::shell::command;
use crate::fields::Fields;
use crate::{Refused, Why};

/// podman's default network (common/libnetwork/types/const.go).
const DEFAULT: &str = "podman";

/// Bridges that podman named: `podman1`, and `cni-podman1` of networks that were once CNI's.
const MADE_UP: [&str; 2] = ["podman", "cni-podman"];

/// The metric of default routes if nothing else is said (netavark, src/network/constants.rs).
const METRIC: &str = "100";

/// What is said again to podman, and is not Tidegate's.
#[derive(Debug, Default)]
struct Again {
    words: Vec<String>,
}

impl Again {
    fn say(&mut self, words: &[&str]) {
        self.words
            .extend(words.iter().map(|word| (*word).to_owned()));
    }
}

/// Reads a network.
pub(super) fn network(mut given: Fields) -> Result<Translated, Refused> {
    let name: String = given.need("name")?;
    if name == DEFAULT {
        return Err(changed(
            "it is podman's default network, which podman always has",
        ));
    }
    match given.need::<String>("driver")?.as_str() {
        "bridge" => {}
        "tidegate" => return Err(is_ours()),
        driver => {
            return Err(changed(format!(
                "its driver is {driver}, and Tidegate's networks are bridges"
            )));
        }
    }
    let mut draft = Draft::new(&name)?;
    let mut again = Again::default();
    let is_internal = is_on(&mut given, "internal")?;
    let has_gateway = subnets(&mut given, &mut draft, &mut again)?;
    match (is_internal, has_gateway) {
        (true, true) => draft.request.policy.access = Access::Internal,
        // The bridge has no address (podman makes it so without names).
        (true, false) => draft.request.policy.access = Access::Isolated,
        (false, true) => {}
        (false, false) => return Err(changed("it has a subnet without a gateway")),
    }
    if is_internal {
        again.say(&["--internal"]);
    }
    if !given.take("dns_enabled")?.unwrap_or(true) {
        again.say(&["--disable-dns"]);
    }
    draft.request.dns.servers = given.take("network_dns_servers")?.unwrap_or_default();
    for server in &draft.request.dns.servers {
        again.say(&["--dns", &server.to_string()]);
    }
    let bridge: Option<String> = given.take("network_interface")?;
    draft.bridge(&bridge.unwrap_or_default(), &MADE_UP)?;
    for route in given.list("routes")? {
        again.say(&["--route", &static_route(route)?]);
    }
    options(&mut given, &mut draft, &mut again)?;
    let ipam: Option<String> = given.inner("ipam_options")?.take("driver")?;
    if let Some(other) = ipam.filter(|ipam| !["", "host-local"].contains(&ipam.as_str())) {
        return Err(changed(format!("its addresses come from {other}")));
    }
    draft.labels(given.take("labels")?.unwrap_or_default());
    for (key, value) in &draft.request.labels {
        again.say(&["--label", &format!("{key}={value}")]);
    }
    for key in ["id", "created", "ipv6_enabled", "containers"] {
        given.ignore(key);
    }
    end(given)?;
    let (request, warnings) = draft.end()?;
    if request.ipv6 && !request.ipv4 {
        again.say(&["--ipv6"]);
    }
    again.say(&[&name]);
    let begin = ["podman", "network", "create", "-d", "tidegate"];
    let words = begin
        .into_iter()
        .chain(again.words.iter().map(String::as_str));
    Ok(Translated {
        request,
        warnings,
        remove: vec![command(["podman", "network", "rm", &name])],
        again: vec![command(words)],
    })
}

/// Takes the subnets, and returns whether each has a gateway.
fn subnets(given: &mut Fields, draft: &mut Draft, again: &mut Again) -> Result<bool, Refused> {
    let mut has_gateway = true;
    let mut subnets = given.list("subnets")?;
    // podman pairs --subnet, --gateway and --ip-range by their order.
    subnets.sort_by_key(|subnet| !subnet.has("lease_range"));
    for mut subnet in subnets {
        let net: IpNet = subnet.need("subnet")?;
        let gateway = optional(&mut subnet, "gateway")?;
        has_gateway &= gateway.is_some();
        let net = draft.subnet(net, gateway);
        again.say(&["--subnet", &net.to_string()]);
        if let Some(gateway) = gateway {
            again.say(&["--gateway", &gateway.to_string()]);
        }
        let mut range = subnet.inner("lease_range")?;
        let bounds: [Option<IpAddr>; 2] = [
            optional(&mut range, "start_ip")?,
            optional(&mut range, "end_ip")?,
        ];
        let [start, last] = bounds;
        draft.range(net, start, last)?;
        if start.is_some() || last.is_some() {
            let start = start.unwrap_or_else(|| net.network());
            let last = last.unwrap_or_else(|| net.broadcast());
            again.say(&["--ip-range", &format!("{start}-{last}")]);
        }
        end(range)?;
        end(subnet)?;
    }
    Ok(has_gateway)
}

/// A static route as podman's command line has it. podman tells the plugin of it with each container.
fn static_route(mut given: Fields) -> Result<String, Refused> {
    let to: IpNet = given.need("destination")?;
    let via: IpAddr = given.need("gateway")?;
    let metric: Option<u32> = given.take("metric")?;
    end(given)?;
    match metric {
        Some(metric) if metric.to_string() != METRIC => Err(changed(format!(
            "the route to {to} has the metric {metric}, and Tidegate's routes have none"
        ))),
        _ => Ok(format!("{to},{via}")),
    }
}

fn options(given: &mut Fields, draft: &mut Draft, again: &mut Again) -> Result<(), Refused> {
    let given: BTreeMap<String, String> = given.take("options")?.unwrap_or_default();
    let mut is_isolated = false;
    for (key, value) in given {
        let wrong = || {
            let message = format!("the option {key:?} has the value {value:?}");
            Refused::new(Why::Invalid, message)
        };
        let address = || value.parse::<IpAddr>().map_err(|_| wrong());
        match key.as_str() {
            "mtu" | "com.docker.network.driver.mtu" => {
                draft.mtu(value.parse().map_err(|_| wrong())?);
                again.say(&["-o", &format!("mtu={value}")]);
            }
            "isolate" => is_isolated = value != "false",
            "no_default_route" if value == "false" => {}
            "no_default_route" => again.say(&["-o", &format!("no_default_route={value}")]),
            "com.docker.network.bridge.name" => draft.bridge(&value, &MADE_UP)?,
            "outbound_addr4" | "outbound_addr6" => draft.request.policy.snat.push(address()?),
            "metric" if value == METRIC => {}
            "mode" if value == "managed" => {}
            "vlan" if value == "0" => {}
            _ => {
                let message =
                    format!("the option {key:?} with the value {value:?} has no counterpart");
                return Err(changed(message));
            }
        }
    }
    let is_open = draft.request.policy.access == Access::Open;
    if is_open && !is_isolated {
        draft.warn(
            "podman's other networks reached it (no option isolate); networks of Tidegate reach each other only if they are \
             connected: `tidegate network connect`",
        );
    }
    Ok(())
}
