//! The generation of a namespace's ruleset, which the kernel counts on by one with each transaction.

use anyhow::{Context, ensure};
use netlink_sys::Socket;
use tidegate_tests::Netns;

use crate::floor;

/// A request for it: `NFT_MSG_GETGEN` of nf_tables (linux/netfilter/nf_tables.h), whose head is
/// that of struct nlmsghdr, and behind it an empty struct nfgenmsg.
const REQUEST: [u8; 20] = {
    let (length, flags) = (20_u32.to_ne_bytes(), 1_u16.to_ne_bytes());
    let kind = ((10_u16 << 8) | 16).to_ne_bytes();
    let mut request = [0; 20];
    let mut index = 0;
    while index < 4 {
        request[index] = length[index];
        index += 1;
    }
    (request[4], request[5]) = (kind[0], kind[1]);
    (request[6], request[7]) = (flags[0], flags[1]);
    request
};
/// Where the answer has it: behind both heads and that of the first attribute, NFTA_GEN_ID.
const PLACE: std::ops::Range<usize> = 24..28;

/// A socket that asks.
pub(crate) struct Generations(Socket);

impl Generations {
    /// # Errors
    /// When the kernel gives no socket.
    pub(crate) fn of(netns: &Netns) -> anyhow::Result<Self> {
        Ok(Self(netns.run(floor::socket)?))
    }

    /// The generation now.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(crate) fn now(&self) -> anyhow::Result<u32> {
        self.0.send(&REQUEST, 0)?;
        let mut answer = [0; 256];
        let length = self.0.recv(&mut &mut answer[..], 0)?;
        let found = answer.get(PLACE).filter(|_| length >= PLACE.end);
        let found = found.context("the kernel did not tell the generation")?;
        ensure!(
            answer[20..24] == [8, 0, 1, 0],
            "the answer is of another kind"
        );
        Ok(u32::from_be_bytes(found.try_into()?))
    }
}
