//! Addresses as engines write them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Refused, Why};

/// An address. A prefix length after it says nothing: the network's applies.
pub(crate) fn address(place: &str, text: &str) -> Result<IpAddr, Refused> {
    let with_length = text.parse().map(|net: IpNet| net.addr());
    with_length
        .or_else(|_| text.parse())
        .map_err(|_| Refused::new(Why::Invalid, format!("{place}: {text:?} is no address")))
}
