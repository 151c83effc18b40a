//! Bytes that are no query, answers that just fit, and what a zone keeps after changes.

use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::RecordType;
use tidegate_model::{Change, Endpoint, Name};
use tidegate_resolver::{
    Asked, MAX_DATAGRAM, Transport, Verdict, Zone, ZoneUpdate, judge, of_change,
};

use crate::scene::{ask, ip, question, shown, state, told, told_to, zone};

fn judged(bytes: &[u8]) -> Option<Vec<u8>> {
    let asked = Asked {
        from: ip("10.0.1.2"),
        to: ip("10.0.1.1"),
        by: None,
        transport: Transport::Udp,
        bytes,
    };
    match judge(&zone(), asked) {
        Verdict::Answer(bytes) => Some(bytes),
        Verdict::Ignore => None,
        other => panic!("{other:?}"),
    }
}

fn apply(zone: &mut Zone, change: &Change) {
    let updates = of_change(change).into_iter();
    updates.for_each(|update| zone.apply(update));
}

fn endpoint(name: &str) -> Endpoint {
    state().endpoints[&name.parse().unwrap()].clone()
}

#[test]
fn a_malformed_query_is_a_format_error_under_its_own_header() {
    // It announces a question, and has none.
    let query = |flags| [0x12, 0x34, flags, 0xff, 0, 1, 0, 0, 0, 0, 0, 0];
    for (flags, answered) in [
        (0x00, 0x80),
        // The bit RD and the opcode are those of the query; AA and TC are not.
        (0x01, 0x81),
        (0x78, 0xf8),
        (0x06, 0x80),
    ] {
        let answer = judged(&query(flags)).unwrap();
        let expected = [0x12, 0x34, answered, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(answer, expected, "{flags:#x}");
    }
    assert_eq!(judged(&query(0x80)), None, "an answer");
    assert_eq!(judged(&query(0)[..11]), None, "a part of a header");
    assert_eq!(judged(&[]), None);
}

#[test]
fn transfers_are_refused_and_questions_about_top_level_domains_are_forwarded() {
    for (name, kind, expected) in [
        ("front.", RecordType::IXFR, "Refused"),
        ("example.", RecordType::SOA, "forwarded"),
        ("example.", RecordType::DS, "forwarded"),
        ("example.", RecordType::DNSKEY, "forwarded"),
        ("example.org.", RecordType::HTTPS, "forwarded"),
    ] {
        assert_eq!(told(name, kind), expected, "{name} {kind}");
    }
}

#[test]
fn edns_is_answered_with_the_longest_datagram() {
    let mut message = question("front.", RecordType::A);
    message.set_edns(Edns::new());
    let Verdict::Answer(bytes) = ask(&zone(), "10.0.1.2", "10.0.1.1", &message) else {
        panic!("it is answered");
    };
    let edns = Message::from_vec(&bytes).unwrap().edns.unwrap();
    assert_eq!(usize::from(edns.max_payload()), MAX_DATAGRAM);
}

/// 12 bytes of header, 16 + 4 of question, and 16 for each address.
#[test]
fn an_answer_that_just_fits_is_whole_and_a_longer_one_has_as_many_records_as_fit() {
    let answered = |count: u8| {
        let mut zone = zone();
        for number in 0..count {
            let one = Endpoint {
                name: format!("crowd-{number}").parse().unwrap(),
                aliases: vec!["fourteen-bytes".parse().unwrap()],
                addresses: vec![format!("10.0.1.{}/24", 100 + number).parse().unwrap()],
                ..endpoint("Back")
            };
            apply(&mut zone, &Change::AddEndpoint(one));
        }
        let message = question("fourteen-bytes.", RecordType::A);
        let Verdict::Answer(bytes) = ask(&zone, "10.0.1.2", "10.0.1.1", &message) else {
            panic!("it is answered");
        };
        (
            bytes.len(),
            Message::from_vec(&bytes).unwrap().answers.len(),
        )
    };
    assert_eq!(answered(30), (512, 30));
    assert_eq!(answered(31), (512, 30));
}

#[test]
fn the_network_of_a_client_is_that_of_its_address() {
    let zone = zone();
    let asker = |from, to| zone.asker(ip(from), ip(to), None).map(Name::as_str);
    assert_eq!(asker("10.0.1.2", "10.0.1.1"), Some("web"));
    assert_eq!(asker("10.0.2.2", "10.0.2.1"), Some("db"));
    assert_eq!(asker("10.0.1.2", "10.0.2.1"), None);
}

#[test]
fn an_address_stays_with_the_endpoint_that_got_it_last() {
    let mut zone = zone();
    let heir = Endpoint {
        name: "heir".parse().unwrap(),
        ..endpoint("front")
    };
    apply(&mut zone, &Change::AddEndpoint(heir));
    apply(&mut zone, &Change::RemoveEndpoint(endpoint("front")));
    let told = |name| told_to(&zone, "10.0.1.2", "10.0.1.1", name, RecordType::A);
    assert_eq!(told("heir."), "NoError 10.0.1.2");
    assert_eq!(told("front."), "NXDomain");
}

#[test]
fn a_namespace_sees_a_network_until_its_last_endpoint_there_is_gone() {
    let mut zone = zone();
    let second = Endpoint {
        name: "second".parse().unwrap(),
        addresses: vec!["10.0.4.3/24".parse().unwrap()],
        ..endpoint("shade")
    };
    apply(&mut zone, &Change::AddEndpoint(second.clone()));
    let sees_it = |zone: &Zone, name| told_to(zone, "10.0.1.2", "10.0.1.1", name, RecordType::A);
    apply(&mut zone, &Change::RemoveEndpoint(endpoint("shade")));
    assert_eq!(sees_it(&zone, "second."), "NoError 10.0.4.3");
    apply(&mut zone, &Change::RemoveEndpoint(second));
    assert_eq!(sees_it(&zone, "second."), "NXDomain");
    // What another namespace has there does not count.
    let other = Endpoint {
        place: endpoint("safe").place,
        ..endpoint("shade")
    };
    apply(&mut zone, &Change::AddEndpoint(other));
    assert_eq!(sees_it(&zone, "shade."), "NXDomain");
}

#[test]
fn an_update_of_a_network_replaces_its_gateways_and_ends_its_way_out() {
    let mut zone = zone();
    zone.apply(ZoneUpdate::Network {
        name: "web".parse().unwrap(),
        bridge: "tgb1".parse().unwrap(),
        gateways: vec![ip("10.0.1.254")],
        servers: Vec::new(),
        subnets: vec!["10.0.1.0/24".parse().unwrap()],
        forwards: false,
        reaches: Vec::new(),
    });
    let told = |to, name| {
        let message = question(name, RecordType::A);
        shown(&ask(&zone, "10.0.1.2", to, &message))
    };
    assert_eq!(told("10.0.1.1", "front."), "silence");
    assert_eq!(told("10.0.1.254", "front."), "NoError 10.0.1.2");
    assert_eq!(told("10.0.1.254", "www.example.org."), "Refused");
}
