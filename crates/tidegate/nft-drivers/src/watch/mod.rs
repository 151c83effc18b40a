//! Noticing that somebody else changed a table, by the kernel's notifications.

mod generations;
mod message;
mod telling;
mod tracked;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tidegate_nft::{Driver, Error, Family, Kind, TableId};
use tidegate_sys::netlink::{self, Heard, Notifications};

use generations::Generations;
use message::{Commit, Message};
use tracked::Tracked;

/// `NFNLGRP_NFTABLES` (linux/netfilter/nfnetlink.h).
const GROUP: u32 = 7;
/// Bytes that may wait to be read: enough for a ruleset of some ten thousand elements.
const RECEIVE_BUFFER: usize = 8 << 20;
/// A change that is heard while a transaction of ours is being made may be that one. How long a wait rests then before it
/// looks again whose the change is: longer than the driver takes to answer.
const REST: Duration = Duration::from_millis(2);
/// The longest wait for the end of that transaction.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// How many different things are named that happened to a table in one transaction.
const NAMED: usize = 6;

/// Hears of every transaction on the nf_tables of a network namespace, and tells those that touched
/// one table and did not come from the drivers that it tracks.
#[derive(Debug)]
pub struct Watch {
    notifications: Notifications,
    table: TableId,
    family: u8,
    /// What the transaction that is being told of did to the table, and to what is in it.
    pending: [Vec<String>; 2],
    /// The generation of the last transaction that was told of.
    heard: u32,
    generations: Arc<Generations>,
}

/// What was heard. Whether it is news, [`Ledger::judge`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    changes: Vec<ForeignChange>,
    /// If not everything was told: the generation up to which it was.
    incomplete_since: Option<u32>,
    /// The generation of the last transaction that was heard of, whatever it touched.
    heard: u32,
}

/// A transaction that touched the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChange {
    generation: u32,
    /// The thread that made it, as the first process namespace numbers it.
    pub process: Option<u32>,
    /// What that thread is called (`comm`, proc_pid_comm(5)).
    pub program: Option<String>,
    /// What it did, in words, each once, the first few.
    pub what: Vec<String>,
}

/// What a notice amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableChanges {
    /// Nobody else touched the table.
    Nothing,
    /// Others did.
    Changed(Vec<ForeignChange>),
    /// Others made changes that were not heard of, since more happened than could be told, or a change that
    /// a driver says it made was not heard of. What is in the table, only a look can tell.
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
    /// When the kernel lets nobody listen: without `CAP_NET_ADMIN`, or without nf_tables.
    pub fn open(table: &TableId) -> Result<Self, Error> {
        let open = || -> Result<Self, netlink::Error> {
            let notifications = Notifications::open(netlink::Family::Netfilter, &[GROUP])?;
            let generations = Arc::new(Generations::open()?);
            Ok(Self {
                // Without the privilege it is the host's default, and more is missed.
                notifications: notifications.with_memory(RECEIVE_BUFFER),
                table: table.clone(),
                family: number(table.family),
                pending: Default::default(),
                heard: generations.current()?,
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

    /// Tells ours from others' transactions.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger {
            generations: Arc::clone(&self.generations),
            table: self.table.clone(),
        }
    }

    /// Waits until something happened to the table, or nothing did where something should have, and tells
    /// all that happened until then; `None` once `stop` is readable or closed at its other end.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn wait(&mut self, stop: impl AsFd) -> Result<Option<Notice>, Error> {
        self.wait_until(stop, None)
    }

    /// As [`wait`](Self::wait), but no longer than until a time; then it tells of what there is, which may be nothing.
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
            // Before the changes are looked at: those of a transaction that has ended are known as ours.
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
            } else if is_news || is_late || self.generations.is_overdue(self.heard) {
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

    /// Whether somebody has to look into what was heard. Changes that are known as ours are taken out: as a rule, that is
    /// all, and no command has to be waited for.
    fn is_news(&self, notice: &mut Notice) -> bool {
        notice.heard = self.heard;
        if notice.incomplete_since.is_some() {
            return true;
        }
        let changes = &mut notice.changes;
        changes.retain(|change| !self.generations.claim(change));
        !changes.is_empty()
    }

    /// Reads all there is.
    fn drain(&mut self, notice: &mut Notice) -> io::Result<()> {
        let Self {
            notifications,
            table,
            family,
            pending,
            heard: last,
            ..
        } = self;
        notifications.hear(|heard| match heard {
            Heard::Message(message) => match message::decode(&message) {
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
            Heard::Loss => {
                *pending = Default::default();
                notice.incomplete_since.get_or_insert(*last);
            }
        })?;
        Ok(())
    }
}

/// What a transaction did to the table and to what is in it; none if it did not touch the table.
fn change(commit: Commit, [table, parts]: [Vec<String>; 2]) -> Option<ForeignChange> {
    // With the table goes all that is in it.
    let what = if table.is_empty() { parts } else { table };
    (!what.is_empty()).then_some(ForeignChange {
        generation: commit.generation,
        process: commit.process,
        program: commit.program,
        what,
    })
}

impl Ledger {
    /// The driver, with its transactions known as ours. Where it says that one is done and the kernel knows
    /// of none, that is an error.
    #[must_use]
    pub fn track(&self, driver: Box<dyn Driver>) -> Box<dyn Driver> {
        let generations = Arc::clone(&self.generations);
        Box::new(Tracked::new(driver, generations, self.table.clone()))
    }

    /// What a notice amounts to. To be asked while no tracked driver is at work, and once for each
    /// notice, in order: else a transaction of ours may count as somebody else's.
    ///
    /// # Errors
    /// When the kernel does not tell the generation of its ruleset.
    pub fn judge(&self, notice: Notice) -> Result<TableChanges, Error> {
        let failed = |error: netlink::Error| failed("cannot query the generation", error);
        let generations = &self.generations;
        let mut changes = notice.changes;
        let mut is_missed = false;
        if let Some(heard) = notice.incomplete_since {
            let all_ours = generations.all_ours_since(heard).map_err(failed)?;
            changes.retain(|change| !all_ours && !generations.claim(change));
            generations.settle().map_err(failed)?;
            is_missed = !all_ours;
        } else {
            changes.retain(|change| !generations.claim(change));
        }
        // A transaction that was said to be done while others made theirs, and that nobody heard of.
        is_missed |= generations.give_up(notice.heard);
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
