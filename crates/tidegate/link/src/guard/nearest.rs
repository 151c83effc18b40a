//! Frames for the nearest bridge alone (01:80:c2:00:00:01 to 0f; IEEE 802.1Q, table 8-1). A bridge does not forward them, and
//! the kernel hands them to the host as received by the port itself: past the filter of the bridge, and past rules that name
//! the bridge.

use super::assembly::Assembly;

const GROUP: u32 = 0x0180_c200;
/// The address of spanning tree bridges: our bridges take no part in a spanning tree, so they forward it.
const FORWARDED: u32 = 0;
const END: u32 = 0x10;

/// Drops these frames and continues with all others.
pub(super) fn is_not_for_nearest(code: &mut Assembly) {
    let on = code.label();
    code.load_word(0);
    code.unless(GROUP, on);
    code.load_half(4);
    code.when(FORWARDED, on);
    code.go_on_from(END);
    code.place(on);
}

#[cfg(test)]
mod tests {
    use super::super::assembly::{DROP, PASS, run};
    use super::*;

    #[test]
    fn frames_that_a_bridge_does_not_forward_are_dropped() {
        let mut code = Assembly::default();
        is_not_for_nearest(&mut code);
        code.end(PASS);
        let program = code.finish();
        let verdict = |to: [u8; 6]| run(&program, &to, false);
        for last in 1..=0x0f {
            assert_eq!(verdict([0x01, 0x80, 0xc2, 0, 0, last]), DROP, "{last}");
        }
        for to in [
            [0x01, 0x80, 0xc2, 0, 0, 0],
            [0x01, 0x80, 0xc2, 0, 0, 0x10],
            [0x01, 0x80, 0xc2, 0, 1, 1],
            [0x01, 0x80, 0xc3, 0, 0, 1],
            [0xff; 6],
        ] {
            assert_eq!(verdict(to), PASS, "{to:?}");
        }
    }
}
