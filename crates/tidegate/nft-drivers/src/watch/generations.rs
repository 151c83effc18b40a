//! Which generations of the kernel's ruleset are ours.
//!
//! Every commit of any program increments the generation by one. Ours is one of those after the generation that was read before
//! it, up to the generation that was read after it; usually there is only one. If other programs committed at the same time, the
//! content of the announcements shows which one may be ours ([`announcements`](super::announcements)). Process ids and socket
//! ports would not show it: the kernel reports ids of the first process namespace, and there is no call that returns the port of
//! a child's socket.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tidegate_sys::netlink::{self, Request, Socket};

use super::ForeignChange;
use super::message::generation;

/// The most commits of ours that wait for their announcement; far more than a socket's buffer holds.
const REMEMBERED: usize = 1 << 16;

/// The generations that are ours and whose announcement the watch has not read yet.
#[derive(Debug)]
pub(super) struct Generations {
    socket: Mutex<Socket>,
    ours: Mutex<Ours>,
    /// How many transactions of ours are being made.
    under_way: AtomicUsize,
}

impl Generations {
    /// Opens a socket in the network namespace of the calling thread.
    pub(super) fn open() -> Result<Self, netlink::Error> {
        let mut socket = Socket::open(netlink::Family::Netfilter)?;
        let seen = ask(&mut socket)?;
        Ok(Self {
            socket: Mutex::new(socket),
            ours: Mutex::new(Ours {
                seen,
                spans: VecDeque::new(),
            }),
            under_way: AtomicUsize::new(0),
        })
    }

    /// Runs `work`, which commits one transaction, and notes its generation. `is_announced` says whether the transaction touches
    /// the watched table, and `words` describes the changes that the kernel may announce.
    ///
    /// # Errors
    /// Those of `work`.
    pub(super) fn commit<E>(
        &self,
        is_announced: bool,
        words: impl FnOnce() -> BTreeSet<String>,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<Counted, E> {
        let _under_way = UnderWay::begin(&self.under_way);
        let before = self.current();
        work()?;
        // If the kernel does not report the generation, the commit counts as another program's, and the table is compared.
        let (Ok(before), Ok(after)) = (before, self.current()) else {
            return Ok(Counted::Unknown);
        };
        if before == after {
            return Ok(Counted::Nothing);
        }
        let first = before.wrapping_add(1);
        self.with(|ours| {
            ours.remember(Span {
                first,
                last: after,
                is_announced,
                // A single commit is certainly ours.
                words: (first != after).then(words),
            });
        });
        Ok(Counted::Something)
    }

    /// Whether a transaction of ours is being made. A change that is announced meanwhile may be ours.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) > 0
    }

    /// Whether a commit was ours. The same commit is not ours a second time.
    pub(super) fn claim(&self, change: &ForeignChange) -> bool {
        self.with(|ours| ours.claim(change.generation, &change.what))
    }

    /// Whether the watch has read the announcements of all commits up to a generation, but not that of one of ours.
    pub(super) fn is_overdue(&self, last: u32) -> bool {
        self.with(|ours| ours.overdue(last).next().is_some())
    }

    /// As [`is_overdue`](Self::is_overdue). After this, no commit up to that generation is expected.
    pub(super) fn give_up(&self, last: u32) -> bool {
        self.with(|ours| ours.give_up(last))
    }

    /// Whether every commit after the last generation that was announced was ours.
    ///
    /// # Errors
    /// If the kernel does not report its generation.
    pub(super) fn all_ours_since(&self, last: u32) -> Result<bool, netlink::Error> {
        let now = self.current()?;
        Ok(self.with(|ours| ours.all_since(last, now)))
    }

    /// Counts every commit until now as seen.
    ///
    /// # Errors
    /// If the kernel does not report its generation.
    pub(super) fn settle(&self) -> Result<(), netlink::Error> {
        let now = self.current()?;
        self.with(|ours| ours.settle(now));
        Ok(())
    }

    /// The kernel's generation now.
    pub(super) fn current(&self) -> Result<u32, netlink::Error> {
        ask(&mut self.socket.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ours) -> T) -> T {
        work(&mut self.ours.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts a transaction while it is being made, also if that panics.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What the kernel's generation says about a transaction that a driver reported as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// There was a commit, ours or another program's.
    Something,
    /// There was no commit.
    Nothing,
    /// The kernel did not report its generation.
    Unknown,
}

/// Our commits. Generations wrap around, so only their distance means something.
#[derive(Debug)]
struct Ours {
    /// All announcements up to this generation were read, or lost.
    seen: u32,
    spans: VecDeque<Span>,
}

/// A range of generations, one of which is that of a commit of ours.
#[derive(Clone, Debug)]
struct Span {
    first: u32,
    last: u32,
    /// Whether the kernel announces a change of the watched table for it.
    is_announced: bool,
    /// Descriptions, at least one of which is in our announcement. None if the range has one generation.
    words: Option<BTreeSet<String>>,
}

impl Span {
    /// Whether the commit of that generation may be ours, if the kernel announced `what` about it.
    fn may_be(&self, generation: u32, what: &[String]) -> bool {
        let is_within = generation.wrapping_sub(self.first) <= self.last.wrapping_sub(self.first);
        let has_ours = |words: &BTreeSet<String>| what.iter().any(|word| words.contains(word));
        is_within && self.words.as_ref().is_none_or(has_ours)
    }
}

/// Whether a generation is `last` or one before it.
const fn is_until(generation: u32, last: u32) -> bool {
    last.wrapping_sub(generation) < 1 << 31
}

impl Ours {
    fn remember(&mut self, span: Span) {
        self.spans.push_back(span);
        if self.spans.len() > REMEMBERED {
            self.spans.pop_front();
        }
    }

    fn claim(&mut self, generation: u32, what: &[String]) -> bool {
        let mut spans = self.spans.iter();
        let found = spans.position(|span| span.may_be(generation, what));
        found.and_then(|at| self.spans.remove(at)).is_some()
    }

    /// Commits whose announcement should have been read by now.
    fn overdue(&self, last: u32) -> impl Iterator<Item = &Span> {
        let is_overdue = move |span: &&Span| {
            span.is_announced && is_until(span.last, last) && !is_until(span.last, self.seen)
        };
        self.spans.iter().filter(is_overdue)
    }

    fn give_up(&mut self, last: u32) -> bool {
        let is_overdue = self.overdue(last).next().is_some();
        self.spans.retain(|span| !is_until(span.last, last));
        is_overdue
    }

    fn all_since(&self, last: u32, now: u32) -> bool {
        let unseen = now.wrapping_sub(last).min(now.wrapping_sub(self.seen));
        let since = |span: &&Span| now.wrapping_sub(span.first) < unseen;
        u32::try_from(self.spans.iter().filter(since).count()) == Ok(unseen)
    }

    /// Keeps our commits, because their announcements may still arrive.
    fn settle(&mut self, now: u32) {
        self.seen = now;
    }
}

/// Asks for the generation (`NFT_MSG_GETGEN` with an empty `struct nfgenmsg`, linux/netfilter/nf_tables.h).
fn ask(socket: &mut Socket) -> Result<u32, netlink::Error> {
    const GETGEN: u16 = 0x0a10;
    let unreported = |why: &str| {
        let text = "the kernel does not report the generation of its ruleset";
        netlink::Error::from(io::Error::other(format!("{text}{why}")))
    };
    let answer = match socket.ask(Request::from_bytes(GETGEN, 0, vec![0; 4])) {
        Err(netlink::Error::Refused(refusal)) => return Err(unreported(&format!(": {refusal}"))),
        answer => answer?,
    };
    generation(&answer).ok_or_else(|| unreported(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(seen: u32) -> Ours {
        Ours {
            seen,
            spans: VecDeque::new(),
        }
    }

    /// A span with one commit of ours and no other.
    fn span(before: u32, last: u32, is_announced: bool) -> Span {
        Span {
            first: before.wrapping_add(1),
            last,
            is_announced,
            words: None,
        }
    }

    #[test]
    fn a_commit_is_ours_once() {
        let mut ours = ours(4);
        ours.remember(span(4, 5, true));
        assert!(!ours.claim(6, &[]));
        assert!(ours.claim(5, &[]));
        assert!(!ours.claim(5, &[]));
    }

    #[test]
    fn the_content_of_announcements_tells_our_commit_from_concurrent_ones() {
        let told =
            |words: &[&str]| -> Vec<String> { words.iter().map(ToString::to_string).collect() };
        let (flushed, replaced) = (
            told(&["table deleted"]),
            told(&["table deleted", "table added"]),
        );
        let replacement = || Span {
            words: Some(BTreeSet::from(["table added".to_owned()])),
            ..span(4, 7, true)
        };
        let mut ours = ours(4);
        ours.remember(replacement());
        assert!(!ours.claim(5, &flushed));
        assert!(ours.claim(6, &replaced));
        assert!(!ours.claim(7, &replaced), "one of them is ours");
        // A transaction that only deletes the table is not our replacement.
        ours.remember(replacement());
        assert!(!ours.claim(7, &flushed));
        assert!(ours.give_up(7));
    }

    #[test]
    fn a_commit_is_overdue_once_if_later_ones_were_announced_and_it_was_not() {
        let mut ours = ours(4);
        ours.remember(span(4, 6, true));
        assert!(ours.overdue(5).next().is_none(), "it may be the sixth");
        assert!(ours.overdue(6).next().is_some());
        assert!(ours.give_up(6));
        assert!(!ours.give_up(6));
    }

    #[test]
    fn a_commit_that_is_not_announced_or_whose_announcement_was_lost_is_not_overdue() {
        let mut ours = ours(4);
        ours.remember(span(4, 5, false));
        assert!(!ours.give_up(5));
        ours.remember(span(5, 6, true));
        ours.settle(6);
        assert!(!ours.give_up(7));
    }

    #[test]
    fn missed_announcements_are_ours_if_there_were_no_other_commits() {
        let mut ours = ours(u32::MAX - 1);
        ours.remember(span(u32::MAX - 1, u32::MAX, true));
        ours.remember(span(u32::MAX, 0, true));
        assert!(ours.all_since(u32::MAX - 1, 0));
        assert!(ours.all_since(u32::MAX, 0));
        assert!(!ours.all_since(u32::MAX - 1, 1));
        ours.settle(1);
        assert!(ours.all_since(u32::MAX - 1, 1), "it is seen now");
        assert!(!ours.all_since(u32::MAX - 1, 2));
    }
}
