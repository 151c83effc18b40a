//! Values of options that the model has no type for. An error says what would be accepted.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use ipnet::IpNet;
use tidegate_model::{Invalid, Name, StaticRoute, reason_against_zone};

/// An IP address.
pub(crate) fn address(text: &str) -> Result<IpAddr, Invalid> {
    text.parse().map_err(|_| match text.parse::<IpNet>() {
        Ok(net) => {
            let hint = format!("write {}", net.addr());
            Invalid::new("address", text, "it is a prefix", hint)
        }
        Err(_) => {
            let hint = "write it 10.1.2.3 or fd00:1:2:3::4";
            Invalid::new("address", text, "it is not an IP address", hint)
        }
    })
}

/// An address of the host. It has no zone, as in `fe80::1%eth0`.
pub(crate) fn host_address(text: &str) -> Result<IpAddr, Invalid> {
    match reason_against_zone(text) {
        Some(reason) => {
            let hint = "write it 192.0.2.1 or 2001:db8::1";
            Err(Invalid::new("address of the host", text, reason, hint))
        }
        None => address(text),
    }
}

/// A prefix, with or without host bits.
pub(crate) fn prefix(text: &str) -> Result<IpNet, Invalid> {
    text.parse().map_err(|_| match text.parse::<IpAddr>() {
        Ok(address) => {
            let usual = if address.is_ipv4() { 24 } else { 64 };
            let net = IpNet::new_assert(address, usual).trunc();
            let hint = format!("write the prefix length too, such as {net}");
            Invalid::new("prefix", text, "it has no prefix length", hint)
        }
        Err(_) => {
            let reason = "it is not an IP address with a prefix length";
            let hint = "write it 10.1.2.0/24 or fd00:1:2:3::/64";
            Invalid::new("prefix", text, reason, hint)
        }
    })
}

/// A number, without the words of Rust's own errors.
pub(crate) fn number<const LEAST: u32, const MOST: u32>(text: &str) -> Result<u32, Invalid> {
    let number = text.parse().ok();
    let number = number.filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| {
        let reason = format!("it is not a number from {LEAST} to {MOST}");
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let hint = match is_number {
            true => {
                format!("give one of at least {LEAST} and at most {MOST}, or leave the option out")
            }
            false => format!("write it in digits, such as {}", LEAST.max(1)),
        };
        Invalid::new("number", text, reason, hint)
    })
}

/// A port.
pub(crate) fn port(text: &str) -> Result<NonZeroU16, Invalid> {
    text.parse().map_err(|_| {
        let reason = "it is not a number from 1 to 65535";
        Invalid::new("port", text, reason, "write it 299")
    })
}

/// An IP address with a port.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, Invalid> {
    text.parse().map_err(|_| {
        let reason = "it is not an IP address with a port";
        let hint = "write it 127.0.0.1:9464 or [::1]:9464";
        Invalid::new("address", text, reason, hint)
    })
}

/// A static route, with its next hop if it has one.
pub(crate) fn route(text: &str) -> Result<StaticRoute, Invalid> {
    let (to, via) = match text.split_once('=') {
        Some((to, via)) => (to, Some(address(via)?)),
        None => (text, None),
    };
    StaticRoute::new(prefix(to)?, via)
}

/// An address that no endpoint gets, and what it is for.
pub(crate) fn reserved(text: &str) -> Result<(Name, IpAddr), Invalid> {
    let hint = "write it NAME=ADDRESS, for example router=10.9.2.2";
    let (name, value) = pair("reserved address", text, hint)?;
    Ok((name, address(value)?))
}

/// A label. Its value may be any text.
pub(crate) fn label(text: &str) -> Result<(Name, String), Invalid> {
    let hint = "write it KEY=VALUE, for example owner=ops";
    let (name, value) = pair("label", text, hint)?;
    Ok((name, value.to_owned()))
}

/// A name and what it stands for, with an equals sign between them.
fn pair<'a>(
    what: &'static str,
    text: &'a str,
    hint: &'static str,
) -> Result<(Name, &'a str), Invalid> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Invalid::new(what, text, "it has no \"=\"", hint))?;
    Ok((name.parse()?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_made_of_the_users_own_input() {
        for (refused, hint) in [
            (
                prefix("10.9.8.7").map(drop),
                "write the prefix length too, such as 10.9.8.0/24",
            ),
            (
                prefix("fd50::7").map(drop),
                "write the prefix length too, such as fd50::/64",
            ),
            (address("10.9.8.1/24").map(drop), "write 10.9.8.1"),
        ] {
            assert_eq!(refused.unwrap_err().hint, hint);
        }
    }

    #[test]
    fn a_number_is_refused_with_its_bounds() {
        let refused = |text: &str| number::<1, 10>(text).unwrap_err().reason;
        for text in ["x", "", "0", "11", "-1", "99999999999"] {
            assert_eq!(refused(text), "it is not a number from 1 to 10");
        }
        let hint = |text: &str| number::<68, 65535>(text).unwrap_err().hint;
        for text in ["10", "-1", "99999999999"] {
            let given = "give one of at least 68 and at most 65535, or leave the option out";
            assert_eq!(hint(text), given, "{text}");
        }
        for text in ["", "-", "x", "1e3"] {
            assert_eq!(hint(text), "write it in digits, such as 68", "{text}");
        }
        assert_eq!(number::<1, 10>("10"), Ok(10));
        assert!(port("0").is_err() && socket_address("localhost:9464").is_err());
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_reason() {
        let shown = |invalid: Invalid| invalid.to_string();
        for (refused, expected) in [
            (
                prefix("10.9.0.0").map(|_| ()),
                "invalid prefix \"10.9.0.0\": it has no prefix length",
            ),
            (
                prefix("web").map(|_| ()),
                "invalid prefix \"web\": it is not an IP address with a prefix length",
            ),
            (
                address("10.9.0.0/24").map(|_| ()),
                "invalid address \"10.9.0.0/24\": it is a prefix",
            ),
            (
                address("web").map(|_| ()),
                "invalid address \"web\": it is not an IP address",
            ),
            (
                host_address("fe80::1%eth0").map(|_| ()),
                "invalid address of the host \"fe80::1%eth0\": fe80::1%eth0 is a link-local address, and the kernel \
                 forwards no packets from or to such addresses (RFC 4291 section 2.5.6)",
            ),
            (
                host_address("web").map(|_| ()),
                "invalid address \"web\": it is not an IP address",
            ),
            (
                route("10.9.0.1/16=10.208.0.9").map(|_| ()),
                "invalid route \"10.9.0.1/16=10.208.0.9\": its destination has bits set after the prefix",
            ),
            (
                route("10.9.0.0/16=web").map(|_| ()),
                "invalid address \"web\": it is not an IP address",
            ),
            (
                reserved("10.9.0.2").map(|_| ()),
                "invalid reserved address \"10.9.0.2\": it has no \"=\"",
            ),
            (
                reserved("router=x").map(|_| ()),
                "invalid address \"x\": it is not an IP address",
            ),
            (
                label("owner").map(|_| ()),
                "invalid label \"owner\": it has no \"=\"",
            ),
        ] {
            assert_eq!(refused.map_err(shown), Err(expected.to_owned()));
        }
    }
}
