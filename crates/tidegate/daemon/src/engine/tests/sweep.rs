//! What is forgotten, and that no address is given out before.

use std::net::IpAddr;

use tidegate_model::tracked::{Ends, Tracked};

use super::*;

/// A client's datagram to a port of the host, as it was sent on.
fn through(endpoint: &Endpoint) -> Tracked {
    let (client, host) = ([192, 0, 2, 9].into(), [192, 0, 2, 1].into());
    let address = endpoint.addresses[0].addr();
    let ends = |source, source_port, destination, destination_port| Ends {
        source,
        source_port,
        destination,
        destination_port,
    };
    Tracked {
        protocol: 17,
        original: ends(client, 40000, host, 53),
        reply: ends(address, 53, client, 40000),
        source_translated: false,
        destination_translated: true,
        assured: true,
        expected: false,
    }
}

fn attach(bench: &Bench, ip: Option<IpAddr>) -> Result<Endpoint, EngineError> {
    let mut request = wanted_endpoint("front", BOX);
    request.addresses.extend(ip);
    bench.engine.attach(&request)
}

#[test]
fn an_address_is_given_to_another_only_once_its_connections_are_forgotten() {
    let bench = Bench::new().with_endpoint();
    let first = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.track(through(&first));
    bench.engine.detach(&name("front")).unwrap();
    assert_eq!(bench.links.tracked().len(), 1, "nobody waits for it");
    let second = attach(&bench, None).unwrap();
    assert_ne!(second.addresses[0], first.addresses[0]);
    bench.engine.detach(&name("front")).unwrap();
    let third = attach(&bench, Some(first.addresses[0].addr())).unwrap();
    assert_eq!(third.addresses[0], first.addresses[0]);
    assert_eq!(bench.links.tracked(), []);
}

#[test]
fn an_address_whose_connections_cannot_be_forgotten_is_kept_back_until_they_can() {
    let bench = Bench::new().with_endpoint();
    let first = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.track(through(&first));
    bench.engine.detach(&name("front")).unwrap();
    bench.links.fail_forgetting(2);
    bench.engine.sweep().unwrap_err();
    let address = first.addresses[0].addr();
    let refused = attach(&bench, Some(address)).unwrap_err();
    assert!(matches!(refused, EngineError::Link(_)), "{refused}");
    assert_ne!(attach(&bench, None).unwrap().addresses[0].addr(), address);
    bench.engine.detach(&name("front")).unwrap();
    bench.engine.sweep().unwrap();
    assert_eq!(attach(&bench, None).unwrap().addresses[0].addr(), address);
}

#[test]
fn connections_through_a_withdrawn_port_are_forgotten_before_the_answer() {
    let bench = Bench::new().with_endpoint();
    let endpoint = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.track(through(&endpoint));
    let ports = ["53/udp".parse().unwrap()];
    bench.engine.unpublish(&name("front"), &ports).unwrap();
    assert_eq!(bench.links.tracked(), []);
}

#[test]
fn a_start_forgets_what_a_crash_left_and_goes_on_without() {
    let bench = Bench::new().with_endpoint();
    let first = bench.engine.endpoint(&name("front")).unwrap();
    bench.engine.detach(&name("front")).unwrap();
    bench.links.track(through(&first));
    let bench = bench.restart();
    assert_eq!(bench.links.tracked(), []);
    bench.links.track(through(&first));
    bench.links.fail_forgetting(1);
    let bench = bench.restart();
    assert_eq!(bench.links.tracked().len(), 1);
    bench.engine.sweep().unwrap();
    assert_eq!(bench.links.tracked(), []);
}
