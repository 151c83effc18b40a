//! Ports of bridges on the kernel: what keeps an endpoint apart from others, and what binds it to its addresses.

use test_support::{Netns, require_root_kernel};
use tidegate_link::Links;
use tidegate_model::links::{LinkStep, Veth};

use crate::fixture::{add_bridge, bridge, veth};
use crate::world::{Kernel, World};

/// What the kernel has of a port: its flags, what is behind it for good, and the filters of its block.
fn seen(host: &Netns, port: &str) -> [String; 3] {
    let lines = |script: String| host.sh(&script);
    [
        lines(format!("ip -d link show {port}")),
        lines(format!("bridge fdb show dev {port} | grep master")),
        lines(format!("tc filter show dev {port} ingress")),
    ]
}

fn check(kernel: &Kernel, wanted: &Veth) {
    let [flags, stations, filters] = seen(&kernel.host, wanted.ifname.as_str());
    let is_isolated = flags.contains("isolated on");
    assert_eq!(is_isolated, wanted.isolated, "{flags}");
    let has_gateway = flags.contains(&format!("link/ether {}", wanted.bridge_mac));
    assert!(has_gateway && flags.contains("hairpin off"), "{flags}");
    let station = format!("{} ", wanted.peer.mac);
    let is_station = |line: &str| {
        line.starts_with(&station) && line.contains("sticky") && line.contains("static")
    };
    assert!(stations.lines().any(is_station), "{stations}");
    let count = |what: &str| filters.matches(what).count();
    assert_eq!(count("direct-action"), 1, "{filters}");
    assert_eq!(count("mirred (Ingress Redirect"), 1, "{filters}");
}

#[test]
fn a_port_is_as_it_was_asked_for_and_again_after_somebody_changed_it() {
    require_root_kernel!();
    for (isolated, bound) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut kernel = Kernel::new();
        kernel.links.apply(&add_bridge(1)).unwrap();
        let mut veths = Vec::new();
        for host in [2, 3] {
            let netns = kernel.add_netns();
            let wanted = Veth {
                isolated,
                bound,
                ..veth(1, host, &netns)
            };
            kernel
                .links
                .apply(&LinkStep::AddVeth(wanted.clone()))
                .unwrap();
            check(&kernel, &wanted);
            veths.push(wanted);
        }
        let keep = LinkStep::KeepVeths(veths.clone());
        kernel.links.apply(&keep).unwrap();
        veths.iter().for_each(|veth| check(&kernel, veth));
        // As a release before makes ports.
        for veth in &veths {
            let (port, mac) = (&veth.ifname, veth.peer.mac);
            kernel.host.sh(&format!(
                "tc qdisc del dev {port} clsact
                 ip link set {port} address 02:00:00:00:00:09
                 bridge link set dev {port} isolated off hairpin on
                 bridge fdb del {mac} dev {port} master"
            ));
        }
        kernel.links.apply(&keep).unwrap();
        let guard = LinkStep::GuardPorts(bridge(1).ifname);
        kernel.links.apply(&guard).unwrap();
        for veth in &veths {
            check(&kernel, veth);
        }
        // Nor is anything in the way when all is there.
        kernel.links.apply(&keep).unwrap();
        kernel.links.apply(&guard).unwrap();
        let open = kernel
            .host
            .sh("cat /proc/sys/net/ipv4/conf/br1/route_localnet");
        assert_eq!(open, "1\n");
        // A bridge that is not sealed.
        assert_eq!(kernel.links.unguarded().unwrap(), [bridge(1).ifname].into());
    }
}

#[test]
fn a_missing_link_to_keep_is_not_an_error() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel
        .links
        .apply(&LinkStep::KeepBridge(bridge(1)))
        .unwrap();
    let netns = kernel.add_netns();
    let gone = Veth {
        isolated: true,
        bound: true,
        ..veth(1, 2, &netns)
    };
    kernel
        .links
        .apply(&LinkStep::KeepVeths(vec![gone]))
        .unwrap();
}
