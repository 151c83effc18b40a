//! Filters of tc(8) for packets that come in by bridge ports. They work without the table and without the daemon, and
//! no flush of a ruleset removes them. The kernel removes them with their port.
//!
//! *Loopback.* A bridge accepts packets to 127.0.0.0/8 (`route_localnet`), because answers from a port published on
//! 127.0.0.1 go there after the kernel has translated them back. When they come in by the bridge port they are not
//! translated yet. So each port can drop packets from and to 127.0.0.0/8, which protects the host's loopback from its
//! endpoint.
//!
//! *Binding.* A bound port accepts only packets from its endpoint's own addresses.
//!
//! *Routing.* Every port passes frames for the gateway to the host before br_netfilter sees them. br_netfilter would
//! translate a packet to a published port and keep it on the bridge. A bridge forwards nothing between isolated
//! ports, and nothing back to the port where it came in, unless that port reflects every frame (`IFLA_BRPORT_MODE`,
//! hairpin mode). Hairpin mode causes a storm if the endpoint reflects frames too.
//!
//! *Nearest bridge.* No port accepts frames for the nearest bridge alone, which the host would receive by the port
//! itself (`nearest`).
//!
//! *Seal.* A sealed bridge drops everything that the host would receive by it, or all but queries for names (`names`).
//!
//! The ports of a bridge share a block of filters, except bound ports. The kernel frees each program separately on a
//! work queue that all of it shares; freeing 19,000 programs stalled it.

mod assembly;
mod binding;
mod loopback;
mod message;
mod names;
mod nearest;
mod routing;
mod seal;

use std::collections::{BTreeSet, HashMap, HashSet};

use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::{GROUP, LinkKind, Sysctl, Veth};
use tidegate_sys::netlink::{self, Refusal, Request, Socket};

use self::assembly::Instruction;
use self::message::Block;
pub(crate) use self::seal::seal;
use crate::decode::LinkRecord;
use crate::error::{Cause, LinkError};
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::Sysctls;
use crate::{find, message as links, sysctl};

/// How many links one datagram asks about, so that the kernel's answers fit into the socket's memory.
const AT_ONCE: usize = 32;

/// Guards a new port before it is up: when a link that is up gets its first filter, the kernel takes it down for a
/// moment. If the kernel lacks the filter, the bridge is closed: ports published on 127.0.0.1 do not work from then
/// on, and endpoints do not reach the host's loopback. A port that must be bound is refused.
pub(crate) fn port(
    host: &mut Rtnetlink,
    veth: &Veth,
    bridge: u32,
    index: u32,
) -> Result<(), LinkError> {
    let answers = host
        .socket
        .exchange(&requests(veth, bridge, index, message::add_guard));
    let answers = answers.map_err(|cause| failed(&veth.bridge, cause))?;
    let mut refusals = answers.into_iter().map(refusal_of);
    match refusals.by_ref().take(2).flatten().next() {
        None => {}
        Some(refusal) if veth.bound => return Err(unbound(veth, refusal)),
        Some(refusal) => close(host, &veth.bridge, &refusal)?,
    }
    if let Some(refusal) = refusals.flatten().next() {
        warn_of_bridging(host, &veth.bridge, &refusal);
    }
    Ok(())
}

/// Takes the filters of its former bridge away from a port: they lead frames to that bridge.
pub(crate) fn leave(host: &mut Rtnetlink, veth: &Veth, index: u32) -> Result<(), LinkError> {
    let answers = host.socket.exchange(&[message::leave_block(index)]);
    let answers = answers.map_err(|cause| failed(&veth.bridge, cause))?;
    let mut refusals = answers.into_iter().filter_map(Result::err);
    match refusals.find(|refusal| refusal.errno != Errno::NOENT) {
        // It had none.
        None => Ok(()),
        Some(refusal) => Err(failed(&veth.bridge, refusal)),
    }
}

/// Guards existing bound ports. [`bridge`] guards the others.
pub(crate) fn keep(host: &mut Rtnetlink, veths: &[Veth]) -> Result<(), LinkError> {
    for veth in veths.iter().filter(|veth| veth.bound) {
        let Ok(index) = find::index(&host.socket, &veth.ifname) else {
            continue;
        };
        let bridge = find::index(&host.socket, &veth.bridge)?;
        // Another release may have used another program.
        let change = message::replace_guard;
        let answers = host.socket.exchange(&requests(veth, bridge, index, change));
        let answers = answers.map_err(|cause| failed(&veth.bridge, cause))?;
        let mut refusals = answers.into_iter().map(refusal_of);
        if let Some(refusal) = refusals.by_ref().take(2).flatten().next() {
            tracing::warn!(port = %veth.ifname, "a bridge port has no filter: {refusal}");
        }
        if let Some(refusal) = refusals.flatten().next() {
            warn_of_bridging(host, &veth.bridge, &refusal);
        }
    }
    Ok(())
}

/// The block, what guards, and the redirection.
fn requests(
    veth: &Veth,
    bridge: u32,
    index: u32,
    guarded: fn(Block, &[Instruction]) -> Request,
) -> [Request; 3] {
    let (block, guard) = match veth.bound {
        true => (Block::of_link(index), binding::binding(&veth.peer)),
        false => (Block::of_link(bridge), loopback::loopback()),
    };
    let routed = routing::to_gateway(veth.bridge_mac);
    [
        message::join_block(index, block),
        guarded(block, &guard),
        message::add_redirection(block, &routed, bridge),
    ]
}

/// The reason of a refusal, except "exists": usually another port added the filter already.
fn refusal_of(answer: Result<Vec<u8>, Refusal>) -> Option<Refusal> {
    answer.err().filter(|refusal| refusal.errno != Errno::EXIST)
}

fn unbound(veth: &Veth, refusal: Refusal) -> LinkError {
    let hint = "load the kernel modules sch_ingress and cls_bpf, or use a network created without --anti-spoofing";
    LinkError::new(
        format_args!("bind {} to its addresses", veth.ifname),
        refusal,
    )
    .with_hint(|_| Some(hint.to_owned()))
}

fn warn_of_bridging(host: &Rtnetlink, bridge: &IfName, why: &Refusal) {
    let netfilter = host
        .home
        .run_here(|| sysctl::get("net/bridge/bridge-nf-call-iptables"));
    if !matches!(netfilter, Ok(None)) {
        tracing::warn!(
            %bridge,
            "where br_netfilter is on, endpoints do not reach their own published ports (with --no-icc: none of their \
             network): the kernel refuses the filter that redirects frames to the bridge (act_mirred): {why}"
        );
    }
}

fn failed(bridge: &IfName, cause: impl Into<Cause>) -> LinkError {
    LinkError::new(format_args!("guard the ports of {bridge}"), cause)
}

/// Guards our ports of a bridge, for example those that another release created, and then opens the bridge. If that
/// is impossible, closes it.
pub(crate) fn bridge(host: &mut Rtnetlink, bridge: &IfName) -> Result<(), LinkError> {
    let link = find::link(&mut host.socket, bridge)?;
    let guarded = guard_ports(&mut host.socket, link.index);
    if let Some(refusal) = guarded.map_err(|cause| failed(bridge, cause))? {
        return close(host, bridge, &refusal);
    }
    host.set_sysctls(&[route_localnet(bridge, "1")], Sysctls::set)?;
    let block = Block::of_link(link.index);
    let Some(gateway) = link.mac else {
        return Ok(());
    };
    let routed = routing::to_gateway(gateway);
    let request = message::add_redirection(block, &routed, link.index);
    let answers = host.socket.exchange(&[request]);
    let answers = answers.map_err(|cause| failed(bridge, cause))?;
    // Without ports there is no block.
    if let Some(refusal) = answers.into_iter().find_map(refusal_of)
        && has_guard(&mut host.socket, block).map_err(|cause| failed(bridge, cause))?
    {
        warn_of_bridging(host, bridge, &refusal);
    }
    Ok(())
}

/// The first refusal, if there is one.
fn guard_ports(socket: &mut Socket, bridge: u32) -> Result<Option<Refusal>, Cause> {
    let ports = socket.dump(&links::list_ports(bridge), LinkRecord::decode)?;
    let ports = ports
        .into_iter()
        .filter(|link| link.master == Some(bridge) && is_port_of_ours(link));
    let ports: Vec<u32> = ports.map(|link| link.index).collect();
    let members = members_of(socket, &ports)?;
    let mut blocks = HashSet::new();
    for port in ports {
        let own = own_block(&members, port, bridge);
        let block = own.unwrap_or(Block::of_link(bridge));
        if own.is_none()
            && let Some(refusal) = refusal(socket.ask(message::join_block(port, block)))?
        {
            return Ok(Some(refusal));
        }
        blocks.insert(block);
    }
    for block in blocks {
        if !has_guard(socket, block)?
            && let Some(refusal) =
                refusal(socket.ask(message::replace_guard(block, &loopback::loopback())))?
        {
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}

/// The filter blocks of some links, by their indexes: listing all links for each bridge takes long on a host with
/// many.
fn members_of(socket: &mut Socket, links: &[u32]) -> Result<HashMap<u32, Block>, Cause> {
    let mut members = HashMap::new();
    for some in links.chunks(AT_ONCE) {
        let requests: Vec<Request> = some.iter().copied().map(message::get_qdisc).collect();
        let answers = socket.exchange(&requests)?.into_iter().flatten();
        members.extend(answers.filter_map(|body| message::member(&body)));
    }
    Ok(members)
}

fn refusal<T>(answer: Result<T, netlink::Error>) -> Result<Option<Refusal>, Cause> {
    match answer {
        Ok(_) => Ok(None),
        Err(netlink::Error::Refused(refusal)) => Ok(Some(refusal)),
        Err(error) => Err(error.into()),
    }
}

/// Our ports without a guard, and our bridges that are not sealed.
pub(crate) fn unguarded(socket: &mut Socket) -> Result<BTreeSet<IfName>, Cause> {
    let links = socket.dump(&links::list_links(), LinkRecord::decode)?;
    let members = members(socket)?;
    let mut guarded = HashMap::new();
    let mut unguarded = BTreeSet::new();
    for link in links {
        let own = match link.kind {
            LinkKind::Bridge if link.group == GROUP => seal::block(&members, link.index),
            _ if is_port_of_ours(&link) => {
                own_block(&members, link.index, link.master.unwrap_or_default())
            }
            _ => continue,
        };
        let is_guarded = match own {
            None => false,
            Some(block) => match guarded.get(&block) {
                Some(known) => *known,
                None => {
                    let found = match block {
                        _ if seal::is_one(block) => seal::is_shut(socket, block)?,
                        _ => has_guard(socket, block)?,
                    };
                    guarded.insert(block, found);
                    found
                }
            },
        };
        unguarded.extend(link.ifname.filter(|_| !is_guarded));
    }
    Ok(unguarded)
}

fn is_port_of_ours(link: &LinkRecord) -> bool {
    link.group == GROUP && link.kind == LinkKind::Veth && link.master.is_some()
}

/// The block of ours whose filters a port passes.
fn own_block(members: &HashMap<u32, Block>, port: u32, bridge: u32) -> Option<Block> {
    let known = [Block::of_link(bridge), Block::of_link(port)];
    let block = members.get(&port)?;
    known.contains(block).then_some(*block)
}

/// The blocks that links lead to, by their indexes.
fn members(socket: &mut Socket) -> Result<HashMap<u32, Block>, Cause> {
    let members = socket.dump(&message::list_qdiscs(), message::member)?;
    Ok(members.into_iter().collect())
}

/// Whether a block has what guards.
fn has_guard(socket: &mut Socket, block: Block) -> Result<bool, Cause> {
    has_program(socket, block, keeps_from_loopback)
}

/// Whether a block has a program that decides, and that is one of these.
fn has_program(
    socket: &mut Socket,
    block: Block,
    is_one: impl Fn(&[u8]) -> bool,
) -> Result<bool, Cause> {
    match socket.ask(message::get_guard(block)) {
        Ok(found) => Ok(message::guard_in(&found).is_some_and(is_one)),
        Err(netlink::Error::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a program is one that keeps endpoints from the host's loopback, those of a bound port among them.
fn keeps_from_loopback(program: &[u8]) -> bool {
    program == assembly::bytes(&loopback::loopback()) || binding::is_one(program)
}

fn close(host: &mut Rtnetlink, bridge: &IfName, why: &Refusal) -> Result<(), LinkError> {
    tracing::warn!(
        %bridge,
        "ports published on 127.0.0.1 do not work: the kernel refuses the filter that protects the host's loopback \
         from endpoints (sch_ingress, cls_bpf): {why}"
    );
    host.set_sysctls(&[route_localnet(bridge, "0")], Sysctls::set)
}

fn route_localnet(bridge: &IfName, value: &str) -> Sysctl {
    Sysctl {
        path: format!("net/ipv4/conf/{bridge}/route_localnet"),
        value: value.to_owned(),
    }
}
