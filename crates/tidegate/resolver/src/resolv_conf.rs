//! `resolv.conf` (resolv.conf(5)): reads the host's, and writes an endpoint's.

use std::fmt::Write;
use std::net::IpAddr;

use tidegate_model::{Access, Endpoint, HostAccess, Network, State};

/// The most servers that the C library uses (`MAXNS`).
const SERVERS: usize = 3;

/// The host's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConf {
    /// Servers, in order. Those with a scope (`fe80::1%eth0`) are left out.
    pub servers: Vec<IpAddr>,
    /// Search domains for relative names.
    pub search: Vec<String>,
    /// Options.
    pub options: Vec<String>,
}

impl HostConf {
    /// Parses a file. Unknown parts are ignored, as by the C library.
    pub fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let key = words.next().unwrap_or_default();
            let words = words.map(str::to_owned);
            match key {
                "nameserver" => {
                    let server = words.take(1).filter_map(|word| word.parse::<IpAddr>().ok());
                    conf.servers.extend(server);
                }
                "domain" | "search" => conf.search = words.collect(),
                "options" => conf.options.extend(words),
                _ => {}
            }
        }
        conf
    }

    /// The file for an endpoint's namespace.
    ///
    /// A name without a dot is first looked up as it is (`ndots:0`), before the search domains. Without the resolver,
    /// the file lists the host's servers, except those that only the host reaches. If the endpoint reaches none, it
    /// lists none: lookups then fail at once.
    pub fn for_endpoint(&self, state: &State, endpoint: &Endpoint) -> String {
        let servers = match state.resolver {
            Some(_) => gateways(state, endpoint),
            None if has_way_out(state, endpoint) => {
                let servers = self.servers.iter().copied();
                servers.filter(|ip| !ip.is_loopback()).collect()
            }
            None => Vec::new(),
        };
        let mut text = format!("# For endpoint {}, by tidegate.\n", endpoint.name);
        for server in servers.iter().take(SERVERS) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "nameserver {server}");
        }
        if servers.is_empty() {
            text.push_str("# No server can be reached from it.\n");
        }
        if !self.search.is_empty() {
            let _ = writeln!(text, "search {}", self.search.join(" "));
        }
        let own = state.resolver.map(|_| "ndots:0");
        let given = self.options.iter().map(String::as_str);
        let given = given.filter(|option| own.is_none() || !option.starts_with("ndots:"));
        let options: Vec<&str> = own.into_iter().chain(given).collect();
        if !options.is_empty() {
            let _ = writeln!(text, "options {}", options.join(" "));
        }
        text
    }
}

/// The networks that an endpoint's namespace is on, the endpoint's own first.
fn networks<'a>(
    state: &'a State,
    endpoint: &'a Endpoint,
) -> impl Iterator<Item = (&'a Endpoint, &'a Network)> {
    let others = state
        .endpoints
        .values()
        .filter(|other| other.netns.id == endpoint.netns.id && other.name != endpoint.name);
    let all = std::iter::once(endpoint).chain(others);
    all.filter_map(|each| Some((each, state.networks.get(&each.network)?)))
}

/// The gateways of the first network that has any, one for each of the endpoint's addresses, and those of the first
/// open network. Each answers for all networks of the namespace; only gateways of open networks forward other names.
fn gateways(state: &State, endpoint: &Endpoint) -> Vec<IpAddr> {
    let of_network = |(endpoint, network): (&Endpoint, &Network)| {
        let addresses = endpoint.addresses.iter().map(|net| net.addr());
        let subnets = addresses.filter_map(|ip| network.subnet_of(ip));
        let gateways: Vec<IpAddr> = subnets.map(|subnet| subnet.gateway).collect();
        let may_ask = network.policy.host_access() != HostAccess::None;
        (may_ask && !gateways.is_empty()).then_some(gateways)
    };
    let is_open = |(_, network): &(&Endpoint, &Network)| network.policy.access == Access::Open;
    networks(state, endpoint)
        .filter(is_open)
        .find_map(of_network)
        .or_else(|| networks(state, endpoint).find_map(of_network))
        .unwrap_or_default()
}

fn has_way_out(state: &State, endpoint: &Endpoint) -> bool {
    networks(state, endpoint).any(|(_, network)| network.policy.access == Access::Open)
}
