//! What an endpoint can do with frames of its own making to its neighbours, to its bridge and to the host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use tidegate_tests::frames::{self, END, Ear};
use tidegate_tests::names;
use tidegate_tests::traffic::{Server, ask_tcp, ask_udp, is_closed_tcp};
use tidegate_tests::{Attached, Lab, Netns, require_root_kernel};

use crate::drivers;

const BROADCAST: [u8; 6] = [0xff; 6];
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;

/// Who somebody is on a bridge.
#[derive(Clone, Copy)]
struct Station {
    mac: [u8; 6],
    v4: [u8; 4],
    v6: [u8; 16],
}

impl Station {
    fn of(attached: &Attached) -> Self {
        let text = attached.endpoint["mac"].as_str().unwrap();
        Self::new(text, attached.v4(0), attached.v6(0))
    }

    fn gateway(lab: &Lab, network: &str) -> Self {
        let network = lab.host.json(&["network", "inspect", network]);
        let gateway = |index: usize| -> IpAddr {
            let text = network["subnets"][index]["gateway"].as_str().unwrap();
            text.parse().unwrap()
        };
        let at = |index| SocketAddr::new(gateway(index), 0);
        Self::new(network["mac"].as_str().unwrap(), at(0), at(1))
    }

    fn new(mac: &str, v4: SocketAddr, v6: SocketAddr) -> Self {
        let v4: Ipv4Addr = v4.ip().to_string().parse().unwrap();
        let v6: Ipv6Addr = v6.ip().to_string().parse().unwrap();
        Self {
            mac: frames::mac(mac),
            v4: v4.octets(),
            v6: v6.octets(),
        }
    }
}

/// A tag of IEEE 802.1Q or 802.1ad before a type and what is carried.
fn tagged(kind: u16, body: &[u8]) -> Vec<u8> {
    [&[0, 7][..], &kind.to_be_bytes(), body].concat()
}

/// What says that the gateway is at the sender's Ethernet address.
fn gateway_claims(sender: Station, gateway: Station, to: Station) -> Vec<(u16, Vec<u8>)> {
    let claim = (sender.mac, gateway.v4);
    vec![
        (ARP, frames::arp(2, claim, (to.mac, to.v4))),
        (ARP, frames::arp(1, claim, ([0; 6], to.v4))),
        (ARP, frames::arp(2, claim, claim)),
        (
            IPV6,
            frames::discovery(136, gateway.v6, to.v6, gateway.v6, sender.mac),
        ),
        (
            IPV6,
            frames::discovery(136, sender.v6, to.v6, gateway.v6, sender.mac),
        ),
        (
            IPV6,
            frames::discovery(135, gateway.v6, to.v6, to.v6, sender.mac),
        ),
    ]
}

/// Frames of every kind for a neighbour.
fn to_neighbour(from: Station, to: Station, gateway: Station) -> Vec<Vec<u8>> {
    let ipv4 = frames::ipv4(from.v4, to.v4);
    let ipv6 = frames::ipv6(from.v6, to.v6, 17, &[0, 9, 0, 9, 0, 8, 0, 0]);
    let mut bodies = vec![
        (IPV4, ipv4.clone()),
        (IPV6, ipv6.clone()),
        (0x8100, tagged(IPV4, &ipv4)),
        (0x8100, tagged(IPV6, &ipv6)),
        (0x88a8, tagged(0x8100, &tagged(IPV4, &ipv4))),
        // PPPoE, MPLS, for experiments, a length instead of a type.
        (0x8864, ipv4.clone()),
        (0x8847, ipv4.clone()),
        (0x88b5, ipv4.clone()),
        (46, vec![0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        (ARP, frames::arp(1, (from.mac, from.v4), ([0; 6], to.v4))),
        (
            IPV6,
            frames::discovery(135, from.v6, to.v6, to.v6, from.mac),
        ),
    ];
    bodies.extend(gateway_claims(from, gateway, to));
    let everybody = [0x33, 0x33, 0, 0, 0, 1];
    let group = [0x01, 0, 0x5e, 0, 0, 1];
    // What bridges tell each other, and what is for the nearest of them (IEEE 802.1Q, table 8-1).
    let [bridges, nearest] = [0x00, 0x0e].map(|last| [0x01, 0x80, 0xc2, 0, 0, last]);
    let ways = [
        (to.mac, from.mac),
        (BROADCAST, from.mac),
        (everybody, from.mac),
        (group, from.mac),
        (bridges, from.mac),
        (nearest, from.mac),
        // Under the gateway's own address.
        (to.mac, gateway.mac),
        (BROADCAST, gateway.mac),
    ];
    let frame = |(to, from): ([u8; 6], [u8; 6])| {
        let bodies = bodies.iter();
        bodies.map(move |(kind, body)| frames::ethernet(to, from, *kind, body))
    };
    let mut all: Vec<Vec<u8>> = ways.into_iter().flat_map(frame).collect();
    // Routed by the host.
    for (kind, body) in [(IPV4, &ipv4), (IPV6, &ipv6)] {
        all.push(frames::ethernet(gateway.mac, from.mac, kind, body));
    }
    all
}

/// What a datagram of the host's says for the last time.
fn end(host: &Netns, to: SocketAddr) {
    let sent = host.run(|| UdpSocket::bind("0.0.0.0:0")?.send_to(END, to));
    sent.unwrap();
}

/// Frames that one endpoint hears of those that another sends.
fn overheard(lab: &Lab, from: &Attached, to: &Attached, frames: &[Vec<u8>]) -> Vec<String> {
    let ear = Ear::open(&to.netns, "eth0");
    frames::send(&from.netns, "eth0", frames);
    end(&lab.host.netns, to.v4(9));
    let (heard, is_over) = ear.heard();
    assert!(is_over, "what the host sends does not come");
    heard
}

/// A namespace's neighbour entry for an address.
fn neighbour(netns: &Netns, address: &IpAddr) -> String {
    netns.sh(&format!("ip neigh show {address}"))
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn no_frame_passes_between_endpoints_that_are_kept_apart() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.set_br_netfilter(0);
        lab.host.ok(&["network", "create", "web", "--no-icc"]);
        lab.host.ok(&["network", "create", "chat"]);
        let front = lab.attach("web", "front", &["8080:80", "8080:80/udp"]);
        let side = lab.attach("web", "side", &[]);
        let _server = Server::start(&front.netns, "front", 80);
        let outside = Server::start(&lab.outside, "outside", 7000);
        let gateway = Station::gateway(&lab, "web");
        let attack = to_neighbour(Station::of(&side), Station::of(&front), gateway);
        for (value, is_older) in [(0, false), (1, false), (1, true), (0, true)] {
            if is_older {
                lab.host.stop();
                make_older(&lab.host.netns, "isolated off");
                lab.host.start();
            }
            lab.set_br_netfilter(value);
            let heard = overheard(&lab, &side, &front, &attack);
            let when =
                format!("{driver}, br_netfilter {value}, made by a release before: {is_older}");
            assert_eq!(heard, Vec::<String>::new(), "{when}");
            for to in [front.v4(80), front.v6(80)] {
                assert!(is_closed_tcp(&side.netns, to), "{driver}: {to}");
            }
            // The gateway is where it was for the victim, who reaches all that it may; so does the attacker.
            for from in [&front.netns, &side.netns] {
                for to in ["192.0.2.2:7000", "[2001:db8::2]:7000"] {
                    assert_eq!(ask_tcp(from, at(to)).unwrap().server, "outside");
                }
                for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
                    assert_eq!(ask_tcp(from, at(to)).unwrap().server, "front", "{to}");
                    assert_eq!(ask_udp(from, at(to)).unwrap().server, "front", "{to}");
                }
            }
            for to in [IpAddr::from(gateway.v4), IpAddr::from(gateway.v6)] {
                let entry = neighbour(&front.netns, &to);
                let [a, b, c, d, e, f] = gateway.mac;
                let mac = format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
                assert!(entry.contains(&mac), "{driver}: {entry}");
                let answer = names::ask_udp(&side.netns, to, "front", "A");
                assert!(answer.is_some(), "{driver}: {to}");
            }
            for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
                assert_eq!(ask_tcp(&lab.outside, at(to)).unwrap().server, "front");
            }
        }
        drop(outside);
        // That the ears hear: neighbours that may talk.
        lab.set_br_netfilter(0);
        let one = lab.attach("chat", "one", &[]);
        let other = lab.attach("chat", "other", &[]);
        let gateway = Station::gateway(&lab, "chat");
        let frames = to_neighbour(Station::of(&one), Station::of(&other), gateway);
        let heard = overheard(&lab, &one, &other, &frames[..11]);
        assert!(heard.len() >= 10, "{driver}: {heard:#?}");
    }
}

#[test]
fn nobody_takes_over_the_ethernet_address_of_a_neighbour() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        for icc in [
            &["network", "create", "web"][..],
            &["network", "create", "apart", "--no-icc"],
        ] {
            lab.host.ok(icc);
            let network = icc[2];
            let victim = lab.attach(network, &format!("{network}-victim"), &[]);
            let thief = lab.attach(network, &format!("{network}-thief"), &[]);
            let stolen = Station::of(&victim).mac;
            let ear = Ear::open(&victim.netns, "eth0");
            // The host knows where the victim is, and has no need to ask.
            end_quietly(&lab.host.netns, victim.v4(9));
            let frame = frames::ethernet(BROADCAST, stolen, 0x88b5, &[]);
            frames::send(&thief.netns, "eth0", &[frame.clone(), frame]);
            end(&lab.host.netns, victim.v4(9));
            let (_, is_over) = ear.heard();
            assert!(is_over, "{driver}: what is for the victim goes elsewhere");
        }
    }
}

/// What an endpoint sends as somebody else, to one neighbour and to all.
fn forged(thief: Station, victim: Station, gateway: Station) -> Vec<Vec<u8>> {
    let none = [0; 16];
    let ipv4 = frames::ipv4(thief.v4, victim.v4);
    let mut bodies = vec![
        (IPV4, frames::ipv4(gateway.v4, victim.v4)),
        (IPV4, frames::ipv4([192, 0, 2, 2], victim.v4)),
        (
            IPV6,
            frames::ipv6(gateway.v6, victim.v6, 17, &[0, 9, 0, 9, 0, 8, 0, 0]),
        ),
        (0x8100, tagged(IPV4, &ipv4)),
        (0x88a8, tagged(0x8100, &tagged(IPV4, &ipv4))),
        (0x88b5, ipv4.clone()),
        (46, vec![0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        // The victim's own addresses, so that it gives them up.
        (
            ARP,
            frames::arp(2, (thief.mac, victim.v4), (victim.mac, victim.v4)),
        ),
        (
            IPV6,
            frames::discovery(136, thief.v6, victim.v6, victim.v6, thief.mac),
        ),
        (
            IPV6,
            frames::discovery(135, none, victim.v6, victim.v6, thief.mac),
        ),
        // Behind options for the destination.
        (
            IPV6,
            frames::ipv6(thief.v6, victim.v6, 60, &[58, 0, 1, 4, 0, 0, 0, 0, 136, 0]),
        ),
        // A router, and a redirect.
        (IPV6, frames::ipv6(thief.v6, victim.v6, 58, &[134; 16])),
        (IPV6, frames::ipv6(thief.v6, victim.v6, 58, &[137; 40])),
    ];
    bodies.extend(gateway_claims(thief, gateway, victim));
    let mut all = Vec::new();
    for to in [victim.mac, BROADCAST] {
        for (kind, body) in &bodies {
            all.push(frames::ethernet(to, thief.mac, *kind, body));
        }
        // What would be honest, from another's Ethernet address.
        for from in [victim.mac, gateway.mac, [2, 9, 9, 9, 9, 9]] {
            all.push(frames::ethernet(to, from, IPV4, &ipv4));
        }
    }
    all
}

#[test]
fn a_bound_endpoint_sends_as_nobody_but_itself() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        for apart in [false, true] {
            let network = if apart { "apart" } else { "web" };
            let create = ["network", "create", network, "--anti-spoofing", "--no-icc"];
            lab.host.ok(&create[..if apart { 5 } else { 4 }]);
        }
        let ports = ["8080:80", "8080:80/udp", "127.0.0.1:8081:80"];
        let front = lab.attach("web", "front", &ports);
        let side = lab.attach("web", "side", &[]);
        let guest = lab.attach("apart", "guest", &["8082:80"]);
        let servers = [&front, &guest].map(|at| Server::start(&at.netns, "server", 80));
        let outside = Server::start(&lab.outside, "outside", 7000);
        let gateway = Station::gateway(&lab, "web");
        let attack = forged(Station::of(&side), Station::of(&front), gateway);
        let honest = |lab: &Lab| {
            for from in [&front.netns, &side.netns, &guest.netns] {
                for to in ["192.0.2.2:7000", "[2001:db8::2]:7000"] {
                    assert_eq!(ask_tcp(from, at(to)).unwrap().server, "outside");
                }
                for to in ["192.0.2.1:8080", "[2001:db8::1]:8080", "192.0.2.1:8082"] {
                    assert_eq!(ask_tcp(from, at(to)).unwrap().server, "server", "{to}");
                }
            }
            for to in [front.v4(80), front.v6(80)] {
                assert_eq!(ask_tcp(&side.netns, to).unwrap().server, "server");
                assert_eq!(ask_udp(&side.netns, to).unwrap().server, "server");
            }
            for to in ["192.0.2.1:8080", "[2001:db8::1]:8080", "192.0.2.1:8082"] {
                assert_eq!(ask_tcp(&lab.outside, at(to)).unwrap().server, "server");
            }
            let local = at("127.0.0.1:8081");
            assert_eq!(ask_tcp(&lab.host.netns, local).unwrap().server, "server");
            for to in [IpAddr::from(gateway.v4), IpAddr::from(gateway.v6)] {
                let answer = names::ask_udp(&side.netns, to, "front", "A");
                assert!(answer.is_some(), "{driver}: {to}");
            }
        };
        for round in ["attached", "after a start", "after a start without filters"] {
            for value in [0, 1] {
                lab.set_br_netfilter(value);
                let heard = overheard(&lab, &side, &front, &attack);
                assert_eq!(heard, Vec::<String>::new(), "{driver}, {round}");
                honest(&lab);
            }
            // Neighbours' entries are as they were.
            for victim in [front.v4(0).ip(), front.v6(0).ip()] {
                let entry = neighbour(&lab.host.netns, &victim);
                let mac = front.endpoint["mac"].as_str().unwrap();
                assert!(entry.contains(mac), "{driver}: {entry}");
            }
            lab.host.stop();
            if round == "after a start" {
                make_older(&lab.host.netns, "");
            }
            lab.host.start();
        }
        // What a container sees that gives itself another address.
        side.netns.sh("ip link set eth0 address 02:00:00:00:00:07");
        assert!(is_closed_tcp(&side.netns, at("192.0.2.2:7000")));
        let own = side.endpoint["mac"].as_str().unwrap();
        side.netns.sh(&format!("ip link set eth0 address {own}"));
        let routes = side.v4(0).ip();
        side.netns.sh("ip addr add 10.208.0.77/32 dev eth0");
        let under = |address: IpAddr| {
            side.netns.run(|| {
                let socket = UdpSocket::bind((address, 0))?;
                socket.set_read_timeout(Some(std::time::Duration::from_millis(700)))?;
                socket.send_to(b"?", "192.0.2.2:7000")?;
                socket.recv(&mut [0; 64])
            })
        };
        assert!(under(routes).is_ok(), "{driver}");
        assert!(under(at("10.208.0.77:0").ip()).is_err(), "{driver}");
        let shown = lab.host.ok(&["network", "inspect", "web"]);
        let is_shown = |line: &str| line.contains("anti-spoofing") && line.contains("yes");
        assert!(shown.lines().any(is_shown), "{shown}");
        drop((servers, outside));
    }
}

/// Makes the ports of a host's bridges as a release before did: without filters, with nothing known of what is behind
/// them, and with this setting (bridge(8)).
fn make_older(host: &Netns, setting: &str) {
    host.sh(&format!(
        "for port in $(ip -br link show type veth | grep -o '^tgv[0-9a-f]*'); do
             tc qdisc del dev $port clsact
             bridge fdb show dev $port | grep sticky | while read mac rest; do
                 bridge fdb del $mac dev $port master
             done
             [ -z '{setting}' ] || bridge link set dev $port {setting}
         done"
    ));
}

#[test]
fn an_endpoint_that_is_not_bound_may_have_another_ethernet_address_or_several() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let _outside = Server::start(&lab.outside, "outside", 7000);
    for policy in [&[][..], &["--no-icc"]] {
        let network = format!("n{}", policy.len());
        lab.host
            .ok(&[&["network", "create", network.as_str()], policy].concat());
        let front = lab.attach(&network, &network, &[]);
        // Behind a bridge of its own, as a container of containers.
        let routes = front
            .netns
            .sh("ip route show default; ip -6 route show default");
        let (v4, v6) = (front.v4(0).ip(), front.v6(0).ip());
        let via = |family: &str| -> String {
            let lines = routes.lines();
            let gateways = lines.filter_map(|line| line.split_whitespace().nth(2));
            let mut of_family = gateways.filter(|ip| ip.contains(family));
            of_family.next().unwrap().to_owned()
        };
        front.netns.sh(&format!(
            "ip link add nest address 02:00:00:00:00:07 type bridge
             ip link set nest up
             ip addr flush dev eth0
             ip -6 route flush dev eth0
             ip link set eth0 master nest
             ip addr add {v4}/24 dev nest
             ip addr add {v6}/64 dev nest nodad
             ip route add default via {}
             ip -6 route add default via {}",
            via("."),
            via(":")
        ));
        for value in [0, 1] {
            lab.set_br_netfilter(value);
            for to in ["192.0.2.2:7000", "[2001:db8::2]:7000"] {
                assert_eq!(ask_tcp(&front.netns, at(to)).unwrap().server, "outside");
            }
        }
    }
}

/// Has the host find out who has an address.
fn end_quietly(host: &Netns, to: SocketAddr) {
    let sent = host.run(|| UdpSocket::bind("0.0.0.0:0")?.send_to(b"hello", to));
    sent.unwrap();
    tidegate_tests::wait_until("the neighbour is known", || {
        neighbour(host, &to.ip()).contains("lladdr")
    });
}

#[test]
fn a_bridge_learns_no_more_addresses_than_it_may() {
    require_root_kernel!();
    if !has_bound() {
        return;
    }
    let lab = Lab::with_driver(&drivers()[0]);
    lab.host.ok(&["network", "create", "web"]);
    let flooder = lab.attach("web", "flooder", &[]);
    frames::flood(&flooder.netns, "eth0", 20_000);
    let bridge = lab.host.json(&["network", "inspect", "web"]);
    let bridge = bridge["bridge"].as_str().unwrap().to_owned();
    let learned = || -> usize {
        let count = format!("bridge fdb show br {bridge} | grep -c '^02:99' || :");
        lab.host.netns.sh(&count).trim().parse().unwrap()
    };
    let count = learned();
    assert!((1..=4096).contains(&count), "{count}");
    // Endpoints that come now are known all the same.
    let front = lab.attach("web", "front", &["8080:80"]);
    let _server = Server::start(&front.netns, "front", 80);
    let ear = Ear::open(&flooder.netns, "eth0");
    assert_eq!(
        ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
        "front"
    );
    end(&lab.host.netns, front.v4(9));
    end(&lab.host.netns, flooder.v4(9));
    let (heard, is_over) = ear.heard();
    assert!(is_over && heard.is_empty(), "{heard:#?}");
    let known = lab.host.netns.sh(&format!("bridge fdb show br {bridge}"));
    let mac = front.endpoint["mac"].as_str().unwrap();
    let is_station = |line: &str| line.starts_with(mac) && line.contains("static");
    assert!(known.lines().any(is_station), "{mac}");
}

/// Whether the kernel bounds what a bridge learns: from 6.7 on.
fn has_bound() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    let mut part = || -> u32 { parts.next().unwrap_or_default().parse().unwrap_or_default() };
    (part(), part()) >= (6, 7)
}
