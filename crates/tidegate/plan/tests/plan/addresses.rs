//! The addresses, the Ethernet address and the interface's name that an endpoint gets.

use crate::values::{attach, attachment, name, namespace, plan_attach, state_with};
use error_hint::Hint;
use expect_test::expect;
use tidegate_api::{Attach, StaticRoute};
use tidegate_model::links::LinkStep;
use tidegate_model::{Endpoint, Ipv6Off};

fn asking(change: impl FnOnce(&mut Attach)) -> Attach {
    let mut request = attachment("web", &[]);
    change(&mut request);
    request
}

#[test]
fn an_endpoint_gets_what_it_asks_for_and_the_rest_is_given() {
    let state = state_with(&["web"]);
    let request = asking(|r| {
        r.addresses = vec!["10.208.0.20".parse().unwrap()];
        r.mac = Some("02:00:00:00:00:20".parse().unwrap());
        r.ifname = Some("web0".parse().unwrap());
    });
    let plan = plan_attach(&state, &request, &namespace(1)).unwrap();
    let Endpoint {
        addresses,
        mac,
        ifname,
        ..
    } = plan.outcome;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.208.0.20/24", "fd74:6964:6567::2/64"]);
    assert_eq!(
        (mac.to_string().as_str(), ifname.as_str()),
        ("02:00:00:00:00:20", "web0")
    );
}

#[test]
fn taken_and_unusable_addresses_are_refused_with_the_reason() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let web = state.networks.get_mut(&name("web")).unwrap();
    web.reserved = [(name("router"), "10.208.0.9".parse().unwrap())].into();
    let holder = state.endpoints[&name("ep-1")].mac;
    let mut seen = String::new();
    let mut refusal = |request: Attach| {
        let mut netns = namespace(2);
        netns.ipv6_off = Some(Ipv6Off::everywhere());
        let refused = plan_attach(&state, &request, &netns).unwrap_err();
        seen += &format!(
            "{refused} [{:?}]\n  {}\n",
            refused.kind(),
            refused.hint().unwrap_or_default()
        );
    };
    let mut refuse_ips = |ips: &[&str]| {
        let ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
        refusal(asking(|r| r.addresses = ips));
    };
    refuse_ips(&["10.208.0.2"]);
    refuse_ips(&["10.208.0.1"]);
    refuse_ips(&["10.208.0.9"]);
    refuse_ips(&["10.208.0.255"]);
    refuse_ips(&["10.208.0.0"]);
    refuse_ips(&["10.9.0.2"]);
    refuse_ips(&["10.208.0.8", "10.208.0.8"]);
    refuse_ips(&["fd74:6964:6567::9"]);
    refusal(asking(|r| r.mac = Some(holder)));
    refusal(asking(|r| {
        r.mac = Some("02:62:00:00:00:00".parse().unwrap())
    }));
    refusal(asking(|r| {
        r.mac = Some("01:00:5e:00:00:01".parse().unwrap())
    }));
    refusal(asking(|r| r.ifname = Some("lo".parse().unwrap())));
    expect![[r#"
        address 10.208.0.2 of network web is taken: endpoint ep-1 has it [Conflict]
          give another address, or leave it out to get a free one
        address 10.208.0.1 of network web is taken: it is the network's gateway [Conflict]
          give another address, or leave it out to get a free one
        address 10.208.0.9 of network web is taken: it is reserved for router (--aux-address) [Conflict]
          give another address, or leave it out to get a free one
        10.208.0.255 cannot be given to an endpoint of network web: it is the broadcast address of 10.208.0.0/24 [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        10.208.0.0 cannot be given to an endpoint of network web: it is the network address of 10.208.0.0/24 [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        10.9.0.2 is in no subnet of network web (10.208.0.0/24) [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        address 10.208.0.8 is given twice [Invalid]
          give each address once
        fd74:6964:6567::9 cannot be given: IPv6 is turned off in the namespace (net.ipv6.conf.all.disable_ipv6) [Invalid]
          turn it on with `sysctl -w net.ipv6.conf.all.disable_ipv6=0` in the namespace; or leave it out
        Ethernet address 02:76:0a:d0:00:02 belongs to ep-1 [Conflict]
          choose another --mac, or leave it out
        Ethernet address 02:62:00:00:00:00 belongs to bridge tgb0 [Conflict]
          choose another --mac, or leave it out
        01:00:5e:00:00:01 is a multicast or zero address, and no interface can have it [Invalid]
          give one whose first octet is even, such as 02:00:5e:00:00:01
        the namespace has an interface lo already [Conflict]
          choose another --ifname, or leave it out to get a free name
    "#]]
    .assert_eq(&seen);
}

#[test]
fn ports_lead_to_the_first_of_several_addresses_and_all_of_them_are_the_endpoints() {
    let state = state_with(&["web"]);
    let ips = ["fd74:6964:6567::9", "10.208.0.8", "10.208.0.9"];
    let request = Attach {
        addresses: ips.map(|ip| ip.parse().unwrap()).into(),
        ..attachment("web", &["8080:80"])
    };
    let plan = plan_attach(&state, &request, &namespace(1)).unwrap();
    let shown: Vec<String> = plan
        .outcome
        .addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = ["10.208.0.8/24", "10.208.0.9/24", "fd74:6964:6567::9/64"];
    assert_eq!(shown, expected);
    let gateways: Vec<String> = plan
        .outcome
        .gateways
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(gateways, ["10.208.0.1", "fd74:6964:6567::1"]);
    let rules = plan.transaction.to_string();
    assert!(
        rules.contains("10.208.0.8") && !rules.contains("10.208.0.9"),
        "{rules}"
    );
    let many = Attach {
        addresses: (2..19).map(|n| [10, 208, 0, n].into()).collect(),
        ..attachment("web", &[])
    };
    let refused = plan_attach(&state, &many, &namespace(1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "one command cannot ask for 17 addresses: at most 16 are allowed"
    );
}

#[test]
fn an_endpoint_gives_the_routes_that_its_addresses_can_use() {
    let state = state_with(&["web"]);
    let route = |to: &str, via: Option<&str>| StaticRoute {
        to: to.parse().unwrap(),
        via: via.map(|ip| ip.parse().unwrap()),
    };
    let request = |routes: &[StaticRoute], default_route| Attach {
        routes: routes.to_vec(),
        default_route,
        addresses: vec!["10.208.0.8".parse().unwrap()],
        ..attachment("web", &[])
    };
    let wanted = [
        route("10.9.0.0/16", Some("10.208.0.9")),
        route("192.0.2.0/24", None),
    ];
    let plan = plan_attach(&state, &request(&wanted, true), &namespace(1)).unwrap();
    assert_eq!(
        (plan.outcome.gateways.len(), plan.outcome.routes.len()),
        (2, 2)
    );
    let LinkStep::AddVeth(veth) = &plan.links[0] else {
        panic!("{:?}", plan.links);
    };
    assert_eq!(veth.peer.routes, plan.outcome.routes);
    let all = [route("0.0.0.0/0", Some("10.208.0.9"))];
    let plan = plan_attach(&state, &request(&all, false), &namespace(1)).unwrap();
    assert_eq!(
        (plan.outcome.gateways.len(), plan.outcome.routes.len()),
        (0, 1)
    );
    let mut seen = String::new();
    let mut off = namespace(1);
    off.ipv6_off = Some(Ipv6Off::everywhere());
    for routes in [
        vec![route("10.9.0.0/16", Some("10.10.0.9"))],
        vec![route("10.9.0.0/16", Some("10.208.0.8"))],
        vec![route("10.9.0.1/16", None)],
        vec![route("10.9.0.0/16", None), wanted[0]],
        vec![route("fd09::/32", None)],
        all.to_vec(),
    ] {
        let refused = plan_attach(&state, &request(&routes, true), &off).unwrap_err();
        seen += &format!("{refused}\n  {}\n", refused.hint().unwrap_or_default());
    }
    expect![[r#"
        route 10.9.0.0/16=10.10.0.9 cannot be given to the namespace: its next hop is in none of the endpoint's subnets of network web
          give each destination once, by a router on the endpoint's network: --route PREFIX=NEXTHOP
        route 10.9.0.0/16=10.208.0.8 cannot be given to the namespace: its next hop is the endpoint itself
          give each destination once, by a router on the endpoint's network: --route PREFIX=NEXTHOP
        invalid route "10.9.0.1/16": its destination has bits set after the prefix
          give the first address of the prefix, such as 10.9.0.0/16
        route 10.9.0.0/16=10.208.0.9 cannot be given to the namespace: another one has the same destination
          give each destination once, by a router on the endpoint's network: --route PREFIX=NEXTHOP
        route fd09::/32 cannot be given to the namespace: the endpoint has no IPv6 address
          give each destination once, by a router on the endpoint's network: --route PREFIX=NEXTHOP
        route 0.0.0.0/0=10.208.0.9 cannot be given to the namespace: the endpoint has a default route already
          leave it out, or add --no-default-route
    "#]].assert_eq(&seen);
}
