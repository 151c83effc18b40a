//! What an endpoint of an isolated network sends to the host.

use std::net::{SocketAddr, UdpSocket};

use tidegate_tests::forge::{mac_of, of_one_hop, udp};
use tidegate_tests::frames::{self, END, Ear, MARK};
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Attached, Lab, require_root_kernel};

use crate::drivers;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const HOST: [u8; 4] = [192, 0, 2, 1];

/// Somebody outside who is in league with the endpoint.
const FRIEND: &str = "192.0.2.2:9";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A host with an isolated network and another one.
struct Stage {
    lab: Lab,
    spy: Attached,
    other: Attached,
    front: Attached,
    _servers: [Server; 2],
}

impl Stage {
    fn new(driver: &str) -> Self {
        let lab = Lab::with_driver(driver).credulous();
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "vault", "--isolated"]);
        let front = lab.attach("web", "front", &[]);
        let [spy, other] = ["spy", "other"].map(|name| lab.attach("vault", name, &[]));
        let servers = [
            Server::start(&other.netns, "other", 80),
            Server::start(&lab.outside, "outside", 7000),
        ];
        Self {
            lab,
            spy,
            other,
            front,
            _servers: servers,
        }
    }

    /// Sends from the isolated endpoint to its bridge, by each address by which the bridge hears it.
    fn send(&self, kind: u16, body: &[u8]) {
        let own = mac_of(&self.spy.netns, "eth0");
        let bridge = mac_of(&self.lab.host.netns, "tgb1");
        let nearest = [0x01, 0x80, 0xc2, 0, 0, 0x0e];
        let ways = [bridge, [0xff; 6], nearest];
        let frames = ways.map(|to| frames::ethernet(to, own, kind, body));
        frames::send(&self.spy.netns, "eth0", &frames);
    }

    /// What is heard of what it sends, until the host says that it is over.
    fn heard(&self, ear: Ear, end: SocketAddr, packet: &[u8]) -> Vec<String> {
        self.send(IPV4, packet);
        let over = || UdpSocket::bind("0.0.0.0:0")?.send_to(END, end);
        self.lab.host.netns.run(over).unwrap();
        let (heard, is_over) = ear.heard();
        assert!(is_over, "what the host sends does not come");
        heard
    }

    /// What gets out as an error about what the host was to forward.
    fn gets_out(&self) -> Vec<String> {
        let packet = of_one_hop(udp([at(FRIEND), self.front.v4(9)], MARK));
        let ear = Ear::open(&self.lab.outside, "wan");
        self.heard(ear, at(FRIEND), &packet)
    }

    /// What gets into the connection of an endpoint of another network.
    fn gets_in(&self) -> Vec<String> {
        let server = at("192.0.2.2:7000");
        let begin = || -> std::io::Result<UdpSocket> {
            let socket = UdpSocket::bind("0.0.0.0:5555")?;
            socket.send_to(b"hello", server)?;
            socket.recv(&mut [0; 64])?;
            Ok(socket)
        };
        let _connection = self.front.netns.run(begin).unwrap();
        let ear = Ear::open(&self.front.netns, "eth0");
        let packet = udp([server, at("192.0.2.1:5555")], MARK);
        self.heard(ear, self.front.v4(9), &packet)
    }

    /// What the host knows of it, and it of the host.
    fn met(&self) -> String {
        let own = mac_of(&self.spy.netns, "eth0");
        for address in [[192, 0, 2, 77], [192, 0, 2, 2], [10, 0, 0, 7]] {
            self.send(ARP, &frames::arp(1, (own, address), ([0; 6], HOST)));
        }
        self.spy
            .netns
            .try_sh("ip addr add 192.0.2.77/24 dev eth0; ping -c 1 -W 1 192.0.2.1");
        let by_spy = self.spy.netns.sh("ip neigh show 192.0.2.1");
        self.spy.netns.sh("ip addr del 192.0.2.77/24 dev eth0");
        let mac = self.spy.endpoint["mac"].as_str().unwrap();
        let by_host = format!("ip neigh show | grep {mac} || :");
        let met = by_spy + &self.lab.host.netns.sh(&by_host);
        let is_known = |line: &&str| line.contains("lladdr");
        met.lines().filter(is_known).collect()
    }

    fn check(&self, when: &str) {
        for value in [0, 1] {
            self.lab.set_br_netfilter(value);
            assert_eq!(self.gets_out(), Vec::<String>::new(), "{when}, {value}");
            assert_eq!(self.gets_in(), Vec::<String>::new(), "{when}, {value}");
            assert_eq!(self.met(), "", "{when}, {value}");
            let answer = ask_tcp(&self.spy.netns, self.other.v4(80)).unwrap();
            assert_eq!(answer.server, "other", "{when}, {value}");
        }
    }

    fn doctor(&self) -> String {
        self.lab.host.tidegate(&["doctor"]).stdout
    }
}

#[test]
fn nothing_of_an_isolated_network_reaches_the_host() {
    require_root_kernel!();
    for driver in drivers() {
        let mut stage = Stage::new(&driver);
        stage.check(&driver);
        // As a release before made the bridge.
        let unsealed = "tc qdisc del dev tgb1 clsact";
        stage.lab.host.netns.sh(unsealed);
        let shown = stage.doctor();
        assert!(shown.contains("missing at tgb1"), "{shown}");
        stage.lab.host.stop();
        stage.lab.host.start();
        let shown = stage.doctor();
        assert!(!shown.contains("tgb1"), "{shown}");
        stage.check(&format!("{driver}, after a start"));
    }
}
