//! Retires links: takes their packets, addresses and names away, so that these can be reused before the
//! [`remover`](crate::remover) deletes the links. No step waits for a grace period of the kernel.

use std::fmt::Display;

use ipnet::IpNet;
use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::{Bridge, Peer, Veth};
use tidegate_sys::netlink::{self, Request, Socket};

use crate::batch::What;
use crate::error::{Cause, LinkError};
use crate::remover::{RETIRED_BRIDGES, RETIRED_PAIRS};
use crate::rtnetlink::Rtnetlink;
use crate::{find, message, veth};

/// Retires our bridge of that name, if there is one.
pub(crate) fn bridge(host: &mut Rtnetlink, bridge: &Bridge) -> Result<(), LinkError> {
    let Some(index) = host.find_ours(&bridge.ifname)? else {
        return Ok(());
    };
    let retired = put_away(
        &mut host.socket,
        index,
        message::retire(index, RETIRED_BRIDGES),
        &retired_name("tgx", index),
        &bridge.addresses,
    );
    match retired {
        Ok(()) => host.remover.bridge(index),
        Err(cause) => at_once(host, index, &bridge.ifname, &cause)?,
    }
    Ok(())
}

/// Retires our pair with that name at the host's end, if there is one.
pub(crate) fn pair(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let Some(index) = host.find_ours(&veth.ifname)? else {
        return Ok(());
    };
    let peer = retire_peer(host, veth, index);
    let retired = peer.and_then(|()| {
        put_away(
            &mut host.socket,
            index,
            message::retire_port(index, RETIRED_PAIRS),
            &retired_name("tgx", index),
            &[],
        )
        .map_err(|cause| LinkError::new(What::Delete(&veth.ifname), cause))
    });
    match retired {
        Ok(()) => host.remover.pair(),
        Err(error) => at_once(host, index, &veth.ifname, &error)?,
    }
    Ok(())
}

/// Deletes a link that cannot be retired, usually because its namespace has no path any more, and waits.
fn at_once(
    host: &mut Rtnetlink,
    index: u32,
    ifname: &IfName,
    why: &impl Display,
) -> Result<(), LinkError> {
    tracing::debug!(%ifname, %why, "an interface is removed at once");
    host.delete(index, ifname)
}

/// Retires the endpoint's end, inside its namespace.
fn retire_peer(host: &mut Rtnetlink, veth: &Veth, index: u32) -> Result<(), LinkError> {
    let Some(recorded) = &veth.peer.netns else {
        return retire_handed_over(host, &veth.peer, index);
    };
    let netns = veth::open(host, recorded)?;
    let path = &recorded.path;
    let enter = |cause| LinkError::new(format_args!("enter namespace {}", path.display()), cause);
    netns
        .run_here(|| retire_inside(&veth.peer, index))
        .map_err(enter)?
        .map_err(|error| error.inside(path))
}

/// Retires an end that was handed over and came back. Where its engine has moved it, it loses its carrier with the host's
/// end, and nobody waits for its name.
fn retire_handed_over(host: &mut Rtnetlink, peer: &Peer, host_end: u32) -> Result<(), LinkError> {
    let ifname = &peer.ifname;
    let Some(found) = host.find(ifname)? else {
        return Ok(());
    };
    if found.other_end != Some(host_end) || found.other_netns.is_some() {
        return Ok(());
    }
    let name = retired_name("tgy", host_end);
    let down = message::retire(found.index, RETIRED_PAIRS);
    put_away(&mut host.socket, found.index, down, &name, &[])
        .map_err(|cause| LinkError::new(What::Delete(ifname), cause))
}

/// `host_end` is the index of the other end: a link of that name with another peer is not ours.
fn retire_inside(peer: &Peer, host_end: u32) -> Result<(), LinkError> {
    let ifname = &peer.ifname;
    let socket = Socket::open(netlink::Family::Route);
    let mut socket = socket.map_err(|error| LinkError::new("open netlink", error))?;
    let found = find::link(&mut socket, ifname)?;
    let failed = |cause| LinkError::new(What::Delete(ifname), cause);
    if found.other_end != Some(host_end) {
        return Err(failed(Errno::NODEV.into()));
    }
    let name = retired_name("tgy", host_end);
    let down = message::retire(found.index, RETIRED_PAIRS);
    put_away(&mut socket, found.index, down, &name, &peer.addresses).map_err(failed)
}

/// Takes the link down, renames it and removes its addresses, in one batch. A missing address is not an error.
fn put_away(
    socket: &mut Socket,
    index: u32,
    down: Request,
    name: &str,
    addresses: &[IpNet],
) -> Result<(), Cause> {
    // Before Linux 6.2, only a link that is down can be renamed.
    let mut requests = vec![down, message::rename(index, name)];
    let addresses = addresses.iter();
    requests.extend(addresses.map(|net| message::delete_address(index, net)));
    for answer in socket.exchange(&requests)?.into_iter().take(2) {
        answer?;
    }
    Ok(())
}

/// A unique name: each link of a namespace has another index.
fn retired_name(prefix: &str, index: u32) -> String {
    format!("{prefix}{index:x}")
}
