//! The protocol between the daemon and the resolver process: the sockets with the first byte, then one line of JSON
//! for each message.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use tidegate_resolver::ZoneUpdate;

use super::ask_list::AskList;

/// What the process is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ResolverMessage {
    /// An update of a network or an endpoint.
    ZoneUpdate(ZoneUpdate),
    /// The upstreams.
    Upstreams(AskList),
    /// The answer to one [`LOOK`]: if the upstreams changed, that was told before.
    Looked,
    /// The initial state is complete.
    Whole,
    /// The least severe messages that are logged from now on.
    LogLevel(String),
    /// A liveness check: the process answers with [`ALIVE`].
    Beat,
}

/// Sent by the process: have the upstreams changed?
pub(super) const LOOK: u8 = b'?';
/// The answer of the process to [`ResolverMessage::Beat`].
pub(super) const ALIVE: u8 = b'!';

/// The most sockets that are passed.
const SOCKETS: usize = 4;

/// One encoded message.
pub(super) fn line(told: &ResolverMessage) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    Ok(line)
}

/// Passes sockets on.
pub(super) fn send_sockets(to: &UnixStream, sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(sockets)) {
        return Err(io::Error::other("too many sockets to pass on"));
    }
    let byte = [IoSlice::new(b"\n")];
    sendmsg(to, &byte, &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives the passed sockets, in their order.
pub(super) fn receive_sockets(from: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut into = [IoSliceMut::new(&mut byte)];
    recvmsg(from, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let rights = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(rights) => Some(rights),
        _ => None,
    });
    Ok(rights.flatten().collect())
}
