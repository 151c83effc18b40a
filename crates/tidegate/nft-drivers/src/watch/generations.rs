//! Which generations of the kernel's ruleset are ours.
//!
//! Each commit, whoever makes it, counts the generation on by one. A commit of ours is one of those
//! between the generation before and the generation after it, as a rule the only one. Where others made theirs at the same
//! time, what the kernel tells of each says which may be ours ([`telling`](super::telling)). Process ids
//! and socket ports tell less: the kernel tells ids of the first process namespace, and the port of
//! a child's socket is nowhere to be asked for.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tidegate_sys::netlink::{self, Request, Socket};

use super::ForeignChange;
use super::message::generation;

/// Most commits that are remembered as ours until the watch has seen them; far more than a socket's
/// buffer holds.
const REMEMBERED: usize = 1 << 16;

/// The generations that are ours and were not seen by the watch yet.
#[derive(Debug)]
pub(super) struct Generations {
    socket: Mutex<Socket>,
    ours: Mutex<Ours>,
    /// How many transactions are being made.
    under_way: AtomicUsize,
}

impl Generations {
    /// In the network namespace of the calling thread.
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

    /// Does what commits one transaction, and remembers which generation that was. `is_told` says whether
    /// the watch is to hear of it, and `words` what the kernel may tell of it.
    ///
    /// # Errors
    /// Those of `work`.
    pub(super) fn commit<E>(
        &self,
        is_told: bool,
        words: impl FnOnce() -> BTreeSet<String>,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<Counted, E> {
        let _under_way = UnderWay::begin(&self.under_way);
        let before = self.current();
        work()?;
        // Where the kernel does not tell, the commit counts as somebody else's: to be looked into.
        let (Ok(before), Ok(after)) = (before, self.current()) else {
            return Ok(Counted::NotTold);
        };
        if before == after {
            return Ok(Counted::Nothing);
        }
        let first = before.wrapping_add(1);
        self.with(|ours| {
            ours.remember(Span {
                first,
                last: after,
                is_told,
                // Of the only one it is certain.
                words: (first != after).then(words),
            });
        });
        Ok(Counted::Something)
    }

    /// Whether a transaction is being made: what is heard meanwhile may be of it.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) > 0
    }

    /// Whether a commit was ours. It is ours once.
    pub(super) fn claim(&self, change: &ForeignChange) -> bool {
        self.with(|ours| ours.claim(change.generation, &change.what))
    }

    /// Whether the watch has heard of every commit up to a generation, and not of one of ours among them.
    pub(super) fn is_overdue(&self, heard: u32) -> bool {
        self.with(|ours| ours.overdue(heard).next().is_some())
    }

    /// As [`is_overdue`](Self::is_overdue), and waits for none of them any more.
    pub(super) fn give_up(&self, heard: u32) -> bool {
        self.with(|ours| ours.give_up(heard))
    }

    /// Whether every commit after the generation that was heard of last was ours.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(super) fn all_ours_since(&self, heard: u32) -> Result<bool, netlink::Error> {
        let now = self.current()?;
        Ok(self.with(|ours| ours.all_since(heard, now)))
    }

    /// Counts every commit until now as seen.
    ///
    /// # Errors
    /// When the kernel does not tell.
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

/// What became of a transaction that was said to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// The kernel counted a commit meanwhile, ours or another's.
    Something,
    /// It counted none.
    Nothing,
    /// It does not tell.
    NotTold,
}

/// Generations wrap around: only their distance means something.
#[derive(Debug)]
struct Ours {
    /// Up to here there is nothing more to be seen.
    seen: u32,
    spans: VecDeque<Span>,
}

/// Generations among which one is of a commit of ours.
#[derive(Clone, Debug)]
struct Span {
    first: u32,
    last: u32,
    /// Whether the watch is to hear of it.
    is_told: bool,
    /// Words of which at least one is told of ours; none where it is the only one.
    words: Option<BTreeSet<String>>,
}

impl Span {
    /// Whether a commit of a generation, of which that was told, may be ours.
    fn may_be(&self, generation: u32, what: &[String]) -> bool {
        let is_within = generation.wrapping_sub(self.first) <= self.last.wrapping_sub(self.first);
        let is_told = |words: &BTreeSet<String>| what.iter().any(|word| words.contains(word));
        is_within && self.words.as_ref().is_none_or(is_told)
    }
}

/// Whether a generation is not after another.
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

    /// Those that should have been heard of.
    fn overdue(&self, heard: u32) -> impl Iterator<Item = &Span> {
        let is_overdue = move |span: &&Span| {
            span.is_told && is_until(span.last, heard) && !is_until(span.last, self.seen)
        };
        self.spans.iter().filter(is_overdue)
    }

    fn give_up(&mut self, heard: u32) -> bool {
        let is_overdue = self.overdue(heard).next().is_some();
        self.spans.retain(|span| !is_until(span.last, heard));
        is_overdue
    }

    fn all_since(&self, heard: u32, now: u32) -> bool {
        let unseen = now.wrapping_sub(heard).min(now.wrapping_sub(self.seen));
        let since = |span: &&Span| now.wrapping_sub(span.first) < unseen;
        u32::try_from(self.spans.iter().filter(since).count()) == Ok(unseen)
    }

    /// What is remembered stays: its messages may yet come.
    fn settle(&mut self, now: u32) {
        self.seen = now;
    }
}

/// Asks for the generation (`NFT_MSG_GETGEN` with an empty `struct nfgenmsg`, linux/netfilter/nf_tables.h).
fn ask(socket: &mut Socket) -> Result<u32, netlink::Error> {
    const GETGEN: u16 = 0x0a10;
    let not_told = |why: &str| {
        let text = "the kernel does not report the generation of its ruleset";
        netlink::Error::from(io::Error::other(format!("{text}{why}")))
    };
    let answer = match socket.ask(Request::from_bytes(GETGEN, 0, vec![0; 4])) {
        Err(netlink::Error::Refused(refusal)) => return Err(not_told(&format!(": {refusal}"))),
        answer => answer?,
    };
    generation(&answer).ok_or_else(|| not_told(""))
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

    /// Of one commit, where it is the only one.
    fn span(before: u32, last: u32, is_told: bool) -> Span {
        Span {
            first: before.wrapping_add(1),
            last,
            is_told,
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
        // What is not to be heard of that is not ours.
        ours.remember(replacement());
        assert!(!ours.claim(7, &flushed));
        assert!(ours.give_up(7));
    }

    #[test]
    fn a_commit_that_everything_after_was_heard_of_and_it_was_not_is_overdue_once() {
        let mut ours = ours(4);
        ours.remember(span(4, 6, true));
        assert!(ours.overdue(5).next().is_none(), "it may be the sixth");
        assert!(ours.overdue(6).next().is_some());
        assert!(ours.give_up(6));
        assert!(!ours.give_up(6));
    }

    #[test]
    fn a_commit_that_is_not_to_be_heard_of_or_whose_message_was_lost_is_not_overdue() {
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
