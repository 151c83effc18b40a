//! Values of options that the model has no type for. An error says what would be accepted.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::{Invalid, Name, reason_against_zone};

/// An IP address.
pub(crate) fn address(text: &str) -> Result<IpAddr, Invalid> {
    text.parse().map_err(|_| {
        let reason = match text.parse::<IpNet>() {
            Ok(_) => "it is a prefix",
            Err(_) => "it is not an IP address",
        };
        let hint = "write it 10.1.2.3 or fd00:1:2:3::4";
        Invalid::new("address", text, reason, hint)
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
    text.parse().map_err(|_| {
        let reason = match text.parse::<IpAddr>() {
            Ok(_) => "it has no prefix length",
            Err(_) => "it is not an IP address with a prefix length",
        };
        let hint = "write it 10.1.2.0/24 or fd00:1:2:3::/64";
        Invalid::new("prefix", text, reason, hint)
    })
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
