//! What the conformance suite needs beside the links: a host and namespaces that others change.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use test_support::Netns;
use tidegate_link::fakes::FakeLinks;
use tidegate_link::{Links, Location, Rtnetlink};
use tidegate_model::links::{Bridging, DEFAULT_MTU, Link, LinkKind};
use tidegate_model::{Ipv6Off, NetnsId, NetnsRef};

use crate::fixture::ifname;

pub(crate) trait World {
    fn links(&mut self) -> &mut dyn Links;
    fn add_netns(&mut self) -> NetnsRef;
    fn remove_netns(&mut self, netns: &NetnsRef);
    /// Puts another namespace at the path.
    fn replace_netns(&mut self, netns: &NetnsRef);
    /// Adds a link to the host that is not ours and no bridge.
    fn add_foreign_link(&mut self, name: &str);
    /// Adds a route of the host.
    fn add_route(&mut self, destination: &str);
    fn disable_ipv6(&mut self, netns: &NetnsRef);
}

/// The host in memory.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) links: FakeLinks,
    made: usize,
}

impl World for Fake {
    fn links(&mut self) -> &mut dyn Links {
        &mut self.links
    }

    fn add_netns(&mut self) -> NetnsRef {
        self.made += 1;
        self.links.add_netns(format!("/run/netns/{}", self.made))
    }

    fn remove_netns(&mut self, netns: &NetnsRef) {
        self.links.remove_netns(&netns.path);
    }

    fn replace_netns(&mut self, netns: &NetnsRef) {
        self.links.add_netns(&netns.path);
    }

    fn add_foreign_link(&mut self, name: &str) {
        self.links.add_link(Link {
            ifname: ifname(name),
            kind: LinkKind::Other,
            group: 0,
            up: false,
            mac: None,
            master: None,
            other_netns: None,
            addresses: Vec::new(),
            mtu: DEFAULT_MTU,
            bridging: Bridging::default(),
            lacks_link_local: false,
            state_id: None,
        });
    }

    fn add_route(&mut self, destination: &str) {
        self.links.add_route(destination.parse().unwrap());
    }

    fn disable_ipv6(&mut self, netns: &NetnsRef) {
        let off = |facts: &mut tidegate_model::links::NetnsFacts| {
            facts.ipv6_off = Some(Ipv6Off::everywhere());
        };
        self.links.change_netns(&netns.path, off).unwrap();
    }
}

/// A host that is a network namespace of the running kernel.
pub(crate) struct Kernel {
    pub(crate) links: Rtnetlink,
    pub(crate) host: Netns,
    others: Vec<Netns>,
}

impl Kernel {
    pub(crate) fn new() -> Self {
        let host = Netns::new();
        let links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
        let others = Vec::new();
        Self {
            links,
            host,
            others,
        }
    }

    /// The guard of a namespace that `add_netns` made.
    pub(crate) fn netns(&self, netns: &NetnsRef) -> &Netns {
        let found = self.others.iter().find(|other| other.path() == netns.path);
        found.unwrap()
    }
}

/// A namespace as the daemon records it.
pub(crate) fn record(path: &Path) -> NetnsRef {
    let status = std::fs::metadata(path).unwrap();
    NetnsRef {
        path: path.into(),
        id: NetnsId {
            dev: status.dev(),
            ino: status.ino(),
            cookie: None,
        },
    }
}

impl World for Kernel {
    fn links(&mut self) -> &mut dyn Links {
        &mut self.links
    }

    fn add_netns(&mut self) -> NetnsRef {
        let netns = Netns::new();
        let recorded = record(&netns.path());
        self.others.push(netns);
        recorded
    }

    fn remove_netns(&mut self, netns: &NetnsRef) {
        self.others.retain(|other| other.path() != netns.path);
    }

    fn replace_netns(&mut self, netns: &NetnsRef) {
        let name = self.netns(netns).name().to_owned();
        for command in ["del", "add"] {
            let status = Command::new("ip").args(["netns", command, &name]).status();
            assert!(status.unwrap().success());
        }
    }

    fn add_foreign_link(&mut self, name: &str) {
        self.host
            .sh(&format!("ip link add {name} type veth peer name {name}p"));
    }

    fn add_route(&mut self, destination: &str) {
        self.host.sh(&format!(
            "ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
             ip route add {destination} dev up0"
        ));
    }

    fn disable_ipv6(&mut self, netns: &NetnsRef) {
        self.netns(netns)
            .sh("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
    }
}
