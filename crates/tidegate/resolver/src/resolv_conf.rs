//! `resolv.conf` (resolv.conf(5)): reads the host's, and writes an endpoint's.

mod ask_options;
mod server;

use std::fmt::Write;
use std::net::IpAddr;

pub use ask_options::AskOptions;
pub use server::Server;
use tidegate_model::{Access, Dns, Endpoint, HostAccess, Network, RESOLVERS, State};

use crate::own_domain;

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
    /// Search domains and options are those that the endpoint, another one of its namespace or their networks set, or
    /// else the host's. The domain of endpoints' names is the first search domain. If there is no other, a name without
    /// a dot is looked up as it is (`ndots:0`). Names that are not forwarded need none of the host's domains.
    ///
    /// Without the resolver, the file lists the servers that were set, or else the host's, except those that only the
    /// host reaches. If the endpoint reaches none, it lists none: lookups then fail at once.
    pub fn for_endpoint(&self, state: &State, endpoint: &Endpoint) -> String {
        let servers = match state.resolver {
            Some(_) => resolvers(state, endpoint),
            None if has_way_out(state, endpoint) => self.servers_without_ours(state, endpoint),
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
        let search = self.search_of(state, endpoint);
        let options = self.options_of(state, endpoint, search.is_empty());
        for (key, values) in [("search", search), ("options", options)] {
            if !values.is_empty() {
                let _ = writeln!(text, "{key} {}", values.join(" "));
            }
        }
        text
    }

    fn servers_without_ours(&self, state: &State, endpoint: &Endpoint) -> Vec<IpAddr> {
        let mut set = settings(state, endpoint).map(|dns| &dns.servers);
        if let Some(set) = set.find(|servers| !servers.is_empty()) {
            return set.clone();
        }
        let servers = self.servers.iter();
        let servers = servers.filter(|server| !is_of_host_alone(server));
        servers.map(|server| server.ip).collect()
    }

    fn search_of(&self, state: &State, endpoint: &Endpoint) -> Vec<String> {
        let mut set = settings(state, endpoint).map(|dns| &dns.search);
        let mut search: Vec<String> = match set.find(|search| !search.is_empty()) {
            Some(set) => {
                let domains = set.iter().filter(|domain| !domain.is_root());
                domains.map(ToString::to_string).collect()
            }
            None if forwards(state, endpoint) => self.search.clone(),
            None => Vec::new(),
        };
        if !search.is_empty() && state.resolver.is_some() {
            search.insert(0, own_domain::DOMAIN.to_owned());
        }
        search
    }

    fn options_of(&self, state: &State, endpoint: &Endpoint, without_search: bool) -> Vec<String> {
        let mut set = settings(state, endpoint).map(|dns| &dns.options);
        if let Some(set) = set.find(|options| !options.is_empty()) {
            return set.iter().map(ToString::to_string).collect();
        }
        if !without_search || state.resolver.is_none() {
            return self.options.clone();
        }
        let others = self.options.iter().filter(|it| !it.starts_with("ndots:"));
        let own = std::iter::once("ndots:0".to_owned());
        own.chain(others.cloned()).collect()
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
        .filter(|other| other.netns_id() == endpoint.netns_id() && other.name != endpoint.name);
    let all = std::iter::once(endpoint).chain(others);
    all.filter_map(|each| Some((each, state.networks.get(&each.network)?)))
}

/// The settings for a namespace, the most exact first.
fn settings<'a>(state: &'a State, endpoint: &'a Endpoint) -> impl Iterator<Item = &'a Dns> {
    networks(state, endpoint).flat_map(|(endpoint, network)| [&endpoint.dns, &network.dns])
}

/// Whether names that are not those of endpoints are forwarded for a namespace.
fn forwards(state: &State, endpoint: &Endpoint) -> bool {
    networks(state, endpoint).any(|(_, network)| network.policy.forwards_names())
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

/// The gateways of the first network that has any, one for each of the endpoint's main addresses, and those of the first
/// open network. Each answers for all networks of the namespace; only gateways of open networks forward other names.
fn gateways(state: &State, endpoint: &Endpoint) -> Vec<IpAddr> {
    let of_network = |(endpoint, network): (&Endpoint, &Network)| {
        let addresses = endpoint.main_addresses().map(|net| net.addr());
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
