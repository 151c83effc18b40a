//! Where a namespace asks for names: that does not depend on its networks.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tidegate_tests::names::{Answer, World, ask_tcp, ask_udp, is_silent};
use tidegate_tests::traffic::{Server, ask_tcp as ask_server};
use tidegate_tests::{Attached, Host, Lab, Netns, Programs, require_root_kernel};

use crate::drivers;

const FIXED4: &str = "169.254.53.53";
const FIXED6: &str = "fd6e:616d:6573::53";
/// Where the world's names are known: on the machine outside.
const WORLD: &str = "192.0.2.2:5353";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn lab(driver: &str) -> Lab {
    let arguments = ["--nft-driver", driver, "--dns-upstreams", WORLD];
    let mut host = Host::new(Programs::of_this_tree(), &arguments);
    host.start();
    Lab::of(host)
}

fn create(lab: &Lab, network: &str, flags: &[&str]) {
    let create = ["network", "create", network];
    lab.host.ok(&[&create[..], flags].concat());
}

/// Attaches a namespace that may be attached already. Gives the endpoint.
fn attach(lab: &Lab, network: &str, netns: &Netns, name: &str) -> Value {
    let attach = ["attach", network, "--netns", netns.name(), "--name", name];
    lab.host.json(&attach)
}

/// The servers that an endpoint's resolv.conf names.
fn servers(endpoint: &Value) -> Vec<IpAddr> {
    let text = endpoint["resolv-conf"].as_str().unwrap();
    let servers = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver "));
    servers.map(ip).collect()
}

/// What each of the servers answers, which must be the same by each and by either protocol.
fn ask(from: &Netns, servers: &[IpAddr], name: &str, kind: &str) -> Answer {
    let answers = servers.iter().flat_map(|server| {
        [
            ask_udp(from, *server, name, kind),
            ask_tcp(from, *server, name, kind),
        ]
    });
    let mut answers: Vec<Answer> = answers
        .map(|answer| answer.unwrap_or_else(|| panic!("{name}: silence")))
        .collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "{name}: {answers:?}");
    answers.remove(0)
}

fn v4(endpoint: &Attached) -> Answer {
    Answer::of(&[&endpoint.v4(1).ip().to_string()])
}

fn unknown() -> Answer {
    Answer::nothing("Non-Existent Domain")
}

#[test]
fn a_namespace_asks_the_same_servers_when_its_networks_change() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        let _world = World::start(&lab.outside, WORLD.parse().unwrap(), [198, 51, 100, 7]);
        let world = Answer::of(&["198.51.100.7"]);
        for (network, flags) in [("web", &[][..]), ("db", &[]), ("vault", &["--internal"])] {
            create(&lab, network, flags);
        }
        let [near, far, safe] = [("web", "near"), ("db", "far"), ("vault", "safe")]
            .map(|(network, name)| lab.attach(network, name, &[]));
        let namespace = Netns::new();
        let first = servers(&attach(&lab, "vault", &namespace, "in-vault"));
        assert_eq!(first, [FIXED4, FIXED6].map(ip));
        let refused = Answer::nothing("Query Refused");
        let ask = |name: &str| ask(&namespace, &first, name, "A");
        assert_eq!((ask("safe"), ask("far")), (v4(&safe), unknown()));
        assert_eq!(ask("www.example"), refused, "an internal network alone");
        // The open network forwards, although it came later.
        attach(&lab, "web", &namespace, "in-web");
        assert_eq!((ask("safe"), ask("near")), (v4(&safe), v4(&near)));
        assert_eq!(ask("www.example"), world);
        attach(&lab, "db", &namespace, "in-db");
        for gone in ["in-vault", "in-web"] {
            lab.host.ok(&["detach", gone]);
        }
        assert_eq!((ask("far"), ask("near")), (v4(&far), unknown()));
        assert_eq!(ask("www.example"), world);
        lab.host.kill();
        lab.host.start();
        assert_eq!(ask("far"), v4(&far), "after a crash");
        assert_eq!(
            servers(&lab.host.json(&["endpoint", "inspect", "in-db"])),
            first
        );
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn a_network_of_one_family_has_the_server_of_that_family() {
    require_root_kernel!();
    let lab = lab(&drivers()[0]);
    create(&lab, "four", &["--no-ipv6"]);
    create(&lab, "six", &["--no-ipv4"]);
    let [four, six] =
        [("four", "a"), ("six", "b")].map(|(network, name)| lab.attach(network, name, &[]));
    for (endpoint, server, kind) in [(&four, FIXED4, "A"), (&six, FIXED6, "AAAA")] {
        assert_eq!(servers(&endpoint.endpoint), [ip(server)]);
        let name = endpoint.endpoint["name"].as_str().unwrap();
        let answer = ask(&endpoint.netns, &[ip(server)], name, kind);
        assert_eq!(answer.data.len(), 1, "{answer:?}");
    }
    // The second network brings the other family.
    let both = attach(&lab, "six", &four.netns, "a6");
    assert_eq!(servers(&both), [FIXED4, FIXED6].map(ip));
    assert_eq!(ask(&four.netns, &servers(&both), "b", "AAAA").data.len(), 1);
}

#[test]
fn a_host_of_an_older_release_gets_the_address_at_a_start_and_the_gateway_still_answers() {
    require_root_kernel!();
    let mut lab = lab(&drivers()[0]);
    create(&lab, "web", &[]);
    let front = lab.attach("web", "front", &[]);
    lab.host.stop();
    // As an older release left it.
    lab.host.netns.sh(&format!(
        "ip addr del {FIXED4}/32 dev tgb0; ip addr del {FIXED6}/128 dev tgb0"
    ));
    let index = || front.netns.sh("cat /sys/class/net/eth0/ifindex");
    let before = index();
    lab.host.start();
    let all = ["10.208.0.1", "fd74:6964:6567::1", FIXED4, FIXED6].map(ip);
    assert_eq!(ask(&front.netns, &all, "front", "A"), v4(&front));
    assert_eq!(index(), before, "the pair is another one");
}

#[test]
fn the_address_of_the_dns_server_offers_names_to_endpoints_and_nothing_to_anybody() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = lab(&driver);
        create(&lab, "web", &[]);
        create(&lab, "mute", &["--host-access", "none"]);
        let front = lab.attach("web", "front", &[]);
        let mute = lab.attach("mute", "mute", &[]);
        assert_eq!(servers(&mute.endpoint), Vec::<IpAddr>::new());
        let _service = Server::start(&lab.host.netns, "host", 80);
        lab.outside.sh(&format!(
            "ip route add {FIXED4} via 192.0.2.1; ip -6 route add {FIXED6} via 2001:db8::1"
        ));
        mute.netns.sh(&format!(
            "ip route add {FIXED4} dev eth0; ip -6 route add {FIXED6} dev eth0"
        ));
        for at in [FIXED4, FIXED6].map(ip) {
            assert!(is_silent(&front.netns, (at, 80).into(), "front"), "{at}");
            for from in [&lab.outside, &mute.netns, &lab.host.netns] {
                assert!(is_silent(from, (at, 53).into(), "front"), "{at}");
                assert!(is_silent(from, (at, 299).into(), "front"), "{at}");
            }
        }
        let explained = lab
            .host
            .tidegate(&["explain", "front", "169.254.53.53:80/tcp"]);
        assert_eq!(explained.code, Some(1), "{explained:#?}");
        lab.host.ok(&["explain", "front", "169.254.53.53:53/udp"]);
        for (subnet, reason) in [
            ("169.254.53.0/24", "it is link-local"),
            ("fd6e:616d:6573::/64", "overlaps"),
        ] {
            let refused = lab
                .host
                .tidegate(&["network", "create", "x", "--subnet", subnet]);
            assert!(refused.stderr.contains(reason), "{refused:#?}");
        }
    }
}

#[test]
fn the_host_has_names_that_lead_to_the_gateway() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = lab(&driver);
        // A name that is forwarded has this address.
        let _world = World::start(&lab.outside, WORLD.parse().unwrap(), [198, 51, 100, 7]);
        create(&lab, "web", &[]);
        create(&lab, "dark", &["--isolated"]);
        let _service = Server::start(&lab.host.netns, "host", 8000);
        let [front, shade] = [("web", "front"), ("dark", "shade")]
            .map(|(network, name)| lab.attach(network, name, &[]));
        for name in [
            "gateway",
            "host.docker.internal",
            "host.containers.internal",
        ] {
            for (kind, wanted) in [("A", "10.208.0.1"), ("AAAA", "fd74:6964:6567::1")] {
                let answer = ask(&front.netns, &servers(&front.endpoint), name, kind);
                assert_eq!(answer, Answer::of(&[wanted]), "{name}");
                let reply = ask_server(&front.netns, (ip(wanted), 8000).into()).unwrap();
                assert_eq!(reply.server, "host");
                let answer = ask(&shade.netns, &servers(&shade.endpoint), name, kind);
                assert_eq!(answer, Answer::nothing("No Error"), "{name}");
            }
        }
    }
}

#[test]
fn an_isolated_network_has_names_and_the_host_stays_out_of_reach() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        // The kernel's own check of sources finds the way back too.
        lab.host
            .netns
            .sh("for dev in all default; do echo 1 > /proc/sys/net/ipv4/conf/$dev/rp_filter; done");
        create(&lab, "dark", &["--isolated"]);
        create(&lab, "six", &["--isolated", "--no-ipv4"]);
        create(&lab, "closed", &["--isolated", "--host-access", "none"]);
        create(&lab, "web", &[]);
        let [one, other] = ["one", "other"].map(|name| lab.attach("dark", name, &[]));
        let front = lab.attach("web", "front", &[]);
        let six = lab.attach("six", "six", &[]);
        let closed = lab.attach("closed", "closed", &[]);
        assert_eq!(servers(&closed.endpoint), Vec::<IpAddr>::new());
        assert_eq!(servers(&six.endpoint), [ip(FIXED6)]);
        let check = |lab: &Lab, when: &str| {
            let fixed = servers(&one.endpoint);
            assert_eq!(fixed, [FIXED4, FIXED6].map(ip), "{when}");
            let asked = |name: &str| ask(&one.netns, &fixed, name, "A");
            assert_eq!(asked("other"), v4(&other), "{when}");
            assert_eq!(asked("front"), unknown(), "{when}");
            assert_eq!(asked("www.example").code, "Query Refused", "{when}");
            let answer = ask(&six.netns, &[ip(FIXED6)], "six", "AAAA");
            assert_eq!(answer.data.len(), 1, "{when}");
            let fixed = [FIXED4, FIXED6].map(ip);
            for at in fixed {
                assert!(is_silent(&one.netns, (at, 80).into(), "one"), "{when}");
                assert!(is_silent(&closed.netns, (at, 53).into(), "one"), "{when}");
            }
            assert!(!is_silent(&other.netns, one.v4(80), "one"), "{when}");
            // Neither has a way to the other.
            for address in [one.v4(80), one.v6(80)] {
                assert!(is_silent(&lab.host.netns, address, "one"), "{when}");
                let way = format!("ip route get {}", address.ip());
                let way = lab.host.netns.try_sh(&way);
                assert!(!way.stdout.contains("dev tgb"), "{when}: {way:?}");
            }
            assert_eq!(lab.host.ruleset_diff(), "", "{when}");
        };
        closed.netns.sh(&format!(
            "ip route add {FIXED4} dev eth0; ip -6 route add {FIXED6} dev eth0"
        ));
        let _services = [&lab.host.netns, &one.netns].map(|netns| Server::start(netns, "any", 80));
        for from in ["192.0.2.2", "2001:db8::2"] {
            let at = if from.contains(':') { FIXED6 } else { FIXED4 };
            let to = format!("{}/tcp", SocketAddr::from((ip(at), 53)));
            let asked = ["explain", "one", &to];
            let honest = lab.host.tidegate(&asked);
            assert_eq!(honest.code, Some(0), "{honest:#?}");
            let forged = lab
                .host
                .tidegate(&[&asked[..], &["--source-address", from]].concat());
            assert!(forged.stdout.contains("as itself alone"), "{forged:#?}");
        }
        for value in [0, 1] {
            lab.set_br_netfilter(value);
            check(&lab, &format!("{driver}, {value}"));
        }
        lab.host.kill();
        lab.host.start();
        check(&lab, &format!("{driver}, after a crash"));
        // A namespace on an open network asks by that one.
        attach(&lab, "web", &one.netns, "one-web");
        assert_eq!(
            ask(&one.netns, &servers(&one.endpoint), "front", "A"),
            v4(&front)
        );
        for network in ["dark", "six"] {
            lab.host.ok(&["network", "rm", "--force", network]);
        }
        let rules = lab.host.netns.sh("ip rule; ip -6 rule");
        assert!(
            !rules.contains(FIXED4) && !rules.contains(FIXED6),
            "{rules}"
        );
    }
}
