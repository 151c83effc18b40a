//! The second block of the table: packets that are not what they say. All of a stage are sent at once, as frames that
//! their sender made itself, and then waited for together.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tidegate_tests::Netns;
use tidegate_tests::forge::{self, ACK, RST, Wiretap};
use tidegate_tests::frames;

use super::{Line, Stage, fate_of};

/// The columns from the fifth.
pub(super) const KINDS: [&str; 7] = [
    "own", "endpoint", "host", "loopback", "foreign", "invalid", "tagged",
];

/// How long something may take that is expected to come: far longer than it does.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long to wait for the rest when all has come that is expected. Waiting too short a time could only hide a fault.
const SILENCE: Duration = Duration::from_millis(300);
/// Between two looks.
const TICK: Duration = Duration::from_millis(10);
/// Between two tries: who does not know its neighbours yet may lose packets.
const AGAIN: Duration = Duration::from_millis(500);

/// A virtual network that nobody is on.
const VLAN: u16 = 7;

/// Who sends to whom.
struct Way<'a> {
    from: &'a Netns,
    interface: &'static str,
    /// Of the sender, and of whom it gives its frames.
    macs: [[u8; 6]; 2],
    own: SocketAddr,
    to: SocketAddr,
    /// Who hears what arrives.
    hears: &'static str,
}

/// A packet of a line, and whether it is to arrive.
struct Cell<'a> {
    line: &'a Line<'a>,
    kind: &'static str,
    expected: &'a str,
    way: Way<'a>,
    /// The addresses and ports that they say.
    ends: [SocketAddr; 2],
    frames: Vec<Vec<u8>>,
}

impl Cell<'_> {
    /// Where it counts as arrived: at a program, or for what no program hears, at the interface.
    fn heard_at(&self) -> &'static str {
        match (self.kind, self.way.hears) {
            ("tagged", "same") => "frames of same",
            (_, name) => name,
        }
    }

    fn describe(&self) -> String {
        let Line {
            network, icc, row, ..
        } = self.line;
        let [from, to] = self.ends;
        format!(
            "{network}, icc {icc}: {row}, {} from {from} to {to}: expected {}",
            self.kind, self.expected
        )
    }
}

/// Whom a packet says that it is from.
fn source(stage: &Stage, line: &Line<'_>, way: &Way<'_>, kind: &str) -> SocketAddr {
    let endpoint = match line.row.starts_with("front") {
        true => &stage.other,
        false => &stage.same,
    };
    let [v4, v6] = match kind {
        "endpoint" => [endpoint.v4(7000), endpoint.v6(7000)],
        "host" => at(["192.0.2.1:7000", "[2001:db8::1]:7000"]),
        "loopback" => at(["127.0.0.2:7000", "[::1]:7000"]),
        "foreign" => at(["8.8.8.8:7000", "[2001:db8:8::8]:7000"]),
        _ => [way.own; 2],
    };
    if line.is_ipv4 { v4 } else { v6 }
}

fn at(texts: [&str; 2]) -> [SocketAddr; 2] {
    texts.map(|text| text.parse().unwrap())
}

/// What shows which cell a packet is of, wherever it is heard.
fn mark(index: usize) -> String {
    format!("<cell {index}>")
}

/// The cell that a packet is of.
fn cell_of(packet: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(packet);
    let (_, rest) = text.split_once("<cell ")?;
    rest.split_once('>')?.0.parse().ok()
}

impl Stage {
    fn way(&self, line: &Line<'_>) -> Way<'_> {
        let of_family = |both: [SocketAddr; 2]| both[usize::from(!line.is_ipv4)];
        let of = |attached: &tidegate_tests::Attached, port| {
            of_family([attached.v4(port), attached.v6(port)])
        };
        let mac = |value: &serde_json::Value| frames::mac(value.as_str().unwrap());
        let front = mac(&self.front.endpoint["mac"]);
        let bridge = mac(&self.network["mac"]);
        let from_front = |macs, to, hears| Way {
            from: &self.front.netns,
            interface: "eth0",
            macs,
            own: of(&self.front, 7000),
            to,
            hears,
        };
        let from_outside = |to, hears| Way {
            from: &self.lab.outside,
            interface: "wan",
            macs: self.wire,
            own: of_family(at(["192.0.2.2:7000", "[2001:db8::2]:7000"])),
            to,
            hears,
        };
        let host = of_family(at(["192.0.2.1:7001", "[2001:db8::1]:7001"]));
        match line.row {
            "front-host" => {
                let gateway = &self.network["subnets"][usize::from(!line.is_ipv4)]["gateway"];
                let to = match line.network {
                    "isolated" => host,
                    _ => SocketAddr::new(gateway.as_str().unwrap().parse().unwrap(), 7001),
                };
                from_front([front, bridge], to, "host")
            }
            "front-outside" => {
                let to = of_family(at(["192.0.2.2:7001", "[2001:db8::2]:7001"]));
                from_front([front, bridge], to, "outside")
            }
            "front-connected" => {
                from_front([front, bridge], of(&self.connected, 7001), "connected")
            }
            "front-same" => {
                let same = mac(&self.same.endpoint["mac"]);
                from_front([front, same], of(&self.same, 7001), "same")
            }
            "outside-host" => from_outside(host, "host"),
            "outside-front" => {
                let port = match line.network {
                    "isolated" => "unpublished",
                    _ => "published",
                };
                from_outside(self.target(line, port, "outside"), "front")
            }
            other => panic!("no such way: {other}"),
        }
    }

    fn cell<'a>(
        &'a self,
        line: &'a Line<'a>,
        (kind, expected): (&'static str, &'a str),
        index: usize,
    ) -> Cell<'a> {
        let way = self.way(line);
        let ends = [source(self, line, &way, kind), way.to];
        let frame = |tags: &[(u16, u16)], packet: Vec<u8>| forge::frame(way.macs, tags, &packet);
        let frames = match kind {
            // A reset, an answer to nothing, and what has no flag.
            "invalid" => [RST, RST | ACK, 0]
                .map(|flags| frame(&[], forge::tcp(ends, flags, mark(index))))
                .into(),
            "tagged" => [&[(0x8100, VLAN)][..], &[(0x88a8, VLAN), (0x8100, VLAN)]]
                .map(|tags| frame(tags, forge::udp(ends, mark(index))))
                .into(),
            _ => vec![frame(&[], forge::udp(ends, mark(index)))],
        };
        Cell {
            line,
            kind,
            expected,
            way,
            ends,
            frames,
        }
    }

    /// What is not as the lines of the block say.
    pub(super) fn try_forged(&self, lines: &[&Line<'_>]) -> Vec<String> {
        let asked = lines.iter().flat_map(|line| {
            let cells = std::iter::zip(KINDS, line.cells.iter().copied());
            let asked = cells.filter(|(_, expected)| *expected != "-");
            asked.map(move |cell| (*line, cell))
        });
        let cells: Vec<Cell<'_>> = asked
            .enumerate()
            .map(|(index, (line, cell))| self.cell(line, cell, index))
            .collect();
        self.believe_sources();
        // Most of the time goes into waiting.
        let (heard, mut wrong) = std::thread::scope(|scope| {
            let explained = scope.spawn(|| self.explain_forged(&cells));
            (self.hear(&cells), explained.join().unwrap())
        });
        for (index, cell) in cells.iter().enumerate() {
            if !heard.contains(&("frames of host", index)) {
                wrong.push(format!("{}: it does not come to the host", cell.describe()));
            }
            if heard.contains(&(cell.heard_at(), index)) != (cell.expected == "yes") {
                wrong.push(cell.describe());
            }
        }
        wrong
    }

    fn hearers(&self) -> [(&'static str, &Netns); 4] {
        [
            ("outside", &self.lab.outside),
            ("connected", &self.connected.netns),
            ("same", &self.same.netns),
            ("front", &self.front.netns),
        ]
    }

    /// Has nobody look at sources but our rules, and nothing but a bridge at what it hands on.
    fn believe_sources(&self) {
        self.lab.set_br_netfilter(0);
        let host = &self.lab.host.netns;
        host.sh("for dev in /proc/sys/net/ipv4/conf/*; do echo 0 > $dev/rp_filter; done");
        for (_, netns) in self.hearers() {
            netns.sh("cd /proc/sys/net/ipv4/conf
                 for dev in *; do echo 0 > $dev/rp_filter; echo 1 > $dev/route_localnet; done");
        }
    }

    /// Sends what every cell is tried with, and gives who heard what.
    fn hear(&self, cells: &[Cell<'_>]) -> BTreeSet<(&'static str, usize)> {
        let host = &self.lab.host.netns;
        let programs = self.hearers().into_iter().chain([("host", host)]);
        let mut taps: Vec<(&str, Wiretap)> = programs
            .flat_map(|(name, netns)| Wiretap::open_all(netns).into_iter().map(move |t| (name, t)))
            .collect();
        taps.push(("frames of host", Wiretap::open_frames(host)));
        taps.push(("frames of same", Wiretap::open_frames(&self.same.netns)));

        let mut heard = BTreeSet::new();
        let listen = |heard: &mut BTreeSet<_>| {
            for (name, tap) in &taps {
                let packets = tap.waiting();
                heard.extend(
                    packets
                        .iter()
                        .filter_map(|packet| Some((*name, cell_of(packet)?))),
                );
            }
        };
        let is_missing = |heard: &BTreeSet<_>, index: usize, cell: &Cell<'_>| {
            let has_come = |name| heard.contains(&(name, index));
            !has_come("frames of host") || cell.expected == "yes" && !has_come(cell.heard_at())
        };
        let missing = |heard: &BTreeSet<_>| -> Vec<&Cell<'_>> {
            let cells = cells.iter().enumerate();
            let missing = cells.filter(|(index, cell)| is_missing(heard, *index, cell));
            missing.map(|(_, cell)| cell).collect()
        };
        let since = Instant::now();
        while !missing(&heard).is_empty() && since.elapsed() < TIME_LIMIT {
            send(&missing(&heard));
            let sent = Instant::now();
            while !missing(&heard).is_empty() && sent.elapsed() < AGAIN {
                sleep(TICK);
                listen(&mut heard);
            }
        }
        sleep(SILENCE);
        listen(&mut heard);
        heard
    }

    /// What `tidegate explain` says that is not as the cells say.
    fn explain_forged(&self, cells: &[Cell<'_>]) -> Vec<String> {
        // It is told of first packets of connections, and of no frames.
        let is_told = |cell: &&Cell<'_>| !matches!(cell.kind, "invalid" | "tagged");
        let explained = cells.iter().filter(is_told);
        let explain = |cell: &Cell<'_>| {
            let (from, _) = cell.line.row.split_once('-')?;
            let to = format!("{}/udp", cell.way.to);
            let claimed = cell.ends[0].ip().to_string();
            let mut question = vec!["explain", from, &*to];
            if cell.kind != "own" {
                question.extend(["--source-address", &*claimed]);
            }
            let (output, fate) = fate_of(&self.lab.host, &question);
            let arrives = match cell.way.hears {
                "host" => fate == "reaches-host",
                "outside" => fate == "leaves",
                endpoint => fate["reaches-endpoint"] == endpoint,
            };
            let is_right = !fate.is_null() && arrives == (cell.expected == "yes");
            (!is_right).then(|| format!("{}: {output:#?}", cell.describe()))
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = explained
                .map(|cell| scope.spawn(|| explain(cell)))
                .collect();
            let said = threads.into_iter().map(|thread| thread.join().unwrap());
            said.flatten().collect()
        })
    }
}

/// Sends the frames of the cells, for each way what is true last.
fn send(cells: &[&Cell<'_>]) {
    for interface in ["eth0", "wan"] {
        let of_sender = cells
            .iter()
            .rev()
            .filter(|cell| cell.way.interface == interface);
        let frames: Vec<Vec<u8>> = of_sender
            .clone()
            .flat_map(|cell| cell.frames.clone())
            .collect();
        if let Some(cell) = of_sender.clone().next() {
            frames::send(cell.way.from, interface, &frames);
        }
    }
}
