//! Notices that another program changed a table, by the kernel's notifications.

mod announcements;
mod generations;
mod message;
mod tracked;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tidegate_nft::{Driver, Error, Family, Kind, TableId};
use tidegate_sys::netlink::{self, Notifications, Received};

use generations::Generations;
use message::{Commit, Message};
use tracked::Tracked;

/// `NFNLGRP_NFTABLES` (linux/netfilter/nfnetlink.h).
const GROUP: u32 = 7;
/// Bytes that may wait to be read: enough for a ruleset of some ten thousand elements.
const RECEIVE_BUFFER: usize = 8 << 20;
/// A change that is announced while a transaction of ours is being made may be ours. This is the time until the watch checks
/// again whether it is: longer than the driver takes to answer.
const REST: Duration = Duration::from_millis(2);
/// The longest time that the watch waits for the end of that transaction.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// The most changes of one transaction that are described.
const NAMED: usize = 6;

/// Receives the announcement of every nf_tables transaction in a network namespace. Reports those that touched one table and did
/// not come from a tracked driver.
#[derive(Debug)]
pub struct Watch {
    notifications: Notifications,
    table: TableId,
    family: u8,
    /// The announced changes of a transaction whose end was not announced yet: to the table, and to objects in it.
    pending: [Vec<String>; 2],
    /// The last generation that was announced.
    last: u32,
    generations: Arc<Generations>,
}

/// What was announced. [`Ledger::judge`] says whether another program changed the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    changes: Vec<ForeignChange>,
    /// If announcements were lost: the last generation before the loss.
    incomplete_since: Option<u32>,
    /// The last generation that was announced, of any table.
    last: u32,
}

/// A transaction that touched the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChange {
    generation: u32,
    /// The thread that made it, as the first process namespace numbers it.
    pub process: Option<u32>,
    /// What that thread is called (`comm`, proc_pid_comm(5)).
    pub program: Option<String>,
    /// Descriptions of its first few changes, without repetitions.
    pub what: Vec<String>,
}

/// What a notice amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableChanges {
    /// Nobody else touched the table.
    Nothing,
    /// Others did.
    Changed(Vec<ForeignChange>),
    /// Announcements were lost, or a transaction that a driver reported as done was not announced. The table has to be compared.
    Missed,
}

/// Knows which transactions came from tracked drivers.
#[derive(Clone, Debug)]
pub struct Ledger {
    generations: Arc<Generations>,
    table: TableId,
}

impl Watch {
    /// Watches a table in the network namespace of the calling thread from now on.
    ///
    /// # Errors
    /// If the kernel refuses the subscription: without `CAP_NET_ADMIN`, or without nf_tables.
    pub fn open(table: &TableId) -> Result<Self, Error> {
        let open = || -> Result<Self, netlink::Error> {
            let notifications = Notifications::open(netlink::Family::Netfilter, &[GROUP])?;
            let generations = Arc::new(Generations::open()?);
            Ok(Self {
                // Without the privilege, the buffer has the host's default size, and announcements are lost earlier.
                notifications: notifications.with_memory(RECEIVE_BUFFER),
                table: table.clone(),
                family: number(table.family),
                pending: Default::default(),
                last: generations.current()?,
                generations,
            })
        };
        open().map_err(|error| {
            failed(
                "cannot subscribe to the kernel's nftables notifications",
                error,
            )
        })
    }

    /// The ledger that knows our transactions.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger {
            generations: Arc::clone(&self.generations),
            table: self.table.clone(),
        }
    }

    /// Waits until a change of the table was announced, or the announcement of a transaction of ours is missing. Returns all
    /// changes until then. Returns `None` when `stop` is readable or closed at its other end.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn wait(&mut self, stop: impl AsFd) -> Result<Option<Notice>, Error> {
        self.wait_until(stop, None)
    }

    /// As [`wait`](Self::wait), but not longer than until a time. Then it returns the changes so far, possibly none.
    ///
    /// # Errors
    /// As `wait`.
    pub fn wait_until(
        &mut self,
        stop: impl AsFd,
        until: Option<Instant>,
    ) -> Result<Option<Notice>, Error> {
        let failed =
            |error: io::Error| failed("cannot read the kernel's notifications", error.into());
        let mut notice = Notice::default();
        let (mut rest, mut rested) = (None, None);
        loop {
            let next = until.into_iter().chain(rest).min();
            if !self.is_ready(&stop, next).map_err(failed)? {
                return Ok(None);
            }
            self.drain(&mut notice).map_err(failed)?;
            // Read first: once a transaction has ended, its changes are known as ours.
            let is_under_way = self.generations.is_under_way();
            let is_news = self.is_news(&mut notice);
            let now = Instant::now();
            let is_late = until.is_some_and(|until| now >= until);
            let may_be_ours = is_news
                && notice.incomplete_since.is_none()
                && is_under_way
                && now < *rested.get_or_insert(now + LONGEST_REST);
            if may_be_ours && !is_late {
                rest = Some(now + REST);
            } else if is_news || is_late || self.generations.is_overdue(self.last) {
                return Ok(Some(notice));
            } else {
                (rest, rested) = (None, None);
            }
        }
    }

    /// Waits for a message, until a time at most; false if `stop` ends the wait.
    fn is_ready(&self, stop: &impl AsFd, until: Option<Instant>) -> io::Result<bool> {
        let mut fds = [
            PollFd::new(&self.notifications, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
        ];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(fds[1].revents().is_empty()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether the notice has to be judged. Removes changes that are known to be ours. Usually none is left then, and the watch
    /// does not have to wait until a command ends.
    fn is_news(&self, notice: &mut Notice) -> bool {
        notice.last = self.last;
        if notice.incomplete_since.is_some() {
            return true;
        }
        let changes = &mut notice.changes;
        changes.retain(|change| !self.generations.claim(change));
        !changes.is_empty()
    }

    /// Reads all pending messages.
    fn drain(&mut self, notice: &mut Notice) -> io::Result<()> {
        let Self {
            notifications,
            table,
            family,
            pending,
            last,
            ..
        } = self;
        notifications.receive(|received| match received {
            Received::Message(message) => match message::decode(&message) {
                Some(Message::Object(touched))
                    if touched.family == *family && touched.table == table.name.as_str() =>
                {
                    let pending = &mut pending[usize::from(!touched.is_table)];
                    if pending.len() < NAMED && !pending.contains(&touched.what) {
                        pending.push(touched.what);
                    }
                }
                Some(Message::Object(_)) | None => {}
                Some(Message::Commit(commit)) => {
                    *last = commit.generation;
                    notice
                        .changes
                        .extend(change(commit, std::mem::take(pending)));
                }
            },
            Received::Loss => {
                *pending = Default::default();
                notice.incomplete_since.get_or_insert(*last);
            }
        })?;
        Ok(())
    }
}

/// What a transaction changed, in the table itself or in its objects. None if it did not touch the table.
fn change(commit: Commit, [table, parts]: [Vec<String>; 2]) -> Option<ForeignChange> {
    // If the table itself was added or deleted, its objects were too.
    let what = if table.is_empty() { parts } else { table };
    (!what.is_empty()).then_some(ForeignChange {
        generation: commit.generation,
        process: commit.process,
        program: commit.program,
        what,
    })
}

impl Ledger {
    /// The driver, with its transactions known as ours. If it reports success but the kernel did not change, that is an error.
    #[must_use]
    pub fn track(&self, driver: Box<dyn Driver>) -> Box<dyn Driver> {
        let generations = Arc::clone(&self.generations);
        Box::new(Tracked::new(driver, generations, self.table.clone()))
    }

    /// What a notice means. Call it once for each notice, in order, and while no tracked driver is at work. Otherwise a
    /// transaction of ours may count as another program's.
    ///
    /// # Errors
    /// If the kernel does not report its generation.
    pub fn judge(&self, notice: Notice) -> Result<TableChanges, Error> {
        let failed = |error: netlink::Error| failed("cannot query the generation", error);
        let generations = &self.generations;
        let mut changes = notice.changes;
        let mut is_missed = false;
        if let Some(last) = notice.incomplete_since {
            let all_ours = generations.all_ours_since(last).map_err(failed)?;
            changes.retain(|change| !all_ours && !generations.claim(change));
            generations.settle().map_err(failed)?;
            is_missed = !all_ours;
        } else {
            changes.retain(|change| !generations.claim(change));
        }
        // A driver reported a transaction as done while another program committed, and ours was not announced.
        is_missed |= generations.give_up(notice.last);
        Ok(match changes.is_empty() {
            true if is_missed => TableChanges::Missed,
            true => TableChanges::Nothing,
            false => TableChanges::Changed(changes),
        })
    }
}

/// `NFPROTO_*` (linux/netfilter.h).
const fn number(family: Family) -> u8 {
    match family {
        Family::Inet => 1,
        Family::Ip => 2,
        Family::Arp => 3,
        Family::Netdev => 5,
        Family::Bridge => 7,
        Family::Ip6 => 10,
    }
}

fn failed(what: &str, error: netlink::Error) -> Error {
    let kind = match error.errno() {
        Some(Errno::PERM | Errno::ACCESS) => Kind::Permission,
        _ => Kind::Other,
    };
    Error::new(kind, format!("{what}: {error}"))
}
