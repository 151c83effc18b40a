//! What of the host endpoints reach, by `--host-access`: by honest means, and by a static neighbour entry and a route of
//! their own for every address of the host.

use std::net::{IpAddr, SocketAddr};

use tidegate_tests::forge::{Ear, send_udp};
use tidegate_tests::names::{Answer, ask_udp, is_silent};
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Attached, Lab};

use crate::{Attack, with_drivers};

/// What is tried here.
pub(crate) const ATTACKS: [Attack; 1] = [each_network_reaches_of_the_host_what_it_may_in];

/// Whether endpoints reach what listens at the gateway, and at another address; whether they are told names; whether
/// the host reaches them; and whether they reach what another network publishes.
const TABLE: &str = "
    # network create            gateway  other  names  by-host  published
    --host-access=all           yes      yes    yes    yes      yes
    --host-access=gateway       yes      no     yes    yes      yes
    --host-access=dns           no       no     yes    yes      yes
    --host-access=none          no       no     no     yes      yes
    --internal                  yes      no     yes    yes      no
    --internal,--host-access=all yes     yes    yes    yes      no
    --internal,--host-access=none no     no     no     yes      no
    --isolated                  no       no     no     no       no
";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn each_network_reaches_of_the_host_what_it_may() {
    with_drivers(each_network_reaches_of_the_host_what_it_may_in);
}

fn each_network_reaches_of_the_host_what_it_may_in(driver: &str, lab: &Lab) {
    lab.host.ok(&["network", "create", "shop"]);
    let ports = ["8080:80"];
    let shop = lab.attach("shop", "shop", &ports);
    let _server = Server::start(&shop.netns, "shop", 80);
    let _host = Server::start(&lab.host.netns, "host", 7001);
    let lines = TABLE.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let flags: Vec<&str> = words.next().unwrap().split(',').collect();
        let cells: Vec<bool> = words.map(|cell| cell == "yes").collect();
        let created = [
            &["network", "create", "web", "--subnet", "10.9.0.0/24"][..],
            &flags,
        ]
        .concat();
        let created = [&created[..], &["--subnet", "fd09::/64"]].concat();
        lab.host.ok(&created);
        let front = lab.attach("web", "front", &[]);
        let _front = Server::start(&front.netns, "front", 80);
        force_a_way(lab, &front, flags == ["--isolated"]);
        std::thread::scope(|scope| {
            for family in [0, 1] {
                let (front, cells) = (&front, &cells);
                let what = format!("{driver}, {}", flags.join(" "));
                scope.spawn(move || try_cells(lab, front, cells, family, &what));
            }
        });
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}, {line}");
        lab.host.ok(&["network", "rm", "--force", "web"]);
    }
}

/// Gives an endpoint a route to each address of the host over its bridge, in addition to its own routes. Adds a route back where
/// the host has none.
fn force_a_way(lab: &Lab, front: &Attached, is_isolated: bool) {
    let network = lab.host.json(&["network", "inspect", "web"]);
    let bridge = network["bridge"].as_str().unwrap();
    let mac = network["mac"].as_str().unwrap();
    let own = front.endpoint["mac"].as_str().unwrap();
    for host in [
        "192.0.2.1",
        "10.9.0.1",
        "10.208.0.1",
        "2001:db8::1",
        "fd09::1",
    ] {
        front.netns.sh(&format!(
            "ip route replace {host} dev eth0; ip neigh replace {host} lladdr {mac} dev eth0 nud permanent"
        ));
    }
    if is_isolated {
        lab.host.netns.sh(&format!(
            "ip route add 10.9.0.2 dev {bridge} src 192.0.2.1
             ip neigh replace 10.9.0.2 lladdr {own} dev {bridge} nud permanent"
        ));
    }
}

fn try_cells(lab: &Lab, front: &Attached, cells: &[bool], family: usize, what: &str) {
    let [gateway, other, names, by_host, published] = cells.try_into().unwrap();
    let gateways: [IpAddr; 2] = ["10.9.0.1", "fd09::1"].map(|ip| ip.parse().unwrap());
    let own: [SocketAddr; 2] = [front.v4(7000), front.v6(7000)];
    let uplink = [at("192.0.2.1:7001"), at("[2001:db8::1]:7001")][family];
    let reaches = |to: SocketAddr, expected: bool, server: &str| match expected {
        true => assert_eq!(
            ask_tcp(&front.netns, to).unwrap().server,
            server,
            "{what}: {to}"
        ),
        false => assert!(is_closed_tcp(&front.netns, to), "{what}: {to} answers"),
    };
    for (to, expected) in [((gateways[family], 7001).into(), gateway), (uplink, other)] {
        reaches(to, expected, "host");
        says(lab, to, expected, what);
        // One way, too, where nobody answers.
        let to = SocketAddr::new(to.ip(), 7003);
        let ear = Ear::open(&lab.host.netns, to_any(to));
        let outside = [at("192.0.2.2:7000"), at("[2001:db8::2]:7000")][family];
        let (heard, _) = ear.next_of(|| {
            send_udp(&front.netns, own[family], to, "by the endpoint");
            let to = SocketAddr::new(uplink.ip(), 7003);
            if !expected {
                send_udp(&lab.outside, outside, to, "true");
            }
        });
        let wanted = if expected { "by the endpoint" } else { "true" };
        assert_eq!(heard, wanted, "{what}: {to}/udp");
    }
    let asked = SocketAddr::new(gateways[family], 53);
    match names {
        true => {
            let own = Answer::of(&[&front.v4(0).ip().to_string()]);
            assert_eq!(
                ask_udp(&front.netns, asked.ip(), "front", "A"),
                Some(own),
                "{what}"
            );
        }
        false => assert!(is_silent(&front.netns, asked, "front"), "{what}"),
    }
    let to = SocketAddr::new(own[family].ip(), 80);
    match by_host {
        true => assert_eq!(
            ask_tcp(&lab.host.netns, to).unwrap().server,
            "front",
            "{what}"
        ),
        false => assert!(is_closed_tcp(&lab.host.netns, to), "{what}"),
    }
    let to = SocketAddr::new(uplink.ip(), 8080);
    reaches(to, published, "shop");
}

fn to_any(to: SocketAddr) -> SocketAddr {
    let any = if to.is_ipv4() { "0.0.0.0" } else { "::" };
    SocketAddr::new(any.parse().unwrap(), to.port())
}

/// `tidegate explain` says the same.
fn says(lab: &Lab, to: SocketAddr, expected: bool, what: &str) {
    let to = format!("{to}/tcp");
    let output = lab.host.tidegate(&["explain", "front", &to, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    let reaches = said["paths"][0]["fate"] == "reaches-host";
    // An endpoint without a default route has none there; here it made itself one.
    let is_lost = said["paths"][0]["fate"] == "lost";
    assert!(
        reaches == expected || is_lost,
        "{what}: explain {to}: {output:#?}"
    );
}
