//! Namespaces on the kernel.

use std::path::Path;

use error_hint::Hint;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use test_support::{Netns, require_root_kernel};
use tidegate_link::{ErrorKind, Links, Location, NetnsFault, Rtnetlink};
use tidegate_model::links::{DefaultRoute, LinkStep};

use crate::fixture::{add_bridge, add_veth, bridge, find, veth};
use crate::world::{Kernel, World, record};

#[test]
fn the_links_of_the_current_namespace_may_be_used_from_anywhere() {
    require_root_kernel!();
    let host = Netns::new();
    let mut links = host.run(|| Rtnetlink::open(&Location::Current)).unwrap();
    links.apply(&add_bridge(1)).unwrap();
    let value = host.sh("cat /proc/sys/net/ipv4/conf/br1/route_localnet");
    assert_eq!(value, "1\n");
    assert!(find(&links.links().unwrap(), "br1").is_some());
}

#[test]
fn a_thread_that_attaches_stays_where_it_is() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let here = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    kernel.links.apply(&add_veth(1, 2, &recorded)).unwrap();
    kernel.links.netns(&recorded.path).unwrap();
    let after = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    assert_eq!(after, here);
}

#[test]
fn the_hosts_own_namespace_is_refused() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let own = record(&kernel.host.path());
    let attached = kernel.links.apply(&add_veth(1, 2, &own)).unwrap_err();
    let seen = kernel.links.netns(&own.path).unwrap_err();
    for error in [attached, seen] {
        assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Own));
        // A path that was another namespace's leads here once its process's number is another's.
        assert!(error.is_netns_gone());
    }
    assert_eq!(find(&kernel.links.links().unwrap(), "ve2"), None);
}

#[test]
fn a_path_to_something_else_than_a_network_namespace_is_refused() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    for path in ["/etc/hostname", "/proc/self/ns/mnt", "/run"] {
        let error = kernel.links.netns(Path::new(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::NotANetns));
        assert_eq!(
            error.to_string(),
            format!("cannot look at namespace {path}")
        );
    }
    let mut hint = |path: &str| {
        let error = kernel.links.netns(Path::new(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Gone));
        error.hint().unwrap_or_default().into_owned()
    };
    // No process has a number above 2^22 (proc_sys_kernel(5)).
    assert!(hint("/proc/4194305/ns/net").starts_with("give the id of a running process"));
    assert!(hint("/run/netns/tgtest-nowhere").starts_with("name a namespace that exists"));
    let nowhere = Location::Path("/run/netns/tgtest-nowhere".into());
    let error = Rtnetlink::open(&nowhere).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Gone));
}

#[test]
fn a_namespace_is_found_through_a_process_in_it() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    let mut command = kernel.netns(&recorded).command("sleep");
    let mut process = command.arg("60").spawn().unwrap();
    let path = format!("/proc/{}/ns/net", process.id());
    // The process enters its namespace before it becomes `sleep`.
    while record(Path::new(&path)).id != recorded.id {
        std::thread::yield_now();
    }
    let through_process = record(Path::new(&path));
    let attached = kernel.links.apply(&add_veth(1, 2, &through_process));
    process.kill().unwrap();
    process.wait().unwrap();
    attached.unwrap();
    let seen = kernel.netns(&recorded).sh("ip -o link show eth0");
    assert!(seen.contains("eth0"), "{seen}");
    let error = kernel.links.netns(&through_process.path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Gone));
}

#[test]
fn a_pair_whose_namespace_ended_can_be_deleted() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    kernel.links.apply(&add_veth(1, 2, &recorded)).unwrap();
    let step = LinkStep::DeleteVeth(veth(1, 2, &recorded));
    kernel.remove_netns(&recorded);
    kernel.links.apply(&step).unwrap();
    assert_eq!(find(&kernel.links.links().unwrap(), "ve2"), None);
}

#[test]
fn default_routes_outside_of_the_main_table_do_not_count() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let recorded = kernel.add_netns();
    kernel.netns(&recorded).sh(
        "ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
         ip address add 192.0.2.1/24 dev up0
         ip route add default via 192.0.2.2 table 100
         ip route add unreachable default metric 4278198272
         ip -6 route add default dev up0",
    );
    let facts = kernel.links.netns(&recorded.path).unwrap();
    let wanted = DefaultRoute {
        is_ipv6: true,
        ifname: Some("up0".parse().unwrap()),
        metric: 1024,
    };
    assert_eq!(facts.default_routes, [wanted]);
}

#[test]
fn routes_of_every_table_are_occupied_but_defaults_and_local_ones_are_not() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel
        .host
        .sh("ip route add 198.51.100.0/24 via 10.77.1.9 table 1000
         ip route add default via 10.77.1.9
         ip route add blackhole 203.0.113.0/24
         ip -6 route add fd88::/48 via fd77:1::9
         ip address add 192.0.2.1 peer 192.0.2.77/32 dev br1");
    let routes = kernel.links.occupied_subnets().unwrap();
    let has = |net: &str| routes.contains(&net.parse().unwrap());
    assert!(has("198.51.100.0/24"), "{routes:?}");
    assert!(has("fd88::/48") && has("192.0.2.77/32"), "{routes:?}");
    assert!(!has("203.0.113.0/24"), "{routes:?}");
    assert!(!has("0.0.0.0/0") && !has("10.77.1.1/32"), "{routes:?}");
    for net in bridge(1).addresses {
        assert!(routes.contains(&net.trunc()));
    }
}

#[test]
fn a_link_with_an_unusual_name_is_left_out() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel
        .host
        .sh("ip link add 'a+b' type dummy 2>/dev/null || ip link add 'a+b' type bridge");
    let links = kernel.links.links().unwrap();
    assert_eq!(links.len(), 1, "{links:?}");
    assert_eq!(links[0].ifname.as_str(), "lo");
}

#[test]
fn a_lack_of_privilege_is_reported_with_its_hint() {
    require_root_kernel!();
    let host = Netns::new();
    let error = host.run(|| {
        let nothing = CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, nothing).unwrap();
        let mut links = Rtnetlink::open(&Location::Current).unwrap();
        links.apply(&add_bridge(1)).unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.to_string(), "cannot make bridge br1");
    let hint = error.hint().unwrap();
    assert!(hint.contains("CAP_NET_ADMIN"), "{hint}");
}
