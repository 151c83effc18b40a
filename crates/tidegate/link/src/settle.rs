//! Waits for work that the kernel does a moment after it reported "done".
//!
//! The kernel does two things later, on a work queue. A link that was brought up gets its transmit queue, and a
//! bridge port starts to forward (net/core/link_watch.c). An IPv6 address starts to answer (`addrconf_dad_work`, even
//! without duplicate address detection). A packet that is sent earlier is lost, and repeated only after a second. The
//! wait usually takes some microseconds. It has a limit. Reaching the limit is not an error: then another program is
//! changing the link.

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tidegate_sys::netlink::{self, Socket};

use crate::decode::{LinkRecord, RouteRecord};
use crate::error::Cause;
use crate::message;

/// The longest wait for one of them.
const BOUND: Duration = Duration::from_secs(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_micros(100);

/// Waits until the link carries packets; not at all if it is down or gone.
pub(crate) fn link(socket: &mut Socket, index: u32) {
    let settled = wait_until(|| {
        let found = LinkRecord::decode(&socket.ask(message::get_link(index))?);
        Ok(found.is_none_or(|link| link.is_operational || !link.is_up))
    });
    if !settled {
        tracing::debug!(index, "interface is up but does not carry packets yet");
    }
}

/// Waits until the IPv6 addresses answer. IPv4 addresses answer at once.
pub(crate) fn addresses(socket: &mut Socket, nets: &[IpNet]) {
    for net in nets.iter().filter(|net| net.addr().is_ipv6()) {
        if !wait_until(|| answers(socket, net.addr())) {
            tracing::debug!(%net, "address does not answer yet");
        }
    }
}

/// Whether a packet to the address is for this namespace itself.
fn answers(socket: &mut Socket, address: IpAddr) -> Result<bool, Cause> {
    match socket.ask(message::get_route_to(address)) {
        Ok(body) => Ok(RouteRecord::decode(&body).is_none_or(RouteRecord::is_local)),
        // Before its local route exists, there may be no route at all.
        Err(netlink::Error::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether it became ready within the limit. A failed query ends the wait.
fn wait_until(mut is_ready: impl FnMut() -> Result<bool, Cause>) -> bool {
    let start = Instant::now();
    loop {
        if is_ready().unwrap_or(true) {
            return true;
        }
        if start.elapsed() > BOUND {
            return false;
        }
        sleep(PAUSE);
    }
}
