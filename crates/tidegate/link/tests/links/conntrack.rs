//! Forgetting tracked connections on the kernel.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use test_support::{Netns, bound, require_root_kernel};
use tidegate_link::{Links, Location, Rtnetlink};
use tidegate_model::Protocol;
use tidegate_model::links::Flow;
use tidegate_model::tracked::{Fate, Tracked};

use crate::fixture::{add_bridge, add_veth};
use crate::traffic::TIME_LIMIT;
use crate::world::{Kernel, World};

/// A host that publishes its UDP ports 8053 and 8054 as port 53 of an endpoint, which listens.
struct Published {
    kernel: Kernel,
    server: UdpSocket,
    endpoint: IpAddr,
    gateway: IpAddr,
}

fn publish(endpoint: &str, gateway: &str) -> Published {
    let family = if endpoint.contains(':') { "ip6" } else { "ip" };
    let mut kernel = Kernel::new();
    let recorded = kernel.add_netns();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel.links.apply(&add_veth(1, 2, &recorded)).unwrap();
    kernel.host.sh(&format!(
        "nft 'table inet test {{
            chain track {{ type filter hook output priority 0; ct state invalid drop; }};
            chain out {{ type nat hook output priority -100;
            udp dport {{ 8053, 8054 }} dnat {family} to {}; }}; }}'",
        SocketAddr::new(endpoint.parse().unwrap(), 53)
    ));
    let address: IpAddr = endpoint.parse().unwrap();
    let bind = || bound(|| UdpSocket::bind((address, 53)));
    let server = kernel.netns(&recorded).run(bind);
    server.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    Published {
        server,
        endpoint: address,
        gateway: gateway.parse().unwrap(),
        kernel,
    }
}

impl Published {
    /// A client of a port of the host's; its first datagram has reached the endpoint.
    fn client(&self, host_port: u16) -> UdpSocket {
        let gateway = self.gateway;
        let client = self.kernel.host.run(|| {
            let client = UdpSocket::bind((gateway, 0)).unwrap();
            client.connect((gateway, host_port)).unwrap();
            client
        });
        client.send(b"first").unwrap();
        assert!(self.receives(b"first"));
        client
    }

    fn receives(&self, wanted: &[u8]) -> bool {
        let mut buffer = [0; 16];
        let length = self.server.recv(&mut buffer).unwrap();
        buffer[..length] == *wanted
    }

    /// Takes the rule away. The rule that asks for a connection's state stays: without one,
    /// the kernel stops tracking at all.
    fn withdraw(&self) {
        self.kernel.host.sh("nft flush chain inet test out");
    }

    /// Whether datagrams of a client are still sent on to the endpoint. One that is not is
    /// refused or lost on the host; what `other` sends after it arrives, so it is not late.
    fn still_arrives(&self, client: &UdpSocket, other: &UdpSocket) -> bool {
        let _ = client.send(b"asked");
        other.send(b"after").unwrap();
        let arrives = self.receives(b"asked");
        assert!(!arrives || self.receives(b"after"));
        arrives
    }

    fn flow(&self, came_to: u16) -> Flow {
        Flow {
            protocol: Protocol::Udp,
            came_to,
            endpoint: self.endpoint,
            port: 53,
            translated: true,
        }
    }

    fn forget(&mut self, flows: &[Flow]) {
        self.forget_what(
            |tracked| match flows.iter().any(|flow| is_of(flow, tracked)) {
                true => Fate::Forget,
                false => Fate::Keep,
            },
        );
    }

    fn forget_what(&mut self, fate: impl Fn(&Tracked) -> Fate) -> usize {
        let mut connections = self.kernel.links.connections();
        connections.forget(&fate).unwrap()
    }
}

fn is_of(flow: &Flow, tracked: &Tracked) -> bool {
    let is = Flow {
        protocol: flow.protocol,
        came_to: tracked.original.destination_port,
        endpoint: tracked.reply.source,
        port: tracked.reply.source_port,
        translated: tracked.destination_translated,
    };
    tracked.protocol == flow.protocol.number() && is == *flow
}

/// Withdraws the ports, as the nft side does it, and forgets the connections of one of them.
fn only_the_flow_that_was_named_is_forgotten(mut published: Published) {
    let (gone, kept) = (published.client(8053), published.client(8054));
    published.withdraw();

    let named = published.flow(8053);
    let other_protocol = Flow {
        protocol: Protocol::Tcp,
        ..named
    };
    let other_endpoint = Flow {
        endpoint: [10, 77, 1, 99].into(),
        ..named
    };
    let other_port = Flow { port: 54, ..named };
    published.forget(&[other_protocol, other_endpoint, other_port]);
    assert!(published.still_arrives(&gone, &kept));
    for _ in 0..2 {
        published.forget(&[named, other_endpoint]);
        assert!(!published.still_arrives(&gone, &kept));
        assert!(published.still_arrives(&kept, &kept));
    }
}

#[test]
fn only_the_ipv4_flow_that_was_named_is_forgotten() {
    require_root_kernel!();
    only_the_flow_that_was_named_is_forgotten(publish("10.77.1.2", "10.77.1.1"));
}

#[test]
fn only_the_ipv6_flow_that_was_named_is_forgotten() {
    require_root_kernel!();
    only_the_flow_that_was_named_is_forgotten(publish("fd77:1::2", "fd77:1::1"));
}

#[test]
fn a_flow_that_was_not_translated_is_forgotten_too() {
    require_root_kernel!();
    let mut published = publish("fd77:1::2", "fd77:1::1");
    let endpoint = published.endpoint;
    let client = published.kernel.host.run(|| {
        let client = UdpSocket::bind((published.gateway, 0)).unwrap();
        client.connect((endpoint, 53)).unwrap();
        client
    });
    let kept = published.client(8054);
    assert!(published.still_arrives(&client, &kept));
    // Until it is answered, a connection is a new one.
    for asker in [&client, &kept] {
        let asker_address = asker.local_addr().unwrap();
        published.server.send_to(b"answer", asker_address).unwrap();
        asker.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        asker.recv(&mut [0; 16]).unwrap();
    }
    published
        .kernel
        .host
        .sh("nft insert rule inet test track ct state new drop");
    let translated = Flow {
        came_to: 53,
        ..published.flow(8053)
    };
    published.forget(&[translated]);
    assert!(published.still_arrives(&client, &kept));
    let untranslated = Flow {
        translated: false,
        ..translated
    };
    published.forget(&[untranslated, published.flow(8053)]);
    assert!(!published.still_arrives(&client, &kept));
}

#[test]
fn more_connections_than_one_datagram_names_are_forgotten() {
    require_root_kernel!();
    let mut published = publish("10.77.1.2", "10.77.1.1");
    let clients: Vec<_> = (0..200).map(|_| published.client(8053)).collect();
    let kept = published.client(8054);
    published.withdraw();
    assert!(published.still_arrives(&clients[0], &kept));
    published.forget(&[published.flow(8053)]);
    for client in &clients {
        assert!(!published.still_arrives(client, &kept));
    }
}

#[test]
fn routes_tell_the_hosts_addresses_and_nearby_ones() {
    require_root_kernel!();
    let mut published = publish("10.77.1.2", "10.77.1.1");
    let _client = published.client(8053);
    let _other = published.client(8054);
    published.kernel.host.sh(
        "ip link add out type bridge; ip link set out up; ip route add 198.51.100.0/24 dev out
         ip route add local 203.0.113.0/24 dev lo",
    );
    let bridge: std::sync::Arc<[_]> = [crate::fixture::ifname("br1")].into();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let unless_near = |text: &str| Fate::ForgetUnlessNear(ip(text), bridge.clone());
    let kept = [
        Fate::Keep,
        Fate::ForgetIfHosts(ip("198.51.100.1")),
        Fate::ForgetIfHosts(ip("10.77.1.2")),
        unless_near("10.77.1.1"),
        unless_near("10.77.1.9"),
        unless_near("127.0.0.5"),
        unless_near("203.0.113.7"),
        unless_near("::1"),
    ];
    for fate in kept {
        let forgotten = published.forget_what(|_| fate.clone());
        assert_eq!(forgotten, 0, "{fate:?}");
    }
    let doomed = [
        Fate::Forget,
        Fate::ForgetIfHosts(ip("10.77.1.1")),
        Fate::ForgetIfHosts(ip("127.0.0.5")),
        Fate::ForgetIfHosts(ip("203.0.113.7")),
        unless_near("198.51.100.1"),
        unless_near("192.0.2.7"),
    ];
    for fate in doomed {
        let client = published.client(8053);
        let port = client.local_addr().unwrap().port();
        let forgotten = published.forget_what(|tracked| {
            match tracked.original.source_port == port && tracked.protocol == 17 {
                true => fate.clone(),
                false => Fate::Keep,
            }
        });
        assert_eq!(forgotten, 1, "{fate:?}");
    }
}

#[test]
fn a_kernel_without_tracking_has_nothing_to_delete() {
    require_root_kernel!();
    let host = Netns::new();
    let links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
    let mut connections = links.connections();
    for _ in 0..2 {
        assert_eq!(connections.forget(&|_| Fate::Forget).unwrap(), 0);
    }
}
