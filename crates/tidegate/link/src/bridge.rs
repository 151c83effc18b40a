//! Making a bridge.

use rustix::io::Errno;
use tidegate_model::links::Bridge;
use tidegate_sys::netlink;

use crate::batch::{Batch, What};
use crate::error::{Cause, ErrorKind, LinkError};
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::Sysctls;
use crate::{answers, find, guard, message, settle};

/// Creates the bridge with its sysctls and addresses and brings it up, or creates nothing. The spanning tree protocol
/// is off, as is the kernel's default: a port forwards as soon as it is up.
pub(crate) fn add(host: &mut Rtnetlink, bridge: &Bridge) -> Result<(), LinkError> {
    let index = make(host, bridge)?;
    seal(host, bridge, index)
        .and_then(|()| configure(host, bridge, index))
        .map_err(|error| host.with_ipv6_off(None, error))
        .map_err(|error| error.after_undo(host.delete(index, &bridge.ifname)))
}

/// Gives an existing bridge the settings that [`add`] gives it, except addresses and sysctls.
pub(crate) fn keep(host: &mut Rtnetlink, bridge: &Bridge) -> Result<(), LinkError> {
    let ifname = &bridge.ifname;
    let found = find::link(&mut host.socket, ifname)?;
    let index = found.index;
    let mut batch = Batch::default();
    batch.push(
        What::Keep(ifname),
        message::keep_bridge(index, host.state_id),
    );
    if found.mac != Some(bridge.mac) {
        batch.push(What::Keep(ifname), message::set_mac(index, bridge.mac));
    }
    if found.bridging.changed {
        batch.push(What::Keep(ifname), message::no_spanning_tree(index));
    }
    batch.send(&mut host.socket)?;
    if found.bridging.changed {
        // Where the kernel has no VLAN filtering, nobody turned it on.
        let done = host.socket.ask(message::no_vlans(index));
        let is_unknown = |error: &netlink::Error| matches!(error, netlink::Error::Refused(why) if why.errno == Errno::OPNOTSUPP);
        if let Err(error) = done
            && !is_unknown(&error)
        {
            return Err(LinkError::new(What::Keep(ifname), error));
        }
    }
    seal(host, bridge, index)?;
    answers::add(&mut host.socket, bridge, index)
}

/// Before the link is up: when a link that is up gets its first filter, the kernel takes it down for a moment.
fn seal(host: &mut Rtnetlink, bridge: &Bridge, index: u32) -> Result<(), LinkError> {
    match bridge.sealed {
        true => guard::seal(&mut host.socket, bridge, index),
        false => Ok(()),
    }
}

/// Gives our bridge of that name sysctls and addresses, and brings it up. A failure does not undo what was done
/// before it.
pub(crate) fn mend(host: &mut Rtnetlink, bridge: &Bridge) -> Result<(), LinkError> {
    match host.find_ours(&bridge.ifname)? {
        Some(index) => configure(host, bridge, index)
            .map_err(|error| host.with_ipv6_off(Some(&bridge.ifname), error)),
        None => Err(LinkError::new(
            What::Find(&bridge.ifname),
            Cause::from(Errno::NODEV),
        )),
    }
}

/// Makes the bridge, down, and gives its index.
fn make(host: &mut Rtnetlink, bridge: &Bridge) -> Result<u32, LinkError> {
    let ifname = &bridge.ifname;
    let mut batch = Batch::default();
    batch.push(What::MakeBridge(ifname), message::new_bridge(bridge));
    batch.push(What::Find(ifname), message::get_link_named(ifname));
    let answers = batch.send(&mut host.socket).map_err(|error| {
        error.with_hint(|kind| {
            let hint = format!(
                "choose another --bridge, or rename that interface: see `ip -d link show dev {ifname}`"
            );
            (kind == ErrorKind::Exists).then_some(hint)
        })
        .because_name_is_taken(ifname)
    })?;
    Ok(find::in_last(ifname, &answers)?.index)
}

/// Sysctls come first: they decide what happens when the link comes up. Addresses come last: when a link with
/// addresses comes up and memory is short, the kernel silently drops addresses (`addrconf_permanent_addr`). An
/// address that is added later is refused with an error.
fn configure(host: &mut Rtnetlink, bridge: &Bridge, index: u32) -> Result<(), LinkError> {
    host.set_sysctls(&bridge.sysctls, Sysctls::set)?;
    let ifname = &bridge.ifname;
    let mut batch = Batch::default();
    let up = message::set_bridge_up(index, bridge.mtu, host.state_id);
    batch.push(What::SetUp(ifname), up);
    for net in &bridge.addresses {
        let request = message::new_address(index, net);
        batch.push(What::AddAddress(net, ifname), request);
    }
    batch.send(&mut host.socket)?;
    settle::addresses(&mut host.socket, &bridge.addresses);
    answers::add(&mut host.socket, bridge, index)
}
