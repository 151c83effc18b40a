//! Formats that the host's own distribution does not use.

use plimsoll_probe::{Distribution, Family};

use crate::format::FormatRules;

/// What is wrong with a package of this format that a host builds: none where the format is the host's own, or belongs to
/// no family of distributions.
///
/// The programs name the libraries of the host. Another family may give the same library another soname, as Debian has
/// `libpcap.so.0.8` and Fedora `libpcap.so.1`, or another set of symbol versions.
pub(super) fn foreign(format: &dyn FormatRules, host: &Distribution) -> Option<String> {
    let name = format.name();
    let is_native = |family: Family| family.native_format == name.as_str();
    if !format.has_dependencies() || host.family.is_some_and(is_native) {
        return None;
    }
    Family::native_to(name.as_str())?;
    Some(format!(
        "this host is {}, whose libraries may have other names than those of the distributions that use .{name}",
        host.pretty_name
    ))
}
