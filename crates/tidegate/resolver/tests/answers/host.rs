//! Names of the host.

use hickory_proto::rr::RecordType;

use crate::scene::{state, state_with_back_on_both, told, told_to, zone, zone_of};

const NAMES: [&str; 4] = [
    "gateway.",
    "host.docker.internal.",
    "host.containers.internal.",
    "Host.Docker.Internal.",
];

#[test]
fn the_host_is_at_the_gateway_of_the_network_that_was_asked() {
    for name in NAMES {
        assert_eq!(told(name, RecordType::A), "NoError 10.0.1.1", "{name}");
        assert_eq!(told(name, RecordType::AAAA), "NoError fd00:1::1", "{name}");
        assert_eq!(told(name, RecordType::TXT), "NoError", "{name}");
    }
    let zone = zone_of(&state_with_back_on_both());
    let ask = |from, to| told_to(&zone, from, to, NAMES[1], RecordType::A);
    assert_eq!(ask("10.0.3.2", "10.0.3.1"), "NoError 10.0.3.1", "internal");
    assert_eq!(ask("10.0.1.3", "169.254.53.53"), "NoError 10.0.1.1");
    assert_eq!(ask("10.0.3.3", "169.254.53.53"), "NoError 10.0.3.1");
}

#[test]
fn a_family_or_a_network_without_a_gateway_has_no_address_of_the_host_and_asks_nobody_else() {
    // Back has no IPv6 address.
    let ask = |zone: &_, kind| told_to(zone, "10.0.1.3", "10.0.1.1", NAMES[1], kind);
    assert_eq!(ask(&zone(), RecordType::AAAA), "NoError");
    let mut state = state();
    let dark = state.networks.get_mut(&"dark".parse().unwrap()).unwrap();
    dark.policy.host_access = Some(tidegate_model::HostAccess::Dns);
    let zone = zone_of(&state);
    for name in NAMES {
        let told = told_to(&zone, "10.0.4.2", "169.254.53.53", name, RecordType::A);
        assert_eq!(told, "NoError", "{name}");
    }
}

#[test]
fn an_endpoint_with_a_name_of_the_host_comes_first() {
    let mut state = state();
    let mut back = state.endpoints[&"Back".parse().unwrap()].clone();
    back.aliases.push("gateway".parse().unwrap());
    state.endpoints.insert(back);
    let zone = zone_of(&state);
    let ask = |name| told_to(&zone, "10.0.1.2", "10.0.1.1", name, RecordType::A);
    assert_eq!(ask("gateway."), "NoError 10.0.1.3");
    assert_eq!(ask("host.docker.internal."), "NoError 10.0.1.1");
}
