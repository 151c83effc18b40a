//! What a start does: it brings a host in any condition to the stored state.

use std::collections::BTreeSet;

use crate::values::{attach, name, nets, state_with};
use expect_test::expect;
use tidegate_model::State;
use tidegate_model::links::{Bridging, DEFAULT_MTU, GROUP, Link, LinkKind, LinkStep};
use tidegate_plan::StartPlan;

fn start(state: &State, links: &[Link]) -> StartPlan {
    tidegate_plan::start(state, links)
}

/// The links of a state as the kernel has them once its plan was carried out.
pub(crate) fn links_of(state: &State) -> Vec<Link> {
    let steps = start(state, &[]).networks.into_values().flatten();
    steps
        .filter_map(|step| match step {
            LinkStep::AddBridge(bridge) => Some(Link {
                ifname: bridge.ifname,
                kind: LinkKind::Bridge,
                group: GROUP,
                up: true,
                mac: Some(bridge.mac),
                master: None,
                other_netns: None,
                addresses: bridge.addresses,
                mtu: bridge.mtu.unwrap_or(DEFAULT_MTU),
                bridging: Bridging::default(),
                lacks_link_local: false,
                state_id: None,
            }),
            LinkStep::AddVeth(veth) => Some(Link {
                ifname: veth.ifname,
                kind: LinkKind::Veth,
                group: GROUP,
                up: true,
                mac: Some(veth.bridge_mac),
                master: Some(veth.bridge),
                other_netns: None,
                addresses: Vec::new(),
                mtu: veth.mtu.unwrap_or(DEFAULT_MTU),
                bridging: Bridging {
                    isolated: veth.isolated,
                    changed: false,
                },
                lacks_link_local: false,
                state_id: None,
            }),
            _ => None,
        })
        .collect()
}

fn web() -> State {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8080:80"]);
    attach(&mut state, "web", 2, &[]);
    state
}

fn made(plan: &StartPlan) -> usize {
    let steps = plan.networks.values().flatten();
    steps
        .filter(|s| matches!(s, LinkStep::AddBridge(_) | LinkStep::AddVeth(_)))
        .count()
}

fn deleted(plan: &StartPlan) -> Vec<String> {
    let names = plan.clean_up.iter().filter_map(|step| match step {
        LinkStep::DeleteLink(ifname) => Some(ifname.to_string()),
        _ => None,
    });
    names.collect()
}

#[test]
fn the_whole_table_is_one_transaction_that_replaces_what_was_there() {
    expect![[r#"
        add table inet tidegate
        delete table inet tidegate
        add table inet tidegate
        add set inet tidegate bridges { type ifname; }
        add map inet tidegate entrances { type ifname : verdict; }
        add set inet tidegate translated4 { type ifname; }
        add set inet tidegate translated6 { type ifname; }
        add set inet tidegate masquerading4 { type ifname; }
        add set inet tidegate masquerading6 { type ifname; }
        add map inet tidegate snat4 { type ifname : ipv4_addr; }
        add map inet tidegate snat6 { type ifname : ipv6_addr; }
        add set inet tidegate internal { type ifname; }
        add set inet tidegate routed4 { type ifname; }
        add set inet tidegate routed6 { type ifname; }
        add set inet tidegate unprotected4 { type ifname; }
        add set inet tidegate unprotected6 { type ifname; }
        add set inet tidegate peers { type ifname . ifname; }
        add set inet tidegate same_bridge { type ifname . ifname; }
        add set inet tidegate isolated { type ifname; }
        add map inet tidegate host_access { type ifname : verdict; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; }
        add set inet tidegate here6 { type ifname . ipv6_addr; }
        add set inet tidegate elsewhere4 { type ifname . ipv4_addr . ether_addr; }
        add set inet tidegate elsewhere6 { type ifname . ipv6_addr . ether_addr; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; }
        add set inet tidegate named { type ifname; }
        add set inet tidegate resolver { type inet_proto . inet_service; }
        add map inet tidegate publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        add map inet tidegate publish4_at_tcp { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
        add map inet tidegate publish4_at_udp { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
        add map inet tidegate publish4_at_sctp { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
        add map inet tidegate publish6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        add map inet tidegate publish6_at_tcp { type ipv6_addr . inet_service : ipv6_addr . inet_service; }
        add map inet tidegate publish6_at_udp { type ipv6_addr . inet_service : ipv6_addr . inet_service; }
        add map inet tidegate publish6_at_sctp { type ipv6_addr . inet_service : ipv6_addr . inet_service; }
        add set inet tidegate open4 { type ipv4_addr . inet_proto . inet_service; }
        add set inet tidegate open6 { type ipv6_addr . inet_proto . inet_service; }
        add set inet tidegate restricted4 { type inet_proto . inet_service; }
        add set inet tidegate restricted6 { type inet_proto . inet_service; }
        add set inet tidegate restricted4_at { type ipv4_addr . inet_proto . inet_service; }
        add set inet tidegate restricted6_at { type ipv6_addr . inet_proto . inet_service; }
        add set inet tidegate allowed4 { type ipv4_addr . inet_proto . inet_service; flags interval; }
        add set inet tidegate allowed6 { type ipv6_addr . inet_proto . inet_service; flags interval; }
        add set inet tidegate allowed4_at { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval; }
        add set inet tidegate allowed6_at { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval; }
        add chain inet tidegate guard { type filter hook prerouting priority -300; policy accept; }
        add chain inet tidegate nobody
        add chain inet tidegate from_endpoint
        add chain inet tidegate input { type filter hook input priority 0; policy accept; }
        add chain inet tidegate to_resolver
        add chain inet tidegate neighbours
        add chain inet tidegate host_none
        add chain inet tidegate host_dns
        add chain inet tidegate host_gateway
        add chain inet tidegate forward { type filter hook forward priority 0; policy accept; }
        add chain inet tidegate to_bridge
        add chain inet tidegate from_bridge
        add chain inet tidegate nat_prerouting { type nat hook prerouting priority -100; policy accept; }
        add chain inet tidegate nat_output { type nat hook output priority -100; policy accept; }
        add chain inet tidegate arriving
        add chain inet tidegate publish
        add chain inet tidegate publish_at
        add chain inet tidegate publish_all
        add chain inet tidegate admit
        add chain inet tidegate admit_at
        add chain inet tidegate nat_postrouting { type nat hook postrouting priority 100; policy accept; }
        add rule inet tidegate guard iifname "lo" accept comment "the host sends as it likes to itself #d36fdfb0da5c0775"
        add rule inet tidegate guard ip daddr 127.0.0.0/8 drop comment "nobody else reaches the host's loopback #5cbf58573d4c94e3"
        add rule inet tidegate guard ip saddr 127.0.0.0/8 drop comment "nobody else sends as the host's loopback #5bdd3f69e41244ec"
        add rule inet tidegate guard ip saddr 0.0.0.0/8 goto nobody comment "from no address #0975ea443c22e33d"
        add rule inet tidegate guard ip6 saddr ::/64 goto nobody comment "from no address, or from an IPv4 address in IPv6 #2578b7c8cd8379f1"
        add rule inet tidegate guard ip saddr != 0.0.0.0 fib saddr type broadcast drop comment "nobody sends as all of a network #bfbf3b23221dc3ed"
        add rule inet tidegate guard iifname vmap @entrances comment "where it comes in #ec86b51bb00a082b"
        add rule inet tidegate guard ip daddr 169.254.53.53 fib saddr . iif oif missing drop comment "an endpoint asks for names as itself alone #aa49a052f46182d0"
        add rule inet tidegate guard ip6 daddr fd6e:616d:6573::53 fib saddr . iif oif missing drop comment "an endpoint asks for names as itself alone #e635e4db5a7bece6"
        add rule inet tidegate guard ip saddr . ip saddr @ours4 drop comment "nobody else sends from a network #bc68b0c4364685f1"
        add rule inet tidegate guard ip6 saddr . ip6 saddr @ours6 drop comment "nobody else sends from a network #f16c1cf2a30f3109"
        add rule inet tidegate nobody ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept comment "who has no address asks for one #6b9d200d31b4b674"
        add rule inet tidegate nobody ip saddr 0.0.0.0 meta l4proto 2 accept comment "multicast groups #7400ea41f5e2a2b3"
        add rule inet tidegate nobody ip6 saddr :: meta l4proto 58 th sport 34560 accept comment "is an address free? #921c203fe1f70ebe"
        add rule inet tidegate nobody ip6 saddr :: meta l4proto 58 th sport 34048 accept comment "who is the router? #f347e9773c32cec9"
        add rule inet tidegate nobody ip6 saddr :: meta l4proto 58 th sport 36608 accept comment "multicast groups #fad0de8af0267b99"
        add rule inet tidegate nobody ip6 saddr :: meta l4proto 58 th sport 33536 accept comment "multicast groups, version 1 #79df7fd359ac2fa6"
        add rule inet tidegate nobody ip6 saddr :: meta l4proto 58 th sport 33792 accept comment "multicast groups that are left #11249fd0068d80a2"
        add rule inet tidegate nobody drop comment "nothing else #f1a2a766dcd55bac"
        add rule inet tidegate from_endpoint ip saddr != 0.0.0.0 fib saddr . iif oif missing iifname . ip saddr . ether saddr != @elsewhere4 drop comment "an endpoint sends as itself alone #626120cd33bc9d80"
        add rule inet tidegate from_endpoint iifname . ip6 saddr @here6 accept comment "an endpoint sends as itself #3270ea12159b5c59"
        add rule inet tidegate from_endpoint ip6 saddr != :: fib saddr . iif oif missing iifname . ip6 saddr . ether saddr != @elsewhere6 drop comment "an endpoint sends as itself alone #a3589246713e7c2e"
        add rule inet tidegate input meta l4proto . th dport @resolver jump to_resolver comment "questions for names #53a0bfaf94c59077"
        add rule inet tidegate input ip daddr 169.254.53.53 goto neighbours comment "nothing else at the DNS server's own address #edf4c7763625b0b9"
        add rule inet tidegate input ip6 daddr fd6e:616d:6573::53 goto neighbours comment "nothing else at the DNS server's own address #ffe5e1fd2e447f07"
        add rule inet tidegate input iifname vmap @host_access comment "from a network that does not reach all of the host #f84c90bbd411c631"
        add rule inet tidegate to_resolver iifname . ip daddr @gateways4 return comment "by an endpoint of the network #7d566cdcc97d50fd"
        add rule inet tidegate to_resolver iifname . ip6 daddr @gateways6 return comment "by an endpoint of the network #d5a1e88f15d2de03"
        add rule inet tidegate to_resolver ip daddr 169.254.53.53 iifname @named accept comment "at the server's own address #d5ebfbf6ff98d020"
        add rule inet tidegate to_resolver ip6 daddr fd6e:616d:6573::53 iifname @named accept comment "at the server's own address #e097afdd422b4b6e"
        add rule inet tidegate to_resolver drop comment "by nobody else #f1a2a766dcd55bac"
        add rule inet tidegate neighbours meta l4proto 58 ct state untracked accept comment "neighbours that find each other #f226f47ef6f873a4"
        add rule inet tidegate neighbours drop comment "nothing else to the host #f1a2a766dcd55bac"
        add rule inet tidegate host_none ct state established accept comment "answers #5f32a3d38c085a1f"
        add rule inet tidegate host_none goto neighbours comment "nothing else #7cd5e99b7738526a"
        add rule inet tidegate host_dns meta l4proto . th dport @resolver accept comment "questions for names #0204e7b0f08d5bff"
        add rule inet tidegate host_dns goto host_none comment "nothing else #9ea6c80bff7f85ff"
        add rule inet tidegate host_gateway iifname . ip daddr @gateways4 accept comment "to a gateway #b4d26de91d6e6243"
        add rule inet tidegate host_gateway iifname . ip6 daddr @gateways6 accept comment "to a gateway #6b0bb94bd7ff8a3d"
        add rule inet tidegate host_gateway goto host_none comment "nothing else #9ea6c80bff7f85ff"
        add rule inet tidegate forward oifname @bridges jump to_bridge comment "to an endpoint #15ba11464b56d64f"
        add rule inet tidegate forward iifname @bridges jump from_bridge comment "from an endpoint to elsewhere #34d15089ccb97272"
        add rule inet tidegate to_bridge ct state established accept comment "answers #5f32a3d38c085a1f"
        add rule inet tidegate to_bridge iifname . oifname @peers accept comment "endpoints of networks that may talk #b233dd0830d0e230"
        add rule inet tidegate to_bridge ct state related oifname . iifname @peers accept comment "errors to who may talk to it #976801ea617241e3"
        add rule inet tidegate to_bridge oifname @internal drop comment "nothing else into an internal network #d82b9935147c6684"
        add rule inet tidegate to_bridge iifname @internal drop comment "nothing out of an internal network, through a published port neither #3179494e078cbc52"
        add rule inet tidegate to_bridge iifname != @bridges ct state related accept comment "errors about a connection, but of no endpoint #2e325bb02d7a1393"
        add rule inet tidegate to_bridge ct status dnat accept comment "through a published port #2f8203e34bf0c625"
        add rule inet tidegate to_bridge iifname . oifname @same_bridge drop comment "nothing else between endpoints of a network #cc133d99f22800ac"
        add rule inet tidegate to_bridge ip daddr . meta l4proto . th dport @restricted4_at jump admit_at comment "an endpoint's own port, with a list #0c1db3d5d0d68c17"
        add rule inet tidegate to_bridge ip6 daddr . meta l4proto . th dport @restricted6_at jump admit_at comment "an endpoint's own port, with a list #7730209b188891f7"
        add rule inet tidegate to_bridge ip daddr . meta l4proto . th dport @open4 accept comment "to an open port #15fdaec1f11a8061"
        add rule inet tidegate to_bridge ip6 daddr . meta l4proto . th dport @open6 accept comment "to an open port #75d15cef60b3a271"
        add rule inet tidegate to_bridge oifname @routed4 meta l4proto 1 accept comment "ICMP into a routed network #4bab17028ad42e33"
        add rule inet tidegate to_bridge oifname @routed6 meta l4proto 58 accept comment "ICMP into a routed network #2ad5414ce0c68ff3"
        add rule inet tidegate to_bridge oifname @unprotected4 ip saddr != 127.0.0.0/8 accept comment "into an unprotected network #c1d5e4da3662c96b"
        add rule inet tidegate to_bridge oifname @unprotected6 ip6 saddr != ::1/128 accept comment "into an unprotected network #9474ee296b6a6fbb"
        add rule inet tidegate to_bridge drop comment "not through a published port, and no direct access #f1a2a766dcd55bac"
        add rule inet tidegate from_bridge ct state established accept comment "answers #5f32a3d38c085a1f"
        add rule inet tidegate from_bridge ct state related oifname . iifname @peers accept comment "errors to who may talk to it #976801ea617241e3"
        add rule inet tidegate from_bridge iifname @internal drop comment "nothing out of an internal network #3179494e078cbc52"
        add rule inet tidegate from_bridge ct state invalid,untracked iifname @translated4 ip saddr != 127.0.0.0/8 drop comment "nothing out that cannot be translated #7981a10155cd7e9d"
        add rule inet tidegate from_bridge ct state invalid,untracked iifname @translated6 ip6 saddr != ::1/128 drop comment "nothing out that cannot be translated #41428afd75f9951b"
        add rule inet tidegate from_bridge accept comment "out of any other network #7e5f7abe09509b09"
        add rule inet tidegate nat_prerouting fib daddr type local jump arriving comment "to an address of the host #e43df6f44bfae8b8"
        add rule inet tidegate nat_output oifname @isolated drop comment "nothing to an isolated network #c78353e05466ce82"
        add rule inet tidegate nat_output ip6 daddr ::1 accept comment "to ::1, which the daemon relays #5587226bc3fe844a"
        add rule inet tidegate nat_output fib daddr type local jump publish comment "from the host to its own address #3ccf42fc5d5dd4b3"
        add rule inet tidegate arriving ip daddr . meta l4proto . th dport @restricted4_at jump admit_at comment "a port of one address, with a list #0c1db3d5d0d68c17"
        add rule inet tidegate arriving ip6 daddr . meta l4proto . th dport @restricted6_at jump admit_at comment "a port of one address, with a list #7730209b188891f7"
        add rule inet tidegate arriving jump publish_at comment "published on one address #08637e4cfe0a58c6"
        add rule inet tidegate arriving ip daddr != 224.0.0.0/4 meta l4proto . th dport @restricted4 jump admit comment "a port with a list #21ec28bfefae02d2"
        add rule inet tidegate arriving ip6 daddr != ff00::/8 meta l4proto . th dport @restricted6 jump admit comment "a port with a list #5bba28818a8e6dfa"
        add rule inet tidegate arriving jump publish_all comment "published on every address #4bba46d3abdab306"
        add rule inet tidegate publish jump publish_at comment "published on one address #08637e4cfe0a58c6"
        add rule inet tidegate publish jump publish_all comment "published on every address #4bba46d3abdab306"
        add rule inet tidegate publish_at meta l4proto 6 dnat ip addr . port to ip daddr . tcp dport map @publish4_at_tcp comment "published on one address #d8ebfd7052df1450"
        add rule inet tidegate publish_at meta l4proto 6 dnat ip6 addr . port to ip6 daddr . tcp dport map @publish6_at_tcp comment "published on one address #0bafabb08eb68ed6"
        add rule inet tidegate publish_at meta l4proto 17 dnat ip addr . port to ip daddr . udp dport map @publish4_at_udp comment "published on one address #c2edaabf42c260ea"
        add rule inet tidegate publish_at meta l4proto 17 dnat ip6 addr . port to ip6 daddr . udp dport map @publish6_at_udp comment "published on one address #d9aaf36846a3be88"
        add rule inet tidegate publish_at meta l4proto 132 dnat ip addr . port to ip daddr . sctp dport map @publish4_at_sctp comment "published on one address #cfc36109fe895bc0"
        add rule inet tidegate publish_at meta l4proto 132 dnat ip6 addr . port to ip6 daddr . sctp dport map @publish6_at_sctp comment "published on one address #4a48ff20499dc56e"
        add rule inet tidegate publish_all meta l4proto 6 dnat ip addr . port to meta l4proto . tcp dport map @publish4 comment "published on every address #0cfd2edb1a9f4801"
        add rule inet tidegate publish_all meta l4proto 6 dnat ip6 addr . port to meta l4proto . tcp dport map @publish6 comment "published on every address #90be6af0731472a9"
        add rule inet tidegate publish_all meta l4proto 17 dnat ip addr . port to meta l4proto . udp dport map @publish4 comment "published on every address #49358a8f9dc99cef"
        add rule inet tidegate publish_all meta l4proto 17 dnat ip6 addr . port to meta l4proto . udp dport map @publish6 comment "published on every address #668921fd9270921f"
        add rule inet tidegate publish_all meta l4proto 132 dnat ip addr . port to meta l4proto . sctp dport map @publish4 comment "published on every address #1208e2ae576c123c"
        add rule inet tidegate publish_all meta l4proto 132 dnat ip6 addr . port to meta l4proto . sctp dport map @publish6 comment "published on every address #b0e31d9b10beeaf0"
        add rule inet tidegate admit ip saddr . meta l4proto . th dport @allowed4 return comment "on the allow-list of the port #2eca748a3400f7ea"
        add rule inet tidegate admit ip6 saddr . meta l4proto . th dport @allowed6 return comment "on the allow-list of the port #1d696e4def62aca2"
        add rule inet tidegate admit drop comment "not on the allow-list of the port #f1a2a766dcd55bac"
        add rule inet tidegate admit_at ip saddr . ip daddr . meta l4proto . th dport @allowed4_at return comment "on the allow-list of the port #94470f2b28570fca"
        add rule inet tidegate admit_at ip6 saddr . ip6 daddr . meta l4proto . th dport @allowed6_at return comment "on the allow-list of the port #a6ef2c123311b1ca"
        add rule inet tidegate admit_at drop comment "not on the allow-list of the port #f1a2a766dcd55bac"
        add rule inet tidegate nat_postrouting iifname . oifname @same_bridge ct status dnat masquerade comment "an endpoint that reaches its own network's published port #53c650c96039beb3"
        add rule inet tidegate nat_postrouting oifname @bridges ip saddr 127.0.0.0/8 masquerade comment "the host's loopback has no way back from a bridge #94b55b45e330918c"
        add rule inet tidegate nat_postrouting oifname @internal ct status dnat masquerade comment "an endpoint with no way out answers its own network alone #87fa69bcca69a06b"
        add rule inet tidegate nat_postrouting oifname != @bridges snat ip to iifname map @snat4 comment "out under a chosen address #16e5bcea5b7e9d07"
        add rule inet tidegate nat_postrouting oifname != @bridges snat ip6 to iifname map @snat6 comment "out under a chosen address #7e13c8a7109e5559"
        add rule inet tidegate nat_postrouting iifname @masquerading4 oifname != @bridges ip saddr != 127.0.0.0/8 masquerade comment "out under the host's address #5341c88617cc5a1e"
        add rule inet tidegate nat_postrouting iifname @masquerading6 oifname != @bridges ip6 saddr != ::1/128 masquerade comment "out under the host's address #b141da18e842af3c"
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
        add set inet tidegate here6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::2, "tgb0" . fd74:6964:6567::3 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }
        add map inet tidegate publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { 6 . 8080 : 10.208.0.2 . 80 }; }
        add map inet tidegate publish6 { type inet_proto . inet_service : ipv6_addr . inet_service; elements = { 6 . 8080 : fd74:6964:6567::2 . 80 }; }
    "#]].assert_eq(&tidegate_plan::replace(&web()).to_text());
}

#[test]
fn the_number_of_rules_does_not_depend_on_what_is_published() {
    let rules = |state: &State| {
        let text = tidegate_plan::replace(state).to_text();
        text.lines()
            .filter(|line| line.starts_with("add rule"))
            .count()
    };
    assert_eq!(rules(&State::default()), rules(&web()));
}

#[test]
fn after_a_reboot_everything_is_made() {
    let plan = start(&web(), &[]);
    assert_eq!(made(&plan), 3);
    assert!(deleted(&plan).is_empty());
}

#[test]
fn links_that_still_fit_are_left_alone() {
    let state = web();
    let plan = start(&state, &links_of(&state));
    assert_eq!(made(&plan), 0);
    assert!(deleted(&plan).is_empty());
}

#[test]
fn a_lost_veth_pair_is_made_again_and_the_rest_stays() {
    let state = web();
    let mut links = links_of(&state);
    links.retain(|link| link.ifname.as_str() != "tgv1");
    let plan = start(&state, &links);
    assert_eq!(made(&plan), 1);
    assert!(deleted(&plan).is_empty());
}

#[test]
fn a_bridge_that_was_changed_is_made_again_with_all_of_its_ports() {
    let state = web();
    let mut links = links_of(&state);
    links
        .iter_mut()
        .filter(|l| l.kind == LinkKind::Bridge)
        .for_each(|l| l.addresses.extend(nets(&["10.9.9.1/24"])));
    let plan = start(&state, &links);
    assert_eq!(deleted(&plan), ["tgv1", "tgv2", "tgb0"]);
    assert_eq!(made(&plan), 3);
}

#[test]
fn a_bridge_that_lacks_an_address_or_is_down_is_mended_and_its_ports_stay() {
    let state = web();
    for is_up in [true, false] {
        let mut links = links_of(&state);
        let mut bridges = links.iter_mut().filter(|l| l.kind == LinkKind::Bridge);
        let bridge = bridges.next().unwrap();
        let wanted = bridge.addresses.clone();
        bridge.addresses.truncate(1);
        bridge.up = is_up;
        let plan = start(&state, &links);
        assert_eq!(deleted(&plan), [""; 0]);
        assert_eq!(made(&plan), 0);
        let mut steps = plan.networks.values().flatten();
        let mended = steps.find_map(|step| match step {
            LinkStep::MendBridge(bridge) => Some(bridge.addresses.clone()),
            _ => None,
        });
        assert_eq!(mended.unwrap(), wanted[1..]);
    }
}

#[test]
fn leftovers_of_an_interrupted_command_are_removed_and_foreign_links_are_kept() {
    let state = web();
    let mut links = links_of(&state);
    let left = Link {
        ifname: "tgv9".parse().unwrap(),
        ..links[1].clone()
    };
    let foreign = Link {
        ifname: "tgv8".parse().unwrap(),
        group: 0,
        ..left.clone()
    };
    links.extend([left, foreign]);
    assert_eq!(deleted(&start(&state, &links)), ["tgv9"]);
}

#[test]
fn an_endpoint_whose_namespace_is_gone_goes_too() {
    let state = web();
    let links = links_of(&state);
    let ended = tidegate_plan::end(&state, &BTreeSet::from([name("ep-1")])).unwrap();
    let mut left = state.clone();
    left.apply(&ended);
    assert!(!left.endpoints.contains_key(&name("ep-1")));
    assert_eq!(deleted(&start(&left, &links)), ["tgv1"]);
    assert!(!tidegate_plan::replace(&left).to_text().contains("8080"));
    assert_eq!(tidegate_plan::end(&state, &BTreeSet::new()), None);
}

#[test]
fn forwarding_is_turned_on_once() {
    let plan = start(&state_with(&["a", "b"]), &[]);
    let sysctls = plan
        .clean_up
        .iter()
        .filter(|s| matches!(s, LinkStep::SetSysctl(_)))
        .count();
    assert_eq!(sysctls, 2);
}

#[test]
fn networks_are_closed_with_their_bridges_alone_until_the_table_is_there() {
    assert_eq!(tidegate_plan::shut(&State::default()), None);
    let mut state = web();
    let shut = tidegate_plan::shut(&state).unwrap().to_text();
    expect_test::expect![[r#"
        add table inet tidegate
        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add chain inet tidegate shut { type filter hook forward priority 0; policy accept; }
        flush chain inet tidegate shut
        add rule inet tidegate shut ct state established accept
        add rule inet tidegate shut oifname @bridges drop
        add rule inet tidegate shut iifname @bridges drop
    "#]]
    .assert_eq(&shut);
    // With any endpoints and published ports.
    let before = shut;
    attach(&mut state, "web", 9, &["9000:80"]);
    assert_eq!(tidegate_plan::shut(&state).unwrap().to_text(), before);
}

#[test]
fn a_pair_that_lost_its_bridge_is_made_again() {
    let state = web();
    let links = links_of(&state);
    let endpoint = name("ep-1");
    let steps = |links: &[Link]| {
        let plan = tidegate_plan::revive_endpoint(&state, &endpoint, links).unwrap();
        let names = plan.links.iter().map(LinkStep::name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(steps(&links), [""; 0]);
    assert_eq!(steps(&links[..1]), ["add-veth"]);
    let mut left = links;
    left[1].master = None;
    assert_eq!(steps(&left), ["delete-veth", "add-veth"]);
    // Another's of that name is not ours to remove.
    left[1].group = 0;
    assert_eq!(steps(&left), ["add-veth"]);
}
