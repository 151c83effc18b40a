//! Finding one link.

use tidegate_model::IfName;
use tidegate_sys::netlink::{self, Socket};

use crate::batch::{What, send_one};
use crate::decode::LinkRecord;
use crate::error::LinkError;
use crate::message;

/// The link of that name, or the kernel's refusal if there is none.
pub(crate) fn link(socket: &mut Socket, ifname: &IfName) -> Result<LinkRecord, LinkError> {
    let request = message::get_link_named(ifname);
    let body = send_one(socket, What::Find(ifname), request)?;
    read(ifname, &body)
}

/// The index of the link of that name, without all else that the kernel would tell of it (netdevice(7)).
pub(crate) fn index(socket: &Socket, ifname: &IfName) -> Result<u32, LinkError> {
    rustix::net::netdevice::name_to_index(socket, ifname.as_str())
        .map_err(|errno| LinkError::new(What::Find(ifname), errno))
}

/// The link in the last answer of a batch that ended with asking for it.
pub(crate) fn in_last(ifname: &IfName, answers: &[Vec<u8>]) -> Result<LinkRecord, LinkError> {
    read(ifname, answers.last().map_or(&[], Vec::as_slice))
}

fn read(ifname: &IfName, body: &[u8]) -> Result<LinkRecord, LinkError> {
    let cut_short = || {
        LinkError::new(
            What::Find(ifname),
            netlink::Error::Malformed("a link cut short"),
        )
    };
    LinkRecord::decode(body).ok_or_else(cut_short)
}
