//! Notifications of the kernel: multicast groups of rtnetlink(7), read without blocking.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::io::Errno;

use super::socket::{Message, messages};

/// Bytes of the longest datagram that the kernel makes of one object.
const DATAGRAM: usize = 64 * 1024;

/// The most datagrams of one read, far more than the socket holds: another program may cause changes without end.
const MOST: usize = 1 << 16;

/// A subscription to changes of some kinds of objects in a network namespace.
#[derive(Debug)]
pub(crate) struct Notifications(Socket);

impl Notifications {
    /// Subscribes to groups (enum rtnetlink_groups of linux/rtnetlink.h) in the network namespace of the calling
    /// thread.
    pub(crate) fn open(groups: &[u32]) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        for group in groups {
            socket.add_membership(*group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// Reads the pending messages. Returns whether they are complete: false if the socket's memory was full, or if
    /// messages arrive faster than they are read.
    pub(crate) fn read(&self, mut each: impl FnMut(&Message<'_>)) -> io::Result<bool> {
        let mut is_all = true;
        let mut datagram = Vec::with_capacity(DATAGRAM);
        for _ in 0..MOST {
            datagram.clear();
            match self.0.recv_from(&mut datagram, 0) {
                // Only the kernel has port 0.
                Ok((_, sender)) if sender.port_number() == 0 => {
                    messages(&datagram).for_each(|message| each(&message));
                }
                Ok(_) => {}
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => return Ok(is_all),
                    Some(Errno::INTR) => {}
                    Some(Errno::NOBUFS) => is_all = false,
                    _ => return Err(error),
                },
            }
        }
        Ok(false)
    }
}

impl AsFd for Notifications {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
