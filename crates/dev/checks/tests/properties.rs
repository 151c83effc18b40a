//! Every check with inputs made up at random, and often with ones that mean something to somebody.

#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be fails the test"
)]

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RecordType};
use proptest::prelude::*;
use proptest::sample::Index;

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

/// A question that is understood, to be spoilt.
fn question() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec![
        "front.",
        "www.example.org.",
        "back.db.",
        "2.0.208.10.in-addr.arpa.",
        "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.6.5.6.5.6.9.6.4.7.d.f.ip6.arpa.",
        ".",
    ]);
    let kinds = prop_oneof![
        Just(RecordType::A),
        Just(RecordType::PTR),
        Just(RecordType::ANY),
        any::<u16>().prop_map(RecordType::from),
    ];
    (names, kinds, any::<Option<u16>>()).prop_map(|(name, kind, payload)| {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        if let Some(payload) = payload {
            let mut edns = Edns::new();
            edns.set_max_payload(payload);
            message.set_edns(edns);
        }
        message.to_vec().unwrap()
    })
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_ignored_or_answered(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        reply in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        tidegate_checks::dns(&bytes, &reply);
    }

    #[test]
    fn a_question_with_some_bytes_changed_cut_or_added_is_ignored_or_answered(
        sound in question(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..8),
        length in any::<Option<Index>>(),
        more in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = sound.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        bytes.extend(more);
        tidegate_checks::dns(&bytes, &sound);
    }
}
