//! The generation of a namespace's ruleset, which the kernel counts on by one with each transaction.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use tidegate_sys::netlink::{self, Request, Socket, attribute};
use tidegate_tests::Netns;

/// `NFT_MSG_GETGEN` of nf_tables (linux/netfilter/nf_tables.h).
const GETGEN: u16 = (10 << 8) | 16;
/// Length of `struct nfgenmsg`.
const HEADER: usize = 4;
/// `NFTA_GEN_ID`.
const ID: u16 = 1;

/// A socket that asks.
pub(crate) struct Generations(Mutex<Socket>);

impl Generations {
    /// # Errors
    /// When the kernel gives no socket.
    pub(crate) fn of(netns: &Netns) -> anyhow::Result<Self> {
        let socket = netns.run(|| Socket::open(netlink::Family::Netfilter))?;
        Ok(Self(Mutex::new(socket)))
    }

    /// The generation now.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(crate) fn now(&self) -> anyhow::Result<u32> {
        let request = Request::from_bytes(GETGEN, 0, vec![0; HEADER]);
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = socket.ask(request)?;
        let attributes = answer.get(HEADER..);
        let found = attributes.and_then(|attributes| attribute(attributes, ID));
        let found = found.context("the kernel did not tell the generation")?;
        Ok(u32::from_be_bytes(found.try_into()?))
    }
}
