//! Hearing that links of ours go.
//!
//! A network namespace that ends takes its end of a veth pair with it, and so ours: the kernel tells
//! of that link, and nobody has to look at namespaces now and then.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::GROUP;

use crate::decode::LinkRecord;
use crate::error::{Cause, LinkError};
use crate::netlink::{Message, Notifications};

/// `RTNLGRP_LINK` (linux/rtnetlink.h).
const LINK_GROUP: u32 = 1;
/// `RTM_DELLINK`.
const DELLINK: u16 = 17;

/// Hears of every link of a network namespace that goes.
#[derive(Debug)]
pub struct Watch(Notifications);

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
        Notifications::open(&[LINK_GROUP])
            .map(Self)
            .map_err(|error| LinkError::new("subscribe to changes of links", error))
    }

    /// Waits until a link of ours goes, and tells all that did until then; `None` once `stop` is
    /// readable or closed at its other end.
    ///
    /// # Errors
    /// When the socket is of no more use.
    pub fn wait(&self, stop: impl AsFd) -> Result<Option<Gone>, LinkError> {
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
    fn drain(&self) -> io::Result<Gone> {
        let mut links = BTreeSet::new();
        let is_all = self.0.read(|message| links.extend(deleted(message)))?;
        Ok(if is_all {
            Gone::Links(links)
        } else {
            Gone::Any
        })
    }
}

/// The link of ours of which a message says that it is gone.
fn deleted(message: &Message<'_>) -> Option<IfName> {
    // Of another family (the first byte) it tells of a port that left its bridge.
    if message.kind != DELLINK || message.body.first() != Some(&0) {
        return None;
    }
    let link = LinkRecord::decode(message.body)?;
    (link.group == GROUP).then_some(link.ifname?)
}
