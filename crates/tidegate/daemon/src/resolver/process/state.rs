//! The data of the process, as the daemon sends it.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tidegate_model::Name;
use tidegate_resolver::{Asked, Verdict, Zone, judge};

use super::slots::{Places, Slot, Slots};
use crate::resolver::wire::{ALIVE, LOOK, ResolverMessage};

/// The most forwarded queries at once.
const FORWARDED: Places = Places {
    all: 512,
    of_network: 256,
    of_one: 128,
    left: 16,
    most: 1024,
};
/// The daemon reads the upstreams again at most once in this time.
const LOOKED: Duration = Duration::from_secs(1);

/// The zone, and the current queries.
pub(super) struct ResolverState {
    line: tokio::net::UnixStream,
    known: RefCell<Known>,
    looked: Cell<Option<Instant>>,
    /// Forwarded queries.
    forwarded: Slots,
}

#[derive(Default)]
struct Known {
    zone: Zone,
    upstreams: Vec<SocketAddr>,
    is_whole: bool,
    /// Whether the daemon sent a liveness check.
    is_asked: bool,
    /// The beginning of an incomplete message.
    unread: Vec<u8>,
}

impl ResolverState {
    /// Reads messages until the initial state is complete.
    pub(super) fn open(line: UnixStream) -> io::Result<Self> {
        let mut known = Known::default();
        let mut input = &line;
        while !known.is_whole {
            known.read(|into| io::Read::read(&mut input, into))?;
        }
        line.set_nonblocking(true)?;
        Ok(Self {
            line: tokio::net::UnixStream::from_std(line)?,
            known: RefCell::new(known),
            looked: Cell::new(None),
            forwarded: Slots::new(FORWARDED),
        })
    }

    /// Reads messages until the daemon ends.
    pub(super) async fn listen(&self) -> io::Result<()> {
        // A liveness check may have arrived before the state was complete.
        self.say_alive();
        loop {
            self.line.readable().await?;
            match self.catch_up() {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                caught_up => caught_up?,
            }
        }
    }

    /// Reads all pending messages. A change that was made before a query was also sent before it.
    fn catch_up(&self) -> io::Result<()> {
        let read = self.read_updates();
        self.say_alive();
        read
    }

    fn read_updates(&self) -> io::Result<()> {
        let mut known = self.known.borrow_mut();
        loop {
            match known.read(|into| self.line.try_read(into)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers a liveness check, if there was one.
    fn say_alive(&self) {
        if std::mem::take(&mut self.known.borrow_mut().is_asked) {
            // If the connection accepts no byte, the daemon has enough to read already.
            let _ = self.line.try_write(&[ALIVE]);
        }
    }

    /// The decision about a query.
    pub(super) fn judge(&self, asked: Asked<'_>) -> Verdict {
        match self.is_up_to_date() {
            true => judge(&self.known.borrow().zone, asked),
            false => Verdict::Ignore,
        }
    }

    /// The network of a permitted client; others get no answer.
    pub(super) fn asker(&self, from: IpAddr, to: IpAddr, by: Option<&str>) -> Option<Name> {
        self.is_up_to_date().then_some(())?;
        self.known.borrow().zone.asker(from, to, by).cloned()
    }

    /// A slot for a forwarded query of a permitted client.
    pub(super) fn place(&self, from: IpAddr, to: IpAddr) -> Option<Slot> {
        let network = self.asker(from, to, None)?;
        self.forwarded.take(from, network)
    }

    /// Without a daemon there is no state; `listen` then ends the process.
    fn is_up_to_date(&self) -> bool {
        self.catch_up().is_ok()
    }

    /// The server of the `n`th attempt, if there is any.
    pub(super) fn upstream(&self, n: usize) -> Option<SocketAddr> {
        self.look();
        let known = self.known.borrow();
        let place = n.checked_rem(known.upstreams.len())?;
        known.upstreams.get(place).copied()
    }

    /// Makes the daemon check whether the host's servers changed.
    fn look(&self) {
        let now = Instant::now();
        let is_due = |looked: Instant| now.saturating_duration_since(looked) >= LOOKED;
        if self.looked.get().is_none_or(is_due) {
            self.looked.set(Some(now));
            // If the connection accepts no byte, the daemon has enough to read already.
            let _ = self.line.try_write(&[LOOK]);
        }
    }
}

impl Known {
    /// Reads once, and returns every complete message.
    fn read(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        let mut buffer = [0; 64 * 1024];
        let count = read(&mut buffer)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.unread.extend_from_slice(&buffer[..count]);
        let end = self.unread.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        let rest = self.unread.split_off(whole);
        let told = std::mem::replace(&mut self.unread, rest);
        for line in told.split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                self.take(serde_json::from_slice(line)?);
            }
        }
        Ok(())
    }

    fn take(&mut self, told: ResolverMessage) {
        match told {
            ResolverMessage::ZoneUpdate(update) => self.zone.apply(update),
            ResolverMessage::Upstreams(upstreams) => self.upstreams = upstreams,
            ResolverMessage::Whole => self.is_whole = true,
            ResolverMessage::Beat => self.is_asked = true,
        }
    }
}
