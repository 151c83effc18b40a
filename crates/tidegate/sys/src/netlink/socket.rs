//! A netlink socket that is opened once and kept.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR};
use netlink_sys::SocketAddr;
use rustix::io::Errno;
use rustix::net::sockopt::{
    Timeout, set_socket_recv_buffer_size, set_socket_recv_buffer_size_force, set_socket_timeout,
};

use super::error::{Error, Refusal};
use super::ext_ack::verdict;
use super::family::Family;
use super::message::{Message, messages};
use super::request::Request;

/// Flag of a request for a whole list.
pub const DUMP: u16 = NLM_F_DUMP;

/// `NLMSG_ERROR`: also how the kernel says that it is done (linux/netlink.h).
const VERDICT: u16 = 2;
/// `NLMSG_DONE`: the end of a list.
const DONE: u16 = 3;
/// Bytes; the kernel makes no datagram of a list greater than 32 KiB (`netlink_recvmsg`).
const BUFFER: usize = 64 * 1024;
/// The most requests in one datagram. All answers wait in the socket's memory until they are read; an answer that
/// finds no room is lost. A bare "done" takes some 800 of 212,992 bytes (net.core.rmem_default).
const AT_ONCE: usize = 64;
/// Requested size of that memory in bytes, in case an administrator lowered the default (socket(7)).
const MEMORY: usize = 1 << 20;
/// Time limit for the next part of an answer. The kernel carries requests out while they are sent, so an answer that
/// is missing is usually lost.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How often a list that changed while it was read is read again.
const TRIES: usize = 16;

/// A socket of one netlink family in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Socket {
    inner: netlink_sys::Socket,
    sequence: u32,
    buffer: Vec<u8>,
    /// Whether answers to a request that failed may yet come.
    is_behind: bool,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl Socket {
    /// Opens a socket of a family.
    ///
    /// # Errors
    /// If the kernel refuses the socket.
    pub fn open(family: Family) -> io::Result<Self> {
        let mut inner = netlink_sys::Socket::new(family.number())?;
        inner.bind_auto()?;
        inner.connect(&SocketAddr::new(0, 0))?;
        // Kernels before 4.12 and 4.20 lack these options. Without them, errors say less.
        let _ = inner.set_ext_ack(true);
        let _ = inner.set_cap_ack(true);
        let _ = inner.set_netlink_get_strict_chk(true);
        if set_socket_recv_buffer_size_force(&inner, MEMORY).is_err() {
            // Without the privilege, the limit for ordinary users applies.
            set_socket_recv_buffer_size(&inner, MEMORY)?;
        }
        set_socket_timeout(&inner, Timeout::Recv, Some(TIME_LIMIT))?;
        Ok(Self {
            inner,
            sequence: 0,
            buffer: Vec::with_capacity(BUFFER),
            is_behind: false,
        })
    }

    /// Sends the requests, some in each datagram, and returns the kernel's answer to each: its body, which is empty
    /// for a bare "done". The kernel carries out every request, even after one failed.
    ///
    /// # Errors
    /// If an answer is lost or does not arrive within ten seconds. Then it is unknown which requests were carried out.
    pub fn exchange(
        &mut self,
        requests: &[Request],
    ) -> Result<Vec<Result<Vec<u8>, Refusal>>, Error> {
        let mut answers = Vec::with_capacity(requests.len());
        for some in requests.chunks(AT_ONCE) {
            answers.extend(self.exchange_some(some)?);
        }
        Ok(answers)
    }

    fn exchange_some(
        &mut self,
        requests: &[Request],
    ) -> Result<Vec<Result<Vec<u8>, Refusal>>, Error> {
        let first = self.send(requests, NLM_F_ACK)?;
        let mut answers = vec![Ok(Vec::new()); requests.len()];
        let mut waiting = requests.len();
        while waiting > 0 {
            self.receive(|message| {
                let index = message.sequence.wrapping_sub(first) as usize;
                let Some(answer) = answers.get_mut(index) else {
                    return Ok(());
                };
                if message.kind != VERDICT {
                    *answer = Ok(message.body.to_vec());
                    return Ok(());
                }
                waiting = waiting.saturating_sub(1);
                if let Err(refusal) = verdict(message.flags, message.body)? {
                    *answer = Err(refusal);
                }
                Ok(())
            })?;
        }
        Ok(answers)
    }

    /// As [`exchange`](Self::exchange) with one request.
    ///
    /// # Errors
    /// As `exchange`, and if the kernel refuses the request.
    pub fn ask(&mut self, request: Request) -> Result<Vec<u8>, Error> {
        let answer = self.exchange(&[request])?.pop();
        let answer = answer.ok_or(Error::Malformed("no answer"))?;
        Ok(answer?)
    }

    /// Asks for a list and gives back what `decode` makes of each entry. A list that changed
    /// while it was read is read again.
    ///
    /// # Errors
    /// If the kernel refuses or does not answer, or if the list never stays the same ([`Error::Unsteady`]).
    pub fn dump<T>(
        &mut self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        for _ in 0..TRIES {
            if let Some(entries) = self.dump_once(request, &decode)? {
                return Ok(entries);
            }
        }
        Err(Error::Unsteady)
    }

    /// None if the list changed while it was read.
    fn dump_once<T>(
        &mut self,
        request: &Request,
        decode: &impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Error> {
        let sequence = self.send(std::slice::from_ref(request), 0)?;
        let mut entries = Vec::new();
        let (mut is_done, mut is_steady) = (false, true);
        while !is_done {
            self.receive(|message| {
                if message.sequence != sequence {
                    return Ok(());
                }
                is_steady &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    VERDICT => {
                        is_done = true;
                        verdict(message.flags, message.body)??;
                    }
                    DONE => {
                        is_done = true;
                        end_of_list(message.body)?;
                    }
                    _ => entries.extend(decode(message.body)),
                }
                Ok(())
            })?;
        }
        Ok(is_steady.then_some(entries))
    }

    /// Sends the requests in one datagram; the sequence numbers count up from the one returned.
    fn send(&mut self, requests: &[Request], flags: u16) -> Result<u32, Error> {
        self.catch_up()?;
        let first = self.sequence.wrapping_add(1);
        let mut datagram = Vec::new();
        for request in requests {
            self.sequence = self.sequence.wrapping_add(1);
            request.encode(flags, self.sequence, &mut datagram);
        }
        self.inner.send(&datagram, 0)?;
        Ok(first)
    }

    /// Receives one datagram and hands on its messages.
    fn receive(&mut self, each: impl FnMut(Message<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let received = self.receive_one(TRUNCATION);
        let (length, sender) = received.inspect_err(|_| self.is_behind = true)?;
        if length > self.buffer.len() {
            self.is_behind = true;
            return Err(Error::Malformed("a datagram greater than 64 KiB"));
        }
        match sender.port_number() {
            0 => messages(&self.buffer).try_for_each(each),
            _ => Ok(()),
        }
    }

    fn receive_one(&mut self, flags: i32) -> Result<(usize, SocketAddr), Error> {
        loop {
            self.buffer.clear();
            let error = match self.inner.recv_from(&mut self.buffer, flags) {
                Ok(received) => return Ok(received),
                Err(error) => error,
            };
            match Errno::from_io_error(&error) {
                Some(Errno::INTR) => {}
                Some(Errno::AGAIN) => return Err(Error::Silent(TIME_LIMIT)),
                Some(Errno::NOBUFS) => return Err(Error::Lost),
                _ => return Err(error.into()),
            }
        }
    }

    /// Reads the remaining answers of a failed request. The kernel starts no new list before the last one was read to
    /// its end (`netlink_dump_start`).
    fn catch_up(&mut self) -> Result<(), Error> {
        let end = Instant::now() + TIME_LIMIT;
        while self.is_behind {
            match self.receive_one(TRUNCATION | DO_NOT_WAIT) {
                Err(Error::Silent(_)) => self.is_behind = false,
                Ok(_) | Err(Error::Lost) if Instant::now() < end => {}
                Ok(_) | Err(Error::Lost) => return Err(Error::Silent(TIME_LIMIT)),
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }
}

/// `MSG_TRUNC`: tell the true length of a datagram that does not fit (recv(2)).
const TRUNCATION: i32 = 0x20;
/// `MSG_DONTWAIT`.
const DO_NOT_WAIT: i32 = 0x40;

/// `NLMSG_DONE` carries an error number where the list could not be finished.
fn end_of_list(body: &[u8]) -> Result<(), Error> {
    match body
        .first_chunk::<4>()
        .map(|code| i32::from_ne_bytes(*code))
    {
        Some(code) if code < 0 => Err(Error::Refused(Refusal {
            errno: Errno::from_raw_os_error(code.saturating_neg()),
            message: None,
        })),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RTM_GETLINK` with an empty `struct ifinfomsg` but for the index.
    fn get_link(index: i32, flags: u16) -> Request {
        let mut body = vec![0; 16];
        body[4..8].copy_from_slice(&index.to_ne_bytes());
        Request::from_bytes(18, flags, body)
    }

    #[test]
    fn every_one_of_many_requests_is_answered() {
        let mut socket = Socket::open(Family::Route).unwrap();
        let ask = get_link(1, 0);
        let answers = socket.exchange(&vec![ask; 3000]).unwrap();
        assert_eq!(answers.len(), 3000);
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().is_ok_and(|body| !body.is_empty()))
        );
    }

    #[test]
    fn an_answer_that_is_lost_is_an_error_and_the_next_request_is_answered() {
        let mut socket = Socket::open(Family::Route).unwrap();
        set_socket_recv_buffer_size(&socket.inner, 4096).unwrap();
        let ask = get_link(1, 0);
        let lost = socket.exchange_some(&vec![ask.clone(); 500]).unwrap_err();
        assert!(matches!(lost, Error::Lost), "{lost:?}");
        assert!(!socket.ask(ask).unwrap().is_empty());
    }

    #[test]
    fn a_list_that_was_not_read_to_its_end_does_not_keep_the_next_from_being_read() {
        let mut socket = Socket::open(Family::Route).unwrap();
        let list = get_link(0, DUMP);
        socket.send(std::slice::from_ref(&list), 0).unwrap();
        socket.is_behind = true;
        let indexes = socket.dump(&list, |body| body.get(4..8).map(<[u8]>::to_vec));
        assert!(indexes.unwrap().contains(&1_i32.to_ne_bytes().to_vec()));
    }

    #[test]
    fn a_kernel_that_does_not_answer_is_waited_for_with_a_bound() {
        let mut socket = Socket::open(Family::Route).unwrap();
        let soon = Some(Duration::from_millis(10));
        set_socket_timeout(&socket.inner, Timeout::Recv, soon).unwrap();
        let silent = socket.receive(|_| Ok(())).unwrap_err();
        assert!(matches!(silent, Error::Silent(_)), "{silent:?}");
    }
}
