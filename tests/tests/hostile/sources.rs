//! Forged source addresses. Each attacker sends a packet with a forged source, and then one with its own source to the same
//! port. The receiver must get only the second.

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use tidegate_tests::forge::{ACK, Ear, RST, Wiretap, mac_of, send_tcp, send_udp, udp};
use tidegate_tests::names::{Answer, ask_tcp, ask_udp, is_silent, question};
use tidegate_tests::traffic::{Server, ask_tcp as reach_tcp, is_closed_tcp};
use tidegate_tests::{Attached, Lab, Netns, frames, wait_until};

use crate::{Attack, WORLD, with_drivers};

/// What is tried here.
pub(crate) const ATTACKS: [Attack; 9] = [
    a_network_whose_endpoints_forge_addresses_leaves_query_slots_for_others_in,
    an_endpoint_sends_only_from_its_own_addresses_in,
    unspecified_and_foreign_link_local_sources_are_dropped_in,
    an_endpoint_may_have_more_addresses_and_routes_behind_it_in,
    a_namespace_on_two_networks_answers_by_its_default_route_at_the_addresses_of_both_in,
    nobody_outside_sends_as_an_endpoint_in,
    dns_answers_go_only_to_endpoints_at_their_own_bridge_in,
    the_resolvers_port_is_there_for_endpoints_alone_in,
    packets_without_a_connection_do_not_leave_with_private_addresses_in,
];

/// How long to wait for a connection that is expected not to come about. Too short a time could only hide a fault.
const A_MOMENT: Duration = Duration::from_millis(700);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Sends as each of these and then as the true source; that is heard, and nothing before it.
fn hears_the_truth(
    ear: &Ear,
    from: &Netns,
    forged: &[&str],
    (honest, seen_as): (SocketAddr, IpAddr),
    to: SocketAddr,
    what: &str,
) {
    // Who does not know its neighbours yet loses packets, and so says something true first.
    let truth = format!("from {honest} to {to}");
    let hear = || {
        loop {
            let (text, source) = ear.next_of(|| send_udp(from, honest, to, &truth));
            assert!(
                !text.starts_with("as "),
                "{what}: {text} to {to}, heard as {source}"
            );
            if text == truth {
                return assert_eq!(source.ip(), seen_as, "{what}: {truth}");
            }
        }
    };
    hear();
    for forged in forged {
        let forged: IpAddr = forged.parse().unwrap();
        if forged.is_ipv4() == to.is_ipv4() {
            send_udp(from, (forged, 7000).into(), to, format!("as {forged}"));
        }
    }
    hear();
}

/// Both of an endpoint's addresses.
fn of(endpoint: &Attached) -> [SocketAddr; 2] {
    [endpoint.v4(7000), endpoint.v6(7000)]
}

#[test]
fn an_endpoint_sends_only_from_its_own_addresses() {
    with_drivers(an_endpoint_sends_only_from_its_own_addresses_in);
}

fn an_endpoint_sends_only_from_its_own_addresses_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host
        .ok(&["network", "create", "lan", "--mode", "routed"]);
    lab.host.ok(&["network", "create", "db", "--internal"]);
    lab.host.ok(&["network", "connect", "web", "lan"]);
    let other = lab.attach("web", "other", &[]);
    let routed = lab.attach("lan", "routed", &[]);
    let inner = lab.attach("db", "inner", &[]);
    let [other4, other6] = of(&other).map(|at| at.ip().to_string());
    let forged = [
        &*other4,
        &*other6,
        "8.8.8.8",
        "2001:db8:8::8",
        "127.0.0.2",
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.2",
        "2001:db8::2",
        "10.208.0.1",
        "fd74:6964:6567::1",
        "10.208.1.1",
        "fd74:6964:6567:1::1",
        "10.208.2.1",
        "fd74:6964:6567:2::1",
        "10.208.77.7",
    ];
    let to_host = [at("192.0.2.1:7001"), at("[2001:db8::1]:7001")];
    let outside = [at("192.0.2.2:7001"), at("[2001:db8::2]:7001")];
    for family in [0, 1] {
        let any = [at("0.0.0.0:7001"), at("[::]:7001")][family];
        let ears = [&lab.host.netns, &lab.outside, &other.netns].map(|netns| Ear::open(netns, any));
        let mut targets = vec![
            (&routed, 0, to_host),
            (&routed, 1, outside),
            (
                &routed,
                2,
                of(&other).map(|mut at| {
                    at.set_port(7001);
                    at
                }),
            ),
        ];
        targets.push((
            &inner,
            0,
            [at("10.208.2.1:7001"), at("[fd74:6964:6567:2::1]:7001")],
        ));
        for (sender, ear, to) in targets {
            let honest = of(sender)[family];
            let truth = (honest, honest.ip());
            hears_the_truth(
                &ears[ear],
                &sender.netns,
                &forged,
                truth,
                to[family],
                driver,
            );
        }
    }
}

#[test]
fn unspecified_and_foreign_link_local_sources_are_dropped() {
    with_drivers(unspecified_and_foreign_link_local_sources_are_dropped_in);
}

fn unspecified_and_foreign_link_local_sources_are_dropped_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let link_local = |netns: &Netns, ifname: &str| {
        let shown = format!("ip -6 -o addr show dev {ifname} scope link | grep -o 'fe80[^/]*'");
        let shown = netns.sh(&shown);
        SocketAddr::new(shown.trim().parse().unwrap(), 7000)
    };
    let bridge = link_local(&lab.host.netns, "tgb0");
    let (own, gateway) = (
        link_local(&front.netns, "eth0"),
        mac_of(&lab.host.netns, "tgb0"),
    );
    let frame = |from: SocketAddr, to: SocketAddr, text: &str| {
        let (to_mac, kind) = match to.ip() {
            IpAddr::V4(ip) if ip.is_broadcast() => ([0xff; 6], [8, 0]),
            IpAddr::V4(_) => (gateway, [8, 0]),
            IpAddr::V6(_) => (gateway, [0x86, 0xdd]),
        };
        let header = [&to_mac[..], &mac_of(&front.netns, "eth0"), &kind].concat();
        [header, udp([from, to], text)].concat()
    };
    let ears = ["0.0.0.0:7001", "[::]:7001"].map(|any| Ear::open(&lab.host.netns, at(any)));
    let forged = [
        ("0.0.0.0:7000", "255.255.255.255:7001"),
        ("0.1.2.3:7000", "255.255.255.255:7001"),
        ("0.0.0.0:7000", "10.208.0.1:7001"),
        ("[::]:7000", "[fd74:6964:6567::1]:7001"),
        ("[::]:7000", "[2001:db8::1]:7001"),
        ("[fe80:1::9]:7000", "[fd74:6964:6567::1]:7001"),
        ("[febf::9]:7000", "[2001:db8::1]:7001"),
        (&bridge.to_string(), "[fd74:6964:6567::1]:7001"),
    ];
    let forged = forged.map(|(from, to)| frame(at(from), at(to), &format!("as {from}")));
    frames::send(&front.netns, "eth0", &forged);
    // What an endpoint's own link-local address says is heard, and what it says as itself.
    let of_link = frame(own, at("[fd74:6964:6567::1]:7001"), "of the link");
    frames::send(&front.netns, "eth0", &[of_link]);
    assert_eq!(ears[1].next().0, "of the link", "{driver}");
    let to = [at("10.208.0.1:7001"), at("[fd74:6964:6567::1]:7001")];
    for (ear, (from, to)) in ears.iter().zip(of(&front).into_iter().zip(to)) {
        let (text, source) = ear.next_of(|| send_udp(&front.netns, from, to, "the truth"));
        assert_eq!((&*text, source.ip()), ("the truth", from.ip()), "{driver}");
    }
    // Who has no address yet may ask for one, and whether it is free.
    let asked = Ear::open(&lab.host.netns, at("0.0.0.0:67"));
    let ask = frame(at("0.0.0.0:68"), at("255.255.255.255:67"), "which address?");
    frames::send(&front.netns, "eth0", &[ask]);
    assert_eq!(asked.next().0, "which address?", "{driver}");
    front.netns.sh("ip addr add fd74:6964:6567::1/64 dev eth0");
    wait_until("it is found to be the gateway's", || {
        front
            .netns
            .sh("ip -6 addr show dev eth0")
            .contains("dadfailed")
    });
}

#[test]
fn an_endpoint_may_have_more_addresses_and_routes_behind_it() {
    with_drivers(an_endpoint_may_have_more_addresses_and_routes_behind_it_in);
}

fn an_endpoint_may_have_more_addresses_and_routes_behind_it_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    // An address that moves between endpoints (VRRP), and what an endpoint is the way to.
    front.netns.sh(
        "ip addr add 10.208.0.200/24 dev eth0; ip addr add fd74:6964:6567::200/64 dev eth0 nodad
         ip addr add 10.99.0.1/24 dev lo; ip addr add fd99::1/64 dev lo nodad",
    );
    lab.host.netns.sh(
        "ip route add 10.99.0.0/24 via 10.208.0.2; ip route add fd99::/64 via fd74:6964:6567::2",
    );
    let ears = ["0.0.0.0:7001", "[::]:7001"].map(|any| Ear::open(&lab.host.netns, at(any)));
    for (ear, honest, to) in [
        (0, "10.208.0.200:7000", "192.0.2.1:7001"),
        (0, "10.99.0.1:7000", "10.208.0.1:7001"),
        (1, "[fd74:6964:6567::200]:7000", "[2001:db8::1]:7001"),
        (1, "[fd99::1]:7000", "[fd74:6964:6567::1]:7001"),
    ] {
        let truth = (at(honest), at(honest).ip());
        hears_the_truth(&ears[ear], &front.netns, &[], truth, at(to), driver);
    }
}

#[test]
fn a_namespace_on_two_networks_answers_by_its_default_route_at_the_addresses_of_both() {
    with_drivers(
        a_namespace_on_two_networks_answers_by_its_default_route_at_the_addresses_of_both_in,
    );
}

fn a_namespace_on_two_networks_answers_by_its_default_route_at_the_addresses_of_both_in(
    driver: &str,
    lab: &Lab,
) {
    for network in ["web", "db"] {
        lab.host.ok(&["network", "create", network]);
    }
    let front = lab.attach("web", "front", &["8080:80"]);
    let attach = |network, name, port: &str| {
        let netns = front.netns.name();
        let attach = ["attach", network, "--netns", netns, "--name", name];
        lab.host.ok(&[&attach[..], &["-p", port]].concat());
    };
    attach("db", "side", "9090:80");
    let _server = Server::start(&front.netns, "front", 80);
    // By TCP: a UDP server may answer from another address, that of its route.
    let answers = || {
        for to in [
            "192.0.2.1:8080",
            "192.0.2.1:9090",
            "[2001:db8::1]:8080",
            "[2001:db8::1]:9090",
        ] {
            assert_eq!(
                reach_tcp(&lab.outside, at(to)).unwrap().server,
                "front",
                "{to}"
            );
        }
    };
    answers();
    assert_eq!(lab.host.ruleset_diff(), "");
    lab.host.ok(&["detach", "side"]);
    assert_eq!(lab.host.ruleset_diff(), "");
    attach("db", "side", "9090:80");
    answers();
    // An endpoint that is on only one of them cannot send with an address of the other.
    let lone = lab.attach("web", "lone", &[]);
    let ear = Ear::open(&lab.host.netns, at("0.0.0.0:7001"));
    let truth = (lone.v4(7000), lone.v4(7000).ip());
    let forged = ["10.208.1.2"];
    hears_the_truth(
        &ear,
        &lone.netns,
        &forged,
        truth,
        at("192.0.2.1:7001"),
        driver,
    );
    lab.host.ok(&["network", "rm", "web", "--force"]);
    assert_eq!(lab.host.ruleset_diff(), "");
}

#[test]
fn nobody_outside_sends_as_an_endpoint() {
    with_drivers(nobody_outside_sends_as_an_endpoint_in);
}

fn nobody_outside_sends_as_an_endpoint_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host
        .ok(&["network", "create", "open", "--mode", "nat-unprotected"]);
    let front = lab.attach("web", "front", &[]);
    let back = lab.attach("web", "back", &["7002:7001/udp"]);
    lab.host.ok(&["network", "create", "db", "--internal"]);
    let bare = lab.attach("open", "bare", &[]);
    let forged = of(&front).map(|at| at.ip().to_string());
    // Addresses that nobody has yet too, and those of a network without a way out.
    let forged = [
        &*forged[0],
        &*forged[1],
        "fd74:6964:6567::1",
        "127.0.0.2",
        "10.208.0.77",
        "fd74:6964:6567::77",
        "10.208.2.77",
        "fd74:6964:6567:2::77",
    ];
    let honest = [at("192.0.2.2:7000"), at("[2001:db8::2]:7000")];
    for family in [0, 1] {
        let any = [at("0.0.0.0:7001"), at("[::]:7001")][family];
        let bare_at = [bare.v4(7001), bare.v6(7001)];
        for (netns, to) in [
            (
                &lab.host.netns,
                [at("192.0.2.1:7001"), at("[2001:db8::1]:7001")],
            ),
            (
                &back.netns,
                [at("192.0.2.1:7002"), at("[2001:db8::1]:7002")],
            ),
            (&bare.netns, bare_at),
        ] {
            let ear = Ear::open(netns, any);
            let truth = (honest[family], honest[family].ip());
            hears_the_truth(&ear, &lab.outside, &forged, truth, to[family], driver);
        }
    }
}

#[test]
fn dns_answers_go_only_to_endpoints_at_their_own_bridge() {
    with_drivers(dns_answers_go_only_to_endpoints_at_their_own_bridge_in);
}

fn dns_answers_go_only_to_endpoints_at_their_own_bridge_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "db", "--internal"]);
    lab.host.ok(&["network", "create", "far"]);
    let front = lab.attach("web", "front", &[]);
    let inner = lab.attach("db", "inner", &[]);
    let other = lab.attach("far", "other", &[]);
    // Nobody answers here: each question that is put to it takes a place for seconds.
    let world = Ear::open(&lab.outside, at(WORLD));
    // To a host that knows no way to it by itself, as a neighbour on the wire sends.
    inner
        .netns
        .sh("ip route add default via 10.208.1.1; ip -6 route add default via fd74:6964:6567:1::1");
    let gateways = [at("10.208.0.1:53"), at("[fd74:6964:6567::1]:53")];
    for attacker in [&inner.netns, &other.netns, &lab.outside] {
        for (gateway, from) in std::iter::zip(gateways, of(&front)) {
            for port in 0..320 {
                let from = SocketAddr::new(from.ip(), 10_000 + port);
                send_udp(attacker, from, gateway, question("stolen.example", "A"));
            }
        }
    }
    // The server hears of the true one alone.
    for (gateway, from) in std::iter::zip(gateways, of(&front)) {
        let honest = question("honest.example", "A");
        let (heard, _) = world.next_of(|| send_udp(&front.netns, from, gateway, &honest));
        assert!(heard.contains("honest"), "{driver}: {heard:?}");
    }
}

#[test]
fn a_network_whose_endpoints_forge_addresses_leaves_query_slots_for_others() {
    with_drivers(a_network_whose_endpoints_forge_addresses_leaves_query_slots_for_others_in);
}

fn a_network_whose_endpoints_forge_addresses_leaves_query_slots_for_others_in(
    driver: &str,
    lab: &Lab,
) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "far"]);
    let crowd: Vec<Attached> = (0..6)
        .map(|n| lab.attach("web", &format!("one-{n}"), &[]))
        .collect();
    let other = lab.attach("far", "other", &[]);
    let world = Ear::open(&lab.outside, at(WORLD));
    let gateway = at("10.208.0.1:53");
    // More than the network's places, and none is free again for seconds.
    let taken = question("taken.example", "A");
    let addresses: Vec<IpAddr> = crowd.iter().map(|one| one.v4(0).ip()).collect();
    for address in &addresses[1..] {
        let netns = &crowd[0].netns;
        netns.sh(&format!("ip addr add {address}/32 dev eth0"));
    }
    crowd[0].netns.run(|| {
        for address in &addresses {
            let socket = UdpSocket::bind((*address, 0)).unwrap();
            for _ in 0..180 {
                socket.send_to(&taken, gateway).unwrap();
            }
        }
    });
    // Asked for a second, since the crowd may have filled the socket. Later queries find free places again.
    let honest = question("honest.example", "A");
    other.netns.run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        for _ in 0..20 {
            socket.send_to(&honest, "10.208.1.1:53").unwrap();
            sleep(Duration::from_millis(50));
        }
    });
    let mut heard = std::iter::repeat_with(|| world.next().0);
    let first = heard.find(|text| !text.contains("taken"));
    assert!(
        first.is_some_and(|text| text.contains("honest")),
        "{driver}"
    );
}

#[test]
fn only_endpoints_reach_the_resolvers_port() {
    with_drivers(the_resolvers_port_is_there_for_endpoints_alone_in);
}

fn the_resolvers_port_is_there_for_endpoints_alone_in(driver: &str, lab: &Lab) {
    for network in ["web", "db"] {
        lab.host.ok(&["network", "create", network]);
    }
    let front = lab.attach("web", "front", &[]);
    let other = lab.attach("db", "other", &[]);
    let port = lab.host.json(&["info"])["names"]["port"].as_u64().unwrap();
    let at_port = |ip: &str| SocketAddr::new(ip.parse().unwrap(), port.try_into().unwrap());
    let strangers = [
        (
            &lab.outside,
            &[
                "192.0.2.1",
                "2001:db8::1",
                "10.208.0.1",
                "fd74:6964:6567::1",
            ][..],
        ),
        (
            &lab.host.netns,
            &[
                "127.0.0.1",
                "::1",
                "192.0.2.1",
                "10.208.0.1",
                "fd74:6964:6567::1",
            ],
        ),
        (
            &other.netns,
            &["192.0.2.1", "10.208.0.1", "fd74:6964:6567::1"],
        ),
    ];
    std::thread::scope(|scope| {
        for (from, ip) in strangers
            .iter()
            .flat_map(|(from, ips)| ips.iter().map(move |ip| (from, ip)))
        {
            let to = at_port(ip);
            scope.spawn(move || {
                assert!(
                    from.run(|| TcpStream::connect_timeout(&to, A_MOMENT))
                        .is_err(),
                    "{driver}: {} connects to {to}",
                    from.name()
                );
                assert!(
                    is_silent(from, to, "front"),
                    "{driver}: {to} answers {}",
                    from.name()
                );
            });
        }
    });
    let own = Some(Answer::of(&[&front.v4(0).ip().to_string()]));
    for gateway in ["10.208.0.1", "fd74:6964:6567::1"] {
        let gateway = gateway.parse().unwrap();
        assert_eq!(ask_udp(&front.netns, gateway, "front", "A"), own);
        assert_eq!(ask_tcp(&front.netns, gateway, "front", "A"), own);
    }
}

#[test]
fn packets_without_a_connection_do_not_leave_with_private_addresses() {
    with_drivers(packets_without_a_connection_do_not_leave_with_private_addresses_in);
}

fn packets_without_a_connection_do_not_leave_with_private_addresses_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host
        .ok(&["network", "create", "lan", "--mode", "routed"]);
    let front = lab.attach("web", "front", &[]);
    let routed = lab.attach("lan", "routed", &[]);
    for family in [0, 1] {
        let tap = Wiretap::open(&lab.outside, family == 0);
        let to = [at("192.0.2.2:7009"), at("[2001:db8::2]:7009")][family];
        let host = [at("192.0.2.1:0"), at("[2001:db8::1]:0")][family].ip();
        for flags in [RST, RST | ACK, 0] {
            send_tcp(&front.netns, of(&front)[family], to, flags);
        }
        // A connection that is refused says who asked for it.
        assert!(is_closed_tcp(&front.netns, to));
        assert_eq!(tap.next_to(7009), host, "{driver}");
        // Where addresses are kept nothing is hidden: the host may see one half of a connection.
        let to = SocketAddr::new(to.ip(), 7010);
        send_tcp(&routed.netns, of(&routed)[family], to, RST);
        assert_eq!(tap.next_to(7010), of(&routed)[family].ip(), "{driver}");
    }
}
