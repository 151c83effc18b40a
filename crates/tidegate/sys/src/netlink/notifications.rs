//! Notifications of the kernel: multicast groups of a netlink family, read without blocking.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_sys::Socket;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;

use super::family::Family;
use super::message::{Message, messages};

/// Bytes of the longest datagram that the kernel makes of one object.
const DATAGRAM: usize = 64 * 1024;

/// The most datagrams of one read, far more than the socket holds: another program may cause changes without end.
const MOST: usize = 1 << 16;

/// A subscription to changes of some kinds of objects in a network namespace.
#[derive(Debug)]
pub struct Notifications {
    socket: Socket,
    /// Kept: to allocate so much for each read costs more than the read.
    datagram: Vec<u8>,
}

/// What one read of the socket gives.
#[derive(Clone, Copy, Debug)]
pub enum Received<'a> {
    /// A message of the kernel.
    Message(Message<'a>),
    /// Messages were lost here: the socket's memory was full (`ENOBUFS`).
    Loss,
}

impl Notifications {
    /// Subscribes to groups of a family (such as enum rtnetlink_groups of linux/rtnetlink.h) in the network namespace of
    /// the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses the socket or the membership in a group.
    pub fn open(family: Family, groups: &[u32]) -> io::Result<Self> {
        let mut socket = Socket::new(family.number())?;
        socket.bind_auto()?;
        for group in groups {
            socket.add_membership(*group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self {
            socket,
            datagram: Vec::with_capacity(DATAGRAM),
        })
    }

    /// Sets how many bytes of unread messages the kernel keeps. Without the privilege (CAP_NET_ADMIN), the host's
    /// default stays, and messages are lost earlier.
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        let _ = set_socket_recv_buffer_size_force(&self.socket, bytes);
        self
    }

    /// Reads the pending messages. Returns whether they are complete: false if the socket's memory was full, or if
    /// messages arrive faster than they are read.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn read(&mut self, mut each: impl FnMut(&Message<'_>)) -> io::Result<bool> {
        let mut is_all = true;
        let is_end = self.receive(|received| match received {
            Received::Message(message) => each(&message),
            Received::Loss => is_all = false,
        })?;
        Ok(is_all && is_end)
    }

    /// Reads the pending messages, and reports where some were lost. Returns whether it read to the end: false
    /// if messages arrive faster than they are read.
    ///
    /// # Errors
    /// If the socket can no longer be used.
    pub fn receive(&mut self, mut each: impl FnMut(Received<'_>)) -> io::Result<bool> {
        let Self { socket, datagram } = self;
        for _ in 0..MOST {
            datagram.clear();
            match socket.recv_from(datagram, 0) {
                // Only the kernel has port 0; any process may send to the members of a group.
                Ok((_, sender)) if sender.port_number() == 0 => {
                    messages(datagram).for_each(|message| each(Received::Message(message)));
                }
                Ok(_) => {}
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => return Ok(true),
                    Some(Errno::INTR) => {}
                    Some(Errno::NOBUFS) => each(Received::Loss),
                    _ => return Err(error),
                },
            }
        }
        Ok(false)
    }
}

impl AsFd for Notifications {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
