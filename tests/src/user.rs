//! Local users without privileges.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::Netns;

/// The user `nobody`, and those after it.
pub const NOBODY: u32 = 65534;

/// Does something in a namespace as a user, with the group of the same number and no other, on a thread that ends
/// with it.
///
/// # Panics
/// When the kernel refuses the change of user.
pub fn as_user<T: Send>(netns: &Netns, user: u32, work: impl FnOnce() -> T + Send) -> T {
    as_member(netns, user, user, work)
}

/// As [`as_user`], with another group.
///
/// # Panics
/// When the kernel refuses the change of user.
pub fn as_member<T: Send>(
    netns: &Netns,
    user: u32,
    group: u32,
    work: impl FnOnce() -> T + Send,
) -> T {
    netns.run(|| {
        set_thread_groups(&[]).expect("root may");
        set_thread_gid(Gid::from_raw(group)).expect("root may");
        // And so without any capability (capabilities(7)).
        set_thread_uid(Uid::from_raw(user)).expect("root may");
        work()
    })
}

/// A socket that listens under an abstract name, whose queue is full: nobody can connect to it.
#[derive(Debug)]
#[expect(dead_code, reason = "it is only kept")]
pub struct Squat(OwnedFd, Waiting);

/// Connections that nobody takes.
#[derive(Debug)]
#[expect(dead_code, reason = "they are only kept")]
pub struct Waiting(Vec<OwnedFd>);

impl Squat {
    /// As a user in a namespace.
    ///
    /// # Panics
    /// When the name is taken.
    pub fn on(netns: &Netns, user: u32, name: &str) -> Self {
        as_user(netns, user, || {
            let listener = stream().expect("there are unix sockets");
            bind(&listener, &address(name)).expect("the name is free");
            listen(&listener, 1).expect("it is bound");
            Self(listener, fill(name))
        })
    }
}

impl Waiting {
    /// Connects to a socket with an abstract name until no more fit, as a user in a namespace.
    ///
    /// # Panics
    /// When nobody listens under the name.
    pub fn at(netns: &Netns, user: u32, name: &str) -> Self {
        as_user(netns, user, || fill(name))
    }
}

fn fill(name: &str) -> Waiting {
    let mut waiting = Vec::new();
    loop {
        let client = stream().expect("there are unix sockets");
        match connect(&client, &address(name)) {
            Ok(()) => waiting.push(client),
            Err(Errno::AGAIN) => return Waiting(waiting),
            Err(error) => panic!("connecting to {name}: {error}"),
        }
    }
}

fn address(name: &str) -> SocketAddrUnix {
    SocketAddrUnix::new_abstract_name(name.as_bytes()).expect("a name is short")
}

fn stream() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        flags,
        None,
    )?)
}
