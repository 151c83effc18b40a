//! What the kernel tells of by itself: multicast groups of rtnetlink(7), without waiting.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::io::Errno;

use super::socket::{Message, messages};

/// Bytes of the longest datagram that the kernel makes of one object.
const DATAGRAM: usize = 64 * 1024;

/// How many are read at once, far more than the socket keeps: somebody else may go on and on.
const MOST: usize = 1 << 16;

/// Hears of what happens to some kinds of objects of a network namespace.
#[derive(Debug)]
pub(crate) struct Notifications(Socket);

impl Notifications {
    /// Listens to groups (enum rtnetlink_groups of linux/rtnetlink.h) in the network namespace of the
    /// calling thread from now on.
    pub(crate) fn open(groups: &[u32]) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        for group in groups {
            socket.add_membership(*group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// Reads what there is to hear, and says whether that is all that was told: false where
    /// more was told than the socket keeps, or is told faster than it is read.
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
