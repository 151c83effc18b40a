//! Names with a search domain behind them.

use hickory_proto::rr::RecordType;
use tidegate_resolver::Verdict;

use crate::scene::{ask, ip, question, state, told, zone_of};

#[test]
fn names_in_our_own_domain_are_those_of_endpoints_and_are_never_forwarded() {
    for (name, wanted) in [
        ("back.tidegate.internal.", "NoError 10.0.1.3"),
        ("BACK.web.Tidegate.Internal.", "NoError 10.0.1.3"),
        ("pool.tidegate.internal.", "NoError 10.0.1.2 10.0.1.3"),
        ("gateway.tidegate.internal.", "NoError 10.0.1.1"),
        ("front-db.tidegate.internal.", "NXDomain"),
        ("www.example.tidegate.internal.", "NXDomain"),
        ("*.tidegate.internal.", "NXDomain"),
        ("tidegate.internal.", "NXDomain"),
        ("back.corp.example.", "forwarded"),
        ("xtidegate.internal.", "forwarded"),
    ] {
        assert_eq!(told(name, RecordType::A), wanted, "{name}");
    }
}

#[test]
fn the_servers_of_an_endpoint_come_before_those_of_its_network() {
    let mut state = state();
    let web = state.networks.get_mut(&"web".parse().unwrap()).unwrap();
    web.dns.servers = vec![ip("192.0.2.1")];
    let mut back = state.endpoints[&"Back".parse().unwrap()].clone();
    back.dns.servers = vec![ip("192.0.2.2"), ip("192.0.2.3")];
    state.endpoints.insert(back);
    let zone = zone_of(&state);
    let servers = |from, to| {
        let message = question("www.example.", RecordType::A);
        match ask(&zone, from, to, &message) {
            Verdict::Forward(question) => question.servers().to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(servers("10.0.1.2", "10.0.1.1"), [ip("192.0.2.1")]);
    assert_eq!(
        servers("10.0.1.3", "10.0.1.1"),
        ["192.0.2.2", "192.0.2.3"].map(ip)
    );
    assert!(servers("10.0.2.2", "10.0.2.1").is_empty());
}
