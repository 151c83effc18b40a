//! Hosts whose routing is not the plain one: strict reverse path filters, router advertisements, VPNs.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV6};

use socket2::{Domain, Protocol, Socket, Type};
use test_support::Netns;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, require_root_kernel, wait_until};

use crate::doctor::findings;
use crate::{drivers, unstarted};

#[test]
fn a_namespace_on_two_networks_is_reached_by_both_where_reverse_paths_are_strict() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::of(unstarted(&["--nft-driver", &driver]));
        let strict = "sysctl -q -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1";
        lab.host
            .netns
            .sh(&format!("{strict} net.ipv4.conf.wan.rp_filter=1"));
        let mut lab = lab;
        lab.host.start();
        let host = &lab.host;
        host.ok(&["network", "create", "web"]);
        host.ok(&["network", "create", "db"]);
        let netns = Netns::new();
        netns.sh(strict);
        let attach = |network: &str, name: &str, port: &str| {
            let path = netns.path();
            let netns = path.to_str().unwrap();
            host.ok(&[
                "attach", network, "--netns", netns, "--name", name, "-p", port,
            ]);
        };
        attach("web", "front", "8080:80");
        attach("db", "back", "8081:80");
        let _server = Server::start(&netns, "both", 80);
        let is_reached = |port: u16| {
            let address: IpAddr = "192.0.2.1".parse().unwrap();
            ask_tcp(&lab.outside, (address, port).into()).is_ok_and(|it| it.server == "both")
        };
        for port in [8080, 8081] {
            assert!(is_reached(port), "{driver}: port {port} is dead");
        }
        // As `sysctl --system` does.
        host.netns
            .sh("for dev in tgb0 tgb1; do sysctl -q -w net.ipv4.conf.$dev.rp_filter=1; done");
        let told = |dev: &str| format!("net.ipv4.conf.{dev}.rp_filter: it is 2 (loose) again");
        wait_until("it is loose again", || {
            let log = host.log();
            log.contains(&told("tgb0")) && log.contains(&told("tgb1"))
        });
        assert!(is_reached(8080) && is_reached(8081));
        assert_eq!(findings(host, "reverse-path"), [""; 0]);
        // Inside the namespace, doctor tells it.
        netns.sh("sysctl -q -w net.ipv4.conf.eth1.rp_filter=1");
        let [found] = <[_; 1]>::try_from(findings(host, "reverse-path")).unwrap();
        assert!(found.contains("endpoint back"), "{found}");
        let advice = found.split('`').nth(1).unwrap();
        host.netns.sh(advice);
        assert_eq!(findings(host, "reverse-path"), [""; 0]);
    }
}

/// Sends a router advertisement (RFC 4861, section 4.2): this machine is a default router for half an hour.
fn advertise(netns: &Netns, ifname: &str) {
    netns.run(|| {
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6)).unwrap();
        let index = rustix::net::netdevice::name_to_index(&socket, ifname).unwrap();
        socket.set_multicast_if_v6(index).unwrap();
        socket.set_multicast_hops_v6(255).unwrap();
        let everybody = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let to = SocketAddrV6::new(everybody, 0, 0, index);
        // Type, code, checksum (the kernel's), hop limit, flags, lifetime, two timers.
        let message = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
        socket.send_to(&message, &to.into()).unwrap();
    });
}

/// A host whose uplink `up0` and a router `ra0` are on one wire.
fn with_router(driver: &str) -> (Host, Netns) {
    let host = unstarted(&["--nft-driver", driver]);
    let router = Netns::new();
    router.sh(&format!(
        "ip link add ra0 type veth peer name up0 netns {}
         ip link set ra0 up",
        host.netns.name()
    ));
    host.netns.sh("ip link set up0 up");
    (host, router)
}

fn default_routes(host: &Host) -> String {
    host.netns.sh("ip -6 route show default")
}

/// Advertises until the host has the route.
fn is_heard(host: &Host, router: &Netns, ifname: &str) {
    wait_until("the advertisement is heard", || {
        let address = router.sh("ip -6 address show dev ra0 scope link");
        if address.contains("inet6") && !address.contains("tentative") {
            advertise(router, "ra0");
        }
        default_routes(host).contains(ifname)
    });
}

#[test]
fn a_default_route_from_router_advertisements_outlives_forwarding() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut host, router) = with_router(&driver);
        // Where a program in user space handles advertisements, the kernel is told to ignore them.
        host.netns
            .sh("ip link add managed0 type ifb; ip link set managed0 up
             sysctl -q -w net.ipv6.conf.managed0.accept_ra=0");
        is_heard(&host, &router, "up0");
        host.start();
        host.ok(&["network", "create", "web"]);
        assert!(default_routes(&host).contains("up0"), "{}", host.log());
        // It is heard from then on too.
        host.netns.sh("ip -6 route flush proto ra");
        is_heard(&host, &router, "up0");
        let value = |ifname: &str| {
            let text = host
                .netns
                .sh(&format!("sysctl -n net.ipv6.conf.{ifname}.accept_ra"));
            text.trim().to_owned()
        };
        assert_eq!((value("up0"), value("managed0")), ("2".into(), "0".into()));
        assert!(
            host.log()
                .contains("net.ipv6.conf.up0.accept_ra is set to 2")
        );
        let info = host.ok(&["info"]);
        assert!(
            info.contains("router advertisements accepted by up0"),
            "{info}"
        );
        assert_eq!(findings(&host, "routers"), [""; 0]);
        // An interface that comes later.
        host.netns
            .sh("ip link add up1 type ifb; ip link set up1 up");
        wait_until("the new interface hears routers", || value("up1") == "2");
        // It is undone with all else, and not before.
        host.ok(&["network", "rm", "web"]);
        assert_eq!(value("up0"), "2");
        host.ok(&["teardown", "--yes"]);
        assert_eq!((value("up0"), value("up1")), ("1".into(), "1".into()));
        assert!(default_routes(&host).contains("up0"));
    }
}

#[test]
fn a_router_that_another_program_made_is_left_alone_and_what_it_ignores_is_told() {
    require_root_kernel!();
    let (mut host, router) = with_router("auto");
    host.netns.sh("sysctl -q -w net.ipv6.conf.all.forwarding=1");
    host.start();
    host.ok(&["network", "create", "web"]);
    let [found] = <[_; 1]>::try_from(findings(&host, "routers")).unwrap();
    assert!(
        found.starts_with("warning: ") && found.contains("interface up0 ignores router"),
        "{found}"
    );
    assert!(!host.log().contains("accept_ra"), "{}", host.log());
    host.netns.sh(found.split('`').nth(1).unwrap());
    is_heard(&host, &router, "up0");
    assert_eq!(findings(&host, "routers"), [""; 0]);
}

#[test]
fn routes_of_a_vpn_that_comes_later_are_told_with_device_and_table() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    host.ok(&["network", "create", "web", "--subnet", "10.9.0.0/24"]);
    let front = lab.attach("web", "front", &["8080:80"]);
    let _server = Server::start(&front.netns, "front", 80);
    let is_reached = || {
        let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        reply.is_ok_and(|reply| reply.server == "front")
    };
    host.netns
        .sh("ip link add wg0 type ifb; ip address add 172.31.0.1/32 dev wg0; ip link set wg0 up");
    // wg-quick with AllowedIPs = 0.0.0.0/0: the main table is asked first, without its default routes.
    host.netns.sh("ip route add default dev wg0 table 51820
         ip rule add pref 32765 not fwmark 51820 lookup 51820
         ip rule add pref 32764 lookup main suppress_prefixlength 0");
    assert_eq!(findings(host, "routes"), [""; 0]);
    // A VPN whose table is asked before the main one.
    host.netns.sh("ip route add 10.0.0.0/8 dev wg0 table 52
         ip rule add pref 5270 lookup 52");
    let [found] = <[_; 1]>::try_from(findings(host, "routes")).unwrap();
    for words in [
        "fault: ",
        "10.0.0.0/8 in table 52 leads to interface wg0",
        "rule 5270",
        "10.9.0.0/24 of network web",
    ] {
        assert!(found.contains(words), "{words:?} is not in {found}");
    }
    assert!(!is_reached());
    host.netns.sh(found.split('`').nth(1).unwrap());
    assert_eq!(findings(host, "routes"), [""; 0]);
    assert!(is_reached());
    // A route of the main table that covers the network.
    host.netns.sh("ip route add 10.0.0.0/8 dev wg0");
    let [found] = <[_; 1]>::try_from(findings(host, "routes")).unwrap();
    for words in [
        "warning: ",
        "10.0.0.0/8 leads to interface wg0 and covers 10.9.0.0/24",
    ] {
        assert!(found.contains(words), "{words:?} is not in {found}");
    }
    host.netns.sh("ip route del 10.0.0.0/8 dev wg0");
    // Over IPv6.
    host.netns.sh("ip -6 route add fd00::/8 dev wg0 table 52
         ip -6 rule add pref 5270 lookup 52");
    let [found] = <[_; 1]>::try_from(findings(host, "routes")).unwrap();
    assert!(found.contains("fd00::/8 in table 52"), "{found}");
    host.netns.sh(found.split('`').nth(1).unwrap());
    assert_eq!(findings(host, "routes"), [""; 0]);
}
