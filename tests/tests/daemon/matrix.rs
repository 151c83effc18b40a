//! The data path: who reaches an endpoint, by the kind of its network, and what becomes of packets that are not what they
//! say. What is expected is the table in `matrix.txt`; every cell of it is tried.

mod forged;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use serde_json::Value;
use tidegate_tests::forge::mac_of;
use tidegate_tests::traffic::{
    Reply, Server, ask_sctp, ask_tcp, ask_udp, is_closed_sctp, is_closed_tcp, is_closed_udp,
};
use tidegate_tests::{Attached, Host, Lab, Netns, Output, require_root_kernel, sctp};

use crate::drivers;

const TABLE: &str = include_str!("matrix.txt");
/// The columns from the fifth.
const SOURCES: [&str; 9] = [
    "outside",
    "wire",
    "bridge",
    "loopback",
    "host",
    "same",
    "other",
    "connected",
    "itself",
];

/// The endpoint's ports at which it answers.
const SERVED: [u16; 4] = [80, 443, 82, 83];
/// The lists of the ports `listed` and `unlisted`.
const LISTED: [&str; 2] = ["192.0.2.2", "2001:db8::2"];
const NOBODY: [&str; 2] = ["203.0.113.0/24", "2001:db8:1::/48"];

/// One line of the table.
struct Line<'a> {
    network: &'a str,
    icc: &'a str,
    is_ipv4: bool,
    /// A port in the first block, who sends to whom in the second.
    row: &'a str,
    cells: Vec<&'a str>,
}

fn lines(block: &'static str, columns: &[&str]) -> Vec<Line<'static>> {
    let lines = block.lines().filter(|line| !line.starts_with('#'));
    let parse = |line: &'static str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [network, icc, family, row, cells @ ..] = &words[..] else {
            panic!("a line cut short: {line}")
        };
        assert_eq!(cells.len(), columns.len(), "{line}");
        Line {
            network,
            icc,
            is_ipv4: *family == "ipv4",
            row,
            cells: cells.to_vec(),
        }
    };
    lines.map(parse).collect()
}

/// What every cell is tried with: SCTP too where the kernel has it.
fn protocols() -> impl Iterator<Item = &'static str> {
    static TOLD: Once = Once::new();
    let has_sctp = sctp::is_there();
    if !has_sctp {
        // Not `eprintln!`: libtest captures that. And not a test that was skipped: no test is left out.
        TOLD.call_once(|| {
            let what = "the cells of SCTP are not tried: this kernel has no SCTP";
            let _ = writeln!(std::io::stderr(), "note: {what}");
        });
    }
    ["tcp", "udp"].into_iter().chain(has_sctp.then_some("sctp"))
}

type Ask = fn(&Netns, SocketAddr) -> std::io::Result<Reply>;
type IsClosed = fn(&Netns, SocketAddr) -> bool;

/// How a port is asked that is expected to answer, and how one that is not.
fn how_to_try(protocol: &str) -> (Ask, IsClosed) {
    match protocol {
        "tcp" => (ask_tcp, is_closed_tcp),
        "udp" => (ask_udp, is_closed_udp),
        _ => (ask_sctp, is_closed_sctp),
    }
}

/// A network of the kind, its endpoint `front`, and those that try to reach it.
struct Stage {
    lab: Lab,
    front: Attached,
    intruder: Attached,
    same: Attached,
    other: Attached,
    connected: Attached,
    /// The network of the kind, as the daemon tells it.
    network: Value,
    /// The Ethernet addresses of the machine outside and of the host, on their wire.
    wire: [[u8; 6]; 2],
    is_routed: bool,
    _servers: Vec<Server>,
}

/// Sends what a namespace has for the host's loopback addresses over the wire, as a neighbour can that means ill.
fn send_loopback(from: &Netns, gateway4: &str, gateway6: &str) {
    from.sh(&format!(
        "ip addr del 127.0.0.1/8 dev lo
         ip addr del ::1/128 dev lo
         for dev in /proc/sys/net/ipv4/conf/*; do echo 1 > $dev/route_localnet; done
         ip route add 127.0.0.1 via {gateway4}
         ip -6 route add ::1 via {gateway6}"
    ));
}

fn stage(lab: Lab, network: &str, icc: &str) -> Stage {
    let host = &lab.host;
    let kind = match network {
        "internal" => vec!["--internal"],
        "isolated" => vec!["--isolated"],
        mode => vec!["--mode", mode],
    };
    let no_icc: &[&str] = if icc == "off" { &["--no-icc"] } else { &[] };
    host.ok(&[&["network", "create", "web"], &kind[..], no_icc].concat());
    host.ok(&["network", "create", "db"]);
    host.ok(&["network", "create", "lan"]);
    if !matches!(network, "internal" | "isolated") {
        host.ok(&["network", "connect", "web", "lan"]);
    }
    let ports: &[&str] = match network {
        "isolated" => &[],
        "routed" => &["8080:80"],
        _ => &["8080:80", "127.0.0.1:8081:80"],
    };
    let mut published: Vec<String> = ports
        .iter()
        .flat_map(|port| protocols().map(move |protocol| format!("{port}/{protocol}")))
        .collect();
    if ports.len() > 1 {
        // SCTP is not relayed from there.
        published.extend(["[::1]:8081:80/tcp", "[::1]:8081:80/udp"].map(String::from));
    }
    let published: Vec<&str> = published.iter().map(String::as_str).collect();
    let front = lab.attach("web", "front", &published);
    if network != "isolated" {
        for (port, sources) in [("8090:82", LISTED), ("8091:83", NOBODY)] {
            let ports: Vec<String> = protocols().map(|p| format!("{port}/{p}")).collect();
            let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
            let allow = sources.map(|source| ["--allow", source]);
            host.ok(&[&["publish", "front"], &ports[..], allow.as_flattened()].concat());
        }
    }
    let server = |port| Server::start(&front.netns, "front", port);
    let mut servers: Vec<Server> = SERVED.map(server).into();
    if protocols().any(|protocol| protocol == "sctp") {
        let at = SERVED.map(|port| [front.v4(port), front.v6(port)]);
        servers.push(Server::start_sctp(&front.netns, "front", at.as_flattened()));
    }
    send_loopback(&lab.outside, "192.0.2.1", "2001:db8::1");
    let intruder = lab.attach("db", "intruder", &[]);
    send_loopback(&intruder.netns, "10.208.1.1", "fd74:6964:6567:1::1");
    Stage {
        intruder,
        same: lab.attach("web", "same", &[]),
        other: lab.attach("db", "other", &[]),
        connected: lab.attach("lan", "connected", &[]),
        network: lab.host.json(&["network", "inspect", "web"]),
        wire: [&lab.outside, &lab.host.netns].map(|netns| mac_of(netns, "wan")),
        is_routed: network == "routed",
        front,
        lab,
        _servers: servers,
    }
}

impl Stage {
    fn source(&self, name: &str) -> &Netns {
        match name {
            "outside" | "wire" => &self.lab.outside,
            "bridge" => &self.intruder.netns,
            "loopback" | "host" => &self.lab.host.netns,
            "same" => &self.same.netns,
            "other" => &self.other.netns,
            "connected" => &self.connected.netns,
            "itself" => &self.front.netns,
            other => panic!("no such source: {other}"),
        }
    }

    /// Where a source finds a port.
    fn target(&self, line: &Line<'_>, port: &str, source: &str) -> SocketAddr {
        let (own, loopback, host): (_, IpAddr, &str) = match line.is_ipv4 {
            true => (self.front.v4(0), Ipv4Addr::LOCALHOST.into(), "192.0.2.1"),
            false => (self.front.v6(0), Ipv6Addr::LOCALHOST.into(), "2001:db8::1"),
        };
        let is_published = matches!(port, "published" | "listed" | "unlisted");
        let is_own = port == "unpublished" || is_published && self.is_routed;
        let ip = match source {
            "loopback" | "wire" | "bridge" => loopback,
            _ if is_own => own.ip(),
            _ => host.parse().unwrap(),
        };
        let is_opened = self.is_routed && !matches!(source, "loopback" | "wire" | "bridge");
        let port = match port {
            "published" if is_opened => 80,
            "published" => 8080,
            "listed" if is_opened => 82,
            "listed" => 8090,
            "unlisted" if is_opened => 83,
            "unlisted" => 8091,
            "loopback" => 8081,
            _ => 443,
        };
        SocketAddr::new(ip, port)
    }

    /// What is not as the cell says.
    fn try_cell(&self, line: &Line<'_>, source: &str, expected: &str) -> Vec<String> {
        let (from, to) = (self.source(source), self.target(line, line.row, source));
        let mut wrong = Vec::new();
        let is_relayed = source == "loopback" && !line.is_ipv4;
        for protocol in protocols().filter(|protocol| !(is_relayed && *protocol == "sctp")) {
            wrong.extend(self.explain_cell(line, source, protocol, expected));
            let (ask, is_closed) = how_to_try(protocol);
            let seen = match expected {
                "yes" => with_neighbours(|| ask(from, to)).map(|reply| reply.server),
                "no" if is_closed(from, to) => continue,
                _ => Ok("an answer".into()),
            };
            if !matches!((expected, &seen), ("yes", Ok(server)) if server == "front") {
                let Line {
                    network, icc, row, ..
                } = line;
                wrong.push(format!(
                    "{network}, icc {icc}: {row} from {source} at {to}/{protocol}: expected {expected}, got {seen:?}"
                ));
            }
        }
        wrong
    }
}

/// Asks again where the kernel did not find a neighbour. It gives up after three solicitations, one a second (arp(7),
/// `mcast_solicit`), and on a busy machine their answers may come later.
fn with_neighbours<T>(ask: impl Fn() -> std::io::Result<T>) -> std::io::Result<T> {
    let is_missing = |result: &std::io::Result<T>| {
        let error = result.as_ref().err();
        error.is_some_and(|error| error.kind() == std::io::ErrorKind::HostUnreachable)
    };
    let mut result = ask();
    for _ in 0..5 {
        if !is_missing(&result) {
            break;
        }
        result = ask();
    }
    result
}

impl Stage {
    /// What `tidegate explain` says that is not as the cell says.
    fn explain_cell(
        &self,
        line: &Line<'_>,
        source: &str,
        protocol: &str,
        expected: &str,
    ) -> Option<String> {
        let from = match source {
            // Who is on the list is one of those outside.
            "outside" if line.row == "listed" => LISTED[usize::from(!line.is_ipv4)],
            "loopback" => "host",
            "itself" => "front",
            "wire" => "outside",
            "bridge" => "intruder",
            other => other,
        };
        let to = format!("{}/{protocol}", self.target(line, line.row, source));
        let (output, fate) = fate_of(&self.lab.host, &["explain", from, &to]);
        let reaches = &fate["reaches-endpoint"];
        let is_right = match expected {
            "yes" => reaches == "front" && output.code == Some(0),
            _ => !fate.is_null() && reaches != "front",
        };
        let Line {
            network, icc, row, ..
        } = line;
        (!is_right).then(|| {
            format!(
                "{network}, icc {icc}: {row}, explain {from} {to}: expected {expected}: {output:#?}"
            )
        })
    }
}

/// What `tidegate explain` prints, and the fate of the first path in it, if it tells of one.
fn fate_of(host: &Host, question: &[&str]) -> (Output, Value) {
    let output = host.tidegate(&[question, &["--json"]].concat());
    let said: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    let fate = said["paths"][0]["fate"].clone();
    (output, fate)
}

/// Tries every cell, each kind of network in a lab of its own.
///
/// # Panics
/// When a cell is not as the table says.
pub(crate) fn try_every_cell(label: &str, lab: impl Fn() -> Lab) {
    let (honest, forged) = TABLE.split_once("\n\n").unwrap();
    let (lines, forged) = (lines(honest, &SOURCES), lines(forged, &forged::KINDS));
    let mut kinds: Vec<(&str, &str)> = lines.iter().map(|line| (line.network, line.icc)).collect();
    kinds.dedup();
    let mut wrong = Vec::new();
    for (network, icc) in kinds {
        let stage = &stage(lab(), network, icc);
        let is_of_kind = |line: &&Line<'_>| (line.network, line.icc) == (network, icc);
        let of_kind = lines.iter().filter(is_of_kind);
        wrong.extend(std::thread::scope(|scope| {
            let cells = of_kind.flat_map(|line| {
                let cells = std::iter::zip(SOURCES, line.cells.iter().copied());
                let asked = cells.filter(|(_, expected)| *expected != "-");
                asked.map(move |(source, expected)| (line, source, expected))
            });
            let threads: Vec<_> = cells
                .map(|(line, source, expected)| {
                    scope.spawn(move || stage.try_cell(line, source, expected))
                })
                .collect();
            let seen = threads.into_iter().map(|thread| thread.join().unwrap());
            seen.flatten().collect::<Vec<_>>()
        }));
        let forged: Vec<&Line<'_>> = forged.iter().filter(is_of_kind).collect();
        assert!(!forged.is_empty(), "{network}, icc {icc}: no line");
        wrong.extend(stage.try_forged(&forged));
        assert_eq!(stage.lab.host.ruleset_diff(), "", "{label}");
    }
    assert!(
        wrong.is_empty(),
        "{label}: {} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_cell_of_the_table_is_as_it_says() {
    require_root_kernel!();
    for driver in drivers() {
        try_every_cell(&driver, || Lab::with_driver(&driver));
    }
}
