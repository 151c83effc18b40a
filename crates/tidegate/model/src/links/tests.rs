use super::*;
use crate::fixtures::ip;

fn sysctl(path: &str) -> Sysctl {
    Sysctl {
        path: path.into(),
        value: "1".into(),
    }
}

fn both_families() -> Vec<IpNet> {
    ["10.1.2.2/24", "fd00:1::2/64"]
        .map(|net| net.parse().unwrap())
        .into()
}

fn sysctls() -> Vec<Sysctl> {
    [
        "net/ipv4/conf/tgb0/route_localnet",
        "net/ipv6/conf/tgb0/accept_ra",
    ]
    .map(sysctl)
    .into()
}

fn bridge() -> Bridge {
    Bridge {
        ifname: "tgb0".parse().unwrap(),
        mac: MacAddr::local([0; 5]),
        mtu: None,
        addresses: both_families(),
        sysctls: sysctls(),
        sealed: false,
        answered: Vec::new(),
    }
}

fn veth() -> Veth {
    Veth {
        ifname: "tgv1".parse().unwrap(),
        bridge: "tgb0".parse().unwrap(),
        bridge_mac: MacAddr::local([0; 5]),
        mtu: None,
        isolated: false,
        bound: false,
        netns_number: 1,
        peer: Peer {
            netns: crate::fixtures::endpoint("front", "web", &[])
                .place
                .netns()
                .cloned(),
            ifname: "eth0".parse().unwrap(),
            mac: MacAddr::local([1; 5]),
            sysctls: sysctls(),
            addresses: both_families(),
            routes: Vec::new(),
            gateways: vec![ip("10.1.2.1"), ip("fd00:1::1")],
            gateway_metric: None,
            resolvers: Vec::new(),
            resolver_metric: 0,
        },
    }
}

fn holds() -> Vec<PortHold> {
    vec![PortHold {
        protocol: Protocol::Tcp,
        address: ip("0.0.0.0"),
        port: 8080,
        relay: None,
        optional: false,
    }]
}

/// Every kind of step, with its name.
fn all() -> Vec<(LinkStep, &'static str)> {
    vec![
        (
            LinkStep::SetSysctl(sysctl("net/ipv4/ip_forward")),
            "set-sysctl",
        ),
        (LinkStep::AddBridge(bridge()), "add-bridge"),
        (LinkStep::MendBridge(bridge()), "mend-bridge"),
        (LinkStep::DeleteBridge(bridge()), "delete-bridge"),
        (LinkStep::GuardPorts(bridge().ifname), "guard-ports"),
        (LinkStep::KeepBridge(bridge()), "keep-bridge"),
        (LinkStep::AddVeth(veth()), "add-veth"),
        (LinkStep::KeepVeths(vec![veth()]), "keep-veths"),
        (LinkStep::DeleteVeth(veth()), "delete-veth"),
        (LinkStep::DeleteLink(bridge().ifname), "delete-link"),
        (LinkStep::HoldPorts(holds()), "hold-ports"),
        (LinkStep::ReleasePorts(holds()), "release-ports"),
    ]
}

#[test]
fn a_step_has_its_name_in_logs() {
    for (step, name) in all() {
        assert_eq!(step.name(), name);
    }
}

#[test]
fn what_a_step_makes_its_inverse_removes_and_the_other_way_round() {
    let inverse = |step: &LinkStep| step.inverse().map(|step| step.name());
    let pairs = [
        ("add-bridge", "delete-bridge"),
        ("add-veth", "delete-veth"),
        ("hold-ports", "release-ports"),
    ];
    for (step, name) in all() {
        let other = pairs.iter().find_map(|(make, remove)| match name {
            name if name == *make => Some(*remove),
            name if name == *remove => Some(*make),
            _ => None,
        });
        assert_eq!(inverse(&step), other, "{name}");
        if let Some(undone) = step.inverse() {
            assert_eq!(undone.inverse(), Some(step));
        }
    }
}

#[test]
fn without_ipv6_a_step_has_only_the_addresses_and_sysctls_of_ipv4() {
    let (net4, sysctl4) = (both_families()[0], sysctls()[0].clone());
    let bridge4 = Bridge {
        addresses: vec![net4],
        sysctls: vec![sysctl4.clone()],
        ..bridge()
    };
    for make in [LinkStep::AddBridge, LinkStep::MendBridge] {
        assert_eq!(make(bridge()).without_ipv6(), Some(make(bridge4.clone())));
    }
    let veth4 = Veth {
        peer: Peer {
            addresses: vec![net4],
            gateways: vec![ip("10.1.2.1")],
            sysctls: vec![sysctl4.clone()],
            ..veth().peer
        },
        ..veth()
    };
    let left = LinkStep::AddVeth(veth()).without_ipv6();
    assert_eq!(left, Some(LinkStep::AddVeth(veth4)));

    let of_ipv6 = LinkStep::SetSysctl(Sysctl::no_ipv6(&veth().ifname));
    assert_eq!(of_ipv6.without_ipv6(), None);
    for step in [LinkStep::SetSysctl(sysctl4), LinkStep::HoldPorts(holds())] {
        assert_eq!(step.without_ipv6(), Some(step));
    }
}

#[test]
fn a_held_port_is_shown_with_its_address_unless_it_is_every_address() {
    for (address, shown) in [
        ("0.0.0.0", "8080/tcp"),
        ("192.0.2.1", "192.0.2.1:8080/tcp"),
        ("2001:db8::1", "[2001:db8::1]:8080/tcp"),
    ] {
        let hold = PortHold {
            address: ip(address),
            ..holds()[0]
        };
        assert_eq!(hold.to_string(), shown);
    }
}

#[test]
fn a_sysctl_is_of_an_interface_or_of_the_host() {
    let is_of_interface = |path: &str| sysctl(path).is_of_interface();
    assert!(is_of_interface("net/ipv6/conf/tgb0/disable_ipv6"));
    for path in ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"] {
        assert!(!is_of_interface(path), "{path}");
    }
}

#[test]
fn a_sysctl_has_the_name_that_sysctl_takes() {
    let of_vlan = Sysctl {
        path: "net/ipv6/conf/eth0.100/accept_ra".into(),
        value: "1".into(),
    };
    assert_eq!(of_vlan.to_string(), "net.ipv6.conf.eth0/100.accept_ra=1");
}
