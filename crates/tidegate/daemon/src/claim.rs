//! One daemon for each network namespace. A second one, with another state directory, would remove the table and
//! links of the first as leftovers.
//!
//! An abstract socket holds the claim. Any user can bind one, or connect to it until its queue is full. So only
//! sockets of root and of the daemon's own user count. If another user has the name, a socket with a random name
//! holds the claim; other daemons find it by its prefix.

use std::borrow::Cow;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use error_hint::Hint;
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tidegate_link::{NamedListener, Owner, named_listeners, owners, owns};
use tokio::net::unix::UCred;

/// An abstract socket belongs to a network namespace (unix(7)). It disappears with the last process that has it open.
const NAME: &str = "tidegated";
/// Prefix of the names of claims if another user has the usual name.
const PREFIX: &str = "tidegated.";

/// How long to wait for another daemon: one that also tries to claim and withdraws is gone by then.
const RACE: Duration = Duration::from_millis(500);
/// How long child processes of an earlier daemon may take to end. They notice its end at once, unless they are
/// stopped.
const GRACE: Duration = Duration::from_secs(2);
/// How long it may take in all.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks, and as much again by chance.
const PAUSE: Duration = Duration::from_millis(5);

/// The claim on the network namespace, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    listener: UnixListener,
}

/// Why the namespace cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another daemon has it.
    #[error("another tidegated{} runs in this network namespace", process(.pid))]
    Taken {
        /// Its process, where the kernel tells.
        pid: Option<i32>,
    },
    /// Child processes of an earlier daemon do not end, although they were killed.
    #[error("child processes of an earlier tidegated (process {daemon}) do not end: {}", named(.left))]
    Unfinished {
        /// The process id of that daemon.
        daemon: i32,
        /// Its remaining child processes, as far as they can be found.
        left: Vec<Owner>,
    },
    /// It is not known whether another daemon has it.
    #[error("cannot tell whether another tidegated runs in this network namespace")]
    Unknown {
        /// Why.
        source: io::Error,
    },
}

impl Hint for ClaimError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Unfinished { left, .. } if !left.is_empty() => {
                let pids: Vec<String> = left.iter().map(|owner| owner.pid.to_string()).collect();
                return Some(Cow::from(format!(
                    "`kill -9 {}`; a process that this does not end waits for a device or a file system",
                    pids.join(" ")
                )));
            }
            Self::Taken { .. } => {
                "stop it first, or run this one in a namespace of its own with `ip netns exec`"
            }
            Self::Unfinished { .. } => {
                "see `ss -lxp | grep @tidegated`, and end the process that has that socket"
            }
            Self::Unknown { .. } => "run tidegated where it is allowed to use unix sockets",
        };
        Some(hint.into())
    }
}

fn process(pid: &Option<i32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

/// Names processes.
fn named(processes: &[Owner]) -> String {
    let named = processes
        .iter()
        .map(|Owner { pid, name }| format!("{name} (process {pid})"));
    let named: Vec<String> = named.collect();
    match named.is_empty() {
        true => "something".to_owned(),
        false => named.join(", "),
    }
}

/// Who else holds the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rival {
    /// A process that runs, where the kernel tells which.
    Running(Option<i32>),
    /// What a process that is gone had started, and the inode of the socket by which it holds the claim.
    Leftover(i32, u32),
    /// A process that cannot be asked just now: as many as fit wait to be connected to it.
    Silent,
}

impl Rival {
    /// How long it may yet go.
    const fn time_limit(self) -> Duration {
        match self {
            Self::Running(_) => RACE,
            Self::Leftover(..) | Self::Silent => TIME_LIMIT,
        }
    }

    fn refusal(self) -> ClaimError {
        match self {
            Self::Running(pid) => ClaimError::Taken { pid },
            Self::Silent => ClaimError::Taken { pid: None },
            Self::Leftover(daemon, socket) => ClaimError::Unfinished {
                daemon,
                left: owners(socket).collect(),
            },
        }
    }
}

impl Claim {
    /// Claims the network namespace that the caller's thread is in.
    ///
    /// # Errors
    /// If another daemon has it. A process of another user with that name does not count: it could not change the
    /// links of the namespace.
    pub(crate) fn take() -> Result<Self, ClaimError> {
        let since = Instant::now();
        loop {
            let (listener, own) = listen()?;
            // A daemon that listens before this check is seen; one that listens later sees us.
            let Some(rival) = rival(&own)? else {
                return Ok(Self { listener });
            };
            drop(listener);
            if since.elapsed() > rival.time_limit() {
                return Err(rival.refusal());
            }
            if let Rival::Leftover(_, socket) = rival
                && since.elapsed() > GRACE
            {
                end(socket);
            }
            sleep(PAUSE + pause_by_chance());
        }
    }

    /// Makes all processes that start from now on inherit the claim. If this daemon is killed while an nft process
    /// works for it, the next daemon waits for that process. Otherwise its transaction could arrive after the next
    /// daemon's table.
    ///
    /// # Errors
    /// If the kernel refuses, which should not happen.
    pub(crate) fn share_with_children(&self) -> Result<(), ClaimError> {
        let shared = fcntl_setfd(&self.listener, FdFlags::empty());
        shared.map_err(|e| ClaimError::Unknown { source: e.into() })
    }
}

/// Kills the processes that have the socket of an earlier daemon: only its children have it. The kernel completes
/// their requests, or does none of it. The socket disappears with the last one.
fn end(socket: u32) {
    for Owner { pid, name } in owners(socket) {
        let ended = || -> io::Result<bool> {
            let id = i32::try_from(pid).ok().and_then(Pid::from_raw);
            let process = pidfd_open(id.ok_or(Errno::SRCH)?, PidfdFlags::empty())?;
            // Once more, now that no other process can get the id: it may be another already.
            let is_it = owns(pid, socket) == Some(true);
            if is_it {
                pidfd_send_signal(&process, Signal::KILL)?;
            }
            Ok(is_it)
        };
        match ended() {
            Ok(true) => {
                tracing::warn!(
                    process = pid,
                    "killed {name}, a child process of an earlier tidegated"
                );
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, process = pid, "cannot kill {name}, a child process of an earlier tidegated");
            }
        }
    }
}

/// So that of two daemons that start at the same time one is first.
fn pause_by_chance() -> Duration {
    // Without random numbers both may be refused.
    let random = getrandom::u32().unwrap_or(0);
    PAUSE * (random % 16) / 16
}

/// Listens under the name, or, where that is taken, under one that nobody has; gives its name.
fn listen() -> Result<(UnixListener, Vec<u8>), ClaimError> {
    let unknown = |source| ClaimError::Unknown { source };
    let listen = |name: &str| -> io::Result<(UnixListener, Vec<u8>)> {
        let address = SocketAddr::from_abstract_name(name)?;
        Ok((UnixListener::bind_addr(&address)?, name.as_bytes().to_vec()))
    };
    match listen(NAME) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
        listening => return listening.map_err(unknown),
    }
    let random = getrandom::u64().map_err(|e| unknown(io::Error::other(e)))?;
    listen(&format!("{PREFIX}{random:016x}")).map_err(unknown)
}

/// Finds another holder of the claim: a running one, if there is one.
fn rival(own: &[u8]) -> Result<Option<Rival>, ClaimError> {
    let (mut found, mut strangers) = (None, 0);
    for listener in others(own) {
        let is_strangers = listener.user.is_some_and(|user| !counts(user));
        let holder = match is_strangers {
            true => Holder::Stranger,
            false => ask(&listener)?,
        };
        match holder {
            Holder::Rival(running @ Rival::Running(_)) => return Ok(Some(running)),
            Holder::Rival(rival) => found = Some(rival),
            Holder::Stranger => strangers += 1,
            Holder::Gone => {}
        }
    }
    if strangers > 0 {
        tracing::warn!(
            "{strangers} abstract sockets {NAME:?} belong to other users: they do not count"
        );
    }
    Ok(found)
}

/// The sockets that may hold a claim. Where the kernel does not list them, that of the name alone.
fn others(own: &[u8]) -> Vec<NamedListener> {
    let may_claim = |listener: &NamedListener| {
        let is_named =
            listener.name == NAME.as_bytes() || listener.name.starts_with(PREFIX.as_bytes());
        is_named && listener.name != own
    };
    match named_listeners() {
        Ok(listeners) => listeners.into_iter().filter(may_claim).collect(),
        Err(error) => {
            tracing::debug!(%error, "only the name {NAME} is looked at");
            let named = NamedListener {
                name: NAME.as_bytes().to_vec(),
                inode: 0,
                user: None,
            };
            Some(named).filter(may_claim).into_iter().collect()
        }
    }
}

/// Who listens on a socket.
enum Holder {
    Rival(Rival),
    /// Somebody of another user.
    Stranger,
    /// Nobody any more.
    Gone,
}

/// Who listens on a socket, as the kernel tells those who connect.
fn ask(listener: &NamedListener) -> Result<Holder, ClaimError> {
    let holder = match holder(&listener.name) {
        Ok(holder) => holder,
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => return Ok(Holder::Gone),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
            return Ok(Holder::Rival(Rival::Silent));
        }
        Err(source) => return Err(ClaimError::Unknown { source }),
    };
    if !counts(holder.uid()) {
        return Ok(Holder::Stranger);
    }
    // 0: it is in another process namespace (pid_namespaces(7)).
    Ok(Holder::Rival(match holder.pid().filter(|pid| *pid > 0) {
        Some(pid) if !is_alive(pid) || has_let_go(pid, listener.inode) => {
            Rival::Leftover(pid, listener.inode)
        }
        pid => Rival::Running(pid),
    }))
}

/// Whether a user could run a daemon here: root and our own. The root of a user namespace below ours is
/// told under the number that it has in ours.
fn counts(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

/// The credentials of who listens on a name. Does not wait for an answer.
fn holder(name: &[u8]) -> io::Result<UCred> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new_abstract_name(name)?)?;
    // Of the wrappers of SO_PEERCRED, tokio's is the safe one that knows a process id of 0.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _entered = runtime.enter();
    tokio::net::UnixStream::from_std(UnixStream::from(socket))?.peer_cred()
}

/// Whether a process only has the id of an ended or ending daemon: then it does not have its socket.
fn has_let_go(pid: i32, socket: u32) -> bool {
    let owns = u32::try_from(pid).ok().and_then(|pid| owns(pid, socket));
    socket != 0 && owns == Some(false)
}

/// Whether a process runs. One that has ended and is not waited for has no program any more.
fn is_alive(pid: i32) -> bool {
    !matches!(
        std::fs::read_link(format!("/proc/{pid}/exe")),
        Err(e) if Errno::from_io_error(&e) == Some(Errno::NOENT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_support::{Netns, require_root_kernel};

    #[test]
    fn a_namespace_has_one_daemon_and_another_namespace_another() {
        require_root_kernel!();
        let (one, other) = (Netns::new(), Netns::new());
        let claim = one.run(|| Claim::take().unwrap());
        let refused = one.run(|| Claim::take().unwrap_err()).to_string();
        let us = std::process::id();
        assert_eq!(
            refused,
            format!("another tidegated (process {us}) runs in this network namespace")
        );
        other.run(|| Claim::take().unwrap());
        drop(claim);
        one.run(|| Claim::take().unwrap());
    }

    #[test]
    fn at_most_one_of_many_concurrent_claims_succeeds() {
        require_root_kernel!();
        let netns = Netns::new();
        let start = std::sync::Barrier::new(6);
        let claims: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                netns.run(|| {
                    start.wait();
                    Claim::take()
                })
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap());
            joined.collect()
        });
        // As a rule one has it; on a busy machine all of them may give way to each other for too long.
        assert!(claims.iter().filter(|claim| claim.is_ok()).count() <= 1);
        drop(claims);
        netns.run(|| Claim::take().unwrap());
    }
}
