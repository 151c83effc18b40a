//! `resolv.conf` (resolv.conf(5)): the host's, as it is read, and an endpoint's, as it is written.

use std::fmt::Write;
use std::net::IpAddr;

use tidegate_model::{Access, Endpoint, HostAccess, Network, State};

/// How many servers the C library asks at most (`MAXNS`).
const SERVERS: usize = 3;

/// The host's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConf {
    /// Servers, in order. Those with a scope (`fe80::1%eth0`) are left out.
    pub servers: Vec<IpAddr>,
    /// Domains in which names are looked for that are not whole.
    pub search: Vec<String>,
    /// Options.
    pub options: Vec<String>,
}

impl HostConf {
    /// Reads a file. What is not understood is passed over, as the C library does.
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
    /// A name without a dot is one of an endpoint first (`ndots:0`), and is not put into each search
    /// domain before. Where there is no resolver, the host's servers are named but for those that
    /// only the host reaches; where there is no way to any, none is: a name is then not found at once.
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

/// The gateways of the first network that has any, one for each of the endpoint's addresses, and of the first one with a way
/// out if there is such a one. Each of them answers for every network that the namespace is on, and only those with a way
/// out forward other names.
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
