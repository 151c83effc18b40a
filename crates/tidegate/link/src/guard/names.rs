//! What a sealed bridge lets through to the host where its network has names.

use std::ops::RangeInclusive;

use tidegate_model::{RESOLVER4, RESOLVER6};

use super::assembly::{ARP, Assembly, DROP, IPV4, IPV6, Instruction, PASS};

/// Offset of the payload of an Ethernet header.
const BODY: u32 = 14;
/// Offsets of the payloads of an IPv4 header without options and of an IPv6 header.
const BODY4: u32 = BODY + 20;
const BODY6: u32 = BODY + 40;
/// The port of DNS, and the offset of the destination port.
const DNS: u32 = 53;
const DPORT: u32 = 2;

/// ARP for Ethernet and IPv4 (RFC 826): hardware and protocol; the offset of the requested address.
const ARP_KIND: u32 = 0x0001_0800;
const ARP_TARGET: u32 = BODY + 24;

/// Version 4 and a header without options (RFC 791, section 3.1).
const PLAIN4: u32 = 0x45;
/// Whether it is a fragment: neither "more fragments" nor an offset; "don't fragment" may be set.
const WHOLE: [u32; 2] = [0, 0x4000];

// IANA, Assigned Internet Protocol Numbers.
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;

/// Solicitation and advertisement of a neighbour (RFC 4861, section 4).
const SOLICITATION: u32 = 135;
const ADVERTISEMENT: u32 = 136;
const TARGET6: RangeInclusive<u32> = BODY6 + 8..=BODY6 + 20;
const DESTINATION6: RangeInclusive<u32> = BODY + 24..=BODY + 36;
/// The first 32 bits of fe80::/64.
const LINK_LOCAL: u32 = 0xfe80_0000;

/// The program that passes untagged queries to the DNS server's own addresses, and what finds its Ethernet address and
/// tells it those of endpoints. It drops everything else.
pub(super) fn names() -> Vec<Instruction> {
    let mut code = Assembly::default();
    let [ipv4, others, ipv6] = [(); 3].map(|()| code.label());
    code.has_bytes(BODY);
    code.load_tag();
    code.go_on_if(0);
    code.load_half(BODY - 2);
    code.when(IPV4, ipv4);
    code.unless(ARP, others);
    code.has_bytes(BODY + 28);
    code.load_word(BODY);
    code.go_on_if(ARP_KIND);
    code.load_word(ARP_TARGET);
    code.end_if(RESOLVER4.to_bits(), PASS);
    code.end(DROP);

    code.place(ipv4);
    of_ipv4(&mut code);
    code.place(others);
    code.when(IPV6, ipv6);
    code.end(DROP);
    code.place(ipv6);
    of_ipv6(&mut code);
    code.finish()
}

/// Ends the program.
fn of_ipv4(code: &mut Assembly) {
    let [whole, to_port] = [(); 2].map(|()| code.label());
    code.has_bytes(BODY4 + 4);
    code.load_byte(BODY);
    code.go_on_if(PLAIN4);
    code.load_half(BODY + 6);
    for flags in WHOLE {
        code.when(flags, whole);
    }
    code.end(DROP);
    code.place(whole);
    code.load_word(BODY + 16);
    code.go_on_if(RESOLVER4.to_bits());
    code.load_byte(BODY + 9);
    code.when(UDP, to_port);
    code.go_on_if(TCP);
    code.place(to_port);
    code.load_half(BODY4 + DPORT);
    code.end_if(DNS, PASS);
    code.end(DROP);
}

/// Ends the program.
fn of_ipv6(code: &mut Assembly) {
    let [icmp, to_port, answer, pass] = [(); 4].map(|()| code.label());
    code.has_bytes(BODY6 + 4);
    code.load_byte(BODY + 6);
    code.when(ICMPV6, icmp);
    code.when(UDP, to_port);
    code.go_on_if(TCP);
    code.place(to_port);
    is_resolver(code, DESTINATION6);
    code.load_half(BODY6 + DPORT);
    code.end_if(DNS, PASS);
    code.end(DROP);

    code.place(icmp);
    code.has_bytes(BODY6 + 24);
    code.load_byte(BODY6);
    code.when(ADVERTISEMENT, answer);
    code.go_on_if(SOLICITATION);
    is_resolver(code, TARGET6);
    code.end(PASS);
    // The host asks from either address.
    code.place(answer);
    code.load_word(BODY + 24);
    code.when(LINK_LOCAL, pass);
    is_resolver(code, DESTINATION6);
    code.place(pass);
    code.end(PASS);
}

/// Drops the frame unless the IPv6 address at these words is that of the DNS server.
fn is_resolver(code: &mut Assembly, at: RangeInclusive<u32>) {
    let words = RESOLVER6.to_bits().to_be_bytes();
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |all, byte| all << 8 | u32::from(*byte))
    };
    let words = words.chunks_exact(4).map(word);
    for (at, word) in at.step_by(4).zip(words) {
        code.load_word(at);
        code.go_on_if(word);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::super::assembly::run;
    use super::*;

    fn frame(kind: u32, body: &[u8]) -> Vec<u8> {
        let kind = u16::try_from(kind).unwrap().to_be_bytes();
        [&[2; 12][..], &kind, body].concat()
    }

    fn ipv4(to: Ipv4Addr, first: u8, flags: u8, protocol: u8, port: u16) -> Vec<u8> {
        let mut body = vec![first, 0, 0, 28, 0, 0, flags, 0, 64, protocol, 0, 0];
        body.extend([10, 9, 0, 2]);
        body.extend(to.octets());
        body.extend([0x99, 0x99]);
        body.extend(port.to_be_bytes());
        frame(IPV4, &body)
    }

    fn ipv6(to: Ipv6Addr, next: u32, payload: &[u8]) -> Vec<u8> {
        let next = u8::try_from(next).unwrap();
        let mut body = vec![0x60, 0, 0, 0, 0, 8, next, 64];
        body.extend("fd00::2".parse::<Ipv6Addr>().unwrap().octets());
        body.extend(to.octets());
        body.extend(payload);
        frame(IPV6, &body)
    }

    fn arp(target: Ipv4Addr) -> Vec<u8> {
        let mut body = vec![0, 1, 8, 0, 6, 4, 0, 1];
        body.extend([2; 16]);
        body.extend(target.octets());
        frame(ARP, &body)
    }

    fn verdict(frame: &[u8]) -> u32 {
        run(&names(), frame, false)
    }

    fn port(port: u16) -> Vec<u8> {
        [&[0x99, 0x99][..], &port.to_be_bytes()].concat()
    }

    fn discovery(kind: u32, target: Ipv6Addr) -> Vec<u8> {
        let kind = u8::try_from(kind).unwrap();
        [&[kind, 0, 0, 0, 0, 0, 0, 0][..], &target.octets()].concat()
    }

    #[test]
    fn queries_to_the_dns_server_pass_and_nothing_else_of_ipv4() {
        let (udp, tcp) = (17, 6);
        for protocol in [udp, tcp] {
            for flags in [0, 0x40] {
                let query = ipv4(RESOLVER4, 0x45, flags, protocol, 53);
                assert_eq!(verdict(&query), PASS);
                assert_eq!(run(&names(), &query, true), DROP, "tagged");
                for end in 0..query.len() {
                    assert_eq!(verdict(&query[..end]), DROP, "{end}");
                }
            }
        }
        let gateway = Ipv4Addr::new(10, 9, 0, 1);
        for other in [
            ipv4(gateway, 0x45, 0, udp, 53),
            ipv4(RESOLVER4, 0x46, 0, udp, 53),
            ipv4(RESOLVER4, 0x45, 0x20, udp, 53),
            ipv4(RESOLVER4, 0x45, 0, udp, 54),
            ipv4(RESOLVER4, 0x45, 0, 1, 53),
            frame(0x88cc, &[0; 64]),
        ] {
            assert_eq!(verdict(&other), DROP, "{other:?}");
        }
        assert_eq!(verdict(&arp(RESOLVER4)), PASS);
        assert_eq!(verdict(&arp(gateway)), DROP);
    }

    #[test]
    fn queries_to_the_dns_server_pass_and_nothing_else_of_ipv6() {
        let ip = |text: &str| text.parse::<Ipv6Addr>().unwrap();
        for next in [TCP, UDP] {
            assert_eq!(verdict(&ipv6(RESOLVER6, next, &port(53))), PASS);
            assert_eq!(verdict(&ipv6(RESOLVER6, next, &port(54))), DROP);
            assert_eq!(verdict(&ipv6(ip("fd00::1"), next, &port(53))), DROP);
        }
        // Behind an extension header.
        assert_eq!(verdict(&ipv6(RESOLVER6, 44, &port(53))), DROP);
        let group = ip("ff02::1:ff00:53");
        for (to, kind, target, wanted) in [
            (group, SOLICITATION, RESOLVER6, PASS),
            (RESOLVER6, SOLICITATION, RESOLVER6, PASS),
            (group, SOLICITATION, ip("fe80::1"), DROP),
            (RESOLVER6, ADVERTISEMENT, ip("fd00::2"), PASS),
            (ip("fe80::1"), ADVERTISEMENT, ip("fd00::2"), PASS),
            (ip("ff02::1"), ADVERTISEMENT, ip("fd00::2"), DROP),
            (RESOLVER6, 128, RESOLVER6, DROP),
            (ip("ff02::2"), 133, RESOLVER6, DROP),
        ] {
            let frame = ipv6(to, ICMPV6, &discovery(kind, target));
            assert_eq!(verdict(&frame), wanted, "{to} {kind} {target}");
        }
    }
}
