//! What the kernel's link, address and route messages say, as far as we read them
//! (rtnetlink(7)). Pure: bytes to values.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::links::LinkKind;
use tidegate_model::{IfName, MacAddr};

use crate::netlink::{attribute, attributes};

// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_INFO_KIND: u16 = 1;
/// `IF_OPER_UP` of linux/if.h: it carries packets.
const OPERATIONAL: u8 = 6;
/// `IFF_UP` of linux/if.h.
const IFF_UP: u32 = 1;
// linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
// linux/rtnetlink.h
const RTA_DST: u16 = 1;
const RTA_TABLE: u16 = 15;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const RT_TABLE_MAIN: u32 = 254;
const RT_TABLE_LOCAL: u32 = 255;
/// linux/socket.h.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A link (`RTM_NEWLINK`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkRecord {
    pub(crate) index: u32,
    /// None if the kernel's name is none that we would give.
    pub(crate) ifname: Option<IfName>,
    pub(crate) kind: LinkKind,
    pub(crate) group: u32,
    pub(crate) is_up: bool,
    pub(crate) is_operational: bool,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) master: Option<u32>,
}

impl LinkRecord {
    /// Reads `struct ifinfomsg` and what follows; none if it is cut short.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<16>()?;
        let mut link = Self {
            index: u32_at(header, 4)?,
            ifname: None,
            kind: LinkKind::Other,
            group: 0,
            is_up: u32_at(header, 8)? & IFF_UP != 0,
            is_operational: false,
            mac: None,
            master: None,
        };
        for (kind, value) in attributes(rest) {
            match kind {
                IFLA_ADDRESS => link.mac = mac(value),
                IFLA_IFNAME => link.ifname = text(value).and_then(|name| name.parse().ok()),
                IFLA_MASTER => link.master = u32_at(value, 0),
                IFLA_OPERSTATE => link.is_operational = value == [OPERATIONAL],
                IFLA_LINKINFO => link.kind = link_kind(value),
                IFLA_GROUP => link.group = u32_at(value, 0)?,
                _ => {}
            }
        }
        Some(link)
    }
}

/// An address of a link (`RTM_NEWADDR`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRecord {
    /// The link's index.
    pub(crate) index: u32,
    /// The address with its prefix length.
    pub(crate) local: IpNet,
    /// What is reached through it: the address's own prefix, or a point-to-point link's far end.
    pub(crate) prefix: IpNet,
}

impl AddressRecord {
    /// Reads `struct ifaddrmsg` and what follows; none if it is no IP address.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<8>()?;
        let [family, prefix_length, ..] = *header;
        let net = |kind| {
            let ip = ip(family, attribute(rest, kind)?)?;
            IpNet::new(ip, prefix_length).ok()
        };
        let far = net(IFA_ADDRESS);
        let local = net(IFA_LOCAL).or(far)?;
        Some(Self {
            index: u32_at(header, 4)?,
            local,
            prefix: far.unwrap_or(local).trunc(),
        })
    }
}

/// A route (`RTM_NEWROUTE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteRecord {
    /// Its destination; a prefix length of 0 makes it a default route.
    pub(crate) destination: IpNet,
    kind: u8,
    table: u32,
}

impl RouteRecord {
    /// Reads `struct rtmsg` and what follows; none if it is no IP route.
    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<12>()?;
        let [family, prefix_length, _, _, table, _, _, kind, ..] = *header;
        let destination = match attribute(rest, RTA_DST) {
            Some(value) => ip(family, value)?,
            None => unspecified(family)?,
        };
        Some(Self {
            destination: IpNet::new(destination, prefix_length).ok()?.trunc(),
            kind,
            table: attribute(rest, RTA_TABLE)
                .and_then(|value| u32_at(value, 0))
                .unwrap_or(u32::from(table)),
        })
    }

    /// Whether it leads somewhere outside of the host, to a part of the address space.
    pub(crate) fn occupies(&self) -> bool {
        self.kind == RTN_UNICAST
            && self.table != RT_TABLE_LOCAL
            && self.destination.prefix_len() > 0
    }

    /// Whether it is a default route that is used without policy rules.
    pub(crate) fn is_default(&self) -> bool {
        self.kind == RTN_UNICAST
            && self.table == RT_TABLE_MAIN
            && self.destination.prefix_len() == 0
    }

    /// Whether the destination is an address of the host itself.
    pub(crate) fn is_local(self) -> bool {
        self.kind == RTN_LOCAL
    }
}

fn link_kind(info: &[u8]) -> LinkKind {
    match attribute(info, IFLA_INFO_KIND).and_then(text) {
        Some("bridge") => LinkKind::Bridge,
        Some("veth") => LinkKind::Veth,
        _ => LinkKind::Other,
    }
}

fn mac(value: &[u8]) -> Option<MacAddr> {
    let octets = <[u8; 6]>::try_from(value).ok()?;
    (octets != [0; 6]).then_some(MacAddr(octets))
}

fn text(value: &[u8]) -> Option<&str> {
    std::ffi::CStr::from_bytes_until_nul(value)
        .ok()?
        .to_str()
        .ok()
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let value = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*value))
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => <[u8; 4]>::try_from(value).ok().map(IpAddr::from),
        AF_INET6 => <[u8; 16]>::try_from(value).ok().map(IpAddr::from),
        _ => None,
    }
}

fn unspecified(family: u8) -> Option<IpAddr> {
    match family {
        AF_INET => Some([0; 4].into()),
        AF_INET6 => Some([0; 16].into()),
        _ => None,
    }
}
