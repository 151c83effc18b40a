//! `runtimeConfig`: what a runtime says about one container, in the capabilities that the network's file declares
//! (conventions, "Dynamic Plugin specific fields").

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use tidegate_api::Dns;
use tidegate_model::{HostPorts, Invalid, MacAddr, PortRequest};

use super::args::Args;
use crate::address::address;
use crate::fields::Fields;
use crate::ports::Mapping;
use crate::{Refused, Why};

/// What a runtime says about one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runtime {
    pub(super) ports: Vec<PortRequest>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) mac: Option<MacAddr>,
    pub(super) aliases: Vec<String>,
    /// Whether the aliases are a map, as podman writes them.
    pub(super) is_podman: bool,
    pub(super) dns: Option<Dns>,
    pub(super) ranges: Vec<Range>,
}

/// An entry of `ipRanges`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) subnet: IpNet,
    pub(super) gateway: Option<IpAddr>,
}

impl Runtime {
    /// Takes the key out of a configuration. `network` is the network's name.
    pub(super) fn take(config: &mut Fields, network: &str) -> Result<Self, Refused> {
        let mut given = config.inner("runtimeConfig")?;
        let mut runtime = Self::default();
        for entry in given.list("portMappings")? {
            runtime.ports.extend(port(entry)?);
        }
        for ip in given.take::<Vec<String>>("ips")?.unwrap_or_default() {
            runtime.addresses.push(address("ips", &ip)?);
        }
        if let Some(mac) = given.take::<String>("mac")?.filter(|mac| !mac.is_empty()) {
            let mac = mac.to_ascii_lowercase();
            runtime.mac = Some(mac.parse().map_err(Refused::at("mac"))?);
        }
        match given.take("aliases")? {
            Some(of_networks @ Value::Object(_)) => {
                let mut of_networks = Fields::of("the key \"aliases\"", of_networks)?;
                runtime.aliases = of_networks.take(network)?.unwrap_or_default();
                runtime.is_podman = true;
            }
            Some(Value::Array(names)) => {
                let name = |name: Value| name.as_str().map(str::to_owned);
                runtime.aliases = names.into_iter().filter_map(name).collect();
            }
            Some(other) => {
                let message = format!("cannot parse the key \"aliases\": {other} is no list");
                return Err(Refused::new(Why::Unreadable, message));
            }
            None => {}
        }
        let dns = given.inner("dns")?.in_small_letters();
        runtime.dns = self::dns(dns, ["servers", "searches", "options"])?;
        for set in given
            .take::<Vec<Vec<Value>>>("ipRanges")?
            .unwrap_or_default()
        {
            for entry in set {
                runtime.ranges.push(range(entry)?);
            }
        }
        // Nothing is done with them: they name what a plugin of another kind would work on.
        given.ignore("cgroupPath");
        given.ignore("io.kubernetes.cri.pod-annotations");
        let chained = "leave the capability out of this plugin; the plugin \"bandwidth\" behind it in the list has it";
        given.end().map_err(|refused| refused.with_hint(chained))?;
        Ok(runtime)
    }

    /// Who holds the host's ports. podman and nerdctl bind them themselves, the runtimes of Kubernetes and `ctr` do not.
    pub(super) fn host_ports(&self, args: &Args) -> HostPorts {
        let is_pod = args.pod_namespace.is_some();
        let is_podman = self.is_podman || args.pod.is_some() && !is_pod;
        match args.is_nerdctl || is_podman {
            true => HostPorts::Engine,
            false => HostPorts::Daemon,
        }
    }
}

/// A port that is to be published. An entry without a host port only tells of a port.
fn port(mut entry: Fields) -> Result<Option<PortRequest>, Refused> {
    let host_port: Option<i64> = entry.take("hostport")?;
    let container_port = entry.need("containerport")?;
    let protocol: Option<String> = entry.take("protocol")?;
    let host_ip: Option<String> = entry.take("hostip")?;
    entry.end()?;
    let Some(host_port) = host_port.filter(|port| *port != 0) else {
        return Ok(None);
    };
    let mapping = Mapping {
        host_ip: host_ip.as_deref().unwrap_or_default(),
        host_port,
        container_port,
        count: 1,
        protocol: protocol.as_deref().unwrap_or_default(),
    };
    mapping.request().map(Some)
}

fn range(entry: Value) -> Result<Range, Refused> {
    let mut entry = Fields::of("an entry of \"ipRanges\"", entry)?;
    let subnet = entry.need("subnet")?;
    let gateway = entry.take("gateway")?;
    let hint = "leave it out: endpoints get addresses of the whole subnet";
    entry.end().map_err(|refused| refused.with_hint(hint))?;
    Ok(Range { subnet, gateway })
}

/// DNS settings under three keys, which differ between places; none if nothing is set.
pub(super) fn dns(mut given: Fields, keys: [&str; 3]) -> Result<Option<Dns>, Refused> {
    let [servers, search, options] = keys;
    let servers: Vec<String> = given.take(servers)?.unwrap_or_default();
    let search: Vec<String> = given.take(search)?.unwrap_or_default();
    let options: Vec<String> = given.take(options)?.unwrap_or_default();
    given.end()?;
    let servers = servers.iter().map(|ip| address("dns", ip));
    let dns = Dns {
        servers: servers.collect::<Result<_, _>>()?,
        search: parsed(&search)?,
        options: parsed(&options)?,
    };
    Ok((!dns.is_empty()).then_some(dns))
}

fn parsed<T: std::str::FromStr<Err = Invalid>>(texts: &[String]) -> Result<Vec<T>, Refused> {
    let parse = |text: &String| text.parse().map_err(Refused::at("dns"));
    texts.iter().map(parse).collect()
}
