//! Notices when tracked connections end, and what had passed through them.
//!
//! The kernel forgets the counters of a connection with the connection. Counters that only grow need them.

use std::collections::HashMap;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_sys::netlink::{self, Notifications};

use crate::conntrack;
use crate::error::{Cause, LinkError};

/// `NFNLGRP_CONNTRACK_DESTROY` (linux/netfilter/nfnetlink_compat.h).
const DESTROYED: u32 = 3;

/// Bytes of unread messages: some thousands. A flood of connections then costs bounded time: what does not fit is lost.
const MEMORY: usize = 4 << 20;

/// The most courses that one read gives; a host has one for each published port, and one for each other server.
const MOST: usize = 1 << 16;

/// Receives the ends of connections in a network namespace. While there is a listener, a connection costs the kernel one
/// more message (`nf_conntrack_events`, nf_conntrack-sysctl of the kernel documentation).
#[derive(Debug)]
pub struct EndedConnections(Notifications);

/// Connections that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What had passed through them, by the course that they took.
    pub traffic: Vec<(ConnectionKey, TrafficCounts)>,
    /// Whether others ended too, of which the messages were lost.
    pub has_loss: bool,
}

impl EndedConnections {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses the socket.
    pub fn open() -> Result<Self, LinkError> {
        Notifications::open(netlink::Family::Netfilter, &[DESTROYED])
            .map(|socket| Self(socket.with_memory(MEMORY)))
            .map_err(|error| LinkError::new("subscribe to ends of connections", error))
    }

    /// Waits until connections end, and returns them. Returns `None` when `stop` is readable or closed at its other end.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn wait(&mut self, stop: impl AsFd) -> Result<Option<Ended>, LinkError> {
        let failed = |cause: Cause| LinkError::new("receive ends of connections", cause);
        let mut fds = [
            PollFd::new(&self.0, PollFlags::IN),
            PollFd::new(&stop, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(errno.into())),
        }
        match fds[1].revents().is_empty() {
            true => self.read().map(Some),
            false => Ok(None),
        }
    }

    /// Reads all that ended.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn read(&mut self) -> Result<Ended, LinkError> {
        let mut sums: HashMap<ConnectionKey, TrafficCounts> = HashMap::new();
        let mut has_loss = false;
        let read = self.0.read(|message| {
            if message.kind != conntrack::DELETE {
                return;
            }
            if let Some((course, passed)) = conntrack::course(message.body) {
                match sums.len() < MOST || sums.contains_key(&course) {
                    true => *sums.entry(course).or_default() += passed,
                    false => has_loss = true,
                }
            }
        });
        let is_all = read
            .map_err(|error| LinkError::new("receive ends of connections", Cause::from(error)))?;
        Ok(Ended {
            traffic: sums.into_iter().collect(),
            has_loss: has_loss || !is_all,
        })
    }
}
