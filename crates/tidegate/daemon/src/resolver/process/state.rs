//! The data of the process, as the daemon sends it.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::unix::net::UnixStream;

use tidegate_model::Name;
use tidegate_resolver::{Asked, MAX_DATAGRAM, Verdict, Zone, judge};
use tracing::level_filters::LevelFilter;

use super::look::Looks;
use super::queue::Waits;
use super::slots::{Places, Slots, Turn};
use crate::logging::LogLevel;
use crate::resolver::ask_list::AskList;
use crate::resolver::wire::{ALIVE, LOOK, ResolverMessage};

/// The most forwarded queries at once.
const FORWARDED: Places = Places {
    all: 1024,
    of_network: 768,
    of_one: 512,
    left: 16,
    most: 2048,
};
/// The most queries that wait until they are forwarded.
const WAITING: Waits = Waits {
    all: 4096,
    of_network: 2048,
    of_one: 1024,
};
/// The longest query that waits, in bytes: a longer one asks for no more, and takes more memory.
const LONGEST_WAITING: usize = MAX_DATAGRAM;

/// The zone, and the current queries.
pub(super) struct ResolverState {
    line: tokio::net::UnixStream,
    known: RefCell<Known>,
    looks: Looks,
    /// How many queries were forwarded, for the option `rotate`.
    asked: Cell<usize>,
    /// Forwarded queries.
    forwarded: Slots,
    log_level: LogLevel,
}

#[derive(Default)]
struct Known {
    zone: Zone,
    upstreams: AskList,
    /// Whether the daemon answered a look.
    is_looked: bool,
    is_whole: bool,
    /// Whether the daemon sent a liveness check.
    is_asked: bool,
    /// The log level, if the daemon sent another one.
    log_level: Option<LevelFilter>,
    /// The beginning of an incomplete message.
    unread: Vec<u8>,
}

impl ResolverState {
    /// Reads messages until the initial state is complete.
    pub(super) fn open(line: UnixStream, log_level: LogLevel) -> io::Result<Self> {
        let mut known = Known::default();
        let mut input = &line;
        while !known.is_whole {
            known.read(|into| io::Read::read(&mut input, into))?;
        }
        line.set_nonblocking(true)?;
        Ok(Self {
            line: tokio::net::UnixStream::from_std(line)?,
            known: RefCell::new(known),
            looks: Looks::default(),
            asked: Cell::new(0),
            forwarded: Slots::new(FORWARDED, WAITING),
            log_level,
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
        if std::mem::take(&mut self.known.borrow_mut().is_looked) {
            self.looks.answered();
        }
        if let Some(level) = self.known.borrow_mut().log_level.take() {
            self.log_level.set(level);
        }
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

    /// A slot for a forwarded query of a permitted client, now or later. None if it cannot wait.
    pub(super) fn turn(&self, asked: Asked<'_>) -> Option<Turn> {
        let network = self.asker(asked.from, asked.to, asked.by)?;
        match self.forwarded.turn(asked.from, network)? {
            Turn::Later(_) if asked.bytes.len() > LONGEST_WAITING => None,
            turn => Some(turn),
        }
    }

    /// Without a daemon there is no state; `listen` then ends the process.
    fn is_up_to_date(&self) -> bool {
        self.catch_up().is_ok()
    }

    /// The servers to ask now, in order. The daemon is asked first whether they changed.
    pub(super) async fn upstreams(&self) -> AskList {
        // If the connection accepts no byte, the daemon has enough to read already.
        let send = || self.line.try_write(&[LOOK]).is_ok();
        self.looks.settle(send).await;
        let mut upstreams = self.known.borrow().upstreams.clone();
        if upstreams.options.rotate && !upstreams.servers.is_empty() {
            let first = self.asked.get() % upstreams.servers.len();
            upstreams.servers.rotate_left(first);
        }
        self.asked.set(self.asked.get().wrapping_add(1));
        upstreams
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
            ResolverMessage::Looked => self.is_looked = true,
            ResolverMessage::Whole => self.is_whole = true,
            ResolverMessage::LogLevel(level) => self.log_level = level.parse().ok(),
            ResolverMessage::Beat => self.is_asked = true,
        }
    }
}
