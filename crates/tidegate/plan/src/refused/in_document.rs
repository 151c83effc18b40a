//! What a user can change in a document of `tidegate export` where a host refuses what it has. The hints of [`Hint`] are for
//! the command line, whose flags an import does not have.
//!
//! [`Hint`]: error_hint::Hint

use std::borrow::Cow;

use super::Refused;

impl Refused {
    /// The mildest change, if there is one that the message does not make obvious. It names keys of the object.
    pub(crate) fn in_document(&self) -> Option<Cow<'_, str>> {
        let remedy = match self {
            // What would be valid is the same in a document and on the command line.
            Self::Invalid(invalid) => return Some(Cow::Borrowed(&invalid.hint)),
            Self::NetworkExists(_) | Self::EndpointExists(_) | Self::NameWaits(_) => {
                "give it another `name`, or leave it out"
            }
            Self::OverlapsNetwork { .. } | Self::OverlapsRoute { .. } => {
                "give it other `subnets` and `gateways`, or leave out both to get free ones"
            }
            Self::BridgeTaken { .. } => "leave out `bridge` to get a free name",
            Self::HostWithoutIpv6 { .. } => {
                "leave out its IPv6 `subnets`, `gateways` and `ranges`, and set `ipv6` to false"
            }
            Self::IfNameTaken { .. } => "leave out `ifname` to get a free name",
            Self::MacTaken { .. } => "leave out `mac` to get a free one",
            Self::AddressOutside { .. } | Self::AddressTaken { .. } => {
                "leave out `addresses` to get free ones"
            }
            Self::Ipv6OffFor { .. } => "leave out the IPv6 address in `addresses`",
            Self::AttachedAlready { .. } => "leave it out, or give it another `netns`",
            Self::PortTaken { .. } | Self::PortOfResolver { .. } => {
                "give it other `ports` in `publish`, or leave them out"
            }
            _ => return None,
        };
        Some(remedy.into())
    }
}
