//! Veths on the kernel.

use error_hint::Hint;
use test_support::require_root_kernel;
use tidegate_link::{ErrorKind, Links};
use tidegate_model::links::{GROUP, LinkStep, Sysctl};

use crate::fixture::{add_bridge, add_veth, bridge, veth};
use crate::traffic::{Listener, echo, timeouts};
use crate::world::{Kernel, World};

#[test]
fn traffic_flows_at_once_in_both_families_and_directions() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    for n in 1..=20 {
        let recorded = kernel.add_netns();
        kernel.links.apply(&add_bridge(n)).unwrap();
        kernel.links.apply(&add_veth(n, n + 1, &recorded)).unwrap();
        let netns = kernel.netns(&recorded);
        // No packet was lost before either end was ready.
        for net in veth(n, n + 1, &recorded).peer.addresses {
            echo(&kernel.host, netns, net.addr());
            assert_eq!(timeouts(&kernel.host), 0, "to {net}");
        }
        for net in bridge(n).addresses {
            echo(netns, &kernel.host, net.addr());
            assert_eq!(timeouts(netns), 0, "to {net}");
        }
        assert_eq!(netns.sh("ip -6 address show scope global tentative"), "");
    }
}

/// The listeners are there before the addresses are, so that nothing lies between the end of the
/// step and the first packet.
#[test]
fn a_connection_that_is_made_at_once_loses_no_packet() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let at_host = kernel.host.run(Listener::start);
    kernel.links.apply(&add_bridge(1)).unwrap();
    for n in 2..=40 {
        let recorded = kernel.add_netns();
        let (step, wanted) = (add_veth(1, n, &recorded), veth(1, n, &recorded));
        let at_endpoint = kernel.netns(&recorded).run(Listener::start);
        let [v4, v6] = wanted.peer.addresses[..] else {
            panic!("{wanted:?}");
        };
        let first = if n % 2 == 0 { v4 } else { v6 };
        let links = &mut kernel.links;
        kernel.host.run(|| {
            links.apply(&step).unwrap();
            at_endpoint.connect(first.addr());
        });
        let gateway = wanted.peer.gateways[usize::from(n % 2 == 1)];
        kernel.netns(&recorded).run(|| at_host.connect(gateway));
        assert_eq!(timeouts(&kernel.host), 0, "to {first}");
        assert_eq!(timeouts(kernel.netns(&recorded)), 0, "to {gateway}");
    }
}

#[test]
fn two_endpoints_of_a_bridge_reach_each_other() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let (one, two) = (kernel.add_netns(), kernel.add_netns());
    kernel.links.apply(&add_veth(1, 2, &one)).unwrap();
    kernel.links.apply(&add_veth(1, 3, &two)).unwrap();
    for net in veth(1, 3, &two).peer.addresses {
        echo(kernel.netns(&one), kernel.netns(&two), net.addr());
    }
    assert_eq!(timeouts(kernel.netns(&one)), 0);
}

#[test]
fn both_ends_have_the_requested_settings() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    kernel.netns(&recorded).sh("ip link set lo down");
    kernel.links.apply(&add_veth(1, 2, &recorded)).unwrap();
    let mut plain = veth(1, 3, &recorded);
    plain.peer.ifname = "eth1".parse().unwrap();
    plain.peer.gateways.clear();
    kernel.links.apply(&LinkStep::AddVeth(plain)).unwrap();

    let port = |name: &str| kernel.host.sh(&format!("bridge -d link show dev {name}"));
    for name in ["ve2", "ve3"] {
        assert!(port(name).contains("hairpin off"), "{}", port(name));
    }
    let host = kernel.host.sh("ip -d address show ve2");
    assert!(host.contains("mtu 1400"), "{host}");
    assert!(host.contains(&format!("group {GROUP}")), "{host}");
    assert!(!host.contains("inet6"), "{host}");

    let netns = kernel.netns(&recorded);
    let peer = netns.sh("ip -d address show eth0");
    for wanted in [
        "mtu 1400",
        "02:77:00:00:01:02",
        "inet 10.77.1.2/24 brd 10.77.1.255",
        "inet6 fd77:1::2/64",
        &format!("group {GROUP}"),
    ] {
        assert!(peer.contains(wanted), "{wanted}: {peer}");
    }
    assert!(netns.sh("ip link show lo").contains("LOOPBACK,UP"));
    let routes = netns.sh("ip route; ip -6 route");
    assert!(
        routes.contains("default via 10.77.1.1 dev eth0"),
        "{routes}"
    );
    assert!(
        routes.contains("default via fd77:1::1 dev eth0"),
        "{routes}"
    );
}

#[test]
fn a_loopback_that_was_down_is_down_after_a_failure() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    kernel.netns(&recorded).sh("ip link set lo down");
    let mut bad = veth(1, 2, &recorded);
    bad.peer.gateways = vec!["10.99.0.1".parse().unwrap()];
    kernel.links.apply(&LinkStep::AddVeth(bad)).unwrap_err();
    let links = kernel.netns(&recorded).sh("ip link show");
    assert!(!links.contains("LOOPBACK,UP"), "{links}");
    assert!(!links.contains("eth0"), "{links}");
}

/// What a look at the namespace does not tell, the refusal does.
#[test]
fn ipv6_that_is_off_only_for_new_interfaces_is_named_in_the_error() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    let netns = kernel.netns(&recorded);
    netns.sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    assert_eq!(kernel.links.netns(&recorded.path).unwrap().ipv6_off, None);
    let refused = kernel.links.apply(&add_veth(1, 2, &recorded)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Ipv6Off);
    let hint = refused.hint().unwrap();
    assert!(
        hint.contains("net.ipv6.conf.default.disable_ipv6=0"),
        "{hint}"
    );
    let left = kernel.netns(&recorded).sh("ip -br link");
    assert!(!left.contains("eth0"), "{left}");
}

/// The host finds the namespace by that number, and keeps another that was given before.
#[test]
fn a_namespace_gets_its_number_unless_it_has_one() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let [new, numbered] = [(); 2].map(|()| kernel.add_netns());
    let path = numbered.path.display().to_string();
    let name = path.rsplit('/').next().unwrap();
    kernel.host.sh(&format!("ip netns set {name} 77"));
    for (n, netns) in [(2, &new), (3, &numbered)] {
        kernel.links.apply(&add_veth(1, n, netns)).unwrap();
    }
    let numbers = kernel.host.sh("ip netns list-id");
    let number = veth(1, 2, &new).netns_number;
    assert!(numbers.contains(&format!("nsid {number} ")), "{numbers}");
    assert!(numbers.contains("nsid 77 "), "{numbers}");
}

#[test]
fn an_endpoint_without_ipv6_is_attached_where_the_namespace_has_none() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    kernel.disable_ipv6(&recorded);
    let mut v4 = veth(1, 2, &recorded);
    v4.peer.addresses.retain(|net| net.addr().is_ipv4());
    v4.peer.gateways.retain(std::net::IpAddr::is_ipv4);
    let address = v4.peer.addresses[0].addr();
    kernel.links.apply(&LinkStep::AddVeth(v4)).unwrap();
    echo(&kernel.host, kernel.netns(&recorded), address);
}

#[test]
fn an_endpoint_ignores_router_advertisements_by_default() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    // More than are looked at through one proc file system.
    for host in 2..=70 {
        let recorded = kernel.add_netns();
        let mut wanted = veth(1, host, &recorded);
        let asked = Sysctl {
            path: "net/ipv6/conf/eth0/accept_ra".into(),
            value: "2".into(),
        };
        let is_asked = host % 2 == 0;
        wanted.peer.sysctls.extend(is_asked.then_some(asked));
        kernel.links.apply(&LinkStep::AddVeth(wanted)).unwrap();
        let settings = kernel
            .netns(&recorded)
            .sh("cd /proc/sys/net/ipv6/conf/eth0; cat accept_ra autoconf");
        let expected = if is_asked { "2\n0\n" } else { "0\n0\n" };
        assert_eq!(settings, expected, "{host}");
    }
}
