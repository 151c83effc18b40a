//! Addresses and interfaces that the host lacks.

use std::net::IpAddr;

use rustix::io::Errno;
use tidegate_model::{IfName, Needs};
use tidegate_sys::netlink::{self, Socket};

use crate::decode::RouteRecord;
use crate::error::{Cause, ErrorKind, LinkError};
use crate::{find, message};

/// Which of these the host lacks: the network namespace of the calling thread. It has an address if a route makes the
/// address local: that of an interface's address, or one that somebody added (`ip route add local`).
///
/// # Errors
/// If the kernel does not answer.
pub fn lacking(needs: &Needs) -> Result<Needs, LinkError> {
    let mut lacking = Needs::default();
    if needs.is_empty() {
        return Ok(lacking);
    }
    let socket = Socket::open(netlink::Family::Route);
    let mut socket = socket.map_err(|error| LinkError::new("open netlink", error))?;
    for address in &needs.addresses {
        let has = has_address(&mut socket, *address);
        let has = has.map_err(|cause| LinkError::new(format_args!("look for {address}"), cause))?;
        lacking.addresses.extend((!has).then_some(*address));
    }
    for ifname in &needs.interfaces {
        let has = has_link(&socket, ifname)?;
        lacking.interfaces.extend((!has).then(|| ifname.clone()));
    }
    Ok(lacking)
}

fn has_address(socket: &mut Socket, address: IpAddr) -> Result<bool, Cause> {
    match socket.ask(message::get_route_to(address)) {
        Ok(body) => Ok(RouteRecord::decode(&body).is_some_and(RouteRecord::is_local)),
        // There is no route at all, or one that blocks.
        Err(netlink::Error::Refused(refusal)) if is_no_way(refusal.errno) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What the kernel answers where no packet leaves (`fib_props`, and ENETUNREACH without a route).
fn is_no_way(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::INVAL | Errno::ACCESS
    )
}

/// Whether the namespace of the socket has a link of that name, or with that alternative name (ip-link(8)).
pub(crate) fn has_link(socket: &Socket, ifname: &IfName) -> Result<bool, LinkError> {
    match find::index(socket, ifname) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        found => found.map(|_| true),
    }
}
