//! The resolver process: one thread that parses hostile input and has no rights.

mod forward;
mod framing;
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

/// Answers for the daemon that started this process, as stdin says, until that ends. To be called by
/// a program whose first argument is [`PROCESS`](super::PROCESS); `log_level` is the second.
///
/// # Errors
/// When stdin is not what it should be, or the process cannot be confined.
pub fn serve(log_level: Option<&str>) -> io::Result<()> {
    // The ports are free when the daemon is gone, no matter how it ends.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // What the process is called in `ps`; without it, it is only less clear.
    let _ = rustix::thread::set_name(c"tidegate-names");
    let level = log_level.and_then(|level| level.parse().ok());
    logging::start(level.unwrap_or(LevelFilter::INFO));
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let line = UnixStream::from(stdin);
    let sockets = receive_sockets(&line)?;
    // No thread but this one: what it gives up, nobody has.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let work = async {
        // A stop of the service, or of a terminal's programs, is told to every process of it. This one
        // ends with the daemon, which may have something to finish.
        let _ignored = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        ];
        sandbox::enter()?;
        let shared = Rc::new(ResolverState::open(line)?);
        attend(&shared, sockets)?;
        shared.listen().await
    };
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Has every socket attended to from here on.
fn attend(shared: &Rc<ResolverState>, sockets: Vec<OwnedFd>) -> io::Result<()> {
    let mut sockets = sockets.into_iter();
    while let (Some(udp), Some(tcp)) = (sockets.next(), sockets.next()) {
        udp::attend(Rc::clone(shared), UdpSocket::from(udp))?;
        tcp::attend(Rc::clone(shared), TcpListener::from(tcp))?;
    }
    Ok(())
}
