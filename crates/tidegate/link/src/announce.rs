//! Announces an endpoint's addresses to its neighbours, so that they stop sending to the Ethernet address that had
//! the IP address before. This is the last step, when the bridge port forwards. A neighbour that misses the
//! announcement learns the new address later.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV6};

use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tidegate_model::MacAddr;
use tidegate_model::links::Peer;
use tidegate_sys::Netns;
use tidegate_sys::netlink::{self, Socket};

use crate::batch::{Batch, What};
use crate::error::{Cause, LinkError};
use crate::{find, message};

/// All nodes of a link (RFC 4291, section 2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Receivers require this hop limit, so that nobody on another link can send such messages (RFC 4861, section 7.1.2).
const HOPS: u32 = 255;

/// Announces the addresses of an endpoint's end of a pair.
pub(crate) fn addresses(peer: &Peer, netns: &Netns) {
    let announced = netns.run_here(|| announce(peer));
    match announced {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an endpoint is not announced"),
        Err(error) => tracing::debug!(%error, "an endpoint is not announced"),
    }
}

/// The kernel announces IPv4 addresses by gratuitous ARP when the Ethernet address is set, even to the same value.
/// For IPv6 this would need a sysctl (`ndisc_notify`). Access to /proc/sys takes longer with every namespace
/// (`proc_sys_compare`), so we send the announcement ourselves.
fn announce(peer: &Peer) -> Result<(), LinkError> {
    let ifname = &peer.ifname;
    let socket = Socket::open(netlink::Family::Route);
    let mut socket = socket.map_err(|error| LinkError::new("open netlink", error))?;
    let index = find::index(&socket, ifname)?;
    let mut batch = Batch::default();
    let what = What::Announce(ifname);
    batch.push(what, message::set_arp_notify(index));
    batch.push(what, message::set_mac(index, peer.mac));
    batch.send(&mut socket)?;
    for net in &peer.addresses {
        if let IpAddr::V6(address) = net.addr() {
            advertise(index, address, peer.mac).map_err(|cause| LinkError::new(what, cause))?;
        }
    }
    Ok(())
}

/// Sends an unsolicited neighbour advertisement (RFC 4861, section 7.2.6) from the address that it is about.
fn advertise(index: u32, address: Ipv6Addr, mac: MacAddr) -> Result<(), Cause> {
    let socket = RawSocket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_multicast_if_v6(index)?;
    socket.set_multicast_hops_v6(HOPS)?;
    socket.set_multicast_loop_v6(false)?;
    socket.bind(&SocketAddrV6::new(address, 0, 0, index).into())?;
    let everybody = SocketAddrV6::new(ALL_NODES, 0, 0, index).into();
    socket.send_to(&advertisement(address, mac), &everybody)?;
    Ok(())
}

/// The message of RFC 4861, section 4.4, with the override flag, and the link-layer address as its option
/// (section 4.6.1). The kernel writes the checksum (RFC 3542, section 3.1).
fn advertisement(target: Ipv6Addr, mac: MacAddr) -> Vec<u8> {
    const ADVERTISEMENT: u8 = 136;
    const OVERRIDE: u8 = 0x20;
    const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
    let mut message = vec![ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0];
    message.extend(target.octets());
    // The length is in units of eight bytes.
    message.extend([TARGET_LINK_LAYER_ADDRESS, 1]);
    message.extend(mac.0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertisement_names_the_address_and_whose_it_is() {
        let message = advertisement("fd00::2".parse().unwrap(), MacAddr([2, 0, 0, 0, 0, 7]));
        assert_eq!(message.len(), 32);
        assert_eq!(message[..8], [136, 0, 0, 0, 0x20, 0, 0, 0]);
        assert_eq!(message[8..10], [0xfd, 0]);
        assert_eq!(message[23..], [2, 2, 1, 2, 0, 0, 0, 0, 7]);
    }
}
