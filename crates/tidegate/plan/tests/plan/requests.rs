//! What each request is planned as, and which ones are refused.

use crate::values::{
    attach, attachment, create, name, namespace, nets, network, plan_attach, state_with,
};
use error_hint::Hint;
use expect_test::expect;
use tidegate_model::links::{DefaultRoute, LinkStep};
use tidegate_model::{Access, HostAccess, Ipv6Off, Mode, State};
use tidegate_plan::{HostFacts, Pools, Refused};

#[test]
fn a_network_is_four_elements_two_sysctls_and_a_bridge() {
    let plan = create(&State::default(), &network("web")).unwrap();
    expect![[r#"
        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add map inet tidegate entrances { type ifname : verdict; elements = { "tgb0" : goto from_endpoint }; }
        add set inet tidegate translated4 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate translated6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate masquerading4 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate masquerading6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate same_bridge { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; elements = { "tgb0" . 10.208.0.1 }; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::1 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }
    "#]]
    .assert_eq(&plan.transaction.to_text());
    expect![[r#"
        delete element inet tidegate bridges { "tgb0" }
        delete element inet tidegate entrances { "tgb0" }
        delete element inet tidegate translated4 { "tgb0" }
        delete element inet tidegate translated6 { "tgb0" }
        delete element inet tidegate masquerading4 { "tgb0" }
        delete element inet tidegate masquerading6 { "tgb0" }
        delete element inet tidegate peers { "tgb0" . "tgb0" }
        delete element inet tidegate same_bridge { "tgb0" . "tgb0" }
        delete element inet tidegate gateways4 { "tgb0" . 10.208.0.1 }
        delete element inet tidegate gateways6 { "tgb0" . fd74:6964:6567::1 }
        delete element inet tidegate ours4 { 10.208.0.0/24 . 10.208.0.0/24 }
        delete element inet tidegate ours6 { fd74:6964:6567::/64 . fd74:6964:6567::/64 }
        delete element inet tidegate named { "tgb0" }
    "#]]
    .assert_eq(&plan.undo.to_text());
    let steps: Vec<String> = plan.links.iter().map(|step| format!("{step:?}")).collect();
    expect![[r#"
        SetSysctl(Sysctl { path: "net/ipv4/ip_forward", value: "1" })
        KeepRouters
        SetSysctl(Sysctl { path: "net/ipv6/conf/all/forwarding", value: "1" })
        AddBridge(Bridge { ifname: IfName("tgb0"), mac: MacAddr([2, 98, 0, 0, 0, 0]), mtu: None, addresses: [10.208.0.1/24, 169.254.53.53/32, fd74:6964:6567::1/64, fd6e:616d:6573::53/128], sysctls: [Sysctl { path: "net/ipv4/conf/tgb0/route_localnet", value: "1" }, Sysctl { path: "net/ipv4/conf/tgb0/rp_filter", value: "2" }, Sysctl { path: "net/ipv6/conf/tgb0/accept_ra", value: "0" }, Sysctl { path: "net/ipv6/conf/tgb0/dad_transmits", value: "0" }, Sysctl { path: "net/ipv6/conf/tgb0/router_solicitation_delay", value: "0" }], sealed: false, answered: [] })"#]].assert_eq(&steps.join("\n"));
}

#[test]
fn an_endpoint_is_a_veth_pair_and_an_element_for_each_port_and_family() {
    let state = state_with(&["web"]);
    let ports = ["8080:80", "127.0.0.1:53:53/udp"];
    let plan = plan_attach(&state, &attachment("web", &ports), &namespace(7)).unwrap();
    expect![[r#"
        add set inet tidegate here6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::2 }; }
        add map inet tidegate publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { 6 . 8080 : 10.208.0.2 . 80 }; }
        add map inet tidegate publish4_at_udp { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 127.0.0.1 . 53 : 10.208.0.2 . 53 }; }
        add map inet tidegate publish6 { type inet_proto . inet_service : ipv6_addr . inet_service; elements = { 6 . 8080 : fd74:6964:6567::2 . 80 }; }
    "#]].assert_eq(&plan.transaction.to_text());
    expect![[r#"
        [
            AddVeth(
                Veth {
                    ifname: IfName(
                        "tgv1",
                    ),
                    bridge: IfName(
                        "tgb0",
                    ),
                    bridge_mac: MacAddr(
                        [
                            2,
                            98,
                            0,
                            0,
                            0,
                            0,
                        ],
                    ),
                    mtu: None,
                    isolated: false,
                    bound: false,
                    netns_number: 2147483646,
                    peer: Peer {
                        netns: Some(
                            NetnsRef {
                                path: "/run/netns/c",
                                id: NetnsId {
                                    dev: 4,
                                    ino: 7,
                                    cookie: None,
                                },
                            },
                        ),
                        ifname: IfName(
                            "eth0",
                        ),
                        mac: MacAddr(
                            [
                                2,
                                118,
                                10,
                                208,
                                0,
                                2,
                            ],
                        ),
                        sysctls: [],
                        addresses: [
                            10.208.0.2/24,
                            fd74:6964:6567::2/64,
                        ],
                        routes: [],
                        gateways: [
                            10.208.0.1,
                            fd74:6964:6567::1,
                        ],
                        gateway_metric: Some(
                            512,
                        ),
                        resolvers: [
                            169.254.53.53,
                            fd6e:616d:6573::53,
                        ],
                        resolver_metric: 268435457,
                    },
                },
            ),
        ]"#]]
    .assert_eq(&format!("{:#?}", plan.links));
}

#[test]
fn removal_deletes_the_added_elements_in_reverse_order() {
    let mut state = state_with(&["web"]);
    let added = plan_attach(&state, &attachment("web", &["80:80"]), &namespace(1)).unwrap();
    state.apply(&added.change);
    let removed = tidegate_plan::detach(&state, &name("ep-1")).unwrap();
    assert_eq!(removed.transaction, added.undo);
    assert_eq!(removed.undo, added.transaction);
    assert_eq!(removed.links[0].inverse(), Some(added.links[0].clone()));
    assert_eq!(removed.stale.addresses.len(), 2, "one of each family");

    state.apply(&removed.change);
    let removed = tidegate_plan::remove_network(&state, &name("web"), false).unwrap();
    state.apply(&removed.change);
    assert!(state.networks.is_empty() && state.endpoints.is_empty());
    assert_eq!(state.next_number, 2, "a number is never used twice");
}

#[test]
fn subnets_are_allotted_beside_what_is_there() {
    let state = state_with(&["a", "b"]);
    let create = |routes: &[&str], pools: &Pools| {
        let host = HostFacts {
            routes: nets(routes),
            ..HostFacts::default()
        };
        let plan = tidegate_plan::create_network(&state, &network("c"), &host, pools)?;
        Ok::<_, Refused>(plan.outcome.subnets[0].net.to_string())
    };
    let pools = Pools::default();
    let given = |routes: &[&str]| create(routes, &pools).unwrap();
    assert_eq!(given(&["10.0.0.0/8"]), "172.16.0.0/24");
    let all = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    assert_eq!(given(&all[..2]), "192.168.0.0/24");
    assert_eq!(given(&[all[1], all[2]]), "10.208.2.0/24");
    let refused = create(&[&all[..], &["10.208.0.0/24", "fd00::/8"]].concat(), &pools);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "no free IPv4 subnet is left in the pools 10.208.0.0/12 (/24), 172.16.0.0/12 (/24), 192.168.0.0/16 (/24): taken by \
         the host's routes to 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and 2 subnets of other networks"
    );
    let (ipv4, ipv6) = (Vec::new(), None);
    let refused = create(&[], &Pools { ipv4, ipv6 }).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no free IPv4 subnet is left: no pool is set"
    );

    let host = HostFacts {
        routes: nets(&["10.208.2.0/23", "fd74:6964:6567:2::/64"]),
        ..HostFacts::default()
    };
    let plan =
        tidegate_plan::create_network(&state, &network("c"), &host, &Pools::default()).unwrap();
    let mut after = state.clone();
    after.apply(&plan.change);
    let subnets: Vec<String> = after.networks[&name("c")]
        .subnets
        .iter()
        .map(|s| s.net.to_string())
        .collect();
    assert_eq!(subnets, ["10.208.4.0/24", "fd74:6964:6567:3::/64"]);
}

#[test]
fn a_default_route_in_two_halves_is_not_an_obstacle() {
    let halves = nets(&["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]);
    let host = HostFacts {
        routes: halves,
        ..HostFacts::default()
    };
    let plan = |request| {
        tidegate_plan::create_network(&State::default(), request, &host, &Pools::default())
    };
    let (allotted, mut given) = (network("a"), network("b"));
    given.subnets = nets(&["10.1.0.0/24"]);
    assert!(plan(&allotted).is_ok() && plan(&given).is_ok());
}

#[test]
fn a_refused_network_says_why_and_what_to_do() {
    let state = state_with(&["a"]);
    let host = HostFacts {
        routes: nets(&["192.168.7.0/24"]),
        ..HostFacts::default()
    };
    let refusal = |change: &dyn Fn(&mut tidegate_api::CreateNetwork)| {
        let mut request = network("b");
        change(&mut request);
        let refused = tidegate_plan::create_network(&state, &request, &host, &Pools::default());
        let refused = refused.unwrap_err();
        format!(
            "{refused} [{:?}]\n  {}\n",
            refused.kind(),
            refused.hint().unwrap_or_default()
        )
    };
    let mut seen = String::new();
    seen += &refusal(&|r| r.name = name("a"));
    seen += &refusal(&|r| r.subnets = nets(&["10.208.0.0/16"]));
    seen += &refusal(&|r| r.subnets = nets(&["192.168.7.128/25"]));
    seen += &refusal(&|r| r.subnets = nets(&["192.168.0.0/16"]));
    seen += &refusal(&|r| r.subnets = nets(&["10.1.0.0/24", "10.1.0.0/25"]));
    seen += &refusal(&|r| r.ranges = nets(&["10.1.0.0/25"]));
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.1.0.0/24"]);
        r.ranges = nets(&["10.1.0.0/25", "10.1.0.128/25"]);
    });
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.1.0.0/24"]);
        r.ranges = nets(&["10.1.0.1/25"]);
    });
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.1.0.0/24"]);
        r.reserved = [(name("router"), "10.1.0.1".parse().unwrap())].into();
    });
    seen += &refusal(&|r| r.bridge = Some("tgb0".parse().unwrap()));
    seen += &refusal(&|r| r.bridge = Some("tgv7".parse().unwrap()));
    seen += &refusal(&|r| r.labels = [(name("a"), "1\n2".into())].into());
    seen += &refusal(&|r| {
        r.policy.access = Access::Internal;
        r.policy.mode6 = Mode::Routed;
    });
    seen += &refusal(&|r| {
        r.policy.access = Access::Isolated;
        r.policy.host_access = Some(HostAccess::Gateway);
    });
    seen += &refusal(&|r| {
        r.policy.mode4 = Mode::Routed;
        r.policy.snat = vec!["192.0.2.1".parse().unwrap()];
    });
    seen += &refusal(&|r| r.policy.dns_forward = true);
    seen += &refusal(&|r| {
        r.policy.access = Access::Internal;
        r.policy.host_access = Some(HostAccess::None);
        r.policy.dns_forward = true;
    });
    seen += &refusal(&|r| r.subnets = nets(&["10.1.0.9/24"]));
    seen += &refusal(&|r| {
        r.subnets = nets(&["fd00::/64"]);
        r.ipv6 = false;
    });
    seen += &refusal(&|r| (r.ipv4, r.ipv6) = (false, false));
    seen += &refusal(&|r| r.gateways = vec!["10.1.0.1".parse().unwrap()]);
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.1.0.0/24"]);
        r.gateways = ["10.1.0.1", "10.1.0.2"].map(|g| g.parse().unwrap()).into();
    });
    let both = nets(&["10.9.8.0/24", "10.9.9.0/24", "fd50::/64"]);
    let with_both = |change: &dyn Fn(&mut tidegate_api::CreateNetwork)| {
        refusal(&|r| {
            r.subnets.clone_from(&both);
            change(r);
        })
    };
    seen += &with_both(&|r| r.gateways = vec!["10.9.7.1".parse().unwrap()]);
    seen += &with_both(&|r| r.gateways = vec!["fd51::1".parse().unwrap()]);
    seen += &with_both(&|r| r.gateways = vec!["10.9.9.255".parse().unwrap()]);
    seen += &with_both(&|r| r.ranges = nets(&["10.9.7.128/25"]));
    seen += &with_both(&|r| r.ranges = nets(&["10.9.8.0/23"]));
    for address in ["10.9.7.1", "10.9.8.0", "10.9.8.255", "fd50::"] {
        seen += &with_both(&|r| {
            r.reserved = [(name("router"), address.parse().unwrap())].into();
        });
    }
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.9.8.0/24"]);
        r.gateways = vec!["fd50::1".parse().unwrap()];
    });
    seen += &refusal(&|r| {
        r.subnets = nets(&["10.9.8.0/24"]);
        r.ipv6 = false;
        r.reserved = [(name("router"), "fd50::9".parse().unwrap())].into();
    });
    seen += &refusal(&|r| r.mtu = Some(1000));
    expect![[r#"
        network a exists already [Conflict]
          see `tidegate network inspect a`, or choose another name
        subnet 10.208.0.0/16 overlaps 10.208.0.0/24 of network a [Conflict]
          choose another --subnet, or leave it out to get a free one
        subnet 192.168.7.128/25 overlaps the host's route to 192.168.7.0/24 [Conflict]
          choose another --subnet, or leave it out to get a free one
        subnet 192.168.0.0/16 overlaps the host's route to 192.168.7.0/24 [Conflict]
          choose another --subnet, or leave it out to get a free one
        subnets 10.1.0.0/24 and 10.1.0.0/25 of the same network overlap [Invalid]
          give subnets that have no address in common
        range 10.1.0.0/25 is a part of none of the subnets given for network b (none of that family is given) [Invalid]
          give its subnet too, such as --subnet 10.1.0.0/24; or leave it out
        subnet 10.1.0.0/24 was given two ranges, 10.1.0.0/25 and 10.1.0.128/25 [Invalid]
          give one --ip-range for each subnet
        invalid range of addresses "10.1.0.1/25": it has host bits: the prefix without them is 10.1.0.0/25 [Invalid]
          write 10.1.0.0/25
        address 10.1.0.1 cannot be reserved for router: it is the gateway of network b [Invalid]
          give another address of 10.1.0.0/24
        bridge tgb0 belongs to network a [Conflict]
          choose another --bridge, or leave it out
        bridge tgv7 has a name that Tidegate uses for its own interfaces [Invalid]
          choose a name that does not start with tgb or tgv
        the value of label a is longer than 255 bytes or has control characters [Invalid]
          give a shorter text without line breaks
        network b has contradicting options: a mode other than nat, and --internal or --isolated [Invalid]
          leave one of the two out
        network b has contradicting options: --host-access other than dns or none, and --isolated [Invalid]
          give --host-access dns or none, or --internal in place of --isolated
        network b has contradicting options: --snat, and no translation (mode routed, or --no-masquerade) [Invalid]
          leave out --snat, or use mode nat with masquerading
        network b has contradicting options: --dns-forward is for networks with --internal [Invalid]
          leave out --dns-forward, or give --internal
        network b has contradicting options: --dns-forward, and --host-access none [Invalid]
          leave out --dns-forward, or give --host-access dns
        invalid subnet "10.1.0.9/24": it has host bits: the prefix without them is 10.1.0.0/24 [Invalid]
          write 10.1.0.0/24
        network b has the subnet fd00::/64, but is created without IPv6 [Invalid]
          leave out --no-ipv6 or the subnet
        network b would have neither IPv4 nor IPv6 [Invalid]
          leave out --no-ipv4 or --no-ipv6
        gateway 10.1.0.1 is in none of the subnets given for network b (none of that family is given) [Invalid]
          give its subnet too, such as --subnet 10.1.0.0/24; or leave it out
        subnet 10.1.0.0/24 was given two gateways, 10.1.0.1 and 10.1.0.2 [Invalid]
          give one --gateway for each subnet
        gateway 10.9.7.1 is in none of the subnets given for network b (10.9.8.0/24, 10.9.9.0/24) [Invalid]
          give an address of 10.9.8.0/24 or 10.9.9.0/24, such as 10.9.8.1; or leave it out
        gateway fd51::1 is in none of the subnets given for network b (fd50::/64) [Invalid]
          give an address of fd50::/64, such as fd50::1; or leave it out
        invalid gateway "10.9.9.255": it is the broadcast address of 10.9.9.0/24 [Invalid]
          give another address of 10.9.9.0/24, such as 10.9.9.1
        range 10.9.7.128/25 is a part of none of the subnets given for network b (10.9.8.0/24, 10.9.9.0/24) [Invalid]
          give a part of 10.9.8.0/24 or 10.9.9.0/24, such as 10.9.8.128/25; or leave it out
        range 10.9.8.0/23 is wider than the subnet given for network b (10.9.8.0/24, 10.9.9.0/24) [Invalid]
          give a part of 10.9.8.0/24, such as 10.9.8.128/25; or leave it out
        address 10.9.7.1 cannot be reserved for router: it is in no subnet of network b [Invalid]
          give another address of 10.9.8.0/24 or 10.9.9.0/24
        address 10.9.8.0 cannot be reserved for router: it is the network address of 10.9.8.0/24 [Invalid]
          give another address of 10.9.8.0/24 or 10.9.9.0/24
        address 10.9.8.255 cannot be reserved for router: it is the broadcast address of 10.9.8.0/24 [Invalid]
          give another address of 10.9.8.0/24 or 10.9.9.0/24
        address fd50:: cannot be reserved for router: it is the subnet-router anycast address of fd50::/64 [Invalid]
          give another address of fd50::/64
        gateway fd50::1 is in none of the subnets given for network b (none of that family is given) [Invalid]
          give its subnet too, such as --subnet fd50::/64; or leave it out
        address fd50::9 cannot be reserved for router: it is in no subnet of network b [Invalid]
          leave it out, or give the network a subnet of that family
        an MTU of 1000 bytes is outside 1280 to 65535 [Invalid]
          give 1280 to 65535, or leave out --mtu to use the kernel's default
    "#]]
    .assert_eq(&seen);
}

#[test]
fn a_refused_attachment_says_why_and_what_to_do() {
    let mut state = state_with(&["web", "full"]);
    attach(&mut state, "web", 1, &["80:80", "127.0.0.1:53:53/udp"]);
    let mut seen = String::new();
    let mut refusal = |request: &tidegate_api::Attach, ino| {
        let refused = plan_attach(&state, request, &namespace(ino)).unwrap_err();
        seen += &format!(
            "{refused} [{:?}]\n  {}\n",
            refused.kind(),
            refused.hint().unwrap_or_default()
        );
    };
    refusal(&attachment("none", &[]), 2);
    refusal(&attachment("web", &[]), 1);
    refusal(&attachment("full", &["80:8080"]), 1);
    refusal(&attachment("web", &["53:53/udp"]), 2);
    refusal(&attachment("web", &["81:1", "127.0.0.1:81:2"]), 2);
    refusal(&attachment("web", &["[::1]:90:90/sctp"]), 2);
    let mut taken = attachment("web", &[]);
    taken.name = Some(name("ep-2"));
    refusal(&taken, 2);
    expect![[r#"
        network none does not exist [NotFound]
          see `tidegate network ls`
        the namespace is attached to network web already, as endpoint ep-2 [Conflict]
          see `tidegate endpoint inspect ep-2`; `tidegate publish ep-2 PORT` publishes a port of it
        port 80:8080/tcp is published already, by endpoint ep-2 as 80:80/tcp [Conflict]
          give another port of the host, or none (`8080/tcp` takes a free one); or `tidegate unpublish ep-2 80:80/tcp` first, which ends the connections through it
        port 53:53/udp is published already, by endpoint ep-2 as 127.0.0.1:53:53/udp [Conflict]
          give another port of the host, or none (`53/udp` takes a free one); or `tidegate unpublish ep-2 127.0.0.1:53:53/udp` first, which ends the connections through it
        ports 81:1/tcp and 127.0.0.1:81:2/tcp of one request need the same port of the host [Invalid]
          give each host port once
        port [::1]:90:90/sctp cannot be published on the IPv6 loopback address: the relay for that address does not support SCTP [Invalid]
          publish it on 127.0.0.1, or on another address of the host
        endpoint ep-2 exists already [Conflict]
          choose another --name, or leave it out; see `tidegate endpoint inspect ep-2`
    "#]].assert_eq(&seen);
    assert_eq!(
        tidegate_plan::detach(&state, &name("x")).unwrap_err(),
        Refused::NoEndpoint(name("x"))
    );
    let in_use = tidegate_plan::remove_network(&state, &name("web"), false).unwrap_err();
    assert_eq!(
        in_use.to_string(),
        "network web still has the endpoint ep-2"
    );
}

#[test]
fn a_network_in_use_names_its_endpoints_as_far_as_one_line_bears() {
    let of = |count: usize| {
        let endpoints = (0..count).map(|n| name(&format!("e{n}"))).collect();
        let network = name("web");
        Refused::NetworkInUse { network, endpoints }.to_string()
    };
    assert_eq!(of(2), "network web still has 2 endpoints: e0, e1");
    let many = "network web still has 12 endpoints: e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, …";
    assert_eq!(of(12), many);
}

#[test]
fn a_namespace_gets_what_it_lacks_and_no_more() {
    let state = state_with(&["web"]);
    let mut facts = namespace(1);
    facts.ifnames = ["lo", "eth0", "eth2"].map(|i| i.parse().unwrap()).into();
    facts.default_routes = vec![DefaultRoute {
        is_ipv6: false,
        ifname: Some("eth0".parse().unwrap()),
        metric: 0,
    }];
    facts.ipv6_off = Some(Ipv6Off::everywhere());
    let plan = plan_attach(&state, &attachment("web", &["80:80"]), &facts).unwrap();
    let LinkStep::AddVeth(veth) = &plan.links[0] else {
        panic!("{:?}", plan.links)
    };
    assert_eq!(veth.peer.ifname.as_str(), "eth1");
    assert!(veth.peer.gateways.is_empty(), "it has a default route");
    assert_eq!(veth.peer.addresses.len(), 1, "IPv6 is off in it");
    let text = plan.transaction.to_text();
    assert!(!text.contains("ipv6"), "published for IPv4 alone: {text}");
}

#[test]
fn an_address_that_is_given_out_again_comes_with_the_same_ethernet_address() {
    let mut state = state_with(&["web"]);
    let first = attach(&mut state, "web", 1, &[]);
    let before = state.endpoints[&first].clone();
    let detached = tidegate_plan::detach(&state, &first).unwrap();
    state.apply(&detached.change);
    let second = attach(&mut state, "web", 2, &[]);
    let after = &state.endpoints[&second];
    assert_ne!(after.host_ifname, before.host_ifname);
    assert_eq!(
        (&after.addresses, after.mac),
        (&before.addresses, before.mac)
    );
}

#[test]
fn a_full_subnet_is_refused() {
    let mut request = network("tiny");
    request.subnets = nets(&["10.9.9.0/30"]);
    request.ipv6 = false;
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    attach(&mut state, "tiny", 1, &[]);
    let refused = plan_attach(&state, &attachment("tiny", &[]), &namespace(2)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no free address is left in 10.9.9.0/30 of network tiny"
    );
}

#[test]
fn a_request_that_asks_for_too_much_is_refused_whole_with_what_may_be_asked_for() {
    fn refused<T: std::fmt::Debug>(planned: Result<tidegate_plan::Plan<T>, Refused>) -> String {
        let refused = planned.unwrap_err();
        assert!(
            refused.hint().unwrap_or_default().contains("or fewer"),
            "{}",
            refused.hint().unwrap_or_default()
        );
        refused.to_string()
    }
    let mut wide = network("wide");
    wide.subnets = (0..65)
        .map(|n| format!("10.77.{n}.0/24").parse().unwrap())
        .collect();
    assert_eq!(
        refused(create(&State::default(), &wide)),
        "one command cannot ask for 65 subnets: at most 64 are allowed"
    );
    wide.subnets.pop();
    create(&State::default(), &wide).unwrap();
    let state = state_with(&["web"]);
    let mut known = attachment("web", &[]);
    known.aliases = (0..65).map(|n| name(&format!("alias{n}"))).collect();
    let outcome = plan_attach(&state, &known, &namespace(7));
    assert!(refused(outcome).contains(" ask for 65 aliases:"));
    let open = attachment("web", &["10000-20000:10000-20000/udp"]);
    plan_attach(&state, &open, &namespace(7)).unwrap();
    let open = attachment("web", &["1-10000:1-10000", "10001-20000:10001-20000"]);
    assert!(refused(plan_attach(&state, &open, &namespace(7))).contains(" ask for 20000 ports:"));
}
