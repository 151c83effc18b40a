//! The requests of tc(8) that a guard is made of, and what their answers say (linux/rtnetlink.h,
//! linux/pkt_sched.h, linux/pkt_cls.h).

use netlink_packet_core::{DefaultNla, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcHeader, TcMessage, TcOption};
use tidegate_model::links::GROUP;

use super::program;
use crate::netlink::{DUMP, Request, attribute, attributes};

const RTM_NEWQDISC: u16 = 36;
const RTM_GETQDISC: u16 = 38;
const RTM_NEWTFILTER: u16 = 44;
const RTM_GETTFILTER: u16 = 46;

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
/// Kernels before 4.16 have none, and refuse the filter of one then.
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_BPF_OPS_LEN: u16 = 4;
const TCA_BPF_OPS: u16 = 5;
const TCA_BPF_FLAGS: u16 = 8;
/// `TCA_BPF_FLAG_ACT_DIRECT`: what the program returns is the verdict.
const VERDICT: u32 = 1;

/// The block of filters that all ports share: a number that stands for us, as our link group does.
const BLOCK: u32 = GROUP;
/// The filter among those of the block.
const HANDLE: u32 = 1;
const PRIORITY: u32 = 1;
/// `ETH_P_ALL` of linux/if_ether.h.
const ANY_PROTOCOL: u16 = 3;

/// The qdisc, which is no more than a place for filters (tc-bpf(8)).
const QDISC: &str = "clsact";
const CLASSIFIER: &str = "bpf";

/// Length of `struct tcmsg`.
const HEADER: usize = 20;

/// Has what comes in by a link pass the filters of the block. The kernel makes the block with the first link and
/// removes it with the last.
pub(super) fn join_block(index: u32) -> Request {
    let block = DefaultNla::new(TCA_INGRESS_BLOCK, BLOCK.to_ne_bytes().into());
    let message = TcMessage::from_parts(
        TcHeader {
            index: index.cast_signed(),
            handle: TcHandle {
                major: u16::MAX,
                minor: 0,
            },
            parent: TcHandle::CLSACT,
            ..TcHeader::default()
        },
        vec![TcAttribute::Kind(QDISC.into()), TcAttribute::Other(block)],
    );
    Request::new(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &message)
}

/// Puts the filter into the block unless one is there.
pub(super) fn add_filter() -> Request {
    filter(NLM_F_CREATE | NLM_F_EXCL)
}

/// Puts the filter into the block, in the place of one that is there.
pub(super) fn replace_filter() -> Request {
    filter(NLM_F_CREATE)
}

fn filter(flags: u16) -> Request {
    let program = program::instructions();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a program has at most 4096 instructions (BPF_MAXINSNS)"
    )]
    let length = program.len() as u16;
    let option = |kind, value: Vec<u8>| TcOption::Other(DefaultNla::new(kind, value));
    let options = vec![
        option(TCA_BPF_OPS_LEN, length.to_ne_bytes().into()),
        option(TCA_BPF_OPS, program::bytes(&program)),
        option(TCA_BPF_FLAGS, VERDICT.to_ne_bytes().into()),
    ];
    let message = TcMessage::from_parts(
        of_filter(),
        vec![
            TcAttribute::Kind(CLASSIFIER.into()),
            TcAttribute::Options(options),
        ],
    );
    Request::new(RTM_NEWTFILTER, flags, &message)
}

/// Asks for the filter.
pub(super) fn get_filter() -> Request {
    let message = TcMessage::from_parts(of_filter(), vec![TcAttribute::Kind(CLASSIFIER.into())]);
    Request::new(RTM_GETTFILTER, 0, &message)
}

fn of_filter() -> TcHeader {
    TcHeader {
        index: TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed(),
        handle: HANDLE.into(),
        parent: BLOCK.into(),
        info: PRIORITY << 16 | u32::from(ANY_PROTOCOL.to_be()),
        ..TcHeader::default()
    }
}

/// Asks for the qdiscs of all links.
pub(super) fn list_qdiscs() -> Request {
    Request::new(RTM_GETQDISC, DUMP, &TcMessage::default())
}

/// The index of the link whose qdisc it is, if that leads to the block.
pub(super) fn member(body: &[u8]) -> Option<u32> {
    let block = attribute(body.get(HEADER..)?, TCA_INGRESS_BLOCK)?;
    let index = body.get(4..)?.first_chunk()?;
    (block == BLOCK.to_ne_bytes()).then(|| u32::from_ne_bytes(*index))
}

/// Whether a filter is ours, and decides by itself.
pub(super) fn is_ours(body: &[u8]) -> bool {
    let Some(attributes_of_it) = body.get(HEADER..) else {
        return false;
    };
    let is_of_kind = attribute(attributes_of_it, TCA_KIND)
        .is_some_and(|kind| kind.strip_suffix(b"\0") == Some(CLASSIFIER.as_bytes()));
    let options = attribute(attributes_of_it, TCA_OPTIONS).unwrap_or_default();
    let has = |kind, wanted: &[u8]| {
        attributes(options).any(|(found, value)| found == kind && value == wanted)
    };
    let program = program::bytes(&program::instructions());
    is_of_kind && has(TCA_BPF_OPS, &program) && has(TCA_BPF_FLAGS, &VERDICT.to_ne_bytes())
}
