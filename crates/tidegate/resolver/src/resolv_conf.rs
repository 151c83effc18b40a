//! `resolv.conf` (resolv.conf(5)): reads the host's, and writes an endpoint's.

mod ask_options;
mod server;

use std::fmt::Write;
use std::net::IpAddr;

pub use ask_options::AskOptions;
pub use server::Server;
use tidegate_model::{Access, Endpoint, HostAccess, Network, RESOLVERS, State};

/// The most servers that the C library uses (`MAXNS`).
const SERVERS: usize = 3;

/// The host's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConf {
    /// The named servers that are asked, in order: at most 3.
    pub servers: Vec<Server>,
    /// Search domains for relative names.
    pub search: Vec<String>,
    /// Options.
    pub options: Vec<String>,
}

impl HostConf {
    /// Parses a file as the C library does: a line begins with its keyword, a comment may follow an address, and
    /// unknown parts are ignored.
    pub fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        for line in text.lines() {
            let (key, rest) = line.split_once([' ', '\t']).unwrap_or_default();
            let words = rest.split_whitespace().map(str::to_owned);
            match key {
                "nameserver" => {
                    let mut parts = rest.trim_start().split([' ', '\t', ';', '#']);
                    let server = parts
                        .next()
                        .and_then(|address| address.trim_end().parse().ok());
                    conf.servers.extend(server);
                }
                "domain" | "search" => conf.search = words.collect(),
                "options" => conf.options.extend(words),
                _ => {}
            }
        }
        conf.servers.truncate(SERVERS);
        conf
    }

    /// The servers to ask: if none is named, that of the host itself.
    pub fn servers_to_ask(&self) -> Vec<Server> {
        match self.servers.as_slice() {
            [] => vec![Server::local()],
            servers => servers.to_vec(),
        }
    }

    /// How the servers are asked.
    pub fn ask_options(&self) -> AskOptions {
        AskOptions::of(self.options.iter().map(String::as_str))
    }

    /// The file for an endpoint's namespace.
    ///
    /// A name without a dot is first looked up as it is (`ndots:0`), before the search domains. Without the resolver,
    /// the file lists the host's servers, except those that only the host reaches. If the endpoint reaches none, it
    /// lists none: lookups then fail at once.
    pub fn for_endpoint(&self, state: &State, endpoint: &Endpoint) -> String {
        let servers = match state.resolver {
            Some(_) => resolvers(state, endpoint),
            None if has_way_out(state, endpoint) => {
                let servers = self
                    .servers
                    .iter()
                    .filter(|server| !is_of_host_alone(server));
                servers.map(|server| server.ip).collect()
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

/// Whether an address leads from the host alone to the server that is meant. The unspecified address leads to the host
/// itself.
fn is_of_host_alone(server: &Server) -> bool {
    let is_local = server.ip.is_loopback() || server.ip.is_unspecified();
    is_local || server.scope.is_some() || server.lacks_scope()
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

/// The addresses of the DNS server to which the namespace has routes: they do not depend on its networks. A
/// namespace that an older release attached has none, and asks the gateways.
fn resolvers(state: &State, endpoint: &Endpoint) -> Vec<IpAddr> {
    let has_route = |ip: &IpAddr| {
        networks(state, endpoint).any(|(endpoint, _)| endpoint.resolvers.contains(ip))
    };
    let fixed: Vec<IpAddr> = RESOLVERS.into_iter().filter(has_route).collect();
    match fixed.is_empty() {
        true => gateways(state, endpoint),
        false => fixed,
    }
}

/// The gateways of the first network that has any, one for each of the endpoint's addresses, and those of the first
/// open network. Each answers for all networks of the namespace; only gateways of open networks forward other names.
fn gateways(state: &State, endpoint: &Endpoint) -> Vec<IpAddr> {
    let of_network = |(endpoint, network): (&Endpoint, &Network)| {
        let addresses = endpoint.addresses.iter().map(|net| net.addr());
        let subnets = addresses.filter_map(|ip| network.subnet_of(ip));
        let has = |gateway: &IpAddr| network.gateways().any(|own| own == *gateway);
        let gateways = subnets.map(|subnet| subnet.gateway).filter(has);
        let gateways: Vec<IpAddr> = gateways.collect();
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
