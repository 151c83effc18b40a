//! What is to be routed.

use tidegate_model::MacAddr;

use super::assembly::{Assembly, IPV4, IPV6, Instruction};

const ICMPV6: u32 = 58;
/// Router solicitations to redirects: the types of neighbour discovery (RFC 4861, section 4).
const DISCOVERY: std::ops::RangeInclusive<u32> = 133..=137;

// What a classifier says (cls_bpf.c of the kernel).
const IS_NOT: u32 = 0;
const IS: u32 = u32::MAX;

/// The program that matches frames which the gateway with that Ethernet address must route: IPv4, and IPv6 except
/// neighbour discovery, from which the bridge learns where a neighbour is.
pub(super) fn to_gateway(gateway: MacAddr) -> Vec<Instruction> {
    let [a, b, c, d, e, f] = gateway.0;
    let mut code = Assembly::default();
    let [other, routed] = [(); 2].map(|()| code.label());
    code.load_word(0);
    code.unless(u32::from_be_bytes([a, b, c, d]), other);
    code.load_half(4);
    code.unless(u32::from(u16::from_be_bytes([e, f])), other);
    code.load_half(12);
    code.when(IPV4, routed);
    code.unless(IPV6, other);
    code.load_byte(20);
    code.unless(ICMPV6, routed);
    code.load_byte(54);
    for kind in DISCOVERY {
        code.when(kind, other);
    }
    code.place(routed);
    code.end(IS);
    code.place(other);
    code.end(IS_NOT);
    code.finish()
}
