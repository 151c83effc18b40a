//! A neighbour that says it is a router.

use std::net::Ipv6Addr;

use tidegate_tests::forge::{Ear, mac_of, router_advertisement, send_udp};
use tidegate_tests::frames;
use tidegate_tests::{Attached, Lab, Netns, require_root_kernel, wait_until};

use crate::drivers;

/// What an endpoint knows of ways out over IPv6, and of its addresses.
fn known(endpoint: &Attached) -> String {
    endpoint.netns.sh(
        "ip -6 route show default; ip -6 -o addr show dev eth0 scope global | awk '{ print $4 }'",
    )
}

fn advertise(from: &Netns, interface: &str) {
    let (router, prefix): (Ipv6Addr, Ipv6Addr) = (
        "fe80::bad".parse().unwrap(),
        "2001:db8:bad::".parse().unwrap(),
    );
    let advertisement = router_advertisement(mac_of(from, interface), router, prefix);
    frames::send(from, interface, &vec![advertisement; 3]);
}

#[test]
fn a_neighbour_that_advertises_itself_as_a_router_gets_no_traffic() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "both"]);
        lab.host.ok(&["network", "create", "slim", "--no-ipv6"]);
        for network in ["both", "slim"] {
            let victim = lab.attach(network, &format!("{network}-victim"), &[]);
            let neighbour = lab.attach(network, &format!("{network}-neighbour"), &[]);
            let before = known(&victim);
            let ear = Ear::open(&victim.netns, "0.0.0.0:7001".parse().unwrap());
            advertise(&neighbour.netns, "eth0");
            // What it sends afterwards comes later.
            send_udp(
                &neighbour.netns,
                neighbour.v4(7000),
                victim.v4(7001),
                "sent",
            );
            assert_eq!(ear.next().0, "sent");
            assert_eq!(known(&victim), before, "{driver} {network}");
        }
    }
}

#[test]
fn a_container_that_manages_its_network_itself_can_listen_to_routers_but_keeps_its_way_out() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "both"]);
        let netns = Netns::new();
        let asked = ["--sysctl", "net.ipv6.conf.IFNAME.accept_ra=2"];
        let attach = ["attach", "both", "--netns", netns.name(), "--name", "asked"];
        lab.host.ok(&[&attach[..], &asked].concat());
        let shown = netns.sh("cat /proc/sys/net/ipv6/conf/eth0/accept_ra");
        assert_eq!(shown.trim(), "2");

        let own = lab.attach("both", "own", &[]);
        own.netns
            .sh("echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_ra
             echo 1 > /proc/sys/net/ipv6/conf/eth0/autoconf");
        advertise(&lab.host.netns, "tgb0");
        wait_until("the router is known", || known(&own).contains("fe80::bad"));
        assert!(known(&own).contains("2001:db8:bad:"), "{}", known(&own));
        let way = own.netns.sh("ip -6 route get 2001:db8::2");
        assert!(!way.contains("fe80::bad"), "{way}");
    }
}
