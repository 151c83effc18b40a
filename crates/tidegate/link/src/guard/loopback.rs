//! Protects the host's loopback from an endpoint.

use super::assembly::{Assembly, DROP, IPV4, Instruction, PASS};
use super::nearest::is_not_for_nearest;

/// What the kernel calls a tag (`eth_type_vlan`).
const TAGS: [u32; 2] = [0x8100, 0x88a8];
/// Offset of the EtherType in an Ethernet header.
const TYPE: u32 = 12;
const TAG_LENGTH: u32 = 4;
/// Offsets of source and destination in an IPv4 header (RFC 791, section 3.1).
const ADDRESSES: [u32; 2] = [12, 16];
const ADDRESSES_AFTER_TYPE: u32 = 2;
/// 127.0.0.0/8.
const LOOPBACK: u32 = 127;

/// How many VLAN tags a frame may have besides the one that the kernel has removed already. The kernel removes any
/// number of tags of VLAN 0 before it looks inside.
const MOST_TAGS: u32 = 2;

/// Drops IPv4 packets from and to 127.0.0.0/8, frames for the nearest bridge alone, and frames with more tags than
/// the program looks behind. A load beyond the end of a frame ends the program with 0, `TC_ACT_OK`, which accepts the
/// frame: no protocol accepts a truncated header.
pub(super) fn loopback() -> Vec<Instruction> {
    let mut code = Assembly::default();
    is_not_for_nearest(&mut code);
    for tags in 0..=MOST_TAGS {
        let at = TYPE + tags * TAG_LENGTH;
        let [other, behind] = [(); 2].map(|()| code.label());
        code.load_half(at);
        code.unless(IPV4, other);
        for address in ADDRESSES {
            code.load_byte(at + ADDRESSES_AFTER_TYPE + address);
            code.end_if(LOOPBACK, DROP);
        }
        code.end(PASS);
        // A tag leads to what is next, the one behind it; anything else passes.
        code.place(other);
        for tag in TAGS {
            code.when(tag, behind);
        }
        code.end(PASS);
        code.place(behind);
    }
    code.end(DROP);
    code.finish()
}

#[cfg(test)]
mod tests {
    use super::super::assembly::run;
    use super::*;

    fn verdict(frame: &[u8]) -> u32 {
        run(&loopback(), frame, false)
    }

    fn frame(tags: &[u16], kind: u16, source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![2; 12];
        for tag in tags {
            frame.extend(tag.to_be_bytes());
            frame.extend([0, 0]);
        }
        frame.extend(kind.to_be_bytes());
        frame.extend([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(source);
        frame.extend(destination);
        frame
    }

    #[test]
    fn packets_from_and_to_the_loopback_are_dropped_behind_any_number_of_tags() {
        let (endpoint, gateway, loopback) = ([10, 9, 0, 2], [10, 9, 0, 1], [127, 0, 0, 1]);
        let tags = [0x8100, 0x88a8, 0x8100, 0x8100];
        for depth in 0..=2 {
            for (source, destination, expected) in [
                (endpoint, gateway, PASS),
                (endpoint, loopback, DROP),
                (endpoint, [127, 255, 255, 254], DROP),
                (loopback, gateway, DROP),
                (endpoint, [128, 0, 0, 1], PASS),
                (endpoint, [126, 0, 0, 1], PASS),
            ] {
                let frame = frame(&tags[..depth], 0x0800, source, destination);
                assert_eq!(verdict(&frame), expected, "{depth} {destination:?}");
            }
        }
        for depth in 3..=4 {
            let frame = frame(&tags[..depth], 0x0800, endpoint, gateway);
            assert_eq!(verdict(&frame), DROP, "{depth}");
        }
    }

    #[test]
    fn frames_of_other_protocols_pass_with_any_content() {
        for kind in [0x0806, 0x86dd, 0x88cc, 0x0026] {
            for tags in [&[][..], &[0x8100]] {
                let frame = frame(tags, kind, [127, 0, 0, 1], [127, 0, 0, 1]);
                assert_eq!(verdict(&frame), PASS, "{kind:#x}");
            }
        }
    }

    #[test]
    fn a_frame_that_is_cut_off_ends_the_program() {
        let whole = frame(&[0x8100], 0x0800, [10, 9, 0, 2], [10, 9, 0, 1]);
        for length in 0..whole.len() {
            assert!([0, PASS].contains(&verdict(&whole[..length])), "{length}");
        }
    }
}
