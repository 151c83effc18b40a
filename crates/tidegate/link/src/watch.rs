//! Notices when links of ours are deleted.
//!
//! When a network namespace ends, the kernel deletes its end of a veth pair, and ours with it, and reports that. So
//! no polling of namespaces is needed.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::GROUP;
use tidegate_sys::netlink::{self, Message, Notifications};

use crate::decode::LinkRecord;
use crate::error::{Cause, LinkError};

/// `RTNLGRP_LINK` (linux/rtnetlink.h).
const LINK_GROUP: u32 = 1;
/// `RTM_DELLINK`.
const DELLINK: u16 = 17;

/// Receives the deletions of links in a network namespace.
#[derive(Debug)]
pub struct Watch(Notifications);

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// These links of ours were deleted, usually some of them by us.
    Links(BTreeSet<IfName>),
    /// Messages were lost: any link may be gone.
    Any,
}

impl Watch {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses the socket.
    pub fn open() -> Result<Self, LinkError> {
        Notifications::open(netlink::Family::Route, &[LINK_GROUP])
            .map(Self)
            .map_err(|error| LinkError::new("subscribe to changes of links", error))
    }

    /// Waits until a link of ours is deleted, and returns all that were. Returns `None` when `stop` is readable or
    /// closed at its other end.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn wait(&mut self, stop: impl AsFd) -> Result<Option<Gone>, LinkError> {
        let failed = |cause: Cause| LinkError::new("receive changes of links", cause);
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
    fn drain(&mut self) -> io::Result<Gone> {
        let mut links = BTreeSet::new();
        let is_all = self.0.read(|message| links.extend(deleted(message)))?;
        Ok(if is_all {
            Gone::Links(links)
        } else {
            Gone::Any
        })
    }
}

/// Our link that a message reports as deleted.
fn deleted(message: &Message<'_>) -> Option<IfName> {
    // With another family (the first byte), the message is about a port that left its bridge.
    if message.kind != DELLINK || message.body.first() != Some(&0) {
        return None;
    }
    let link = LinkRecord::decode(message.body)?;
    (link.group == GROUP).then_some(link.ifname?)
}
