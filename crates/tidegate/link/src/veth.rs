//! Creates a veth pair between a bridge and an endpoint's namespace.

use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::io::Errno;
use tidegate_model::links::{GROUP, LinkKind, Peer, Sysctl, Veth};
use tidegate_model::{IfName, NetnsRef};
use tidegate_sys::Netns;
use tidegate_sys::netlink::{self, Socket};

use crate::batch::{Batch, What, send_one};
use crate::decode::LinkRecord;
use crate::error::{Cause, ErrorKind, LinkError, NetnsFault};
use crate::rtnetlink::Rtnetlink;
use crate::survey::LOOPBACK;
use crate::sysctl::Sysctls;
use crate::{announce, cookie, find, guard, message, port, settle, survey};

/// Creates the pair with addresses and routes, up at both ends, or creates nothing.
pub(crate) fn add(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let Some(recorded) = &veth.peer.netns else {
        return hand_over(host, veth);
    };
    let netns = open(host, recorded)?;
    let bridge = bridge_of(host, veth)?;
    number(host, veth, &netns);
    let index = make(host, veth, bridge, Some(&netns))?;
    complete(host, veth, bridge, index, &netns)
        .map_err(|error| error.after_undo(host.delete(index, &veth.ifname)))
}

/// Creates the pair, of which the other end stays in the host's namespace, down, for its engine. Or creates nothing.
fn hand_over(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let bridge = bridge_of(host, veth)?;
    let index = make(host, veth, bridge, None)?;
    port_of(host, veth, bridge, index)
        .map_err(|error| error.after_undo(host.delete(index, &veth.ifname)))
}

/// The index of the bridge, which must be up: nothing would reach the endpoint.
fn bridge_of(host: &mut Rtnetlink, veth: &Veth) -> Result<u32, LinkError> {
    let bridge = find::link(&mut host.socket, &veth.bridge)?;
    match bridge.is_up || bridge.kind != LinkKind::Bridge {
        true => Ok(bridge.index),
        false => {
            let ifname = &veth.bridge;
            let error = LinkError::new(format_args!("attach to bridge {ifname}"), Errno::NETDOWN);
            Err(error.with_hint(|_| {
                Some(format!(
                    "find out which program takes {ifname} down: see `tidegate doctor`"
                ))
            }))
        }
    }
}

/// Brings both ends up, waits until they carry packets, and announces the addresses.
fn complete(
    host: &mut Rtnetlink,
    veth: &Veth,
    bridge: u32,
    index: u32,
    netns: &Netns,
) -> Result<(), LinkError> {
    configure(host, veth, bridge, index, netns)?;
    settle::link(&mut host.socket, index);
    settle::link(&mut host.socket, bridge);
    announce::addresses(&veth.peer, netns);
    Ok(())
}

/// Opens the recorded namespace of an endpoint.
pub(crate) fn open(host: &Rtnetlink, recorded: &NetnsRef) -> Result<Arc<Netns>, LinkError> {
    let opened = host.guest(&recorded.path);
    let opened = opened.and_then(
        |netns| match survey::id_of(&netns).has_file_of(&recorded.id) {
            true => Ok(netns),
            false => Err(NetnsFault::Replaced.into()),
        },
    );
    opened.map_err(|cause| {
        let path = recorded.path.display();
        LinkError::new(format_args!("attach namespace {path}"), cause)
    })
}

/// Gives the endpoint's namespace a number in the host's namespace, unless it has one. For each message about the
/// pair, the kernel searches for that number, lowest first (`peernet2id`). By itself, the kernel would assign the
/// lowest free number, which is usually higher than all others.
fn number(host: &mut Rtnetlink, veth: &Veth, netns: &Netns) {
    let request = message::number_netns(netns.as_fd(), veth.netns_number);
    if let Err(error) = host.socket.ask(request) {
        tracing::trace!(%error, "a namespace keeps the number that it has, or gets another");
    }
}

/// Creates both ends, down, each in its namespace. Returns the index of the host's end.
fn make(
    host: &mut Rtnetlink,
    veth: &Veth,
    bridge: u32,
    netns: Option<&Netns>,
) -> Result<u32, LinkError> {
    match try_to_make(host, veth, bridge, netns) {
        Err(error) if error.kind() == ErrorKind::Exists => {
            // The kernel does not report which of the two names is in use.
            if !matches!(host.find(&veth.ifname), Ok(None)) {
                return Err(error);
            }
            let left = netns.map(|netns| netns.run_here(|| delete_left(&veth.peer)));
            match left {
                Some(Ok(Ok(true))) => try_to_make(host, veth, bridge, netns),
                _ => Err(about_peer(veth, error)),
            }
        }
        Err(error) if error.kind() == ErrorKind::BridgeFull => {
            let Veth { ifname, bridge, .. } = veth;
            Err(error.about(format_args!(
                "make {ifname} a port of bridge {bridge}, which is full"
            )))
        }
        made => made,
    }
}

fn about_peer(veth: &Veth, error: LinkError) -> LinkError {
    let error = error.about(What::MakeVeth(&veth.peer.ifname));
    match &veth.peer.netns {
        Some(netns) => error.inside(&netns.path),
        None => error,
    }
}

fn try_to_make(
    host: &mut Rtnetlink,
    veth: &Veth,
    bridge: u32,
    netns: Option<&Netns>,
) -> Result<u32, LinkError> {
    let request = message::new_veth(veth, bridge, netns.map(Netns::as_fd));
    send_one(&mut host.socket, What::MakeVeth(&veth.ifname), request)?;
    find::index(&host.socket, &veth.ifname)
}

/// Deletes the endpoint's end of an older pair, whose other end somebody moved to another namespace. Says whether there
/// was one.
fn delete_left(peer: &Peer) -> Result<bool, Cause> {
    let mut socket = Socket::open(netlink::Family::Route)?;
    let found = socket.ask(message::get_link_named(&peer.ifname))?;
    let is_left = |link: &LinkRecord| {
        link.kind == LinkKind::Veth && link.group == GROUP && link.mac == Some(peer.mac)
    };
    match LinkRecord::decode(&found).filter(is_left) {
        Some(link) => {
            socket.ask(message::delete_link(link.index))?;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn configure(
    host: &mut Rtnetlink,
    veth: &Veth,
    bridge: u32,
    index: u32,
    netns: &Netns,
) -> Result<(), LinkError> {
    port_of(host, veth, bridge, index)?;
    let Some(recorded) = &veth.peer.netns else {
        return Ok(());
    };
    let path = &recorded.path;
    let enter = |cause| LinkError::new(format_args!("enter namespace {}", path.display()), cause);
    let sysctls = host.procfs.sysctls();
    netns
        .run_here(|| configure_peer(&veth.peer, recorded, sysctls))
        .map_err(enter)?
}

/// Makes the host's end a port, up.
fn port_of(host: &mut Rtnetlink, veth: &Veth, bridge: u32, index: u32) -> Result<(), LinkError> {
    silence(host, veth)?;
    guard::port(host, veth, bridge, index)?;
    port::set_up(host, veth, index)
}

/// A bridge port needs no addresses of its own, and must not send router solicitations or multicast reports into the
/// endpoint's namespace.
fn silence(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let off = Sysctl::no_ipv6(&veth.ifname);
    host.set_sysctls(&[off], Sysctls::set_if_there)
}

/// Only Tidegate configures an endpoint: otherwise any neighbour could announce routers and prefixes to it (RFC
/// 6104). The manager of the namespace can turn that on, or `--sysctl`.
fn heed_no_routers(ifname: &IfName) -> [Sysctl; 2] {
    ["accept_ra", "autoconf"].map(|name| Sysctl {
        path: format!("net/ipv6/conf/{ifname}/{name}"),
        value: "0".to_owned(),
    })
}

/// Adds the addresses of the endpoint's end, on a thread inside its namespace. The loopback comes last, so that an
/// earlier failure leaves it unchanged.
fn configure_peer(
    peer: &Peer,
    NetnsRef { path, id }: &NetnsRef,
    sysctls: Sysctls,
) -> Result<(), LinkError> {
    let socket = Socket::open(netlink::Family::Route);
    let mut socket = socket.map_err(|error| LinkError::new("open netlink", error).inside(path))?;
    let recorded = id.cookie;
    if recorded.is_some() && recorded != cookie::of(&socket) {
        // The expected namespace is gone, and this one got its inode.
        let what = format_args!("attach namespace {}", path.display());
        return Err(LinkError::new(what, NetnsFault::Replaced));
    }
    let index = address_peer(&mut socket, peer, sysctls).map_err(|error| error.inside(path))?;
    settle::link(&mut socket, index);
    settle::addresses(&mut socket, &peer.addresses);
    Ok(())
}

fn address_peer(socket: &mut Socket, peer: &Peer, mut sysctls: Sysctls) -> Result<u32, LinkError> {
    let ifname = &peer.ifname;
    let index = find::index(socket, ifname)?;
    for setting in heed_no_routers(ifname) {
        sysctls.set_if_there(&setting)?;
    }
    // A namespace on two networks gets packets by one and answers by the other: a strict filter would drop them.
    send_one(socket, What::Loosen(ifname), message::set_loose(index))?;
    let mut set = |sysctl| sysctls.set(sysctl);
    peer.sysctls.iter().try_for_each(&mut set)?;
    let mut batch = Batch::default();
    // Before its addresses, as for a bridge.
    batch.push(What::SetUp(ifname), message::set_up(index));
    for net in &peer.addresses {
        let request = message::new_address(index, net);
        batch.push(What::AddAddress(net, ifname), request);
    }
    for gateway in &peer.gateways {
        let request = message::new_default_route(index, *gateway, peer.gateway_metric);
        batch.push(What::AddDefaultRoute(gateway, ifname), request);
    }
    for route in &peer.routes {
        let request = message::new_static_route(index, route);
        batch.push(What::AddStaticRoute(route, ifname), request);
    }
    for resolver in &peer.resolvers {
        let request = message::new_route_to(index, *resolver, peer.resolver_metric);
        batch.push(What::AddRoute(resolver, ifname), request);
    }
    batch.send(socket).map_err(|error| {
        // The interface is removed again, so its own sysctl does not matter.
        let is_off = error.kind() == ErrorKind::Ipv6Off;
        match is_off.then(|| sysctls.ipv6_off(None)).flatten() {
            Some(off) => error.with_ipv6_off(off),
            None => error,
        }
    })?;
    let request = message::set_up(LOOPBACK);
    send_one(socket, What::SetLoopbackUp, request)?;
    Ok(index)
}
