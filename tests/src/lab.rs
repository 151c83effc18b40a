//! A host with an outside world and namespaces to attach.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;

use serde_json::Value;
use test_support::Netns;

use crate::{Host, wait_until};

/// A host, and a machine outside on the same wire:
/// the host is 192.0.2.1 and 2001:db8::1 there, the machine outside 192.0.2.2 and 2001:db8::2.
/// The machine outside sends what is for any other address to the host.
#[derive(Debug)]
pub struct Lab {
    /// The host.
    pub host: Host,
    /// The machine outside.
    pub outside: Netns,
}

impl Lab {
    /// A lab whose daemon uses a driver.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub fn with_driver(driver: &str) -> Self {
        Self::of(Host::with_driver(driver))
    }

    /// A lab around a host.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub fn of(host: Host) -> Self {
        let lab = Self {
            host,
            outside: Netns::new(),
        };
        wire(&lab.host.netns, &lab.outside);
        lab
    }

    /// The lab, whose host looks at no source by itself (`rp_filter`, the kernel's ip-sysctl.rst).
    #[must_use]
    pub fn credulous(self) -> Self {
        self.host
            .netns
            .sh("for dev in /proc/sys/net/ipv4/conf/*; do echo 0 > $dev/rp_filter; done");
        self
    }

    /// Has frames between the ports of the host's bridges pass the ruleset, or not, where the kernel has br_netfilter.
    pub fn set_br_netfilter(&self, value: u8) {
        self.host.netns.sh(&format!(
            "cd /proc/sys/net/bridge 2>/dev/null || exit 0
             for key in bridge-nf-*; do echo {value} > $key; done"
        ));
    }

    /// Attaches a fresh namespace; `ports` as for `-p`.
    pub fn attach(&self, network: &str, name: &str, ports: &[&str]) -> Attached {
        let netns = Netns::new();
        let published: Vec<&str> = ports.iter().flat_map(|port| ["-p", port]).collect();
        let arguments = [
            &["attach", network, "--netns", netns.name(), "--name", name],
            &*published,
        ];
        let endpoint = self.host.json(&arguments.concat());
        Attached { netns, endpoint }
    }
}

/// Puts a host and a machine outside on one wire, with the addresses and routes of a [`Lab`]. The kernel lets a link that
/// was brought up carry packets a moment later, on a work queue (net/core/link_watch.c). Where other namespaces are
/// taken down meanwhile, that takes seconds.
///
/// # Panics
/// When `ip` refuses, or the wire carries no packets after a minute.
pub fn wire(host: &Netns, outside: &Netns) {
    let mut command = Command::new("ip");
    command.args(["link", "add", "wan", "netns", host.name(), "type", "veth"]);
    command.args(["peer", "name", "wan", "netns", outside.name()]);
    let status = command.status().expect("ip can be started");
    assert!(status.success(), "{command:?}");
    host.sh("ip addr add 192.0.2.1/24 dev wan
             ip addr add 2001:db8::1/64 dev wan nodad
             ip link set wan up");
    outside.sh("ip addr add 192.0.2.2/24 dev wan
                ip addr add 2001:db8::2/64 dev wan nodad
                ip link set wan up
                ip route add default via 192.0.2.1
                ip -6 route add default via 2001:db8::1");
    for end in [host, outside] {
        wait_until("the wire carries packets", || {
            end.sh("ip -o link show dev wan").contains(" state UP ")
        });
    }
}

/// A namespace that was attached.
#[derive(Debug)]
pub struct Attached {
    /// The namespace.
    pub netns: Netns,
    /// The endpoint, as the daemon answered.
    pub endpoint: Value,
}

impl Attached {
    /// A port of its IPv4 address.
    pub fn v4(&self, port: u16) -> SocketAddr {
        (self.address(IpAddr::is_ipv4), port).into()
    }

    /// A port of its IPv6 address.
    pub fn v6(&self, port: u16) -> SocketAddr {
        (self.address(IpAddr::is_ipv6), port).into()
    }

    fn address(&self, wanted: impl Fn(&IpAddr) -> bool) -> IpAddr {
        let addresses = self.endpoint["addresses"]
            .as_array()
            .expect("addresses are listed");
        addresses
            .iter()
            .filter_map(|net| net.as_str()?.split_once('/')?.0.parse().ok())
            .find(wanted)
            .expect("it has an address of that family")
    }
}
