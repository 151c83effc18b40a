//! The unix sockets that the daemon listens on: its own, or those that systemd hands over.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use error_hint::Hint;
use listenfd::ListenFd;
use rustix::fs::{Mode, chmod, fchmod};
use rustix::net::{
    self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with, sockopt,
};

/// Which socket, and so who may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// The one of the API: for its owner and its group.
    Api,
    /// The one of Docker's network driver: for root, as Docker is.
    Docker,
}

impl Socket {
    const fn mode(self) -> u32 {
        match self {
            Self::Api => 0o660,
            Self::Docker => 0o600,
        }
    }

    /// The flag that names its path.
    const fn flag(self) -> &'static str {
        match self {
            Self::Api => "--socket",
            Self::Docker => "--docker-socket",
        }
    }
}

/// Its name where systemd hands it over (`FileDescriptorName=` of systemd.socket(5)). Any other name is that of the API's.
const DOCKER: &str = "docker";

/// The backlog (listen(2)): enough for all connections that clients open before the daemon accepts them and checks
/// their users.
const BACKLOG: i32 = 4096;

/// A socket that clients can connect to. One of our own is removed with it.
#[derive(Debug)]
pub struct Listening {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the socket file that we made.
    ours: Option<(u64, u64)>,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody answers on it.
    #[error("another daemon is listening on {path}")]
    InUse {
        /// Where.
        path: PathBuf,
        /// Which.
        socket: Socket,
    },
    /// There is something that is not a socket.
    #[error("{path} exists already and is not a socket")]
    NoSocket {
        /// The path.
        path: PathBuf,
        /// Which.
        socket: Socket,
    },
    /// The socket cannot be made.
    #[error("cannot listen on {path}")]
    Bind {
        /// Where.
        path: PathBuf,
        /// Which.
        socket: Socket,
        /// Why.
        source: io::Error,
    },
    /// What systemd handed over is not what it should be.
    #[error("cannot listen on the socket passed in LISTEN_FDS")]
    HandedOver {
        /// Why.
        source: io::Error,
    },
}

impl Hint for ListenError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::InUse { socket, .. } => {
                format!("stop it, or give this one its own {} and --state-dir", socket.flag()).into()
            }
            Self::NoSocket { socket, .. } => {
                format!("move it away, or name another path with {}", socket.flag()).into()
            }
            Self::Bind { socket, .. } => {
                let flag = socket.flag();
                format!("run as root, or name a path in a writable folder with {flag}").into()
            }
            Self::HandedOver { .. } => {
                "give the socket unit one `ListenStream=` with a path, and no `Accept=yes`; without a socket unit, unset \
                 LISTEN_FDS"
                    .into()
            }
        })
    }
}

/// The sockets that systemd handed over.
#[derive(Debug, Default)]
pub struct HandedOver {
    /// That of the API.
    pub api: Option<UnixListener>,
    /// That of Docker's network driver.
    pub docker: Option<UnixListener>,
}

impl HandedOver {
    /// Both.
    pub fn each(&self) -> impl Iterator<Item = &UnixListener> {
        self.api.iter().chain(&self.docker)
    }
}

/// The sockets that systemd handed over, if it did (sd_listen_fds(3)).
///
/// To be called first in the program: it takes the variables out of the environment, for which
/// no other thread may be running.
///
/// # Errors
/// When what was handed over is not a listening unix socket.
pub fn handed_over() -> Result<HandedOver, ListenError> {
    // Without names, as other programs hand sockets over, the first is the API's.
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut descriptors = ListenFd::from_env();
    let mut handed_over = HandedOver::default();
    for index in 0..descriptors.len() {
        let place = match names.next() {
            Some(DOCKER) => &mut handed_over.docker,
            _ => &mut handed_over.api,
        };
        if place.is_none() {
            let listener = descriptors.take_unix_listener(index);
            let listener = listener.and_then(|listener| listener.map(listening).transpose());
            *place = listener.map_err(|source| ListenError::HandedOver { source })?;
        }
    }
    Ok(handed_over)
}

/// The same socket, if it listens. With `Accept=yes`, systemd hands over a connection instead (systemd.socket(5)).
fn listening(socket: UnixListener) -> io::Result<UnixListener> {
    if sockopt::socket_acceptconn(&socket)? {
        return Ok(socket);
    }
    let fd = socket.as_raw_fd();
    let reason = format!("fd {fd} is not a listening socket");
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}

impl Listening {
    /// Listens on what was handed over, else on `path`. The socket file of a daemon that is gone
    /// is replaced.
    ///
    /// # Errors
    /// When another daemon is listening there, or the socket cannot be made.
    pub fn open(
        socket: Socket,
        handed_over: Option<UnixListener>,
        path: &Path,
    ) -> Result<Self, ListenError> {
        match handed_over {
            Some(listener) => {
                let path = path_of(&listener).unwrap_or_else(|| path.to_owned());
                Ok(Self {
                    listener,
                    path,
                    ours: None,
                })
            }
            None => {
                clear(socket, path)?;
                bind(path, socket.mode()).map_err(|source| ListenError::Bind {
                    path: path.into(),
                    socket,
                    source,
                })
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The listener, for tokio to take connections from.
    ///
    /// # Errors
    /// When the kernel refuses another descriptor of it.
    pub fn listener(&self) -> io::Result<UnixListener> {
        let listener = self.listener.try_clone()?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Only our own file: another program may have replaced it.
        if self.ours.is_some() && identity(&self.path).ok() == self.ours {
            // The next start replaces a file that cannot be removed.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn path_of(listener: &UnixListener) -> Option<PathBuf> {
    let address = listener.local_addr().ok()?;
    address.as_pathname().map(Path::to_owned)
}

/// Removes the socket file of a daemon that is gone.
fn clear(socket: Socket, path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Bind {
        path: path.into(),
        socket,
        source,
    };
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(e)),
        Ok(found) if !found.file_type().is_socket() => {
            let path = path.into();
            return Err(ListenError::NoSocket { path, socket });
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(ListenError::InUse {
            path: path.into(),
            socket,
        }),
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(e) => Err(failed(e)),
    }
}

fn bind(path: &Path, mode: u32) -> io::Result<Listening> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    // Linux creates the file with the mode of the socket minus the umask of the process (`unix_bind_bsd`). So at no
    // time can more users connect than intended. The umask may remove too much, so the mode is set again.
    let mode = Mode::from_raw_mode(mode);
    fchmod(&socket, mode)?;
    net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    chmod(path, mode)?;
    net::listen(&socket, BACKLOG)?;
    let listener = socket.into();
    Ok(Listening {
        listener,
        path: path.into(),
        ours: Some(identity(path)?),
    })
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper/tidegated.sock");
        (folder, path)
    }

    #[test]
    fn the_socket_is_for_those_who_may_connect_and_goes_with_the_daemon() {
        for (socket, mode) in [(Socket::Api, 0o660), (Socket::Docker, 0o600)] {
            let (_folder, path) = folder();
            let listening = Listening::open(socket, None, &path).unwrap();
            let made = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(made & 0o777, mode);
            UnixStream::connect(&path).unwrap();
            drop(listening);
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_daemon_that_answers_is_left_alone() {
        let (_folder, path) = folder();
        let _first = Listening::open(Socket::Api, None, &path).unwrap();
        let refused = Listening::open(Socket::Api, None, &path).unwrap_err();
        assert!(matches!(refused, ListenError::InUse { .. }), "{refused:?}");
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn the_socket_of_a_daemon_that_was_killed_is_replaced() {
        let (_folder, path) = folder();
        let mut killed = Listening::open(Socket::Api, None, &path).unwrap();
        killed.ours = None;
        drop(killed);
        assert!(path.exists());
        let _second = Listening::open(Socket::Api, None, &path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_not_a_socket_is_never_removed() {
        let (_folder, path) = folder();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "precious").unwrap();
        let refused = Listening::open(Socket::Api, None, &path).unwrap_err();
        assert!(
            matches!(refused, ListenError::NoSocket { .. }),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn a_socket_that_somebody_else_put_there_stays() {
        let (_folder, path) = folder();
        let first = Listening::open(Socket::Api, None, &path).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = Listening::open(Socket::Api, None, &path).unwrap();
        drop(first);
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_connection_that_was_handed_over_is_refused() {
        let (_folder, path) = folder();
        let made = Listening::open(Socket::Api, None, &path).unwrap();
        listening(made.listener().unwrap()).unwrap();
        let connection = OwnedFd::from(UnixStream::connect(&path).unwrap());
        let refused = listening(connection.into()).unwrap_err();
        assert!(refused.to_string().ends_with(" is not a listening socket"));
    }

    #[test]
    fn a_socket_that_was_handed_over_is_used_and_kept() {
        let (_folder, path) = folder();
        let made = Listening::open(Socket::Api, None, &path).unwrap();
        let handed = made.listener().unwrap();
        let listening =
            Listening::open(Socket::Api, Some(handed), Path::new("/elsewhere")).unwrap();
        assert_eq!(listening.path(), path);
        drop(listening);
        assert!(path.exists());
    }
}
