//! Making a veth pair between a bridge and an endpoint's namespace.

use std::os::fd::AsFd;
use std::path::Path;

use netlink_sys::protocols::NETLINK_ROUTE;
use tidegate_model::links::{Peer, Sysctl, Veth};

use crate::batch::{Batch, What, send_one};
use crate::error::{ErrorKind, LinkError, NetnsFault};
use crate::netlink::Socket;
use crate::netns::Netns;
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::Sysctls;
use crate::{find, message, settle, sysctl};

/// The loopback interface is the first of every namespace (`loopback_net_init`).
const LOOPBACK: u32 = 1;

/// Makes the pair, addressed, routed and up at both ends, or makes nothing.
pub(crate) fn add(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let netns = open(host, veth)?;
    let bridge = find::link(&mut host.socket, &veth.bridge)?;
    let index = make(host, veth, bridge.index, &netns)?;
    configure(host, veth, index, &netns)
        .map_err(|error| error.after_undo(host.delete(index, &veth.ifname)))?;
    settle::link(&mut host.socket, index);
    settle::link(&mut host.socket, bridge.index);
    announce(veth, &netns);
    Ok(())
}

/// Has the kernel tell the neighbours whose addresses are whose: by gratuitous ARP and unsolicited
/// neighbour advertisements, which it sends when an Ethernet address is set (arp_notify and
/// ndisc_notify in ip-sysctl of the kernel documentation), be it to what it is. It comes last, when the
/// bridge takes what is sent. A neighbour that is not told finds out by itself, only later.
fn announce(veth: &Veth, netns: &Netns) {
    let peer = &veth.peer;
    let announced = netns.run(|| -> Result<(), LinkError> {
        let mut sysctls = Sysctls::default();
        for path in ["ipv4/conf/IF/arp_notify", "ipv6/conf/IF/ndisc_notify"] {
            sysctls.set_if_there(&Sysctl {
                path: format!("net/{}", path.replace("IF", peer.ifname.as_str())),
                value: "1".into(),
            })?;
        }
        let socket = Socket::open(NETLINK_ROUTE);
        let mut socket = socket.map_err(|error| LinkError::new("open netlink", error))?;
        let index = find::link(&mut socket, &peer.ifname)?.index;
        let request = message::set_mac(index, peer.mac);
        send_one(&mut socket, What::Announce(&peer.ifname), request).map(drop)
    });
    match announced {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an endpoint is not announced"),
        Err(error) => tracing::debug!(%error, "an endpoint is not announced"),
    }
}

pub(crate) fn open(host: &Rtnetlink, veth: &Veth) -> Result<Netns, LinkError> {
    let recorded = &veth.peer.netns;
    let opened = match recorded.id == host.home.id() {
        true => Err(NetnsFault::Own.into()),
        false => Netns::open_recorded(recorded),
    };
    opened.map_err(|cause| {
        let path = recorded.path.display();
        LinkError::new(format_args!("attach namespace {path}"), cause)
    })
}

/// Makes both ends, down, each in its namespace, and gives the index of the host's.
fn make(host: &mut Rtnetlink, veth: &Veth, bridge: u32, netns: &Netns) -> Result<u32, LinkError> {
    let mut batch = Batch::default();
    let request = message::new_veth(veth, bridge, netns.as_fd());
    batch.push(What::MakeVeth(&veth.ifname), request);
    batch.push(
        What::Find(&veth.ifname),
        message::get_link_named(&veth.ifname),
    );
    match batch.send(&mut host.socket) {
        Ok(answers) => Ok(find::in_last(&veth.ifname, &answers)?.index),
        Err(error) if error.kind() == ErrorKind::Exists => Err(name_taken(host, veth, error)),
        Err(error) => Err(error),
    }
}

/// The kernel does not say which of the two names is taken.
fn name_taken(host: &mut Rtnetlink, veth: &Veth, error: LinkError) -> LinkError {
    match host.find(&veth.ifname) {
        Ok(None) => error
            .about(What::MakeVeth(&veth.peer.ifname))
            .inside(&veth.peer.netns.path),
        _ => error,
    }
}

fn configure(
    host: &mut Rtnetlink,
    veth: &Veth,
    index: u32,
    netns: &Netns,
) -> Result<(), LinkError> {
    silence(host, veth)?;
    let isolated = veth.isolated && !has_br_netfilter(host)?;
    let request = message::set_port_up(index, veth.hairpin, isolated);
    send_one(&mut host.socket, What::SetUp(&veth.ifname), request)?;
    let path = &veth.peer.netns.path;
    let enter = |cause| LinkError::new(format_args!("enter namespace {}", path.display()), cause);
    netns
        .run(|| configure_peer(&veth.peer, path))
        .map_err(enter)?
}

/// Whether packets between ports of a bridge can be made to pass the ruleset (br_netfilter). It tells
/// those that may, where an isolated port takes none at all from another: not even those to a published
/// port of the host, which are sent on within the bridge then.
fn has_br_netfilter(host: &Rtnetlink) -> Result<bool, LinkError> {
    let found = host
        .home
        .run(|| sysctl::get("net/bridge/bridge-nf-call-iptables"));
    found
        .map(|found| found.is_some())
        .map_err(|cause| LinkError::new("look for br_netfilter", cause))
}

/// A port of a bridge needs no addresses of its own, and is to send no router solicitations or
/// multicast reports into the endpoint's namespace.
fn silence(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let off = Sysctl {
        path: format!("net/ipv6/conf/{}/disable_ipv6", veth.ifname),
        value: "1".into(),
    };
    host.set_sysctls(&[off], Sysctls::set_if_there)
}

/// Addresses the end in the endpoint's namespace, on a thread inside of it. The loopback comes
/// last: whatever fails before leaves it as it was.
fn configure_peer(peer: &Peer, path: &Path) -> Result<(), LinkError> {
    let socket = Socket::open(NETLINK_ROUTE);
    let mut socket = socket.map_err(|error| LinkError::new("open netlink", error).inside(path))?;
    let index = address_peer(&mut socket, peer).map_err(|error| error.inside(path))?;
    settle::link(&mut socket, index);
    settle::addresses(&mut socket, &peer.addresses);
    Ok(())
}

fn address_peer(socket: &mut Socket, peer: &Peer) -> Result<u32, LinkError> {
    let ifname = &peer.ifname;
    let index = find::link(socket, ifname)?.index;
    let mut sysctls = Sysctls::default();
    let mut set = |sysctl| sysctls.set(sysctl);
    peer.sysctls.iter().try_for_each(&mut set)?;
    let mut batch = Batch::default();
    for net in &peer.addresses {
        let request = message::new_address(index, net);
        batch.push(What::AddAddress(net, ifname), request);
    }
    batch.push(What::SetUp(ifname), message::set_up(index, None));
    for gateway in &peer.gateways {
        let request = message::new_default_route(index, *gateway, peer.gateway_metric);
        batch.push(What::AddDefaultRoute(gateway, ifname), request);
    }
    batch.send(socket)?;
    let request = message::set_up(LOOPBACK, None);
    send_one(socket, What::SetLoopbackUp, request)?;
    Ok(index)
}
