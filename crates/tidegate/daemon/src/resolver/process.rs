//! The resolver process: one thread that parses hostile input and has no rights.

mod connections;
mod exchange;
mod forward;
mod framing;
mod look;
mod queue;
mod sandbox;
mod slots;
mod state;
mod tcp;
mod udp;

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

use super::wire::receive_sockets;
use crate::logging;
use state::ResolverState;

/// Answers DNS queries for the daemon that started this process, until the daemon ends; stdin is the connection to
/// it. Call this in a program whose first argument is [`PROCESS`](super::PROCESS); `log_level` is the second.
///
/// # Errors
/// If stdin is not the expected socket, or the sandbox cannot be entered.
pub fn serve(log_level: Option<&str>) -> io::Result<()> {
    // The ports are free when the daemon is gone, no matter how it ends.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The name of the process in `ps`. A failure does no harm.
    let _ = rustix::thread::set_name(c"tidegate-names");
    let level = log_level.and_then(|level| level.parse().ok());
    let level = logging::start(level.unwrap_or(LevelFilter::INFO));
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let line = UnixStream::from(stdin);
    let sockets = receive_sockets(&line)?;
    // There is only this thread, so the process has no rights that it gives up.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let work = async {
        // A stop of the service, or Ctrl-C in a terminal, signals every process. This one ignores it and ends with
        // the daemon, which may have to finish something.
        let _ignored = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        ];
        sandbox::enter()?;
        let shared = Rc::new(ResolverState::open(line, level)?);
        attend(&shared, sockets)?;
        shared.listen().await
    };
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Starts serving every socket.
fn attend(shared: &Rc<ResolverState>, sockets: Vec<OwnedFd>) -> io::Result<()> {
    let mut sockets = sockets.into_iter();
    while let (Some(udp), Some(tcp)) = (sockets.next(), sockets.next()) {
        udp::attend(Rc::clone(shared), UdpSocket::from(udp))?;
        tcp::attend(Rc::clone(shared), TcpListener::from(tcp))?;
    }
    Ok(())
}
