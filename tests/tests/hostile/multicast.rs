//! What an endpoint makes its bridge believe about who listens to what.

use std::net::{IpAddr, Ipv6Addr};

use tidegate_tests::frames;
use tidegate_tests::traffic::{Server, ask_udp};
use tidegate_tests::{Attached, Lab, require_root_kernel};

use crate::drivers;

/// What keeps a snooping bridge from sending neighbour solicitations to a neighbour: it is asked for listeners, so that
/// it sends to those alone that it knows, and then for the neighbour, who does not hear it, and is forgotten.
fn ask_for_listeners(from: &Attached, victim: IpAddr) {
    let victim: Ipv6Addr = victim.to_string().parse().unwrap();
    let mac = frames::mac(from.endpoint["mac"].as_str().unwrap());
    let [a, b, c, d, e, f] = mac;
    let own = [
        [0xfe, 0x80, 0, 0],
        [0; 4],
        [a ^ 2, b, c, 0xff],
        [0xfe, d, e, f],
    ];
    let own: [u8; 16] = own.as_flattened().try_into().unwrap();
    let all: Ipv6Addr = "ff02::1".parse().unwrap();
    let [.., x, y, z] = victim.octets();
    let solicited = Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | u16::from(x),
        u16::from_be_bytes([y, z]),
    );
    let query = |to: Ipv6Addr, group: Ipv6Addr| {
        let packet = frames::listener_query(own, to.octets(), group.octets());
        let [.., a, b, c, d] = to.octets();
        frames::ethernet([0x33, 0x33, a, b, c, d], mac, 0x86dd, &packet)
    };
    let any = query(all, Ipv6Addr::UNSPECIFIED);
    let one = query(solicited, solicited);
    frames::send(&from.netns, "eth0", &[any.clone(), any, one.clone(), one]);
    // What takes place in the bridge has timers of some milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(500));
}

#[test]
fn an_endpoint_that_asks_for_listeners_keeps_nobody_from_ipv6() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web", "--no-icc"]);
        let front = lab.attach("web", "front", &[]);
        let side = lab.attach("web", "side", &[]);
        let _server = Server::start(&front.netns, "front", 80);
        for round in ["attached", "after a start of a bridge that snoops"] {
            ask_for_listeners(&side, front.v6(0).ip());
            lab.host.netns.sh("ip -6 neigh flush dev tgb0");
            let answer = ask_udp(&lab.host.netns, front.v6(80));
            assert_eq!(answer.unwrap().server, "front", "{driver}, {round}");
            lab.host.stop();
            let snoops = "ip link set tgb0 type bridge mcast_snooping 1";
            lab.host.netns.sh(snoops);
            lab.host.start();
        }
    }
}
