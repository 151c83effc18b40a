//! Bridges on the kernel.

use test_support::require_root_kernel;
use tidegate_link::{ErrorKind, Links};
use tidegate_model::links::{Bridge, LinkStep, Sysctl};

use crate::fixture::{add_bridge, bridge, find, ifname};
use crate::world::Kernel;

#[test]
fn a_bridge_has_its_mtu_its_sysctls_and_no_tentative_address() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let seen = kernel.host.sh("ip -d link show br1");
    for setting in ["mtu 1400", "stp_state 0", "mcast_snooping 0"] {
        assert!(seen.contains(setting), "{seen}");
    }
    let value = |path: &str| kernel.host.sh(&format!("cat /proc/sys/net/{path}"));
    assert_eq!(value("ipv4/conf/br1/route_localnet"), "1\n");
    assert_eq!(value("ipv6/conf/br1/accept_ra"), "0\n");
    let tentative = kernel.host.sh("ip -6 address show scope global tentative");
    assert_eq!(tentative, "");
    let address = kernel.host.sh("ip -4 address show br1");
    assert!(
        address.contains("10.77.1.1/24 brd 10.77.1.255"),
        "{address}"
    );
}

#[test]
fn a_bridge_that_is_kept_has_the_settings_of_a_new_one() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let seen = |kernel: &Kernel| {
        let shown = kernel.host.sh("ip -d link show br1");
        let words: Vec<&str> = shown.split_whitespace().collect();
        let settings = ["mcast_snooping", "fdb_max_learned"];
        let of_words = words.windows(2).filter(|two| settings.contains(&two[0]));
        of_words.map(|two| two.join(" ")).collect::<Vec<_>>()
    };
    let new = seen(&kernel);
    kernel
        .host
        .sh("ip link set br1 type bridge mcast_snooping 1");
    assert_ne!(seen(&kernel), new);
    kernel
        .links
        .apply(&LinkStep::KeepBridge(bridge(1)))
        .unwrap();
    assert_eq!(seen(&kernel), new);
}

#[test]
fn gateways_can_be_bound_at_once() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    for n in 1..=20 {
        kernel.links.apply(&add_bridge(n)).unwrap();
        for net in bridge(n).addresses {
            let bound = kernel.host.run(|| {
                let listener = std::net::TcpListener::bind((net.addr(), 0))?;
                let connected = std::net::TcpStream::connect(listener.local_addr()?);
                connected.and(Ok(()))
            });
            bound.unwrap();
        }
    }
}

#[test]
fn a_missing_sysctl_leaves_no_bridge() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let mut bad = bridge(1);
    bad.sysctls.push(Sysctl {
        path: "net/ipv4/conf/br1/no_such_sysctl".into(),
        value: "1".into(),
    });
    let error = kernel.links.apply(&LinkStep::AddBridge(bad)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        r#"cannot set sysctl net/ipv4/conf/br1/no_such_sysctl to "1""#
    );
    assert_eq!(find(&kernel.links.links().unwrap(), "br1"), None);
}

#[test]
fn a_name_with_a_dot_has_its_sysctls() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let mut dotted = bridge(1);
    dotted.ifname = ifname("br.1");
    for sysctl in &mut dotted.sysctls {
        sysctl.path = sysctl.path.replace("br1", "br.1");
    }
    kernel.links.apply(&LinkStep::AddBridge(dotted)).unwrap();
    let value = kernel
        .host
        .sh("cat /proc/sys/net/ipv4/conf/br.1/route_localnet");
    assert_eq!(value, "1\n");
}

#[test]
fn the_mtu_stays_when_a_port_with_another_one_comes() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel
        .host
        .sh("ip link add x0 type veth peer name x1; ip link set x0 mtu 1300 master br1");
    let seen = kernel.host.sh("ip link show br1");
    assert!(seen.contains("mtu 1400"), "{seen}");
}

#[test]
fn a_sysctl_of_the_host_is_set_in_its_namespace_only() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let path = "net/ipv4/ip_forward";
    let outside = std::fs::read_to_string(format!("/proc/sys/{path}")).unwrap();
    for value in ["1", "0", "0"] {
        let sysctl = Sysctl {
            path: path.into(),
            value: value.into(),
        };
        kernel.links.apply(&LinkStep::SetSysctl(sysctl)).unwrap();
        let inside = kernel.host.sh(&format!("cat /proc/sys/{path}"));
        assert_eq!(inside.trim(), value);
    }
    let after = std::fs::read_to_string(format!("/proc/sys/{path}")).unwrap();
    assert_eq!(after, outside);
}

#[test]
fn sealed_bridges_keep_their_filter_even_after_another_program_removed_it() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let sealed = [1, 2].map(|n| Bridge {
        sealed: true,
        ..bridge(n)
    });
    for bridge in &sealed {
        kernel
            .links
            .apply(&LinkStep::AddBridge(bridge.clone()))
            .unwrap();
    }
    assert_eq!(kernel.links.unguarded().unwrap(), [].into());
    for bridge in &sealed {
        let name = &bridge.ifname;
        kernel.host.sh(&format!("tc qdisc del dev {name} clsact"));
        let unguarded = kernel.links.unguarded().unwrap();
        assert_eq!(unguarded, [name.clone()].into());
        // The second finds all in place.
        for _ in 0..2 {
            let keep = LinkStep::KeepBridge(bridge.clone());
            kernel.links.apply(&keep).unwrap();
            assert_eq!(kernel.links.unguarded().unwrap(), [].into());
        }
    }
    let filters = kernel.host.sh("tc filter show dev br2 ingress");
    assert_eq!(filters.matches("direct-action").count(), 1, "{filters}");
}
