//! Names of our interfaces on the host.

use tidegate_model::IfName;

/// Prefix of generated names of bridges.
pub(crate) const BRIDGE: &str = "tgb";
/// Prefix of the names of the host's ends of veth pairs.
pub(crate) const ENDPOINT: &str = "tgv";

/// The name of the interface with this number.
#[expect(
    clippy::expect_used,
    reason = "a prefix of three letters and at most eight digits"
)]
pub(crate) fn interface_name(prefix: &str, number: u32) -> IfName {
    format!("{prefix}{number:x}")
        .parse()
        .expect("at most eleven valid characters")
}

/// The number in such a name.
pub(crate) fn interface_number(prefix: &str, ifname: &IfName) -> Option<u32> {
    let number = ifname.as_str().strip_prefix(prefix)?;
    u32::from_str_radix(number, 16).ok()
}
