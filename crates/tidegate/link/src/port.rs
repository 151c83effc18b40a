//! The host's end of a veth pair as a bridge port: its settings and its forwarding entry.

use std::collections::{BTreeSet, HashMap};

use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::{Bridging, DEFAULT_MTU, GROUP, Sysctl, Veth};

use crate::batch::{Batch, What};
use crate::decode::LinkRecord;
use crate::error::LinkError;
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::Sysctls;
use crate::{find, guard, message, settle};

/// How many endpoints one datagram is about, so that the kernel's answers fit into the socket's memory.
const AT_ONCE: usize = 32;

/// Brings up the port with that index, and adds its forwarding entry to the bridge.
pub(crate) fn set_up(host: &mut Rtnetlink, veth: &Veth, index: u32) -> Result<(), LinkError> {
    let ifname = &veth.ifname;
    let mut batch = Batch::default();
    let up = message::set_port_up(index, veth.isolated);
    batch.push(What::SetUp(ifname), up);
    let station = message::new_station(index, veth.peer.mac);
    batch.push(What::AddStation(ifname), station);
    batch.send(&mut host.socket).map(drop)
}

/// Whether a port has what [`message::keep_port`] gives it.
fn is_kept(port: &LinkRecord, veth: &Veth) -> bool {
    let Bridging { isolated, changed } = port.bridging;
    port.mac == Some(veth.bridge_mac) && isolated == veth.isolated && !changed
}

/// Gives our port of that name all that a new one has, and brings it up. A failure does not undo what was done before
/// it.
pub(crate) fn mend(host: &mut Rtnetlink, veth: &Veth) -> Result<(), LinkError> {
    let ifname = &veth.ifname;
    let port = find::link(&mut host.socket, ifname)?;
    if port.group != GROUP {
        return Err(LinkError::new(What::Find(ifname), Errno::NODEV));
    }
    let (index, bridge) = (port.index, find::index(&host.socket, &veth.bridge)?);
    let mut batch = Batch::default();
    if port.master != Some(bridge) {
        // It forwards nothing until it has its settings.
        batch.push(What::MakePort(ifname), message::set_down(index));
        batch.send(&mut host.socket)?;
        guard::leave(host, veth, index)?;
        batch = Batch::default();
        batch.push(What::MakePort(ifname), message::set_master(index, bridge));
    } else if port.bridging.changed {
        // The kernel gives it the state of a new port when it comes up.
        batch.push(What::MakePort(ifname), message::set_down(index));
    }
    let mtu = veth.mtu.unwrap_or(DEFAULT_MTU);
    if port.mtu != mtu {
        batch.push(What::SetMtu(ifname), message::set_mtu(index, mtu));
    }
    batch.push(What::MakePort(ifname), message::keep_port(index, veth));
    batch.send(&mut host.socket)?;
    host.set_sysctls(&[Sysctl::no_ipv6(ifname)], Sysctls::set_if_there)?;
    guard::port(host, veth, bridge, index)?;
    set_up(host, veth, index)?;
    settle::link(&mut host.socket, index);
    Ok(())
}

/// Gives existing ports the settings of new ones. Refusals are logged: a running container stays attached.
pub(crate) fn keep(host: &mut Rtnetlink, veths: &[Veth]) -> Result<(), LinkError> {
    let bridges: BTreeSet<&IfName> = veths.iter().map(|veth| &veth.bridge).collect();
    let mut ports = HashMap::new();
    for bridge in bridges {
        let index = find::index(&host.socket, bridge)?;
        let found = host
            .socket
            .dump(&message::list_ports(index), LinkRecord::decode)
            .map_err(|cause| LinkError::new(format_args!("list the ports of {bridge}"), cause))?;
        let named = |port: LinkRecord| Some((port.ifname.clone()?, port));
        ports.extend(found.into_iter().filter_map(named));
    }
    for some in veths.chunks(AT_ONCE) {
        let mut requests = Vec::new();
        for veth in some {
            let Some(port) = ports.get(&veth.ifname) else {
                continue;
            };
            if !is_kept(port, veth) {
                requests.push(message::keep_port(port.index, veth));
            }
            requests.push(message::new_station(port.index, veth.peer.mac));
        }
        if requests.is_empty() {
            continue;
        }
        let answers = host.socket.exchange(&requests);
        let answers = answers.map_err(|cause| LinkError::new("set up ports", cause))?;
        for refusal in answers.into_iter().filter_map(Result::err) {
            tracing::warn!("cannot update the settings of a bridge port: {refusal}");
        }
    }
    guard::keep(host, veths)
}
