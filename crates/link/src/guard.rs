//! Keeping endpoints from the host's loopback, whatever becomes of the table.
//!
//! A bridge lets packets to 127.0.0.0/8 in (`route_localnet`), since answers of a port that is published on 127.0.0.1
//! go there once the kernel has translated them back. Answers have been translated when they leave the port of the
//! bridge, not when they come in by it: so each port of ours drops what comes in from or to 127.0.0.0/8. The filter
//! is one of tc(8): it is there without the table and without the daemon, and no flush of a ruleset reaches it.
//!
//! One filter, in a block that all ports share, serves them all: the kernel frees each program by itself on a work
//! queue that everything shares, and came to a standstill over 19,000.

mod message;
mod program;

use std::collections::{BTreeSet, HashSet};

use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::{GROUP, LinkKind, Sysctl};

use crate::decode::LinkRecord;
use crate::error::{Cause, LinkError, Refusal};
use crate::netlink::Socket;
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::Sysctls;
use crate::{find, message as links};

/// Guards a port that was just made, before it is up: the kernel takes a link that is up out of use for a moment
/// when it gets its first filter. On a kernel that lacks what it takes, ports published on 127.0.0.1 of the bridge are
/// out of the host's reach from then on, instead of its loopback within that of its endpoints.
pub(crate) fn port(host: &mut Rtnetlink, index: u32, bridge: &IfName) -> Result<(), LinkError> {
    let requests = [message::join_block(index), message::add_filter()];
    let answers = host.socket.exchange(&requests);
    let answers = answers
        .map_err(|cause| LinkError::new(format_args!("guard the ports of {bridge}"), cause))?;
    match answers.as_slice() {
        [Ok(_), Ok(_)] => Ok(()),
        // As a rule: another port brought it.
        [Ok(_), Err(refusal)] if refusal.errno == Errno::EXIST => Ok(()),
        [Err(refusal), ..] | [_, Err(refusal), ..] => close(host, bridge, refusal),
        _ => Ok(()),
    }
}

/// Guards the ports of ours that a bridge has, as those that another release made, and opens it then. Where that cannot
/// be, it is closed.
pub(crate) fn bridge(host: &mut Rtnetlink, bridge: &IfName) -> Result<(), LinkError> {
    let failed = |cause| LinkError::new(format_args!("guard the ports of {bridge}"), cause);
    let index = find::index(&host.socket, bridge)?;
    let refused = guard_ports(&mut host.socket, index).map_err(failed)?;
    match refused {
        None => host.set_sysctls(&[route_localnet(bridge, "1")], Sysctls::set),
        Some(refusal) => close(host, bridge, &refusal),
    }
}

/// The first refusal, if there is one.
fn guard_ports(socket: &mut Socket, bridge: u32) -> Result<Option<Refusal>, Cause> {
    let ports = socket.dump(&links::list_links(), LinkRecord::decode)?;
    let mut ports = ports
        .into_iter()
        .filter(|link| link.master == Some(bridge) && is_port_of_ours(link))
        .peekable();
    if ports.peek().is_none() {
        return Ok(None);
    }
    let members = members(socket)?;
    for port in ports.filter(|port| !members.contains(&port.index)) {
        if let Some(refusal) = refusal(socket.ask(message::join_block(port.index)))? {
            return Ok(Some(refusal));
        }
    }
    match has_filter(socket)? {
        true => Ok(None),
        false => refusal(socket.ask(message::replace_filter())),
    }
}

fn refusal<T>(answer: Result<T, Cause>) -> Result<Option<Refusal>, Cause> {
    match answer {
        Ok(_) => Ok(None),
        Err(Cause::Refused(refusal)) => Ok(Some(refusal)),
        Err(cause) => Err(cause),
    }
}

/// The ports of ours that have no guard.
pub(crate) fn unguarded(socket: &mut Socket) -> Result<BTreeSet<IfName>, Cause> {
    let links = socket.dump(&links::list_links(), LinkRecord::decode)?;
    let members = match has_filter(socket)? {
        true => members(socket)?,
        false => HashSet::new(),
    };
    Ok(links
        .into_iter()
        .filter(|link| is_port_of_ours(link) && !members.contains(&link.index))
        .filter_map(|link| link.ifname)
        .collect())
}

fn is_port_of_ours(link: &LinkRecord) -> bool {
    link.group == GROUP && link.kind == LinkKind::Veth && link.master.is_some()
}

/// Indexes of the links that pass the filters of the block.
fn members(socket: &mut Socket) -> Result<HashSet<u32>, Cause> {
    let members = socket.dump(&message::list_qdiscs(), message::member)?;
    Ok(members.into_iter().collect())
}

/// Whether the block is there, with the filter in it.
fn has_filter(socket: &mut Socket) -> Result<bool, Cause> {
    match socket.ask(message::get_filter()) {
        Ok(found) => Ok(message::is_ours(&found)),
        Err(Cause::Refused(_)) => Ok(false),
        Err(cause) => Err(cause),
    }
}

fn close(host: &mut Rtnetlink, bridge: &IfName, why: &Refusal) -> Result<(), LinkError> {
    tracing::warn!(
        %bridge,
        "ports published on 127.0.0.1 are not to be reached from the host: the kernel refuses the filter that would \
         keep endpoints from its loopback (sch_ingress, cls_bpf): {why}"
    );
    host.set_sysctls(&[route_localnet(bridge, "0")], Sysctls::set)
}

fn route_localnet(bridge: &IfName, value: &str) -> Sysctl {
    Sysctl {
        path: format!("net/ipv4/conf/{bridge}/route_localnet"),
        value: value.to_owned(),
    }
}
