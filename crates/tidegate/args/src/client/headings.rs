//! Headings of options in `--help`, in the order in which they come.

pub(super) const ADDRESSES: &str = "Addresses";
pub(super) const ACCESS: &str = "Access";
pub(super) const OUTSIDE: &str = "Traffic to and from outside";
pub(super) const PUBLISHED: &str = "Published ports";
pub(super) const BRIDGE: &str = "Bridge";
pub(super) const INTERFACE: &str = "Interface";
pub(super) const NAMES: &str = "Names";
pub(super) const OWNER: &str = "Owner";
pub(super) const GLOBAL: &str = "Options of every command";
