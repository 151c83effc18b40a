use super::super::assembly::run;
use super::*;
use tidegate_model::{IfName, NetnsId, NetnsRef};

const OWN: MacAddr = MacAddr([2, 0x76, 10, 1, 0, 2]);
const OTHER: MacAddr = MacAddr([2, 0x76, 10, 1, 0, 3]);
const EVERYBODY: MacAddr = MacAddr([0xff; 6]);

fn v6(text: &str) -> [u8; 16] {
    text.parse::<Ipv6Addr>().unwrap().octets()
}

fn endpoint() -> Peer {
    Peer {
        netns: Some(NetnsRef {
            path: "/run/netns/c".into(),
            id: NetnsId {
                dev: 4,
                ino: 7,
                cookie: None,
            },
        }),
        ifname: "eth0".parse::<IfName>().unwrap(),
        mac: OWN,
        sysctls: Vec::new(),
        addresses: vec![
            "10.1.0.2/24".parse().unwrap(),
            "fd01::2/64".parse().unwrap(),
        ],
        routes: Vec::new(),
        gateways: Vec::new(),
        gateway_metric: None,
        resolvers: Vec::new(),
        resolver_metric: 0,
    }
}

/// Whether a frame is let through, with a tag that the kernel has taken off or none.
fn passes(frame: &[u8], has_tag: bool) -> bool {
    let verdict = run(&binding(&endpoint()), frame, has_tag);
    assert!([PASS, DROP].contains(&verdict), "{verdict} for {frame:x?}");
    verdict == PASS
}

fn frame(from: MacAddr, kind: u32, body: &[u8]) -> Vec<u8> {
    let kind = u16::try_from(kind).unwrap().to_be_bytes();
    [&EVERYBODY.0[..], &from.0, &kind, body].concat()
}

fn arp(from: MacAddr, op: u8, mac: MacAddr, ip: [u8; 4]) -> Vec<u8> {
    let head = [0, 1, 8, 0, 6, 4, 0, op];
    let body = [&head[..], &mac.0, &ip, &[0; 10]].concat();
    frame(from, ARP, &body)
}

fn ipv4(ip: [u8; 4], to: [u8; 4]) -> Vec<u8> {
    frame(OWN, IPV4, &[&[0; 12][..], &ip, &to].concat())
}

fn ipv6(next: u32, from: &str, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let head = [0x60, 0, 0, 0, length[0], length[1], next as u8, 255];
    frame(
        OWN,
        IPV6,
        &[&head[..], &v6(from), &v6("ff02::1"), body].concat(),
    )
}

fn nd(kind: u32, from: &str, target: &str, option: Option<(u8, MacAddr)>) -> Vec<u8> {
    let mut body = [&[kind as u8, 0, 0, 0, 0, 0, 0, 0][..], &v6(target)].concat();
    if let Some((kind, mac)) = option {
        body.extend([kind, 1]);
        body.extend(mac.0);
    }
    ipv6(ICMPV6, from, &body)
}

const LOCAL: &str = "fe80::76:aff:fe01:2";

#[test]
fn packets_from_an_endpoints_own_addresses_pass() {
    let target = Some((2, OWN));
    let source = Some((1, OWN));
    for honest in [
        arp(OWN, 1, OWN, [10, 1, 0, 2]),
        arp(OWN, 2, OWN, [10, 1, 0, 2]),
        arp(OWN, 1, OWN, [0; 4]),
        ipv4([10, 1, 0, 2], [192, 0, 2, 1]),
        ipv6(17, "fd01::2", &[0; 8]),
        ipv6(17, LOCAL, &[0; 8]),
        ipv6(ICMPV6, "fd01::2", &[128, 0, 0, 0]),
        ipv6(FRAGMENT, "fd01::2", &[17, 0, 0, 0, 0, 0, 0, 0, 7]),
        ipv6(FRAGMENT, "fd01::2", &[58, 0, 0, 0, 0, 0, 0, 0, 128]),
        ipv6(0, LOCAL, &[58, 0, 5, 2, 0, 0, 1, 0, 143]),
        ipv6(0, "::", &[58, 0, 5, 2, 0, 0, 1, 0, 143]),
        nd(136, "fd01::2", "fd01::2", target),
        nd(136, LOCAL, LOCAL, None),
        nd(136, LOCAL, "fd01::2", target),
        nd(135, "fd01::2", "fd01::1", source),
        nd(135, "::", "fd01::2", None),
        nd(135, "::", LOCAL, Some((14, OTHER))),
        ipv6(ICMPV6, LOCAL, &[133, 0, 0, 0, 0, 0, 0, 0]),
        ipv6(ICMPV6, "::", &[133, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        assert!(passes(&honest, false), "{honest:x?}");
        assert!(!passes(&honest, true), "with a tag: {honest:x?}");
        let mut stolen = honest.clone();
        stolen[6..12].copy_from_slice(&OTHER.0);
        assert!(!passes(&stolen, false), "{stolen:x?}");
        for length in 0..honest.len() {
            // A frame that is cut off at any byte gets a verdict: `passes` fails if the program read past its end.
            passes(&honest[..length], false);
        }
    }
}

#[test]
fn frames_from_another_address_are_dropped() {
    let own = Some((2, OWN));
    for forged in [
        arp(OWN, 2, OTHER, [10, 1, 0, 2]),
        arp(OWN, 2, OWN, [10, 1, 0, 1]),
        arp(OWN, 1, OWN, [10, 1, 0, 3]),
        arp(OWN, 2, OWN, [0; 4]),
        frame(OWN, ARP, &[0; 28]),
        ipv4([10, 1, 0, 3], [192, 0, 2, 1]),
        ipv4([0; 4], [255; 4]),
        ipv4([10, 1, 0, 2], [127, 0, 0, 1]),
        ipv6(17, "fd01::3", &[0; 8]),
        ipv6(17, "::", &[0; 8]),
        ipv6(17, "fe80::1", &[0; 8]),
        nd(136, "fd01::2", "fd01::1", own),
        nd(136, "fd01::1", "fd01::1", own),
        nd(136, "fd01::1", "fd01::2", own),
        nd(136, "fd01::2", "fd01::2", Some((2, OTHER))),
        nd(136, "::", "fd01::2", own),
        nd(135, "fd01::1", "fd01::3", Some((1, OWN))),
        nd(135, "fd01::2", "fd01::3", Some((1, OTHER))),
        nd(135, "::", "fd01::3", None),
        ipv6(ICMPV6, LOCAL, &[134, 0, 0, 0, 0, 0, 0, 0]),
        ipv6(ICMPV6, LOCAL, &[137, 0, 0, 0, 0, 0, 0, 0]),
        // Behind other headers.
        ipv6(60, "fd01::2", &[58, 0, 0, 0, 0, 0, 0, 0, 136]),
        ipv6(43, "fd01::2", &[58, 0, 0, 0, 0, 0, 0, 0, 136]),
        ipv6(0, "fd01::2", &[58, 0, 1, 4, 0, 0, 0, 0, 136]),
        ipv6(0, "fd01::2", &[17, 0, 1, 4, 0, 0, 0, 0, 143]),
        ipv6(FRAGMENT, "fd01::2", &[58, 0, 0, 1, 0, 0, 0, 0, 136]),
        ipv6(FRAGMENT, "fd01::2", &[60, 0, 0, 1, 0, 0, 0, 0, 58]),
        ipv6(FRAGMENT, "fd01::3", &[17, 0, 0, 0, 0, 0, 0, 0, 7]),
        ipv6(FRAGMENT, "fd01::3", &[58, 0, 0, 0, 0, 0, 0, 0]),
        // Tags that the kernel has not taken off, and what is not IP.
        frame(OWN, 0x8100, &[0, 7, 8, 0]),
        frame(OWN, 0x88a8, &[0, 7, 8, 0]),
        frame(OWN, 0x88b5, &[0; 46]),
        frame(OWN, 46, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
    ] {
        assert!(!passes(&forged, false), "{forged:x?}");
    }
}

#[test]
fn an_endpoint_of_one_family_has_none_of_the_other() {
    let mut peer = endpoint();
    peer.addresses.truncate(1);
    let program = binding(&peer);
    let verdict = |frame: &[u8]| run(&program, frame, false);
    assert_eq!(verdict(&ipv4([10, 1, 0, 2], [192, 0, 2, 1])), PASS);
    assert_eq!(verdict(&ipv6(17, "fd01::2", &[0; 8])), DROP);
    assert_eq!(verdict(&ipv6(17, LOCAL, &[0; 8])), PASS);
}
