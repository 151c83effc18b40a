//! The program of the filter: classic BPF (linux/filter.h), which a kernel takes from whoever has CAP_NET_ADMIN.

/// `TC_ACT_SHOT` of linux/pkt_cls.h: drop.
const DROP: u32 = 2;
/// `TC_ACT_UNSPEC`: no opinion. A load beyond the end of a frame ends a program with 0, `TC_ACT_OK`, which lets the
/// frame pass as well: what is cut off in its header no protocol takes.
const PASS: u32 = u32::MAX;

// linux/if_ether.h
const IPV4: u32 = 0x0800;
/// What the kernel calls a tag (`eth_type_vlan`).
const TAGS: [u32; 2] = [0x8100, 0x88a8];
/// Where an Ethernet header has the type of what follows.
const TYPE: u32 = 12;
const TAG_LENGTH: u32 = 4;
/// Where an IPv4 header has its source and its destination (RFC 791, section 3.1).
const ADDRESSES: [u32; 2] = [12, 16];
const ADDRESSES_AFTER_TYPE: u32 = 2;
/// 127.0.0.0/8.
const LOOPBACK: u32 = 127;

/// How many tags a frame may have besides the one that the kernel has taken off before. It takes off tags of VLAN 0
/// one by one, however many, before it looks at what is inside.
const MOST_TAGS: u32 = 2;

/// `BPF_LD | BPF_H | BPF_ABS`.
const LOAD_HALF: u16 = 0x28;
/// `BPF_LD | BPF_B | BPF_ABS`.
const LOAD_BYTE: u16 = 0x30;
/// `BPF_JMP | BPF_JEQ | BPF_K`.
const JUMP_IF: u16 = 0x15;
/// `BPF_RET | BPF_K`.
const RETURN: u16 = 0x06;

/// `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    code: u16,
    /// How many instructions a jump skips if it is taken, and if not.
    skips: [u8; 2],
    k: u32,
}

impl Instruction {
    const fn new(code: u16, k: u32) -> Self {
        let skips = [0, 0];
        Self { code, skips, k }
    }

    /// Skips so many instructions if the value loaded is this one.
    const fn skip_if(k: u32, skipped: u8) -> Self {
        let skips = [skipped, 0];
        Self {
            code: JUMP_IF,
            skips,
            k,
        }
    }

    /// Skips so many instructions unless the value loaded is this one.
    const fn skip_unless(k: u32, skipped: u8) -> Self {
        let skips = [0, skipped];
        Self {
            code: JUMP_IF,
            skips,
            k,
        }
    }
}

/// Drops IPv4 packets from and to 127.0.0.0/8, and frames with more tags than are looked behind.
pub(super) fn instructions() -> Vec<Instruction> {
    let drop = Instruction::new(RETURN, DROP);
    let pass = Instruction::new(RETURN, PASS);
    let mut program = Vec::new();
    for tags in 0..=MOST_TAGS {
        let at = TYPE + tags * TAG_LENGTH;
        let of_packet = ip_packet(at + ADDRESSES_AFTER_TYPE);
        program.push(Instruction::new(LOAD_HALF, at));
        program.push(Instruction::skip_unless(IPV4, LENGTH_OF_IP_PACKET));
        program.extend(of_packet);
        // A tag leads to what is next, the one behind it; anything else passes.
        program.push(Instruction::skip_if(TAGS[0], 2));
        program.push(Instruction::skip_if(TAGS[1], 1));
        program.push(pass);
    }
    program.push(drop);
    program
}

const LENGTH_OF_IP_PACKET: u8 = 6;

/// Looks at the addresses of the IPv4 packet at an offset.
fn ip_packet(at: u32) -> [Instruction; LENGTH_OF_IP_PACKET as usize] {
    let [source, destination] = ADDRESSES.map(|address| at + address);
    [
        Instruction::new(LOAD_BYTE, source),
        Instruction::skip_if(LOOPBACK, 3),
        Instruction::new(LOAD_BYTE, destination),
        Instruction::skip_if(LOOPBACK, 1),
        Instruction::new(RETURN, PASS),
        Instruction::new(RETURN, DROP),
    ]
}

/// The program as the kernel takes it: an array of `struct sock_filter`.
pub(super) fn bytes(program: &[Instruction]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(program.len() * 8);
    for Instruction { code, skips, k } in program {
        let mut instruction = [0; 8];
        instruction[..2].copy_from_slice(&code.to_ne_bytes());
        instruction[2..4].copy_from_slice(skips);
        instruction[4..].copy_from_slice(&k.to_ne_bytes());
        bytes.extend(instruction);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would make of a frame (`bpf_prog_run`).
    fn verdict(frame: &[u8]) -> u32 {
        let program = instructions();
        let (mut at, mut loaded) = (0, 0);
        loop {
            let Instruction { code, skips, k } = program[at];
            at += 1;
            let offset = usize::try_from(k).unwrap();
            match code {
                LOAD_HALF => match frame.get(offset..offset.saturating_add(2)) {
                    Some(half) => loaded = u32::from(half[0]) << 8 | u32::from(half[1]),
                    None => return 0,
                },
                LOAD_BYTE => match frame.get(offset) {
                    Some(byte) => loaded = u32::from(*byte),
                    None => return 0,
                },
                JUMP_IF => at += usize::from(skips[usize::from(loaded != k)]),
                _ => return k,
            }
        }
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
    fn what_comes_from_or_goes_to_the_loopback_is_dropped_behind_any_number_of_tags() {
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
    fn frames_of_other_protocols_pass_whatever_they_hold() {
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
