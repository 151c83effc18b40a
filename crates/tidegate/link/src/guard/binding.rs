//! Binds an endpoint to its Ethernet address and its IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tidegate_model::MacAddr;
use tidegate_model::links::Peer;

use super::assembly::{self, ARP, Assembly, DROP, IPV4, IPV6, Instruction, Label, PASS};
use super::nearest::is_not_for_nearest;

/// Offset of the payload of an Ethernet header, and of that of an IPv6 header (RFC 8200, section 3).
const BODY: u32 = 14;
const BODY6: u32 = BODY + 40;

/// ARP for Ethernet and IPv4 (RFC 826): hardware and protocol; the lengths of their addresses.
const ARP_KIND: u32 = 0x0001_0800;
const ARP_LENGTHS: u32 = 0x0604;
const ARP_REQUEST: u32 = 1;

/// 127.0.0.0/8.
const LOOPBACK: u32 = 127;

// Next headers of IPv6 (IANA, Assigned Internet Protocol Numbers).
const HOP_BY_HOP: u32 = 0;
const FRAGMENT: u32 = 44;
const ICMPV6: u32 = 58;
/// Extension headers that can hide anything: routing, authentication, options, mobility, HIP, Shim6.
const EXTENSIONS: [u32; 6] = [43, 51, 60, 135, 139, 140];

// Types of ICMPv6: multicast listeners (RFC 3810, section 5), neighbour discovery (RFC 4861, section 4).
const LISTENERS: [u32; 3] = [131, 132, 143];
const ROUTER_SOLICITATION: u32 = 133;
const ROUTER_ADVERTISEMENT: u32 = 134;
const SOLICITATION: u32 = 135;
const ADVERTISEMENT: u32 = 136;
const REDIRECT: u32 = 137;
/// Options of neighbour discovery: source and target link-layer address (RFC 4861, section 4.6), nonce (RFC 7527).
const OF_SOURCE: u32 = 1;
const OF_TARGET: u32 = 2;
const NONCE: u32 = 14;
/// Length of a solicitation or an advertisement, without an option and with one.
const PLAIN: u32 = 24;
const WITH_OPTION: u32 = 32;

/// Who an endpoint is.
struct Identity {
    mac: MacAddr,
    v4: Vec<Ipv4Addr>,
    /// The link-local one that the kernel makes of the Ethernet address among them (RFC 4291, appendix A).
    v6: Vec<Ipv6Addr>,
}

/// The program that lets through what an endpoint may send, and drops the rest. It may send, untagged and from its own
/// Ethernet address: ARP about its own addresses; IPv4 from them, but not to the host's loopback; IPv6 from them, with
/// no router advertisement, no redirect, no claim to another's address, and no extension header that could hide one.
pub(super) fn binding(peer: &Peer) -> Vec<Instruction> {
    let who = Identity::of(peer);
    let mut code = Assembly::default();
    let [ipv4, others, six] = [(); 3].map(|()| code.label());
    begin(&mut code);
    is_not_for_nearest(&mut code);
    from_mac(&mut code, 6, who.mac);
    code.load_half(12);
    code.when(IPV4, ipv4);
    code.unless(ARP, others);
    arp(&mut code, &who);

    code.place(ipv4);
    code.has_bytes(BODY + 20);
    code.load_byte(BODY + 16);
    code.end_if(LOOPBACK, DROP);
    code.load_word(BODY + 12);
    for address in &who.v4 {
        code.end_if(address.to_bits(), PASS);
    }
    code.end(DROP);

    code.place(others);
    code.when(IPV6, six);
    code.end(DROP);
    code.place(six);
    ipv6(&mut code, &who);
    code.finish()
}

/// Whether a program begins as one of these does, with a look at the length and at the tag.
pub(super) fn is_one(program: &[u8]) -> bool {
    let mut code = Assembly::default();
    begin(&mut code);
    program.starts_with(&assembly::bytes(&code.finish()))
}

fn begin(code: &mut Assembly) {
    code.has_bytes(BODY);
    code.load_tag();
    code.go_on_if(0);
}

impl Identity {
    fn of(peer: &Peer) -> Self {
        let addresses = || peer.addresses.iter().map(ipnet::IpNet::addr);
        let v4 = addresses().filter_map(|address| match address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        });
        let v6 = addresses().filter_map(|address| match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(v6),
        });
        Self {
            mac: peer.mac,
            v4: v4.collect(),
            v6: v6.chain([link_local(peer.mac)]).collect(),
        }
    }
}

fn link_local(mac: MacAddr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0;
    Ipv6Addr::from([
        0xfe,
        0x80,
        0,
        0,
        0,
        0,
        0,
        0,
        a ^ 2,
        b,
        c,
        0xff,
        0xfe,
        d,
        e,
        f,
    ])
}

/// Ends the program.
fn arp(code: &mut Assembly, who: &Identity) {
    code.has_bytes(BODY + 28);
    code.load_word(BODY);
    code.go_on_if(ARP_KIND);
    code.load_half(BODY + 4);
    code.go_on_if(ARP_LENGTHS);
    from_mac(code, BODY + 8, who.mac);
    code.load_word(BODY + 14);
    for address in &who.v4 {
        code.end_if(address.to_bits(), PASS);
    }
    // A probe whether somebody has an address already (RFC 5227, section 1.1).
    code.go_on_if(0);
    code.load_half(BODY + 6);
    code.end_if(ARP_REQUEST, PASS);
    code.end(DROP);
}

/// Ends the program.
fn ipv6(code: &mut Assembly, who: &Identity) {
    let [icmp, hop_by_hop, fragment, source, source_or_none] = [(); 5].map(|()| code.label());
    code.has_bytes(BODY6);
    code.load_byte(BODY + 6);
    code.when(ICMPV6, icmp);
    code.when(HOP_BY_HOP, hop_by_hop);
    code.when(FRAGMENT, fragment);
    for next in EXTENSIONS {
        code.end_if(next, DROP);
    }
    code.jump(source);

    // Only reports of multicast listeners legitimately have this source.
    code.place(hop_by_hop);
    code.has_bytes(BODY6 + 9);
    code.load_byte(BODY6);
    code.go_on_if(ICMPV6);
    code.load_byte(BODY6 + 1);
    code.go_on_if(0);
    code.load_byte(BODY6 + 8);
    for kind in LISTENERS {
        code.when(kind, source_or_none);
    }
    code.end(DROP);

    code.place(fragment);
    code.has_bytes(BODY6 + 9);
    code.load_byte(BODY6);
    for next in [HOP_BY_HOP, FRAGMENT].into_iter().chain(EXTENSIONS) {
        code.end_if(next, DROP);
    }
    code.unless(ICMPV6, source);
    code.load_byte(BODY6 + 8);
    for kind in ROUTER_SOLICITATION..=REDIRECT {
        code.end_if(kind, DROP);
    }
    code.jump(source);

    code.place(icmp);
    discovery(code, who, source, source_or_none);

    code.place(source_or_none);
    ends_if_one_of(code, BODY + 8, &[Ipv6Addr::UNSPECIFIED], PASS);
    code.place(source);
    ends_if_one_of(code, BODY + 8, &who.v6, PASS);
    code.end(DROP);
}

/// Checks ICMPv6. Jumps to a label if only the source is left to check.
fn discovery(code: &mut Assembly, who: &Identity, source: Label, source_or_none: Label) {
    let [solicitation, own, asks] = [(); 3].map(|()| code.label());
    code.has_bytes(BODY6 + 1);
    code.load_byte(BODY6);
    code.end_if(ROUTER_ADVERTISEMENT, DROP);
    code.end_if(REDIRECT, DROP);
    code.when(ROUTER_SOLICITATION, source_or_none);
    code.when(SOLICITATION, solicitation);
    code.unless(ADVERTISEMENT, source);

    option(code, who.mac, &[OF_TARGET]);
    goes_if_one_of(code, BODY6 + 8, &who.v6, own);
    code.end(DROP);
    code.place(own);
    code.jump(source);

    code.place(solicitation);
    option(code, who.mac, &[OF_SOURCE, NONCE]);
    // Duplicate address detection: an endpoint without an address asks only for its own (RFC 4862, section 5.4.2).
    goes_if_one_of(code, BODY + 8, &[Ipv6Addr::UNSPECIFIED], asks);
    code.jump(source);
    code.place(asks);
    ends_if_one_of(code, BODY6 + 8, &who.v6, PASS);
    code.end(DROP);
}

/// Goes on if a message of neighbour discovery has no option, or one of these kinds that names the endpoint.
fn option(code: &mut Assembly, mac: MacAddr, kinds: &[u32]) {
    let [end, named] = [(); 2].map(|()| code.label());
    code.has_bytes(BODY6 + PLAIN);
    code.load_half(BODY + 4);
    code.when(PLAIN, end);
    code.go_on_if(WITH_OPTION);
    code.has_bytes(BODY6 + WITH_OPTION);
    code.load_byte(BODY6 + PLAIN);
    for kind in kinds {
        code.when(*kind, if *kind == NONCE { end } else { named });
    }
    code.end(DROP);
    code.place(named);
    from_mac(code, BODY6 + PLAIN + 2, mac);
    code.place(end);
}

/// Goes on if the Ethernet address at an offset is this one, and drops if not.
fn from_mac(code: &mut Assembly, at: u32, mac: MacAddr) {
    let [a, b, c, d, e, f] = mac.0;
    code.load_word(at);
    code.go_on_if(u32::from_be_bytes([a, b, c, d]));
    code.load_half(at + 4);
    code.go_on_if(u32::from(u16::from_be_bytes([e, f])));
}

/// Ends the program with a verdict if the IPv6 address at an offset is one of these.
fn ends_if_one_of(code: &mut Assembly, at: u32, addresses: &[Ipv6Addr], verdict: u32) {
    let [found, on] = [(); 2].map(|()| code.label());
    goes_if_one_of(code, at, addresses, found);
    code.jump(on);
    code.place(found);
    code.end(verdict);
    code.place(on);
}

/// Goes to a label if the IPv6 address at an offset is one of these.
fn goes_if_one_of(code: &mut Assembly, at: u32, addresses: &[Ipv6Addr], label: Label) {
    for address in addresses {
        let next = code.label();
        let octets = address.octets();
        let (words, _) = octets.as_chunks::<4>();
        for (offset, word) in (0..).step_by(4).zip(words) {
            code.load_word(at + offset);
            code.unless(u32::from_be_bytes(*word), next);
        }
        code.jump(label);
        code.place(next);
    }
}

#[cfg(test)]
mod tests;
