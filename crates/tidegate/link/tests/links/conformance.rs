//! What the fake and the kernel do alike.

use error_hint::Hint;
use tidegate_link::{ErrorKind, LinkError, NetnsFault};
use tidegate_model::links::{
    Bridging, DefaultRoute, GROUP, Link, LinkKind, LinkStep, NetnsFacts, Route, Veth,
};
use tidegate_model::{Ipv6Off, MacAddr, NetnsRef};

use crate::fixture::{add_bridge, add_veth, bridge, find, ifname, veth};
use crate::world::{Fake, Kernel, World};

/// Each function below over the fake and over the kernel.
macro_rules! over_both {
    ($($name:ident),+ $(,)?) => {
        mod fake {
            $(#[test]
            fn $name() {
                super::$name(&mut super::Fake::default());
            })+
        }
        mod kernel {
            $(#[test]
            fn $name() {
                test_support::require_root_kernel!();
                super::$name(&mut super::Kernel::new());
            })+
        }
    };
}

over_both![
    a_bridge_is_listed_as_it_was_wanted,
    a_veth_is_a_port_and_its_peer_is_in_the_namespace,
    deleting_twice_is_fine_and_leaves_nothing,
    an_inverse_takes_a_step_back,
    a_second_link_of_the_same_name_is_refused,
    an_interface_name_in_use_is_refused_by_name,
    a_missing_bridge_is_named,
    a_master_that_is_not_a_bridge_is_refused,
    a_bad_mtu_leaves_nothing,
    an_address_given_twice_leaves_nothing,
    a_gateway_out_of_reach_leaves_nothing,
    default_routes_of_different_metrics_go_together,
    a_second_default_route_leaves_nothing,
    an_ipv6_address_where_ipv6_is_off_leaves_nothing,
    a_namespace_that_is_gone_is_reported,
    a_replaced_namespace_is_recognised,
    a_link_of_another_is_never_removed,
    ports_outlive_their_bridge,
    routes_and_addresses_occupy_subnets,
    ways_lead_through_links,
];

fn apply(world: &mut dyn World, step: &LinkStep) {
    world.links().apply(step).unwrap();
}

/// What a step may change: the links but for the kernel's random addresses, and a namespace.
fn snapshot(world: &mut dyn World, netns: &NetnsRef) -> (Vec<Link>, NetnsFacts) {
    let mut links = world.links().links().unwrap();
    for link in links.iter_mut().filter(|link| link.kind == LinkKind::Veth) {
        link.mac = None;
    }
    (links, world.links().netns(&netns.path).unwrap())
}

/// Applies a step that fails, and sees that it left nothing behind.
fn refused(world: &mut dyn World, netns: &NetnsRef, step: &LinkStep) -> LinkError {
    let before = snapshot(world, netns);
    let error = world.links().apply(step).unwrap_err();
    assert_eq!(snapshot(world, netns), before, "{error}");
    assert!(error.undo_failure().is_none(), "{error}");
    error
}

/// A namespace and bridge `br1`.
fn prepare(world: &mut dyn World) -> NetnsRef {
    apply(world, &add_bridge(1));
    world.add_netns()
}

fn a_bridge_is_listed_as_it_was_wanted(world: &mut dyn World) {
    apply(world, &add_bridge(1));
    let links = world.links().links().unwrap();
    let wanted = Link {
        ifname: ifname("br1"),
        kind: LinkKind::Bridge,
        group: GROUP,
        up: true,
        mac: Some(MacAddr::local([0x77, 0, 0, 1, 1])),
        master: None,
        other_netns: None,
        addresses: bridge(1).addresses,
        mtu: 1400,
        bridging: Bridging::default(),
        lacks_link_local: false,
        state_id: None,
    };
    assert_eq!(find(&links, "br1"), Some(&wanted));
}

fn a_veth_is_a_port_and_its_peer_is_in_the_namespace(world: &mut dyn World) {
    let netns = prepare(world);
    let before = world.links().netns(&netns.path).unwrap();
    assert!(before.id.has_file_of(&netns.id));
    assert_eq!(before.ifnames, [ifname("lo")]);
    assert!(before.ipv6_off.is_none() && before.default_routes.is_empty());

    apply(world, &add_veth(1, 2, &netns));
    let links = world.links().links().unwrap();
    let port = find(&links, "ve2").unwrap();
    assert_eq!(
        (port.kind, port.group, port.up),
        (LinkKind::Veth, GROUP, true)
    );
    assert_eq!(port.master, Some(ifname("br1")));
    assert!(port.addresses.is_empty());
    let after = world.links().netns(&netns.path).unwrap();
    assert_eq!(after.ifnames, [ifname("lo"), ifname("eth0")]);
    let route = |is_ipv6, metric| DefaultRoute {
        is_ipv6,
        ifname: Some(ifname("eth0")),
        metric,
    };
    // What the kernel gives where none is asked for.
    assert_eq!(after.default_routes, [route(false, 0), route(true, 1024)]);
}

fn deleting_twice_is_fine_and_leaves_nothing(world: &mut dyn World) {
    let netns = world.add_netns();
    let before = snapshot(world, &netns);
    apply(world, &add_bridge(1));
    apply(world, &add_veth(1, 2, &netns));
    for _ in 0..2 {
        apply(world, &LinkStep::DeleteVeth(veth(1, 2, &netns)));
        apply(world, &LinkStep::DeleteBridge(bridge(1)));
        apply(world, &LinkStep::DeleteLink(ifname("ve2")));
    }
    assert_eq!(snapshot(world, &netns), before);
}

fn an_inverse_takes_a_step_back(world: &mut dyn World) {
    let netns = prepare(world);
    for step in [
        add_veth(1, 2, &netns),
        add_bridge(2),
        LinkStep::DeleteBridge(bridge(1)),
    ] {
        let before = snapshot(world, &netns);
        apply(world, &step);
        assert_ne!(snapshot(world, &netns), before);
        apply(world, &step.inverse().unwrap());
        let sorted = |(mut links, facts): (Vec<Link>, NetnsFacts)| {
            links.sort_by_key(|link| link.ifname.clone());
            (links, facts)
        };
        assert_eq!(sorted(snapshot(world, &netns)), sorted(before));
    }
}

fn a_second_link_of_the_same_name_is_refused(world: &mut dyn World) {
    let netns = prepare(world);
    let mut other = bridge(2);
    other.ifname = ifname("br1");
    let error = refused(world, &netns, &LinkStep::AddBridge(other));
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert_eq!(error.to_string(), "cannot make bridge br1");

    apply(world, &add_veth(1, 2, &netns));
    let mut other = veth(1, 3, &netns);
    other.ifname = ifname("ve2");
    other.peer.ifname = ifname("eth1");
    let error = refused(world, &netns, &LinkStep::AddVeth(other));
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert_eq!(error.to_string(), "cannot make interface ve2");
}

fn an_interface_name_in_use_is_refused_by_name(world: &mut dyn World) {
    let netns = prepare(world);
    apply(world, &add_veth(1, 2, &netns));
    let error = refused(world, &netns, &add_veth(1, 3, &netns));
    assert_eq!(error.kind(), ErrorKind::Exists);
    let path = netns.path.display();
    assert_eq!(
        error.to_string(),
        format!("cannot make interface eth0 in namespace {path}")
    );
}

fn a_missing_bridge_is_named(world: &mut dyn World) {
    let netns = world.add_netns();
    let error = refused(world, &netns, &add_veth(9, 2, &netns));
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "cannot find interface br9");
}

fn a_master_that_is_not_a_bridge_is_refused(world: &mut dyn World) {
    let netns = world.add_netns();
    world.add_foreign_link("br1");
    let error = refused(world, &netns, &add_veth(1, 2, &netns));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

fn a_bad_mtu_leaves_nothing(world: &mut dyn World) {
    let netns = prepare(world);
    let mut bad = bridge(2);
    bad.mtu = Some(70_000);
    let error = refused(world, &netns, &LinkStep::AddBridge(bad));
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(error.to_string(), "cannot bring up br2");

    let mut bad = veth(1, 2, &netns);
    bad.mtu = Some(67);
    let error = refused(world, &netns, &LinkStep::AddVeth(bad));
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(error.to_string(), "cannot make interface ve2");
}

fn an_address_given_twice_leaves_nothing(world: &mut dyn World) {
    let netns = prepare(world);
    let mut bad = bridge(2);
    bad.addresses.push(bad.addresses[1]);
    let error = refused(world, &netns, &LinkStep::AddBridge(bad));
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert_eq!(error.to_string(), "cannot add address fd77:2::1/64 to br2");
    peer_refused(world, &netns, ErrorKind::Exists, |veth| {
        veth.peer.addresses.push(veth.peer.addresses[0]);
    });
}

fn a_gateway_out_of_reach_leaves_nothing(world: &mut dyn World) {
    let netns = prepare(world);
    for gateway in ["10.99.0.1", "fd99::1"] {
        peer_refused(world, &netns, ErrorKind::Other, |veth| {
            veth.peer.gateways = vec![gateway.parse().unwrap()];
        });
    }
}

fn default_routes_of_different_metrics_go_together(world: &mut dyn World) {
    let netns = prepare(world);
    apply(world, &add_bridge(2));
    let metrics = |world: &mut dyn World| {
        let facts = world.links().netns(&netns.path).unwrap();
        let routes = facts.default_routes.into_iter();
        let mut seen: Vec<_> = routes.map(|r| (r.is_ipv6, r.metric)).collect();
        seen.sort_unstable();
        seen
    };
    let mut second = veth(2, 3, &netns);
    second.peer.ifname = ifname("eth1");
    second.peer.gateway_metric = Some(200_000_000);
    apply(world, &LinkStep::AddVeth(second));
    let mut first = veth(1, 2, &netns);
    first.peer.gateway_metric = Some(100_000);
    apply(world, &LinkStep::AddVeth(first.clone()));
    let both = [
        (false, 100_000),
        (false, 200_000_000),
        (true, 100_000),
        (true, 200_000_000),
    ];
    assert_eq!(metrics(world), both);
    apply(world, &LinkStep::DeleteVeth(first));
    assert_eq!(metrics(world), [(false, 200_000_000), (true, 200_000_000)]);
}

fn a_second_default_route_leaves_nothing(world: &mut dyn World) {
    let netns = prepare(world);
    apply(world, &add_bridge(2));
    apply(world, &add_veth(2, 2, &netns));
    for wanted in 0..2 {
        peer_refused(world, &netns, ErrorKind::Exists, |veth| {
            veth.ifname = ifname("ve3");
            veth.peer.ifname = ifname("eth1");
            veth.peer.gateways = vec![veth.peer.gateways[wanted]];
        });
    }
}

fn an_ipv6_address_where_ipv6_is_off_leaves_nothing(world: &mut dyn World) {
    let netns = prepare(world);
    world.disable_ipv6(&netns);
    let off = world.links().netns(&netns.path).unwrap().ipv6_off;
    assert_eq!(off, Some(Ipv6Off::everywhere()));
    peer_refused(world, &netns, ErrorKind::Ipv6Off, |_| {});
}

/// A veth whose end in the namespace cannot be made as it is wanted.
fn peer_refused(
    world: &mut dyn World,
    netns: &NetnsRef,
    kind: ErrorKind,
    change: impl FnOnce(&mut Veth),
) {
    let mut bad = veth(1, 2, netns);
    change(&mut bad);
    let error = refused(world, netns, &LinkStep::AddVeth(bad));
    assert_eq!(error.kind(), kind, "{error}");
    let place = format!("in namespace {}", netns.path.display());
    assert!(error.to_string().ends_with(&place), "{error}");
}

fn a_namespace_that_is_gone_is_reported(world: &mut dyn World) {
    let netns = prepare(world);
    let before = world.links().links().unwrap();
    world.remove_netns(&netns);
    let attached = world.links().apply(&add_veth(1, 2, &netns)).unwrap_err();
    let seen = world.links().netns(&netns.path).unwrap_err();
    for error in [&attached, &seen] {
        assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Gone));
        assert!(error.is_netns_gone());
    }
    let path = netns.path.display();
    let wanted = format!("cannot attach namespace {path}");
    assert_eq!(attached.to_string(), wanted);
    assert_eq!(world.links().links().unwrap(), before);
}

fn a_replaced_namespace_is_recognised(world: &mut dyn World) {
    let netns = prepare(world);
    world.replace_netns(&netns);
    let error = refused(world, &netns, &add_veth(1, 2, &netns));
    assert_eq!(error.kind(), ErrorKind::Netns(NetnsFault::Replaced));
    assert!(error.is_netns_gone());
    assert!(error.hint().is_some());
    assert_ne!(world.links().netns(&netns.path).unwrap().id, netns.id);
}

fn a_link_of_another_is_never_removed(world: &mut dyn World) {
    let netns = world.add_netns();
    world.add_foreign_link("br1");
    world.add_foreign_link("ve2");
    let mut has = |ifname: &str| world.links().has_link(&ifname.parse().unwrap()).unwrap();
    assert!(has("br1") && has("ve2") && !has("ve3"));
    let before = snapshot(world, &netns);
    apply(world, &LinkStep::DeleteBridge(bridge(1)));
    apply(world, &LinkStep::DeleteVeth(veth(1, 2, &netns)));
    apply(world, &LinkStep::DeleteLink(ifname("ve2")));
    assert_eq!(snapshot(world, &netns), before);
}

fn ports_outlive_their_bridge(world: &mut dyn World) {
    let netns = prepare(world);
    apply(world, &add_veth(1, 2, &netns));
    apply(world, &LinkStep::DeleteBridge(bridge(1)));
    let links = world.links().links().unwrap();
    assert_eq!(find(&links, "br1"), None);
    assert_eq!(find(&links, "ve2").unwrap().master, None);
}

fn routes_and_addresses_occupy_subnets(world: &mut dyn World) {
    apply(world, &add_bridge(1));
    world.add_route("192.0.2.0/25");
    let routes = world.links().occupied_subnets().unwrap();
    for occupied in ["10.77.1.0/24", "127.0.0.0/8", "192.0.2.0/25", "fd77:1::/64"] {
        assert!(routes.contains(&occupied.parse().unwrap()), "{occupied}");
    }
    assert!(routes.is_sorted());
    assert!(routes.iter().all(|net| net.prefix_len() > 0));
}

fn ways_lead_through_links(world: &mut dyn World) {
    apply(world, &add_bridge(1));
    world.add_route("192.0.2.0/25");
    let routes = world.links().routes().unwrap();
    let to = |destination: &str| {
        let destination = destination.parse().unwrap();
        let found = routes.iter().find(|way| way.destination == destination);
        found.unwrap_or_else(|| panic!("no route to {destination}: {routes:?}"))
    };
    for net in ["10.77.1.0/24", "fd77:1::/64"] {
        assert_eq!(to(net).ifname, Some(ifname("br1")), "{net}");
    }
    assert!(!to("192.0.2.0/25").is_blocked);
    // What is the host's own is not a way anywhere.
    let is_own = |way: &Route| way.destination.addr().is_loopback();
    assert!(!routes.iter().any(is_own), "{routes:?}");
}
