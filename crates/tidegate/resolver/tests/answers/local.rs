//! Names of endpoints.

use hickory_proto::op::{Edns, Message, OpCode};
use hickory_proto::rr::{DNSClass, RData, RecordType};
use tidegate_model::{Change, Endpoint};
use tidegate_resolver::{Asked, MAX_DATAGRAM, TTL, Transport, Verdict, Zone, judge, of_change};

use crate::scene::{ask, ask_by, ip, question, shown, state, told, told_to, zone, zone_of};

#[test]
fn names_and_aliases_are_found_alone_and_with_their_network_in_any_case() {
    for (name, kind, expected) in [
        ("front.", RecordType::A, "NoError 10.0.1.2"),
        ("front.", RecordType::AAAA, "NoError fd00:1::2"),
        ("FRONT.", RecordType::A, "NoError 10.0.1.2"),
        ("back.", RecordType::A, "NoError 10.0.1.3"),
        ("www.", RecordType::A, "NoError 10.0.1.2"),
        ("www.web.", RecordType::A, "NoError 10.0.1.2"),
        ("Front.WEB.", RecordType::A, "NoError 10.0.1.2"),
        ("dotted.name.", RecordType::A, "NoError 10.0.1.4"),
        ("dotted.name.web.", RecordType::A, "NoError 10.0.1.4"),
        ("shade.", RecordType::A, "NoError 10.0.4.2"),
        ("shade.dark.", RecordType::A, "NoError 10.0.4.2"),
        ("front.", RecordType::ANY, "NoError 10.0.1.2 fd00:1::2"),
    ] {
        assert_eq!(told(name, kind), expected, "{name} {kind}");
    }
}

#[test]
fn a_name_without_an_address_of_the_family_is_there_all_the_same() {
    assert_eq!(told("back.", RecordType::AAAA), "NoError");
    assert_eq!(told("front.", RecordType::TXT), "NoError");
    assert_eq!(told("nobody.", RecordType::A), "NXDomain");
}

#[test]
fn an_alias_of_several_endpoints_stands_for_all_and_each_comes_first_at_times() {
    assert_eq!(told("pool.", RecordType::A), "NoError 10.0.1.2 10.0.1.3");
    let first = |id| {
        let mut message = question("pool.", RecordType::A);
        message.metadata.id = id;
        match ask(&zone(), "10.0.1.2", "10.0.1.1", &message) {
            Verdict::Answer(bytes) => Message::from_vec(&bytes).unwrap().answers[0]
                .data
                .to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_ne!(first(4), first(5));
}

#[test]
fn addresses_have_names_of_the_askers_networks() {
    for (name, expected) in [
        ("2.1.0.10.in-addr.arpa.", "NoError front.web."),
        ("4.1.0.10.in-addr.arpa.", "NoError dotted.name.web."),
        ("9.1.0.10.in-addr.arpa.", "NXDomain"),
        ("1.0.10.in-addr.arpa.", "forwarded"),
    ] {
        assert_eq!(told(name, RecordType::PTR), expected, "{name}");
    }
    let v6 = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa.";
    assert_eq!(told(v6, RecordType::PTR), "NoError front.web.");
}

/// The names of endpoints and networks with each character that a name may have, and with those that an
/// internationalized name may not have.
#[test]
fn an_address_has_a_name_that_has_the_address_with_each_permitted_character() {
    let characters = ('0'..='9').chain('a'..='z').chain('A'..='Z');
    let inner = ["_", "-", "__", "--", "_-", "9_"].map(str::to_owned);
    let parts = characters.map(String::from).chain(inner);
    let names = parts.flat_map(|part| {
        ["a{}b", "a{}", "0{}.b", "xn--{}", "XN--a{}", "A{}.c_d.x{}x"]
            .map(|form| form.replace("{}", &part))
    });
    let long = ["x_".repeat(31), format!("{}_", "9".repeat(62))];
    for name in names.chain(long) {
        let mut state = state();
        let mut web = state.networks.remove(&"web".parse().unwrap()).unwrap();
        let mut back = state.endpoints[&"Back".parse().unwrap()].clone();
        (web.name, back.name) = (name.parse().unwrap(), name.parse().unwrap());
        back.network = web.name.clone();
        state.networks.insert(web.name.clone(), web);
        state.endpoints = [back].into_iter().collect();
        let zone = zone_of(&state);
        let told = |name: &str, kind| told_to(&zone, "10.0.1.3", "10.0.1.1", name, kind);
        let full = format!("{name}.{name}.");
        assert_eq!(told(&full, RecordType::A), "NoError 10.0.1.3", "{name}");
        let message = question("3.1.0.10.in-addr.arpa.", RecordType::PTR);
        let Verdict::Answer(bytes) = ask(&zone, "10.0.1.3", "10.0.1.1", &message) else {
            panic!("{name} is answered");
        };
        let answer = Message::from_vec(&bytes).unwrap();
        let [record] = answer.answers.as_slice() else {
            panic!("{name}: {answer:?}");
        };
        let RData::PTR(pointed) = &record.data else {
            panic!("{name}: {record:?}");
        };
        // In the case in which it was given.
        assert_eq!(pointed.0.to_ascii(), full);
    }
}

/// Names of earlier releases.
#[test]
fn a_name_with_dots_too_many_is_found_without_them() {
    let mut state = state();
    let mut back = state.endpoints[&"Back".parse().unwrap()].clone();
    back.name = "a..b.".parse().unwrap();
    state.endpoints.insert(back);
    state.endpoints.remove(&"Back".parse().unwrap());
    let zone = zone_of(&state);
    let told = |name: &str, kind| told_to(&zone, "10.0.1.2", "10.0.1.1", name, kind);
    assert_eq!(told("a.b.", RecordType::A), "NoError 10.0.1.3");
    let pointer = told("3.1.0.10.in-addr.arpa.", RecordType::PTR);
    assert_eq!(pointer, "NoError a.b.web.");
}

#[test]
fn no_query_reveals_another_network() {
    for (there, nowhere, kind) in [
        ("front-db.", "nobody.", RecordType::A),
        ("only-db.", "nobody.", RecordType::A),
        ("front-db.db.", "nobody.db.", RecordType::A),
        ("front-db.db.", "nobody.nowhere.", RecordType::A),
        ("safe.vault.", "nobody.nowhere.", RecordType::AAAA),
        (
            "2.2.0.10.in-addr.arpa.",
            "2.9.0.10.in-addr.arpa.",
            RecordType::PTR,
        ),
    ] {
        assert_eq!(told(there, kind), told(nowhere, kind), "{there} {nowhere}");
    }
    // By way of the other's gateway neither.
    assert_eq!(
        told_to(&zone(), "10.0.1.2", "10.0.2.1", "front-db.", RecordType::A),
        "silence"
    );
}

#[test]
fn only_an_endpoint_that_asks_a_gateway_of_its_network_is_answered() {
    for (from, to, expected) in [
        ("10.0.1.2", "10.0.1.1", "NoError 10.0.1.2"),
        ("fd00:1::2", "fd00:1::1", "NoError 10.0.1.2"),
        ("10.0.1.9", "10.0.1.1", "silence"),
        ("10.0.1.1", "10.0.1.1", "silence"),
        ("192.0.2.2", "10.0.1.1", "silence"),
        ("10.0.1.2", "192.0.2.1", "silence"),
        ("10.0.4.2", "10.0.4.1", "silence"),
    ] {
        let told = told_to(&zone(), from, to, "front.", RecordType::A);
        assert_eq!(told, expected, "{from} {to}");
    }
}

#[test]
fn names_are_known_after_attach_and_unknown_after_detach() {
    let (mut zone, state) = (zone(), state());
    let back = state.endpoints[&"Back".parse().unwrap()].clone();
    let apply = |zone: &mut Zone, change: Change| {
        of_change(&change)
            .into_iter()
            .for_each(|update| zone.apply(update));
    };
    let told = |zone: &Zone, name| told_to(zone, "10.0.1.2", "10.0.1.1", name, RecordType::A);
    apply(&mut zone, Change::RemoveEndpoint(back.clone()));
    assert_eq!(told(&zone, "back."), "NXDomain");
    assert_eq!(told(&zone, "pool."), "NoError 10.0.1.2");
    assert_eq!(
        told_to(&zone, "10.0.1.3", "10.0.1.1", "front.", RecordType::A),
        "silence"
    );
    apply(&mut zone, Change::AddEndpoint(back.clone()));
    apply(&mut zone, Change::AddEndpoint(back));
    assert_eq!(told(&zone, "pool."), "NoError 10.0.1.2 10.0.1.3");
    // A namespace that leaves a network sees it no longer.
    let shade = state.endpoints[&"shade".parse().unwrap()].clone();
    assert_eq!(told(&zone, "shade.dark."), "NoError 10.0.4.2");
    apply(&mut zone, Change::RemoveEndpoint(shade));
    assert_eq!(told(&zone, "shade.dark."), "forwarded");
    // A network that changes keeps its names; one that goes takes them along.
    let web = state.networks[&"web".parse().unwrap()].clone();
    let replaced = Change::ReplaceNetwork {
        before: Box::new(web.clone()),
        after: Box::new(web.clone()),
    };
    apply(&mut zone, replaced);
    assert_eq!(told(&zone, "front."), "NoError 10.0.1.2");
    apply(&mut zone, Change::RemoveNetwork(web));
    assert_eq!(told(&zone, "front."), "silence");
}

#[test]
fn a_change_that_leaves_the_names_as_they_are_causes_no_update() {
    let before = state().endpoints[&"Back".parse().unwrap()].clone();
    let news = |change: fn(&mut Endpoint)| {
        let mut after = before.clone();
        change(&mut after);
        of_change(&Change::ReplaceEndpoint {
            before: Box::new(before.clone()),
            after: Box::new(after),
        })
    };
    assert_eq!(news(|it| it.ports = vec!["8080:80".parse().unwrap()]), []);
    assert_eq!(news(|it| it.aliases.clear()).len(), 1);
    let before = Box::new(state().networks[&"web".parse().unwrap()].clone());
    let mut after = before.clone();
    after.mtu = Some(1400);
    assert_eq!(
        of_change(&Change::ReplaceNetwork {
            before: before.clone(),
            after: after.clone()
        }),
        []
    );
    after.subnets.pop();
    assert_eq!(
        of_change(&Change::ReplaceNetwork { before, after }).len(),
        1
    );
}

#[test]
fn answers_are_short_lived_and_ours() {
    let Verdict::Answer(bytes) = ask(
        &zone(),
        "10.0.1.2",
        "10.0.1.1",
        &question("front.", RecordType::A),
    ) else {
        panic!("it is answered");
    };
    let message = Message::from_vec(&bytes).unwrap();
    assert_eq!(message.answers[0].ttl, TTL);
    assert!(message.metadata.authoritative && message.metadata.recursion_available);
    assert!(message.edns.is_none(), "it was not asked for");
}

#[test]
fn an_answer_too_long_for_a_datagram_is_truncated_and_complete_over_tcp() {
    let mut zone = zone();
    let mut crowd = state().endpoints[&"Back".parse().unwrap()].clone();
    for number in 0..100 {
        crowd.name = format!("crowd-{number}").parse().unwrap();
        crowd.addresses = vec![format!("10.0.1.{}/24", 100 + number).parse().unwrap()];
        of_change(&Change::AddEndpoint(crowd.clone()))
            .into_iter()
            .for_each(|update| zone.apply(update));
    }
    let answer = |offered: Option<u16>, transport| {
        let mut message = question("pool.", RecordType::A);
        if let Some(offered) = offered {
            let mut edns = Edns::new();
            edns.set_max_payload(offered);
            message.set_edns(edns);
        }
        let bytes = message.to_vec().unwrap();
        let (from, to) = (ip("10.0.1.2"), ip("10.0.1.1"));
        match judge(
            &zone,
            Asked {
                from,
                to,
                by: None,
                transport,
                bytes: &bytes,
            },
        ) {
            Verdict::Answer(bytes) => (bytes.len(), Message::from_vec(&bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    };
    for offered in [None, Some(0), Some(512), Some(1232), Some(4096)] {
        let (length, message) = answer(offered, Transport::Udp);
        let limit = usize::from(offered.unwrap_or(512)).clamp(512, MAX_DATAGRAM);
        assert!(length <= limit, "{offered:?}: {length}");
        assert!(message.metadata.truncation, "{offered:?}");
        assert_eq!(message.edns.is_some(), offered.is_some());
        // There is no room for one more.
        let record = 16;
        assert!(!message.answers.is_empty() && length + record > limit);
    }
    let (_, message) = answer(None, Transport::Tcp);
    assert!(!message.metadata.truncation);
    assert_eq!(message.answers.len(), 102);
}

#[test]
fn an_unusual_query_gets_the_matching_error_code() {
    let changed = |change: fn(&mut Message)| {
        let mut message = question("front.", RecordType::A);
        change(&mut message);
        shown(&ask(&zone(), "10.0.1.2", "10.0.1.1", &message))
    };
    assert_eq!(changed(|m| m.metadata.op_code = OpCode::Status), "NotImp");
    assert_eq!(changed(|m| m.queries.clear()), "FormErr");
    assert_eq!(changed(|m| m.queries.push(m.queries[0].clone())), "FormErr");
    let class = |m: &mut Message| {
        m.queries[0].set_query_class(DNSClass::CH);
    };
    assert_eq!(changed(class), "Refused");
    let transfer = |m: &mut Message| {
        m.queries[0].set_query_type(RecordType::AXFR);
    };
    assert_eq!(changed(transfer), "Refused");
    let version = |m: &mut Message| {
        let mut edns = Edns::new();
        edns.set_version(1);
        m.set_edns(edns);
    };
    // The code of BADVERS is that of BADSIG too (RFC 6895 section 2.3).
    assert_eq!(changed(version), "BADSIG");
    assert_eq!(changed(|m| *m = m.clone().into_response()), "silence");
}

#[test]
fn queries_by_another_interface_get_no_answer() {
    let zone = zone();
    let message = question("back.", RecordType::A);
    let told = |by| shown(&ask_by(&zone, "10.0.1.2", "10.0.1.1", by, &message));
    assert_ne!(told(None), "silence");
    assert_eq!(told(Some("tgb1")), told(None));
    for by in ["tgb2", "wan", "lo", ""] {
        assert_eq!(told(Some(by)), "silence", "{by}");
    }
}
