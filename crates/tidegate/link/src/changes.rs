//! Notices when a failed step may succeed now: links and addresses that appear, disappear or change.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netdevice::index_to_name;
use tidegate_model::IfName;
use tidegate_sys::netlink::{self, Notifications};

use crate::decode::AddressRecord;
use crate::error::{Cause, LinkError};

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV6_IFADDR` (linux/rtnetlink.h). IPv6 that is turned on again
/// gives every link that is up its link-local address.
const GROUPS: [u32; 3] = [1, 5, 9];
/// How long to wait for further changes after the first. The socket's memory holds the messages of that time.
const SETTLE: Duration = Duration::from_millis(30);
/// `RTM_NEWADDR`.
const NEWADDR: u16 = 20;
/// `RTM_DELADDR`.
const DELADDR: u16 = 21;

/// Receives every change of links and addresses of a network namespace.
#[derive(Debug)]
pub struct Changes(Notifications);

/// What a wait for changes found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// Nothing within the time.
    Nothing,
    /// Something changed, with these details.
    Changed(ChangeDetails),
    /// Messages were lost: anything may have changed.
    Lost,
}

/// What changed in detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeDetails {
    /// Addresses that were removed.
    pub went: BTreeSet<IpAddr>,
    /// Links that got an address by which the kernel has IPv6 on them: a link-local one, or the loopback's `::1`.
    pub got_ipv6: BTreeSet<IfName>,
}

impl Changes {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses the socket.
    pub fn open() -> Result<Self, LinkError> {
        Notifications::open(netlink::Family::Route, &GROUPS)
            .map(Self)
            .map_err(|error| LinkError::new("subscribe to changes of links", error))
    }

    /// Waits until something changes and the changes that follow have arrived, or until the time is up. Returns
    /// `None` when `stop` is readable or closed at its other end. One command changes a dozen things, and each read
    /// would take time from it.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn wait(
        &mut self,
        stop: impl AsFd,
        time: Duration,
    ) -> Result<Option<LinkChange>, LinkError> {
        let mut fds = [
            PollFd::new(&stop, PollFlags::IN),
            PollFd::new(&self.0, PollFlags::IN),
        ];
        if wait_for(&mut fds, time)? {
            return Ok(None);
        }
        if fds[1].revents().is_empty() {
            return Ok(Some(LinkChange::Nothing));
        }
        match wait_for(&mut fds[..1], SETTLE)? {
            true => Ok(None),
            false => self.read().map(Some),
        }
    }

    /// What changed until now, without waiting.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn read(&mut self) -> Result<LinkChange, LinkError> {
        let (mut went, mut got) = (BTreeSet::new(), BTreeSet::new());
        let is_all = self.0.read(|message| {
            let record = || AddressRecord::decode(message.body);
            match message.kind {
                DELADDR => went.extend(record().map(|address| address.local.addr())),
                NEWADDR => got.extend(record().filter(is_of_link).map(|address| address.index)),
                _ => {}
            }
        });
        let is_all = is_all.map_err(|error| LinkError::new("receive changes of links", error))?;
        // A link that is gone again has no name.
        let names = got
            .into_iter()
            .filter_map(|index| index_to_name(&self.0, index).ok());
        let got_ipv6 = names.filter_map(|name| name.parse().ok()).collect();
        Ok(match is_all {
            true => LinkChange::Changed(ChangeDetails { went, got_ipv6 }),
            false => LinkChange::Lost,
        })
    }
}

/// Whether the kernel gives a link that address by itself, as soon as it has IPv6.
fn is_of_link(address: &AddressRecord) -> bool {
    match address.local.addr() {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_loopback(),
    }
}

/// Waits for one of these, and says whether it was the first.
fn wait_for(fds: &mut [PollFd<'_>], time: Duration) -> Result<bool, LinkError> {
    match poll(fds, Timespec::try_from(time).ok().as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(!fds[0].revents().is_empty()),
        Err(errno) => {
            let cause = Cause::from(errno);
            Err(LinkError::new("receive changes of links", cause))
        }
    }
}
