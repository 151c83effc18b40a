//! The requests of tc(8) that guards are made of, and what their answers say (linux/rtnetlink.h,
//! linux/pkt_sched.h, linux/pkt_cls.h).

use netlink_packet_core::{DefaultNla, Emitable, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL};
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcHeader, TcMessage, TcOption};
use tidegate_model::links::GROUP;
use tidegate_sys::netlink::{DUMP, Request, attribute, attributes};

use super::assembly::{self, Instruction};

const RTM_NEWQDISC: u16 = 36;
const RTM_DELQDISC: u16 = 37;
const RTM_GETQDISC: u16 = 38;
const RTM_NEWTFILTER: u16 = 44;
const RTM_GETTFILTER: u16 = 46;

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
/// Kernels before 4.16 have none, and refuse the filter of one then.
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_BPF_ACT: u16 = 1;
const TCA_BPF_OPS_LEN: u16 = 4;
const TCA_BPF_OPS: u16 = 5;
const TCA_BPF_FLAGS: u16 = 8;
/// `TCA_BPF_FLAG_ACT_DIRECT`: what the program returns is the verdict.
const VERDICT: u32 = 1;
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
const TC_ACT_STOLEN: u32 = 4;

// linux/tc_act/tc_mirred.h
const TCA_MIRRED_PARMS: u16 = 2;
const TCA_INGRESS_REDIR: u32 = 3;

/// Each priority has only one filter.
const HANDLE: u32 = 1;
/// Guards come before redirections.
const GUARD: u32 = 1;
const REDIRECTION: u32 = 2;
/// `ETH_P_ALL` of linux/if_ether.h.
const ANY_PROTOCOL: u16 = 3;

/// The qdisc, which only holds filters (tc-bpf(8)).
const QDISC: &str = "clsact";
const CLASSIFIER: &str = "bpf";

/// Length of `struct tcmsg`.
const HEADER: usize = 20;

/// A block of filters that ports share. The kernel creates it with the first port and removes it with the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Block(u32);

impl Block {
    /// That of all bridges that are sealed. No link has the index 0.
    pub(super) const SEALED: Self = Self::of_link(0);

    /// That of all bridges that are sealed except for names. No link has the highest index.
    pub(super) const NAMES: Self = Self::of_link(u32::MAX);

    /// That of the ports of the bridge with that index, or of the one port with that index: a number that stands for us,
    /// as our link group does. No index is so great that two have the same.
    pub(super) const fn of_link(index: u32) -> Self {
        Self(GROUP.wrapping_add(index))
    }
}

/// Attaches the filters of a block to the ingress of a link.
pub(super) fn join_block(index: u32, block: Block) -> Request {
    let block = DefaultNla::new(TCA_INGRESS_BLOCK, block.0.to_ne_bytes().into());
    let attributes = vec![TcAttribute::Kind(QDISC.into()), TcAttribute::Other(block)];
    let message = TcMessage::from_parts(ingress(index), attributes);
    Request::new(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &message)
}

/// Takes all filters away from the ingress of a link.
pub(super) fn leave_block(index: u32) -> Request {
    let message = TcMessage::from_parts(ingress(index), Vec::new());
    Request::new(RTM_DELQDISC, 0, &message)
}

fn ingress(index: u32) -> TcHeader {
    TcHeader {
        index: index.cast_signed(),
        handle: TcHandle {
            major: u16::MAX,
            minor: 0,
        },
        parent: TcHandle::CLSACT,
        ..TcHeader::default()
    }
}

/// Adds a program that returns a verdict to a block, unless it has one.
pub(super) fn add_guard(block: Block, program: &[Instruction]) -> Request {
    let options = guard(program);
    filter(block, GUARD, options, NLM_F_CREATE | NLM_F_EXCL)
}

/// Replaces the program of a block that returns a verdict.
pub(super) fn replace_guard(block: Block, program: &[Instruction]) -> Request {
    filter(block, GUARD, guard(program), NLM_F_CREATE)
}

/// Adds a program that classifies to a block, unless it has one: frames that it matches are received by the link with
/// index `to` instead, as if they had come in there.
pub(super) fn add_redirection(block: Block, program: &[Instruction], to: u32) -> Request {
    // `struct tc_mirred`: index, capabilities, verdict, two counts; what is done, and to whom.
    let words = [0, 0, TC_ACT_STOLEN, 0, 0, TCA_INGRESS_REDIR, to];
    let redirect = words.into_iter().flat_map(u32::to_ne_bytes).collect();
    let options = DefaultNla::new(TCA_MIRRED_PARMS, redirect);
    let action = [
        DefaultNla::new(TCA_ACT_KIND, b"mirred\0".into()),
        nest(TCA_ACT_OPTIONS, &[options]),
    ];
    let mut attributes = of_program(program);
    attributes.push(nest(TCA_BPF_ACT, &[nest(1, &action)]));
    filter(block, REDIRECTION, attributes, NLM_F_CREATE | NLM_F_EXCL)
}

fn guard(program: &[Instruction]) -> Vec<DefaultNla> {
    let mut attributes = of_program(program);
    attributes.push(DefaultNla::new(TCA_BPF_FLAGS, VERDICT.to_ne_bytes().into()));
    attributes
}

fn of_program(program: &[Instruction]) -> Vec<DefaultNla> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a program has at most 4096 instructions (BPF_MAXINSNS)"
    )]
    let length = program.len() as u16;
    vec![
        DefaultNla::new(TCA_BPF_OPS_LEN, length.to_ne_bytes().into()),
        DefaultNla::new(TCA_BPF_OPS, assembly::bytes(program)),
    ]
}

fn nest(kind: u16, attributes: &[DefaultNla]) -> DefaultNla {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    DefaultNla::new(kind, bytes)
}

fn filter(block: Block, priority: u32, options: Vec<DefaultNla>, flags: u16) -> Request {
    let options = options.into_iter().map(TcOption::Other).collect();
    let message = TcMessage::from_parts(
        of_filter(block, priority),
        vec![
            TcAttribute::Kind(CLASSIFIER.into()),
            TcAttribute::Options(options),
        ],
    );
    Request::new(RTM_NEWTFILTER, flags, &message)
}

/// Queries the program of a block that returns a verdict.
pub(super) fn get_guard(block: Block) -> Request {
    let kind = TcAttribute::Kind(CLASSIFIER.into());
    let message = TcMessage::from_parts(of_filter(block, GUARD), vec![kind]);
    Request::new(RTM_GETTFILTER, 0, &message)
}

fn of_filter(block: Block, priority: u32) -> TcHeader {
    TcHeader {
        index: TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed(),
        handle: HANDLE.into(),
        parent: block.0.into(),
        info: priority << 16 | u32::from(ANY_PROTOCOL.to_be()),
        ..TcHeader::default()
    }
}

/// Asks for the qdiscs of all links.
pub(super) fn list_qdiscs() -> Request {
    Request::new(RTM_GETQDISC, DUMP, &TcMessage::default())
}

/// Asks for the qdisc of one link that leads to a block, if it has one.
pub(super) fn get_qdisc(index: u32) -> Request {
    let header = TcHeader {
        index: index.cast_signed(),
        parent: TcHandle::CLSACT,
        ..TcHeader::default()
    };
    let message = TcMessage::from_parts(header, Vec::new());
    // Without this flag, the kernel answers only to subscribers, not to the sender (`qdisc_get_notify`).
    Request::new(RTM_GETQDISC, NLM_F_ECHO, &message)
}

/// The index of the link whose qdisc it is, and the block that it leads to, if it does.
pub(super) fn member(body: &[u8]) -> Option<(u32, Block)> {
    let block = attribute(body.get(HEADER..)?, TCA_INGRESS_BLOCK)?;
    let index = body.get(4..)?.first_chunk()?;
    let block = Block(u32::from_ne_bytes(*block.first_chunk()?));
    Some((u32::from_ne_bytes(*index), block))
}

/// The program of a filter that decides by itself.
pub(super) fn guard_in(body: &[u8]) -> Option<&[u8]> {
    let of_filter = body.get(HEADER..)?;
    let kind = attribute(of_filter, TCA_KIND)?;
    if kind.strip_suffix(b"\0") != Some(CLASSIFIER.as_bytes()) {
        return None;
    }
    let options = attribute(of_filter, TCA_OPTIONS)?;
    let decides = attributes(options)
        .any(|(kind, value)| kind == TCA_BPF_FLAGS && value == VERDICT.to_ne_bytes());
    attribute(options, TCA_BPF_OPS).filter(|_| decides)
}
