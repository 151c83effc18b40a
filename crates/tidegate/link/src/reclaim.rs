//! Gives links of ours their names and their group again.

use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::Reclaim;
use tidegate_sys::netlink;

use crate::batch::{Batch, What};
use crate::error::{Cause, LinkError};
use crate::rtnetlink::Rtnetlink;
use crate::{find, message};

/// Gives the link that has another name its own, and our group. A link that is up stays up, except on kernels before
/// 6.2, which rename only links that are down.
pub(crate) fn reclaim(host: &mut Rtnetlink, wanted: &Reclaim) -> Result<(), LinkError> {
    let Reclaim { found, ifname } = wanted;
    let link = find::link(&mut host.socket, found)?;
    if found != ifname {
        rename(host, link.index, link.is_up, ifname)
            .map_err(|cause| LinkError::new(What::Reclaim(ifname), cause))?;
    }
    let mut batch = Batch::default();
    batch.push(What::Reclaim(ifname), message::regroup(link.index));
    batch.send(&mut host.socket).map(drop)
}

fn rename(host: &mut Rtnetlink, index: u32, is_up: bool, ifname: &IfName) -> Result<(), Cause> {
    let rename = || message::rename(index, ifname.as_str());
    match host.socket.ask(rename()) {
        Err(netlink::Error::Refused(refusal)) if is_up && refusal.errno == Errno::BUSY => {
            host.socket.ask(message::set_down(index))?;
            let renamed = host.socket.ask(rename());
            host.socket.ask(message::set_up(index))?;
            renamed?;
        }
        renamed => drop(renamed?),
    }
    Ok(())
}
