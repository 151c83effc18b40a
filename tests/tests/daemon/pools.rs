//! Pools from which networks get subnets: of IPv4 those of all private ranges, of IPv6 the host's own.

use std::fs;
use std::path::Path;

use tidegate_tests::{Host, require_root_kernel};

use crate::{drivers, unstarted};

/// The subnet of a new network, of IPv4 or of IPv6.
fn subnet(host: &Host, network: &str, is_ipv6: bool) -> String {
    let made = host.json(&["network", "create", network]);
    let mut subnets = made["subnets"].as_array().unwrap().iter();
    let subnet = subnets.find(|it| it["net"].as_str().unwrap().contains(':') == is_ipv6);
    subnet.unwrap()["net"].as_str().unwrap().to_owned()
}

/// The prefix of the one pool of IPv6 subnets that `info` shows.
fn ipv6_pool(host: &Host) -> String {
    let info = host.json(&["info"]);
    let pools = info["settings"]["pools"].as_array().unwrap();
    let pools: Vec<&str> = pools.iter().map(|it| it.as_str().unwrap()).collect();
    let ipv4 = [
        "10.208.0.0/12 (/24)",
        "172.16.0.0/12 (/24)",
        "192.168.0.0/16 (/24)",
    ];
    assert_eq!(pools[..3], ipv4);
    let [pool] = &pools[3..] else {
        panic!("{pools:?}");
    };
    assert!(host.ok(&["info"]).contains(pool));
    pool.strip_suffix("::/48 (/64)").unwrap().to_owned()
}

#[test]
fn a_route_to_one_range_of_private_addresses_leaves_the_others() {
    require_root_kernel!();
    for driver in drivers() {
        let host = Host::with_driver(&driver);
        host.netns
            .sh("ip link add up0 type bridge; ip link set up0 up");
        let route = |prefix: &str| host.netns.sh(&format!("ip route add {prefix} dev up0"));
        assert_eq!(subnet(&host, "a", false), "10.208.0.0/24");
        route("10.0.0.0/8");
        assert_eq!(subnet(&host, "b", false), "172.16.0.0/24");
        route("172.16.0.0/12");
        assert_eq!(subnet(&host, "c", false), "192.168.0.0/24");
        route("192.168.0.0/16");
        let refused = host.tidegate(&["network", "create", "d"]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        for words in [
            "error: no free IPv4 subnet is left in the pools 10.208.0.0/12 (/24), 172.16.0.0/12 (/24), 192.168.0.0/16 (/24)",
            "taken by the host's routes to 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and 3 subnets of other networks",
            "`pools.ipv4` in tidegated.toml (--ipv4-pools)",
        ] {
            assert!(refused.stderr.contains(words), "{words}: {refused:#?}");
        }
        host.netns.sh("ip route del 10.0.0.0/8");
        assert_eq!(subnet(&host, "d", false), "10.208.1.0/24");
    }
}

#[test]
fn the_ipv6_pool_is_random_for_each_host_made_once_and_kept() {
    require_root_kernel!();
    let start = || {
        let mut host = unstarted(&[]).with_own_pool();
        host.start();
        host
    };
    let (mut host, other) = (start(), start());
    let prefix = ipv6_pool(&host);
    assert_ne!(prefix, ipv6_pool(&other));
    // fd, and 40 bits.
    assert!(prefix.starts_with("fd") && !prefix.starts_with("fd74:6964:6567"));
    assert_eq!(subnet(&host, "web", true), format!("{prefix}::/64"));
    host.kill();
    host.start();
    assert_eq!(ipv6_pool(&host), prefix);
    // A state file that was written anew has it too.
    fs::remove_file(host.state_dir().join("state.redb")).unwrap();
    assert_eq!(subnet(&host, "db", true), format!("{prefix}:1::/64"));
    host.kill();
    host.start();
    assert_eq!(ipv6_pool(&host), prefix);
    assert_eq!(subnet(&host, "box", true), format!("{prefix}:2::/64"));
}

#[test]
fn a_host_with_networks_of_0_1_0_keeps_the_pool_that_they_came_from() {
    require_root_kernel!();
    let mut host = unstarted(&[]).with_own_pool();
    let stored = "../crates/tidegate/daemon/src/store/tests/0.1.0.redb";
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join(stored);
    fs::create_dir(host.state_dir()).unwrap();
    fs::copy(stored, host.state_dir().join("state.redb")).unwrap();
    host.start();
    assert_eq!(ipv6_pool(&host), "fd74:6964:6567");
    let made = subnet(&host, "new", true);
    assert!(made.starts_with("fd74:6964:6567:"), "{made}");
}
