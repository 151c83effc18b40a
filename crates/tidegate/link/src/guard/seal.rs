//! Protects the host from the endpoints of a bridge: a filter of everything that the bridge receives as an interface
//! of the host. Frames between its ports do not pass it. The table alone does not suffice: the kernel answers ARP,
//! and packets whose time is exceeded, before it consults the table.

use std::collections::HashMap;

use tidegate_model::IfName;
use tidegate_sys::netlink::Socket;

use super::assembly::{self, Assembly, DROP, Instruction};
use super::message::{self, Block};
use super::{failed, has_program, refusal_of};
use crate::error::{Cause, LinkError};

/// Seals a bridge, even if it is sealed already. If the kernel lacks the filter, only the table protects the host.
pub(crate) fn seal(socket: &mut Socket, bridge: &IfName, index: u32) -> Result<(), LinkError> {
    let requests = [
        message::join_block(index, Block::SEALED),
        message::replace_guard(Block::SEALED, &shut()),
    ];
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

/// The block of sealed bridges, if a bridge has that.
pub(super) fn block(members: &HashMap<u32, Block>, bridge: u32) -> Option<Block> {
    let block = members.get(&bridge).copied();
    block.filter(|block| *block == Block::SEALED)
}

/// Whether the block of sealed bridges drops what it should.
pub(super) fn is_shut(socket: &mut Socket) -> Result<bool, Cause> {
    let program = assembly::bytes(&shut());
    has_program(socket, Block::SEALED, |found| *found == *program)
}

/// Drops everything.
fn shut() -> Vec<Instruction> {
    let mut code = Assembly::default();
    code.end(DROP);
    code.finish()
}
