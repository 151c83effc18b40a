//! Protects the host from the endpoints of a bridge: a filter of what the bridge receives as an interface of the host.
//! Frames between its ports do not pass it. The table alone does not suffice: the kernel answers ARP, and packets whose
//! time is exceeded, before it consults the table.

use std::collections::HashMap;

use tidegate_model::links::Bridge;
use tidegate_sys::netlink::Socket;

use super::assembly::{self, Assembly, DROP, Instruction};
use super::message::{self, Block};
use super::names::names;
use super::{failed, has_program, refusal_of};
use crate::error::{Cause, LinkError};

/// Seals a bridge, even if it is sealed already. If the kernel lacks the filter, only the table protects the host.
pub(crate) fn seal(socket: &mut Socket, bridge: &Bridge, index: u32) -> Result<(), LinkError> {
    let block = match bridge.answered.is_empty() {
        true => Block::SEALED,
        false => Block::NAMES,
    };
    let requests = [
        message::join_block(index, block),
        message::replace_guard(block, &program(block)),
    ];
    let bridge = &bridge.ifname;
    let answers = socket.exchange(&requests);
    let answers = answers.map_err(|cause| failed(bridge, cause))?;
    if let Some(refusal) = answers.into_iter().find_map(refusal_of) {
        tracing::warn!(
            %bridge,
            "the host answers ARP requests and expired packets of an isolated network: the kernel refuses the filter \
             that drops them (sch_ingress, cls_bpf): {refusal}"
        );
    }
    Ok(())
}

/// The block of sealed bridges, if a bridge has one.
pub(super) fn block(members: &HashMap<u32, Block>, bridge: u32) -> Option<Block> {
    let block = members.get(&bridge).copied();
    block.filter(|block| is_one(*block))
}

/// Whether a block is one of sealed bridges.
pub(super) fn is_one(block: Block) -> bool {
    [Block::SEALED, Block::NAMES].contains(&block)
}

/// Whether a block of sealed bridges drops what it should.
pub(super) fn is_shut(socket: &mut Socket, block: Block) -> Result<bool, Cause> {
    let program = assembly::bytes(&program(block));
    has_program(socket, block, |found| *found == *program)
}

/// What a block of sealed bridges does.
fn program(block: Block) -> Vec<Instruction> {
    match block {
        Block::NAMES => names(),
        _ => shut(),
    }
}

/// Drops everything.
fn shut() -> Vec<Instruction> {
    let mut code = Assembly::default();
    code.end(DROP);
    code.finish()
}
