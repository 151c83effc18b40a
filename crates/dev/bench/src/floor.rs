//! The floor: the bytes that nft sends to the kernel, caught once with strace and sent again.

use std::process::Command;

use anyhow::{Context, bail, ensure};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use tidegate_sys::netlink::{self, Message, Socket, messages};

use crate::programs::{program, run};

/// Type of the message that begins a batch (linux/netfilter/nfnetlink.h, NFNL_MSG_BATCH_BEGIN).
const BATCH_BEGIN: u16 = 0x10;
/// Type of the message that tells of an error (linux/netlink.h, NLMSG_ERROR).
const ERROR: u16 = 2;

/// A batch as nft sends it.
pub(crate) struct Replay(Vec<u8>);

impl Replay {
    /// Has nft carry out commands in the network namespace of the calling thread, and keeps the
    /// batch that it sends.
    ///
    /// # Errors
    /// When strace is not there or cannot trace, or nft refuses.
    pub(crate) fn catch(commands: &str) -> anyhow::Result<Self> {
        let trace = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(program("strace")?);
        command.args(["-e", "trace=sendmsg,sendto", "-e", "write=all", "-o"]);
        command.arg(trace.path()).arg("--").arg(program("nft")?);
        run(command.args(["-f", "-"]), commands)?;
        let trace = std::fs::read_to_string(trace.path())?;
        let batch = sent(&trace).into_iter().find(|bytes| is_batch(bytes));
        let batch = batch.context("strace showed no batch that nft sent")?;
        Ok(Self(batch))
    }

    /// Sends it again, and looks at what the kernel answers: it has done everything by then.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn send(&self, socket: &Socket) -> anyhow::Result<()> {
        let sent = send(socket, &self.0, SendFlags::empty())?;
        ensure!(sent == self.0.len(), "the kernel took {sent} bytes");
        let mut answer = [0; 8192];
        while let Ok((length, _)) = recv(socket, &mut answer, RecvFlags::DONTWAIT) {
            messages(&answer[..length]).try_for_each(|message| accepted(&message))?;
        }
        Ok(())
    }
}

/// A socket to nf_tables in the network namespace of the calling thread.
///
/// # Errors
/// When the kernel gives none.
pub(crate) fn socket() -> anyhow::Result<Socket> {
    Ok(Socket::open(netlink::Family::Netfilter)?)
}

fn is_batch(bytes: &[u8]) -> bool {
    bytes.get(4..6) == Some(&BATCH_BEGIN.to_ne_bytes())
}

/// An error if a message of the kernel is one.
fn accepted(message: &Message<'_>) -> anyhow::Result<()> {
    match message.body.first_chunk() {
        Some(status) if message.kind == ERROR && *status != [0; 4] => {
            bail!("the kernel refused: errno bytes {status:02x?}")
        }
        _ => Ok(()),
    }
}

/// What was sent in each call that a trace with dumps tells of: the bytes follow a call's line,
/// sixteen a line, as ` | 00010  00 00 00 00  ....`, below ` * 20 bytes in buffer 0` for each buffer.
fn sent(trace: &str) -> Vec<Vec<u8>> {
    let mut calls: Vec<Vec<u8>> = Vec::new();
    for line in trace.lines() {
        if let Some(dumped) = line.strip_prefix(" | ") {
            let digits = dumped.get(5..5 + 2 + 3 * 16 + 1).unwrap_or_default();
            let bytes = digits.split_whitespace();
            let bytes = bytes.filter_map(|byte| u8::from_str_radix(byte, 16).ok());
            if let Some(call) = calls.last_mut() {
                call.extend(bytes);
            }
        } else if !line.starts_with(" *") {
            calls.push(Vec::new());
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_call_are_read_from_all_its_buffers() {
        let trace = "\
sendto(3, ..., 20) = 20
 | 00000  14 00 00 00 10 0a 01 00  00 00 00 00 00 00 00 00  ................ |
 | 00010  00 00 00 00                                       ....             |
sendmsg(3, {...}, 0) = 24
 * 20 bytes in buffer 0
 | 00000  14 00 00 00 10 00 01 00  00 00 00 00 00 00 00 00  ............a4 b |
 | 00010  00 00 0a ff                                       ....             |
 * 4 bytes in buffer 1
 | 00000  01 02 03 04                                       ....             |
+++ exited with 0 +++
";
        let calls = sent(trace);
        assert_eq!(calls[0].len(), 20);
        assert!(!is_batch(&calls[0]));
        assert!(is_batch(&calls[1]));
        assert_eq!(calls[1][18..], [0x0a, 0xff, 1, 2, 3, 4]);
    }

    #[test]
    fn an_error_is_seen_behind_an_acknowledgement() {
        let message = |status: i32| {
            let mut bytes = 36_u32.to_ne_bytes().to_vec();
            bytes.extend(ERROR.to_ne_bytes());
            bytes.extend([0; 10]);
            bytes.extend(status.to_ne_bytes());
            bytes.extend([0; 16]);
            bytes
        };
        let accepted = |bytes: &[u8]| messages(bytes).try_for_each(|message| accepted(&message));
        assert!(accepted(&message(0)).is_ok());
        assert!(accepted(&[message(0), message(-17)].concat()).is_err());
    }
}
