//! What an endpoint's `resolv.conf` says.

use tidegate_model::{HostAccess, State};
use tidegate_resolver::resolv_conf::HostConf;

use crate::scene::{ip, state, state_with_back_on_both};

const HOST: &str = "\
# a comment
nameserver 127.0.0.53
nameserver 192.0.2.53
nameserver fe80::1%eth0
nameserver
domain old.example
search corp.example example
options edns0 ndots:2 timeout:1
sortlist 192.0.2.0
";

fn written(state: &State, endpoint: &str) -> String {
    let endpoint = &state.endpoints[&endpoint.parse().unwrap()];
    HostConf::parse(HOST).for_endpoint(state, endpoint)
}

#[test]
fn the_hosts_file_is_read_as_the_c_library_does() {
    let conf = HostConf::parse(HOST);
    assert_eq!(conf.servers, ["127.0.0.53", "192.0.2.53"].map(ip));
    assert_eq!(conf.search, ["corp.example", "example"]);
    assert_eq!(conf.options, ["edns0", "ndots:2", "timeout:1"]);
}

#[test]
fn an_endpoint_asks_its_gateways_and_looks_for_names_of_endpoints_first() {
    let expected = "\
# For endpoint front, by tidegate.
nameserver 10.0.1.1
nameserver fd00:1::1
search corp.example example
options ndots:0 edns0 timeout:1
";
    assert_eq!(written(&state(), "front"), expected);
}

#[test]
fn an_endpoint_asks_a_gateway_that_forwards_where_its_namespace_has_one() {
    let state = state_with_back_on_both();
    for endpoint in ["Back", "back-vault"] {
        let text = written(&state, endpoint);
        assert!(text.contains("\nnameserver 10.0.1.1\n"), "{text}");
        assert!(!text.contains("10.0.3.1"), "{text}");
    }
}

#[test]
fn an_isolated_endpoint_asks_another_gateway_of_its_namespace_or_nobody() {
    assert!(written(&state(), "shade").contains("\nnameserver 10.0.1.1\n"));
    let mut state = state();
    state.endpoints.remove(&"front".parse().unwrap());
    let alone = written(&state, "shade");
    assert!(!alone.contains("\nnameserver"), "{alone}");
    assert!(alone.contains("No server can be reached"), "{alone}");
}

#[test]
fn an_endpoint_that_may_not_ask_its_gateway_asks_nobody() {
    let mut state = state();
    for network in state.networks.values_mut() {
        network.policy.host_access = Some(HostAccess::None);
    }
    let front = written(&state, "front");
    assert!(!front.contains("\nnameserver"), "{front}");
}

/// The C library uses no more.
#[test]
fn three_servers_are_listed_and_empty_settings_have_no_line() {
    let state = State {
        resolver: None,
        ..state()
    };
    let endpoint = &state.endpoints[&"front".parse().unwrap()];
    let servers = ["192.0.2.1", "192.0.2.2", "2001:db8::3", "192.0.2.4"];
    let host = HostConf {
        servers: servers.map(ip).into(),
        ..HostConf::default()
    };
    let expected = "\
# For endpoint front, by tidegate.
nameserver 192.0.2.1
nameserver 192.0.2.2
nameserver 2001:db8::3
";
    assert_eq!(host.for_endpoint(&state, endpoint), expected);
}

#[test]
fn without_a_resolver_the_hosts_servers_are_asked_where_they_can_be() {
    let state = State {
        resolver: None,
        ..state()
    };
    let front = written(&state, "front");
    assert!(front.contains("\nnameserver 192.0.2.53\n"), "{front}");
    assert!(!front.contains("127.0.0.53"), "{front}");
    assert!(front.contains("options edns0 ndots:2 timeout:1"), "{front}");
    let safe = written(&state, "safe");
    assert!(!safe.contains("\nnameserver"), "{safe}");
}
