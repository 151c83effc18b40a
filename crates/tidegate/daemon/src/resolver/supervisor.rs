//! The supervisor: a thread that starts the resolver process, sends it the upstreams, and replaces it when it ends.

use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tidegate_nft_drivers::Vigil;

use super::ask_list::AskList;
use super::asked::Upstreams;
use super::liveness::{Due, Liveness, WORK};
use super::wire::{ALIVE, LOOK, ResolverMessage, send_sockets};
use super::{PROCESS, ResolverHandle, ResolverSettings, Sockets};
use crate::backoff::Backoff;
use crate::worker::{Worker, rest};

/// How long to wait for the end of a process that closed its connection.
const ENDING: Duration = Duration::from_secs(1);

/// Keeps the connection to the resolver process, and sends it the state.
pub(crate) trait Names: Send + Sync {
    /// The line on which every change is told.
    fn names(&self) -> &ResolverHandle;

    /// Sends a new process the complete state, and keeps the connection. No change comes in between.
    fn open_names(&self, stream: UnixStream, process: u32, upstreams: AskList) -> io::Result<()>;

    /// Drops a lost process, with a reason.
    fn lose_names(&self, reason: String);
}

/// Starts the supervisor, which starts the resolver process.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(
    names: Arc<dyn Names>,
    sockets: Sockets,
    settings: ResolverSettings,
) -> io::Result<Worker> {
    let upstreams = Upstreams::new(settings.clone());
    Worker::start("resolver", move |stopped| {
        let mut supervisor = Supervisor {
            names,
            sockets,
            upstreams,
            settings,
            stopped,
        };
        supervisor.keep();
    })
}

/// The thread's data.
struct Supervisor {
    names: Arc<dyn Names>,
    sockets: Sockets,
    upstreams: Upstreams,
    settings: ResolverSettings,
    stopped: OwnedFd,
}

impl Supervisor {
    fn keep(&mut self) {
        let mut backoff = Backoff::default();
        while let Some(reason) = self.one_process() {
            let pause = backoff.after_mending(Instant::now());
            match pause.is_zero() {
                true => tracing::error!("the DNS process ended and was restarted: {reason}"),
                false => tracing::error!(
                    "the DNS process ended, and is restarted in {pause:?}: {reason}"
                ),
            }
            self.names.lose_names(reason);
            if !rest(&self.stopped, pause) {
                return;
            }
        }
    }

    /// Runs one process to its end. Returns why it ended, or nothing if it was told to.
    fn one_process(&mut self) -> Option<String> {
        let (mut process, line) = match self.start_process() {
            Ok(started) => started,
            Err(error) => return Some(format!("the process cannot be started: {error}")),
        };
        match self.attend(line, process.0.id()) {
            Ok(true) => None,
            Ok(false) => Some(process.ending()),
            Err(error) => Some(format!("cannot communicate with the process: {error}")),
        }
    }

    /// Starts a process and sends it the complete state. It ends with this thread.
    fn start_process(&mut self) -> io::Result<(Process, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        command.args([PROCESS, &self.settings.log_level().to_string()]);
        command.env_clear().stdin(OwnedFd::from(theirs));
        // How messages are written to the journal (`logging`).
        let journal = std::env::var_os("JOURNAL_STREAM");
        command.envs(journal.map(|value| ("JOURNAL_STREAM", value)));
        let process = Process(command.stdout(Stdio::null()).spawn()?);
        // It holds the other end until it is dropped.
        drop(command);
        send_sockets(&ours, &self.sockets.descriptors())?;
        let own = ours.try_clone()?;
        let upstreams = self.upstreams.now();
        self.names.open_names(ours, process.0.id(), upstreams)?;
        let at = self.sockets.port();
        tracing::info!(
            process = process.0.id(),
            port = at,
            "the DNS server for endpoint names is ready"
        );
        Ok((process, own))
    }

    /// Handles requests of the process, and checks that it is alive. Returns whether this thread must end.
    fn attend(&mut self, mut line: UnixStream, process: u32) -> io::Result<bool> {
        let mut liveness = Liveness::new(Instant::now());
        let mut vigil = Vigil::new(process, WORK);
        loop {
            let mut fds = [
                PollFd::new(&self.stopped, PollFlags::IN),
                PollFd::new(&line, PollFlags::IN),
            ];
            let next = liveness.next(vigil.next());
            let pause = Timespec::try_from(next.saturating_duration_since(Instant::now()));
            match poll(&mut fds, pause.ok().as_ref()) {
                Ok(0) => {
                    match liveness.due(Instant::now(), || vigil.look()) {
                        Due::Nothing => {}
                        Due::Ask => {
                            vigil = Vigil::new(process, WORK);
                            self.ask();
                        }
                        // It may have answered since.
                        Due::Lost(_) if is_readable(&line)? => {}
                        Due::Lost(why) => return Err(io::Error::new(ErrorKind::TimedOut, why)),
                    }
                    continue;
                }
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if !fds[0].revents().is_empty() {
                return Ok(true);
            }
            let mut said = [0; 64];
            match line.read(&mut said) {
                Ok(0) => return Ok(false),
                Ok(count) => self.handle(&said[..count], &mut liveness),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    fn handle(&mut self, said: &[u8], liveness: &mut Liveness) {
        if said.contains(&ALIVE) {
            liveness.answered(Instant::now());
        }
        // The process asks again only after an answer.
        if said.contains(&LOOK) {
            let changed = self.upstreams.changed().map(ResolverMessage::Upstreams);
            let told = changed.into_iter().chain([ResolverMessage::Looked]);
            self.names.names().tell_each(told);
        }
    }

    /// Sends a liveness check.
    fn ask(&self) {
        let beat = std::iter::once(ResolverMessage::Beat);
        self.names.names().tell_each(beat);
    }
}

fn is_readable(line: &UnixStream) -> io::Result<bool> {
    let now = Timespec::default();
    let ready = poll(&mut [PollFd::new(line, PollFlags::IN)], Some(&now))?;
    Ok(ready > 0)
}

/// The process. Dropping this kills it and waits for it.
struct Process(Child);

impl Process {
    /// How it ended, in words.
    fn ending(&mut self) -> String {
        let until = Instant::now() + ENDING;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return format!("the process ended with {status}"),
                Ok(None) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(None) => return "the process did not confirm a change".to_owned(),
                Err(error) => return format!("the process ended: {error}"),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
