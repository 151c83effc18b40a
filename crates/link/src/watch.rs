//! Hearing that links of ours go.
//!
//! A network namespace that ends takes its end of a veth pair with it, and so ours: the kernel tells
//! of that link, and nobody has to look at namespaces now and then.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;

use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::GROUP;

use crate::decode::LinkRecord;
use crate::error::{Cause, LinkError};
use crate::netlink::messages;

/// `RTNLGRP_LINK` (linux/rtnetlink.h).
const LINK_GROUP: u32 = 1;
/// `RTM_DELLINK`.
const DELLINK: u16 = 17;
/// Bytes of the longest datagram that the kernel makes of one link.
const DATAGRAM: usize = 64 * 1024;

/// Hears of every link of a network namespace that goes.
#[derive(Debug)]
pub struct Watch(Socket);

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// These links of ours went, as a rule some of them by our own doing.
    Links(BTreeSet<IfName>),
    /// More went than could be told: any may be gone.
    Any,
}

impl Watch {
    /// Listens in the network namespace of the calling thread from now on.
    ///
    /// # Errors
    /// When the kernel has no socket for it.
    pub fn open() -> Result<Self, LinkError> {
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.add_membership(LINK_GROUP)?;
            socket.set_non_blocking(true)?;
            Ok(socket)
        };
        let opened = open().map_err(Cause::from);
        opened
            .map(Self)
            .map_err(|cause| LinkError::new("listen to what happens to links", cause))
    }

    /// Waits until a link of ours goes, and tells all that did until then; `None` once `stop` is
    /// readable or closed at its other end.
    ///
    /// # Errors
    /// When the socket is of no more use.
    pub fn wait(&self, stop: impl AsFd) -> Result<Option<Gone>, LinkError> {
        let failed = |cause: Cause| LinkError::new("hear what happens to links", cause);
        loop {
            let mut fds = [
                PollFd::new(&self.0, PollFlags::IN),
                PollFd::new(&stop, PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(failed(errno.into())),
            }
            if !fds[1].revents().is_empty() {
                return Ok(None);
            }
            match self.drain().map_err(|error| failed(error.into()))? {
                Gone::Links(links) if links.is_empty() => {}
                gone => return Ok(Some(gone)),
            }
        }
    }

    /// Reads all there is.
    fn drain(&self) -> io::Result<Gone> {
        let mut gone = Gone::Links(BTreeSet::new());
        let mut datagram = Vec::with_capacity(DATAGRAM);
        loop {
            datagram.clear();
            match self.0.recv_from(&mut datagram, 0) {
                Ok((_, sender)) => {
                    // Only the kernel has port 0.
                    if let Gone::Links(links) = &mut gone
                        && sender.port_number() == 0
                    {
                        links.extend(deleted(&datagram));
                    }
                }
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => return Ok(gone),
                    Some(Errno::INTR) => {}
                    Some(Errno::NOBUFS) => gone = Gone::Any,
                    _ => return Err(error),
                },
            }
        }
    }
}

/// The links of ours of which a datagram says that they are gone.
fn deleted(datagram: &[u8]) -> impl Iterator<Item = IfName> {
    messages(datagram)
        .filter(|message| message.kind == DELLINK)
        // Of another family (the first byte) it tells of a port that left its bridge.
        .filter(|message| message.body.first() == Some(&0))
        .filter_map(|message| LinkRecord::decode(message.body))
        .filter(|link| link.group == GROUP)
        .filter_map(|link| link.ifname)
}
