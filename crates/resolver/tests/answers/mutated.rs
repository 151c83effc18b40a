//! Bytes that nobody would send who means well: never a panic, never an answer that is too long or
//! goes to whom it should not.

use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::RecordType;
use proptest::prelude::*;
use tidegate_resolver::{Asked, MAX_DATAGRAM, Transport, Verdict, Zone, judge};

use crate::scene::{ip, question, zone};

fn judged(zone: &Zone, from: &str, transport: Transport, bytes: &[u8]) -> Verdict {
    let (from, to) = (ip(from), ip("10.0.1.1"));
    judge(
        zone,
        Asked {
            from,
            to,
            transport,
            bytes,
        },
    )
}

/// Whatever is done is in order.
fn check(bytes: &[u8], reply: &[u8]) {
    let zone = zone();
    for (transport, limit) in [(Transport::Udp, MAX_DATAGRAM), (Transport::Tcp, 65535)] {
        assert!(matches!(
            judged(&zone, "192.0.2.2", transport, bytes),
            Verdict::Ignore
        ));
        match judged(&zone, "10.0.1.2", transport, bytes) {
            Verdict::Ignore => {}
            Verdict::Answer(answer) | Verdict::Refuse(answer) => {
                assert!(answer.len() <= limit);
                assert_eq!(answer[..2], bytes[..2], "the id");
                assert!(answer[2] & 0x80 != 0, "an answer");
                assert!(Message::from_vec(&answer).is_ok());
            }
            Verdict::Forward(question) => {
                assert_eq!(question.with_id(1).len(), bytes.len());
                for reply in [reply, bytes, &question.with_id(1)] {
                    let heard = question.hear(1, reply).map(|heard| heard.bytes);
                    for answer in heard.into_iter().chain(question.failed()) {
                        assert!(answer.len() <= limit);
                        assert_eq!(answer[..2], bytes[..2], "the id");
                    }
                }
            }
        }
    }
}

/// A question that is understood, to be spoilt.
fn sound() -> impl Strategy<Value = Vec<u8>> {
    let names = prop_oneof![
        Just("front."),
        Just("www.example.org."),
        Just("pool.web."),
        Just("2.1.0.10.in-addr.arpa."),
        Just("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa."),
        Just("."),
    ];
    let kinds = prop_oneof![
        Just(RecordType::A),
        Just(RecordType::PTR),
        Just(RecordType::ANY),
        any::<u16>().prop_map(RecordType::from),
    ];
    (names, kinds, any::<Option<u16>>()).prop_map(|(name, kind, payload)| {
        let mut message = question(name, kind);
        if let Some(payload) = payload {
            let mut edns = Edns::new();
            edns.set_max_payload(payload);
            message.set_edns(edns);
        }
        message.to_vec().unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..600), reply in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes, &reply);
    }

    #[test]
    fn a_question_with_some_bytes_changed_cut_or_added_is_judged(
        mut bytes in sound(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        length in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 0..64),
        is_cut in any::<bool>(),
    ) {
        let reply = bytes.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        bytes.extend(more);
        check(&bytes, &reply);
    }
}
