//! Notices changes of links and addresses: then a failed step may succeed, or another program changed what is ours.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netdevice::index_to_name;
use tidegate_model::IfName;
use tidegate_model::links::Link;
use tidegate_sys::netlink::{self, Notifications, Request, Socket};

use crate::decode::{AddressRecord, LinkRecord, answer_rule, link_index, reverse_path};
use crate::error::{Cause, LinkError};
use crate::message;
use crate::remover::is_retired;
use crate::survey::link_of;

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR`, `RTNLGRP_IPV4_RULE`, `RTNLGRP_IPV6_IFADDR`, `RTNLGRP_IPV6_RULE` and
/// `RTNLGRP_IPV4_NETCONF` (linux/rtnetlink.h). IPv6 that is turned on again gives every link that is up its link-local
/// address. The groups of routes are left out: a host that exchanges routes with others has messages without end.
const GROUPS: [u32; 6] = [1, 5, 8, 9, 19, 24];
/// `RTM_DELRULE`.
const DELRULE: u16 = 33;
/// `RTM_NEWNETCONF`: a sysctl of a link was set.
const NEWNETCONF: u16 = 80;
/// How long to wait for further changes after the first. The socket's memory holds the messages of that time.
const SETTLE: Duration = Duration::from_millis(30);
/// `RTM_NEWLINK`.
const NEWLINK: u16 = 16;
/// `RTM_DELLINK`.
const DELLINK: u16 = 17;
/// A loose reverse path filter (`rp_filter` in ip-sysctl of the kernel documentation).
const LOOSE: u32 = 2;
/// `AF_UNSPEC` and `AF_BRIDGE` of linux/socket.h. Messages of the second are about ports of bridges.
const UNSPEC: u8 = 0;
const OF_BRIDGES: u8 = 7;
/// The most links that one read tells about: more of them count as lost messages.
const MOST: usize = 512;
/// `RTM_NEWADDR`.
const NEWADDR: u16 = 20;
/// `RTM_DELADDR`.
const DELADDR: u16 = 21;

/// Receives every change of links, addresses and routing rules of a network namespace.
#[derive(Debug)]
pub struct Changes {
    notifications: Notifications,
    /// Asks for links that changed.
    socket: Socket,
}

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
    /// Links that got an address by which the kernel has IPv6 on them: a link-local one, or the loopback's `::1`.
    pub got_ipv6: BTreeSet<IfName>,
    /// Links that lost an address and are still there.
    pub lost_addresses: BTreeSet<IfName>,
    /// Links whose reverse path filter was set to another value than loose.
    pub strict: BTreeSet<IfName>,
    /// Whether a rule for the DNS server's answers was removed.
    pub lost_rules: bool,
    /// Links that changed, as they are now, without their addresses.
    pub links: Vec<Link>,
}

impl Changes {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses the socket.
    pub fn open() -> Result<Self, LinkError> {
        let open = || {
            Ok(Self {
                notifications: Notifications::open(netlink::Family::Route, &GROUPS)?,
                socket: Socket::open(netlink::Family::Route)?,
            })
        };
        open().map_err(|error: io::Error| LinkError::new("subscribe to changes of links", error))
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
            PollFd::new(&self.notifications, PollFlags::IN),
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
        let (mut got, mut lost) = (BTreeSet::new(), BTreeSet::new());
        let mut lost_rules = false;
        let (mut touched, mut filtered) = (BTreeSet::new(), BTreeMap::new());
        let is_all = self.notifications.read(|message| {
            let record = || AddressRecord::decode(message.body);
            match message.kind {
                DELADDR => lost.extend(record().map(|address| address.index)),
                NEWADDR => got.extend(record().filter(is_of_link).map(|address| address.index)),
                NEWNETCONF => filtered.extend(reverse_path(message.body)),
                DELRULE => lost_rules |= answer_rule(message.body).is_some(),
                NEWLINK => touched.extend(link_index(message.body)),
                DELLINK => match message.body.first() {
                    Some(&UNSPEC) => drop(link_index(message.body).map(|it| touched.remove(&it))),
                    // A port left its bridge.
                    Some(&OF_BRIDGES) => touched.extend(link_index(message.body)),
                    _ => {}
                },
                _ => {}
            }
        });
        let is_all = is_all.map_err(|error| LinkError::new("receive changes of links", error))?;
        if !is_all || touched.len() > MOST {
            return Ok(LinkChange::Lost);
        }
        // A link that is gone again has no name.
        let names = |indexes: BTreeSet<u32>| {
            let names = indexes.into_iter();
            let names = names.filter_map(|it| index_to_name(&self.notifications, it).ok());
            names.filter_map(|name| name.parse().ok()).collect()
        };
        let (got_ipv6, lost_addresses) = (names(got), names(lost));
        let strict = filtered.into_iter().filter(|(_, value)| *value != LOOSE);
        let strict = names(strict.map(|(index, _)| index).collect());
        let links = self
            .now(touched)
            .map_err(|cause| LinkError::new("list the changed links", cause))?;
        Ok(LinkChange::Changed(ChangeDetails {
            got_ipv6,
            lost_addresses,
            strict,
            lost_rules,
            links,
        }))
    }

    /// The links of these indexes as they are now, except removed ones.
    fn now(&mut self, indexes: BTreeSet<u32>) -> Result<Vec<Link>, netlink::Error> {
        let requests: Vec<Request> = indexes.into_iter().map(message::get_link).collect();
        let answers = self.socket.exchange(&requests)?.into_iter().flatten();
        let records = answers.filter_map(|body| LinkRecord::decode(&body));
        let links = records.filter(|link| !is_retired(link)).filter_map(|link| {
            let name = link.master.map(|index| index_to_name(&self.socket, index));
            let master = name.and_then(|name| name.ok()?.parse().ok());
            link_of(link, master, Vec::new())
        });
        Ok(links.collect())
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
