//! Questions that endpoints ask, and what others answer to them.

use std::net::IpAddr;
use std::sync::LazyLock;

use hickory_proto::op::Message;
use tidegate_resolver::{Asked, MAX_DATAGRAM, Transport, Verdict, Zone, judge, of_state};

use crate::samples;

/// Checks one query and one answer of an upstream server. A query of an endpoint is ignored, answered, or forwarded. An answer
/// is well-formed, fits into its datagram, and has the query's id; that holds for forwarded answers too. A client that is not
/// an endpoint gets no answer.
///
/// # Panics
/// Where that does not hold.
pub fn dns(bytes: &[u8], reply: &[u8]) {
    for (transport, limit) in [
        (Transport::Udp, MAX_DATAGRAM),
        (Transport::Tcp, usize::from(u16::MAX)),
    ] {
        let stranger = judged([192, 0, 2, 2], transport, bytes);
        assert!(matches!(stranger, Verdict::Ignore), "{stranger:?}");
        match judged([10, 208, 0, 2], transport, bytes) {
            Verdict::Ignore => {}
            Verdict::Answer(answer) | Verdict::Refuse(answer) => {
                check_answer(&answer, bytes, limit);
                assert!(answer[2] & 0x80 != 0, "it is an answer");
                assert!(Message::from_vec(&answer).is_ok(), "{answer:?}");
            }
            Verdict::Forward(question) => {
                let asked = question.with_id(1);
                assert_eq!(asked.len(), bytes.len());
                for reply in [reply, bytes, &asked] {
                    let accepted = question.accept(1, reply).map(|answer| answer.bytes);
                    for answer in accepted.into_iter().chain(question.failed()) {
                        check_answer(&answer, bytes, limit);
                    }
                }
            }
        }
    }
}

fn check_answer(answer: &[u8], question: &[u8], limit: usize) {
    assert!(answer.len() <= limit, "{} of {limit} bytes", answer.len());
    assert_eq!(answer[..2], question[..2], "the id");
}

/// What is done about a question to the gateway of the sample's network `web`.
fn judged(from: [u8; 4], transport: Transport, bytes: &[u8]) -> Verdict {
    static ZONE: LazyLock<Zone> = LazyLock::new(|| {
        let mut zone = Zone::default();
        of_state(&samples::state()).for_each(|update| zone.apply(update));
        zone
    });
    let asked = Asked {
        from: IpAddr::from(from),
        to: IpAddr::from([10, 208, 0, 1]),
        by: None,
        transport,
        bytes,
    };
    judge(&ZONE, asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Query;
    use hickory_proto::rr::{Name, RecordType};

    /// Otherwise nothing but silence would be checked.
    #[test]
    fn the_sample_answers_for_its_endpoint_and_asks_others_for_the_rest() {
        let asked = |name: &str| {
            let mut message = Message::query();
            message.metadata.recursion_desired = true;
            message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
            judged([10, 208, 0, 2], Transport::Udp, &message.to_vec().unwrap())
        };
        assert!(matches!(asked("front."), Verdict::Answer(_)));
        assert!(matches!(asked("www.example.org."), Verdict::Forward(_)));
    }
}
