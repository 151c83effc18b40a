//! Names that others know.

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};
use tidegate_resolver::{Question, Verdict};

use crate::scene::{
    ask, question, shown, state, state_with_back_on_both, told, told_to, zone, zone_of,
};

fn forwarded(message: &Message) -> Question {
    match ask(&zone(), "10.0.1.2", "10.0.1.1", message) {
        Verdict::Forward(question) => *question,
        other => panic!("{other:?}"),
    }
}

/// An answer under an id.
fn answer(asked: &Message, id: u16, records: usize) -> Message {
    let mut answer = asked.clone().into_response();
    answer.metadata.id = id;
    for number in 0..records {
        let data = RData::A(std::net::Ipv4Addr::new(192, 0, 2, number as u8).into());
        let name = asked.queries[0].name().clone();
        answer.add_answer(Record::from_rdata(name, 60, data));
    }
    answer
}

#[test]
fn single_label_names_are_not_forwarded() {
    for (name, kind, expected) in [
        ("www.example.org.", RecordType::A, "forwarded"),
        ("example.", RecordType::A, "NXDomain"),
        ("example.", RecordType::HTTPS, "NXDomain"),
        ("example.", RecordType::NS, "forwarded"),
        (".", RecordType::NS, "forwarded"),
    ] {
        assert_eq!(told(name, kind), expected, "{name} {kind}");
    }
}

#[test]
fn no_query_is_forwarded_for_internal_networks() {
    let told = |name, kind| told_to(&zone(), "10.0.3.2", "10.0.3.1", name, kind);
    assert_eq!(told("safe.", RecordType::A), "NoError 10.0.3.2");
    assert_eq!(told("secret.example.org.", RecordType::A), "Refused");
    assert_eq!(told("1.2.0.192.in-addr.arpa.", RecordType::PTR), "Refused");
}

#[test]
fn queries_of_an_internal_network_are_forwarded_if_it_was_created_so() {
    let mut state = state();
    let vault = state.networks.get_mut(&"vault".parse().unwrap()).unwrap();
    vault.policy.dns_forward = true;
    let zone = zone_of(&state);
    let told = |name, kind| told_to(&zone, "10.0.3.2", "10.0.3.1", name, kind);
    assert_eq!(told("safe.", RecordType::A), "NoError 10.0.3.2");
    assert_eq!(told("www.example.org.", RecordType::A), "forwarded");
    assert_eq!(told("front.", RecordType::A), "NXDomain", "another network");
}

/// A neighbour on the internal network can ask under the address of an endpoint that is on an open one too.
#[test]
fn a_gateway_without_a_way_out_forwards_for_nobody() {
    let zone = zone_of(&state_with_back_on_both());
    let told = |from, to, name| told_to(&zone, from, to, name, RecordType::A);
    assert_eq!(
        told("10.0.3.3", "10.0.3.1", "secret.example.org."),
        "Refused"
    );
    assert_eq!(
        told("10.0.1.3", "10.0.1.1", "www.example.org."),
        "forwarded"
    );
    // Names of endpoints are answered by either.
    assert_eq!(
        told("10.0.3.3", "10.0.3.1", "front."),
        told("10.0.1.3", "10.0.1.1", "front.")
    );
}

#[test]
fn queries_without_recursion_are_not_forwarded() {
    let mut message = question("www.example.org.", RecordType::A);
    message.metadata.recursion_desired = false;
    assert_eq!(
        shown(&ask(&zone(), "10.0.1.2", "10.0.1.1", &message)),
        "Refused"
    );
}

#[test]
fn a_question_goes_out_as_it_came_but_for_its_id_and_so_does_the_answer() {
    let mut message = question("www.example.org.", RecordType::A);
    let mut edns = Edns::new();
    edns.set_max_payload(1232).set_dnssec_ok(true);
    message.set_edns(edns);
    message.metadata.id = 7;
    let question = forwarded(&message);
    let sent = Message::from_vec(&question.with_id(9)).unwrap();
    assert_eq!(sent.metadata.id, 9);
    assert_eq!(
        (&sent.queries, &sent.edns),
        (&message.queries, &message.edns)
    );
    let heard = question
        .accept(9, &answer(&message, 9, 1).to_vec().unwrap())
        .unwrap();
    assert!(!heard.is_failure);
    assert_eq!(
        Message::from_vec(&heard.bytes).unwrap(),
        answer(&message, 7, 1)
    );
}

#[test]
fn only_an_answer_to_the_question_is_taken() {
    let message = question("www.example.org.", RecordType::A);
    let question = forwarded(&message);
    let is_taken = |answer: &Message| question.accept(9, &answer.to_vec().unwrap()).is_some();
    assert!(is_taken(&answer(&message, 9, 1)));
    assert!(!is_taken(&answer(&message, 8, 1)), "another id");
    let other = crate::scene::question("www.example.com.", RecordType::A);
    assert!(!is_taken(&answer(&other, 9, 1)), "another name");
    let other = crate::scene::question("www.example.org.", RecordType::AAAA);
    assert!(!is_taken(&answer(&other, 9, 1)), "another type");
    let mut echo = message.clone();
    echo.metadata.id = 9;
    assert!(!is_taken(&echo), "no answer");
    assert!(question.accept(9, b"junk").is_none());
}

#[test]
fn a_server_that_fails_is_known_as_such_and_one_that_knows_of_no_such_name_is_not() {
    let message = question("www.example.org.", RecordType::A);
    let question = forwarded(&message);
    for (code, is_failure) in [
        (ResponseCode::ServFail, true),
        (ResponseCode::Refused, true),
        (ResponseCode::NotImp, true),
        (ResponseCode::NXDomain, false),
        (ResponseCode::NoError, false),
    ] {
        let mut answer = answer(&message, 9, 0);
        answer.metadata.response_code = code;
        let heard = question.accept(9, &answer.to_vec().unwrap()).unwrap();
        assert_eq!(heard.is_failure, is_failure, "{code}");
    }
    let failed = Message::from_vec(&question.failed().unwrap()).unwrap();
    assert_eq!(failed.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(failed.metadata.id, message.metadata.id);
}

#[test]
fn an_answer_that_just_fits_the_asker_is_passed_on_whole() {
    let message = question("ww.example.org.", RecordType::A);
    let exact = answer(&message, 9, 30).to_vec().unwrap();
    assert_eq!(exact.len(), 512);
    let heard = forwarded(&message).accept(9, &exact).unwrap();
    let told = Message::from_vec(&heard.bytes).unwrap();
    assert_eq!((told.metadata.truncation, told.answers.len()), (false, 30));
}

#[test]
fn an_answer_that_is_too_long_for_the_asker_says_so_and_has_as_many_records_as_fit() {
    let message = question("ww.example.org.", RecordType::A);
    let long = answer(&message, 9, 100).to_vec().unwrap();
    assert!(long.len() > 512);
    let heard = forwarded(&message).accept(9, &long).unwrap();
    let told = Message::from_vec(&heard.bytes).unwrap();
    assert_eq!((told.metadata.truncation, told.answers.len()), (true, 30));
    let first = &answer(&message, 9, 100).answers[..30];
    assert_eq!(told.answers, first, "in their order");
}

/// RFC 2181 section 9.
#[test]
fn an_answer_that_fits_without_the_sections_after_it_is_not_truncated() {
    let message = question("ww.example.org.", RecordType::A);
    let long = |records| {
        let mut long = answer(&message, 9, records);
        let more = answer(&message, 9, 20).answers;
        long.add_authorities(more);
        long.to_vec().unwrap()
    };
    let told = |bytes: &[u8]| {
        let heard = forwarded(&message).accept(9, bytes).unwrap();
        let told = Message::from_vec(&heard.bytes).unwrap();
        (
            told.metadata.truncation,
            told.answers.len(),
            told.authorities.len(),
        )
    };
    assert_eq!(told(&long(25)), (false, 25, 0));
    // Without an answer, the sections after it are what is told, and there are too many of them.
    let mut nothing = answer(&message, 9, 0);
    nothing.add_authorities(answer(&message, 9, 60).answers);
    assert_eq!(told(&nothing.to_vec().unwrap()), (true, 0, 0));
}

#[test]
fn an_answer_that_was_cut_to_nothing_is_known_as_such() {
    let message = question("www.example.org.", RecordType::A);
    let is_cut = |records, truncation| {
        let mut answer = answer(&message, 9, records);
        answer.metadata.truncation = truncation;
        let bytes = answer.to_vec().unwrap();
        forwarded(&message).accept(9, &bytes).unwrap().is_cut
    };
    assert!(is_cut(0, true));
    assert!(!is_cut(1, true), "its records are of use");
    assert!(!is_cut(0, false));
}

/// Its data may follow rules that are not known here.
#[test]
fn an_answer_with_records_that_cannot_be_read_is_passed_on() {
    let message = question("www.example.org.", RecordType::A);
    let mut bytes = answer(&message, 9, 1).to_vec().unwrap();
    // An IPv4 address of three bytes.
    let length = bytes.len() - 5;
    bytes[length] = 3;
    bytes.pop();
    assert!(Message::from_vec(&bytes).is_err());
    let heard = forwarded(&message).accept(9, &bytes).unwrap();
    assert_eq!(heard.bytes[2..], bytes[2..]);
}
