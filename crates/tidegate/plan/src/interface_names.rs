//! The names that we give to interfaces of the host.

use tidegate_model::IfName;

/// What the names of bridges that we name start with.
pub(crate) const BRIDGE: &str = "tgb";
/// What the names of the host's ends of veth pairs start with.
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

/// The number that such a name was made from.
pub(crate) fn interface_number(prefix: &str, ifname: &IfName) -> Option<u32> {
    let number = ifname.as_str().strip_prefix(prefix)?;
    u32::from_str_radix(number, 16).ok()
}
