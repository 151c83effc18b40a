//! Ethernet addresses.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;
use crate::serde_as_text;

/// An Ethernet address, written `02:42:ac:11:00:02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// A locally administered unicast address (IEEE 802 bit 1 of the first octet set, bit 0
    /// clear) made from five octets.
    pub fn local(octets: [u8; 5]) -> Self {
        let [b, c, d, e, f] = octets;
        Self([0x02, b, c, d, e, f])
    }

    /// Whether an interface can have it: it is a unicast address (IEEE 802, bit 0 of the first octet clear) and not
    /// zero.
    pub fn is_station(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }
}

impl FromStr for MacAddr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse =
            |reason: &str| Invalid::new("MAC address", text, reason, "write it 02:42:ac:11:00:02");
        let mut octets = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut octets {
            let part = parts
                .next()
                .ok_or_else(|| refuse("it has fewer than six octets"))?;
            if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(refuse("each octet is two hexadecimal digits"));
            }
            *octet = u8::from_str_radix(part, 16)
                .map_err(|_| refuse("each octet is two hexadecimal digits"))?;
        }
        match parts.next() {
            None => Ok(Self(octets)),
            Some(_) => Err(refuse("it has more than six octets")),
        }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

serde_as_text!(MacAddr);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_address_reads_back_as_it_was_written() {
        let mac = MacAddr::local([0x42, 0xac, 0x11, 0, 2]);
        assert_eq!(mac.to_string(), "02:42:ac:11:00:02");
        assert_eq!("02:42:AC:11:00:02".parse(), Ok(mac));
        for bad in [
            "",
            "02:42",
            "02:42:ac:11:00:02:03",
            "02:42:ac:11:00:+2",
            "2:42:ac:11:0:2",
        ] {
            assert!(bad.parse::<MacAddr>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_interface_has_a_unicast_address_that_is_not_zero() {
        for (mac, is_station) in [
            ("02:42:ac:11:00:02", true),
            ("00:00:00:00:00:01", true),
            ("00:00:00:00:00:00", false),
            ("01:00:5e:00:00:01", false),
            ("ff:ff:ff:ff:ff:ff", false),
        ] {
            assert_eq!(
                mac.parse::<MacAddr>().unwrap().is_station(),
                is_station,
                "{mac}"
            );
        }
    }
}
