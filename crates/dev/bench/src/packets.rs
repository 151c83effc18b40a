//! What a packet costs: connections and bytes through a published port, however many are published.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tidegate_tests::{Netns, Programs, wire};

use crate::Options;
use crate::host::{FIRST_PORT, Measured};
use crate::load::{Server, connections, throughput};
use crate::programs::{program, run as feed};
use crate::render::thousands;
use crate::report::{Row, Section};
use crate::sample::Sample;
use crate::say;

/// Titles of the sections, by which targets find them.
pub(crate) const CONNECTIONS: &str = "connections through a published port";
const THROUGHPUT: &str = "throughput through a published port";
/// Names of the rows.
pub(crate) const OURS: &str = "library or exec: one lookup";
const RULES: &str = "nft, a dnat rule for each port";

/// The port of the host that is measured, and the endpoint's.
const PORTS: (u16, u16) = (8080, 80);
/// The host's address on the wire (tests' `wire`).
const HOST: [u8; 4] = [192, 0, 2, 1];

/// A host through which packets go.
pub(crate) struct Path {
    name: &'static str,
    ports: u32,
    outside: Netns,
    connections: Sample,
    throughput: Sample,
    // What has to live as long as packets are to go through.
    _server: Server,
    _endpoint: Netns,
    _host: Through,
}

/// The host that packets go through.
enum Through {
    Daemon(Box<Measured>),
    Rules(Netns),
}

/// Measures both at each number of ports, with the daemon's ruleset and with a rule for each port,
/// in turns.
///
/// # Errors
/// When a host cannot be set up, or does not let connections through.
pub(crate) fn run(programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    let mut paths = Vec::new();
    for ports in options.ports_for_packets() {
        say(&format!(
            "packets with {} published ports",
            thousands(*ports)
        ));
        paths.push(Path::through_daemon(programs, *ports)?);
        paths.push(Path::through_rules(*ports)?);
    }
    let time = options.load_time();
    for _ in 0..options.load_rounds() {
        for path in &mut paths {
            path.measure(time)?;
        }
    }
    let how = "Client, host and endpoint are namespaces connected by veth pairs. The client sends to an address of \
               the host. The port is in the middle of the published ones. More is better.";
    let short =
        format!("Each connection is opened, receives one byte and closes; two at a time. {how}");
    let long = format!("One TCP connection. {how}");
    let mut sections = [
        Section::new(CONNECTIONS, &short, "1/s").along("published ports"),
        Section::new(THROUGHPUT, &long, "Gbit/s").along("published ports"),
    ];
    for path in &paths {
        for (section, sample) in sections.iter_mut().zip(path.samples()) {
            section.push(Row::new(path.name, sample.summary()).at(path.ports));
        }
    }
    Ok(sections.into())
}

impl Path {
    /// The daemon's ruleset. Drivers make no difference: it is the same table.
    ///
    /// # Errors
    /// When its daemon refuses.
    pub(crate) fn through_daemon(programs: &Programs, ports: u32) -> anyhow::Result<Self> {
        let drivers = programs.drivers();
        let driver = drivers.first().context("the daemon has no driver")?;
        let mut host = Measured::new(programs, driver)?;
        let (outside, endpoint) = (Netns::new(), Netns::new());
        wire(&host.host.netns, &outside);
        host.fill_with_ports((ports - 1) / 2)?;
        host.create_network("served")?;
        let published = format!("{}:{}", PORTS.0, PORTS.1);
        host.attach("served", &endpoint.path(), "server", &[published])?;
        host.fill_with_ports(ports - 1)?;
        let server = Server::start(&endpoint, PORTS.1)?;
        let host = Through::Daemon(Box::new(host));
        Ok(Self::new((OURS, ports), outside, host, (endpoint, server)))
    }

    /// The same ports, each with a rule of its own.
    fn through_rules(ports: u32) -> anyhow::Result<Self> {
        let (host, outside, endpoint) = (Netns::new(), Netns::new(), Netns::new());
        wire(&host, &outside);
        host.sh(&format!(
            "ip link add bench0 type bridge
             ip addr add 10.99.0.1/24 dev bench0
             ip link set bench0 up
             ip link add bench1 type veth peer name eth0 netns {}
             ip link set bench1 master bench0 up
             sysctl --quiet --write net.ipv4.ip_forward=1",
            endpoint.name()
        ));
        endpoint.sh("ip addr add 10.99.0.2/24 dev eth0
                     ip link set eth0 up
                     ip route add default via 10.99.0.1");
        let mut nft = host.command(program("nft")?);
        feed(nft.args(["-f", "-"]), &rules(ports))?;
        let server = Server::start(&endpoint, PORTS.1)?;
        let host = Through::Rules(host);
        Ok(Self::new((RULES, ports), outside, host, (endpoint, server)))
    }

    fn new(
        (name, ports): (&'static str, u32),
        outside: Netns,
        host: Through,
        (endpoint, server): (Netns, Server),
    ) -> Self {
        host.netns().sh(FORGET_SOON);
        Self {
            name,
            ports,
            outside,
            connections: Sample::default(),
            throughput: Sample::default(),
            _server: server,
            _endpoint: endpoint,
            _host: host,
        }
    }

    /// How many ports are published on it.
    pub(crate) fn ports(&self) -> u32 {
        self.ports
    }

    /// Connections a second, and Gbit a second.
    pub(crate) fn samples(&self) -> [&Sample; 2] {
        [&self.connections, &self.throughput]
    }

    /// Puts a load on it, twice for so long.
    ///
    /// # Errors
    /// When nothing comes through.
    pub(crate) fn measure(&mut self, time: Duration) -> anyhow::Result<()> {
        let to = SocketAddr::from((HOST, PORTS.0));
        let what = || format!("{} with {} ports", self.name, self.ports);
        let rate = connections(&self.outside, to, time).with_context(what)?;
        let bits = throughput(&self.outside, to, time).with_context(what)?;
        self.connections.add(rate);
        self.throughput.add(bits);
        Ok(())
    }
}

impl Through {
    fn netns(&self) -> &Netns {
        match self {
            Self::Daemon(host) => &host.host.netns,
            Self::Rules(host) => host,
        }
    }
}

/// Connections that were reset are forgotten after a second, so that one round leaves nothing to
/// the next.
const FORGET_SOON: &str = "sysctl --quiet --write net.netfilter.nf_conntrack_tcp_timeout_close=1";

/// A rule for each port, the one that is measured in the middle.
fn rules(ports: u32) -> String {
    let (host_port, port) = PORTS;
    let others = (ports - 1) / 2;
    let rule = |number: u32| {
        format!(
            "tcp dport {} dnat to 10.99.0.3:{}\n",
            FIRST_PORT + number,
            1 + number % 1_000
        )
    };
    let before: String = (0..others).map(rule).collect();
    let after: String = (others..ports - 1).map(rule).collect();
    format!(
        "table ip bench {{\nchain prerouting {{\ntype nat hook prerouting priority dstnat;\n{before}\
         tcp dport {host_port} dnat to 10.99.0.2:{port}\n{after}}}\n\
         chain postrouting {{\ntype nat hook postrouting priority srcnat;\n\
         ip saddr 10.99.0.0/24 oifname != \"bench0\" masquerade\n}}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_rule_for_each_port_and_the_measured_one_is_in_the_middle() {
        for ports in [1, 2, 1_000] {
            let text = rules(ports);
            let rules: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("tcp"))
                .collect();
            assert_eq!(rules.len(), ports as usize);
            let at = rules.iter().position(|rule| rule.contains("8080"));
            assert_eq!(at, Some((ports as usize - 1) / 2));
        }
    }
}
