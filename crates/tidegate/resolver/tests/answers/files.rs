//! What an endpoint's `resolv.conf` says.

use tidegate_model::{Dns, HostAccess, State};
use tidegate_resolver::resolv_conf::{AskOptions, HostConf, Server};

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
    assert_eq!(
        shown(&conf.servers),
        ["127.0.0.53", "192.0.2.53", "fe80::1%eth0"]
    );
    assert_eq!(conf.search, ["corp.example", "example"]);
    assert_eq!(conf.options, ["edns0", "ndots:2", "timeout:1"]);
}

fn shown(servers: &[Server]) -> Vec<String> {
    servers.iter().map(ToString::to_string).collect()
}

#[test]
fn a_server_is_an_address_at_the_beginning_of_a_line_with_its_interface_if_it_needs_one() {
    for (text, servers) in [
        ("nameserver fe80::1%eth0", &["fe80::1%eth0"][..]),
        ("nameserver fe80::1%2", &["fe80::1%2"]),
        ("nameserver\tFE80::1%br-0.7", &["fe80::1%br-0.7"]),
        ("nameserver ff02::fb%wan", &["ff02::fb%wan"]),
        ("nameserver 192.0.2.1 # the first", &["192.0.2.1"]),
        ("nameserver  192.0.2.1;the first", &["192.0.2.1"]),
        (
            "nameserver 192.0.2.1\r\nnameserver ::1\r\n",
            &["192.0.2.1", "::1"],
        ),
        ("# nameserver 192.0.2.1", &[]),
        (";nameserver 192.0.2.1", &[]),
        (" nameserver 192.0.2.1", &[]),
        ("nameserver192.0.2.1", &[]),
        ("nameserver", &[]),
        ("nameserver 192.0.2.1%eth0", &[]),
        ("nameserver fe80::1%", &[]),
        ("nameserver dns.example", &[]),
        (
            "nameserver ::1\nnameserver ::2\nnameserver x\nnameserver ::3\nnameserver ::4",
            &["::1", "::2", "::3"],
        ),
    ] {
        assert_eq!(shown(&HostConf::parse(text).servers), servers, "{text:?}");
    }
}

#[test]
fn a_file_without_a_server_means_that_of_the_host() {
    for text in ["", "# empty\n", "search corp.example\n", "nameserver x\n"] {
        let servers = HostConf::parse(text).servers_to_ask();
        assert_eq!(shown(&servers), ["127.0.0.1"], "{text:?}");
    }
    let servers = HostConf::parse(HOST).servers_to_ask();
    assert_eq!(servers.len(), 3);
}

#[test]
fn an_interface_is_found_by_its_index_or_name_each_time() {
    let at = |server: &str| {
        let server: Server = server.parse().unwrap();
        let address = server.at(53, |name| (name == "eth0").then_some(7));
        address.map(|address| address.to_string())
    };
    assert_eq!(at("fe80::1%eth0").as_deref(), Some("[fe80::1%7]:53"));
    assert_eq!(at("fe80::1%9").as_deref(), Some("[fe80::1%9]:53"));
    assert_eq!(at("fe80::1%eth1"), None);
    assert_eq!(at("192.0.2.1").as_deref(), Some("192.0.2.1:53"));
    assert_eq!(at("2001:db8::1").as_deref(), Some("[2001:db8::1]:53"));
}

#[test]
fn options_say_how_servers_are_asked_in_the_ranges_of_the_c_library() {
    let of = |text: &str| HostConf::parse(text).ask_options();
    let default = AskOptions::default();
    assert_eq!((default.timeout, default.attempts), (5, 2));
    for (text, timeout, attempts) in [
        ("options edns0 timeout:1 attempts:3", 1, 3),
        ("options timeout:0 attempts:0", 1, 1),
        ("options timeout:99\noptions attempts:99", 30, 5),
        ("options timeout:2 timeout:3", 3, 2),
        ("options timeout: attempts:x timeout", 5, 2),
    ] {
        let wanted = AskOptions {
            timeout,
            attempts,
            ..default
        };
        assert_eq!(of(text), wanted, "{text}");
    }
    assert!(of("options rotate").rotate && of("options use-vc").use_vc);
    assert!(!default.rotate && !default.use_vc);
}

#[test]
fn an_endpoint_looks_for_names_of_endpoints_first_and_then_as_the_host_does() {
    let expected = "\
# For endpoint front, by tidegate.
nameserver 10.0.1.1
nameserver fd00:1::1
search tidegate.internal corp.example example
options edns0 ndots:2 timeout:1
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
        servers: servers.map(|text| ip(text).into()).into(),
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
    assert!(!front.contains("fe80"), "of another link: {front}");
    assert!(front.contains("options edns0 ndots:2 timeout:1"), "{front}");
    let safe = written(&state, "safe");
    assert!(!safe.contains("\nnameserver"), "{safe}");
}

#[test]
fn without_search_domains_a_name_is_looked_up_as_it_is() {
    let host = HostConf::parse("options ndots:3 rotate\n");
    let of = |host: &HostConf, endpoint: &str| {
        let state = state();
        host.for_endpoint(&state, &state.endpoints[&endpoint.parse().unwrap()])
    };
    let text = of(&host, "front");
    assert!(text.ends_with("\noptions ndots:0 rotate\n"), "{text}");
    // Nothing would find the host's domains.
    let text = of(&HostConf::parse(HOST), "safe");
    assert!(
        !text.contains("search") && text.contains("ndots:0"),
        "{text}"
    );
}

#[test]
fn settings_of_an_endpoint_come_before_those_of_its_network_and_of_the_host() {
    let mut state = state();
    let dns = |search: &[&str], options: &[&str]| Dns {
        servers: vec![ip("192.0.2.7")],
        search: search
            .iter()
            .map(|domain| domain.parse().unwrap())
            .collect(),
        options: options
            .iter()
            .map(|option| option.parse().unwrap())
            .collect(),
    };
    let web = state.networks.get_mut(&"web".parse().unwrap()).unwrap();
    web.dns = dns(&["web.example"], &["rotate"]);
    let text = written(&state, "front");
    let wanted = "\nsearch tidegate.internal web.example\noptions rotate\n";
    assert!(text.ends_with(wanted), "{text}");
    let mut front = state.endpoints[&"front".parse().unwrap()].clone();
    front.dns = dns(&["."], &[]);
    state.endpoints.insert(front);
    let text = written(&state, "front");
    assert!(
        text.ends_with("10.0.1.1\nnameserver fd00:1::1\noptions rotate\n"),
        "{text}"
    );
    state.resolver = None;
    let text = written(&state, "front");
    assert!(text.contains("\nnameserver 192.0.2.7\n"), "{text}");
    assert!(!text.contains("192.0.2.53"), "{text}");
}
