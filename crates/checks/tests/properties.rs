//! Every check with inputs made up at random, and often with ones that mean something to somebody.

use proptest::prelude::*;

/// Any text, and often one with characters that mean something to nft, to JSON or to a parser of ours.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z;{}\"#$@*\\\\ \n\t.:/-]{0,12}",
        "[a-z][a-z0-9_-]{0,12}",
        "(fwd|th|last|drop|add|ip|meta|comment|tg[0-9a-f]{16}x[0-9])",
        "[0-9:./\\[\\]a-z-]{0,40}",
        "([0-9a-f:.\\[\\]]{0,20}:)?[0-9]{0,5}(-[0-9]{0,5})?:[0-9]{0,5}(-[0-9]{0,5})?(/(tcp|udp|sctp|x))?",
        "(front|host|outside|10\\.208\\.0\\.[0-9]{1,3})(:[0-9]{0,5}(/(tcp|udp|sctp))?)?",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.0\\.0/[0-9]{1,2}",
        "-?[0-9]{1,11}",
    ]
}

proptest! {
    #[test]
    fn a_value_reads_back_as_it_is_shown(text in text()) {
        tidegate_checks::value(&text);
    }

    #[test]
    fn a_text_that_reaches_a_driver_stays_in_its_place(text in text()) {
        tidegate_checks::nft(&text);
    }

    #[test]
    fn a_body_of_any_bytes_is_a_request_or_refused(body in any::<Vec<u8>>()) {
        tidegate_checks::request(&body);
    }

    #[test]
    fn a_body_with_one_text_changed_is_a_sound_request_or_refused(
        which: u8, place: u8, text in text()
    ) {
        tidegate_checks::changed_request(which, place, &text);
    }
}
