//! Who has an address of a network.

use std::fmt;

use tidegate_model::Name;

/// Who has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressHolder {
    /// An endpoint.
    Endpoint(Name),
    /// The bridge.
    Gateway,
    /// Nobody: the address is reserved.
    Reserved(Name),
}

impl fmt::Display for AddressHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(name) => write!(f, "endpoint {name} has it"),
            Self::Gateway => f.write_str("it is the network's gateway"),
            Self::Reserved(label) => write!(f, "it is reserved for {label} (--aux-address)"),
        }
    }
}
