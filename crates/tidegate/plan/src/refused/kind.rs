//! How the API answers a refusal.

use tidegate_api::{RefusalCode, RefusalKind};

use super::Refused;

impl Refused {
    /// The kind of the refusal in the API. It follows from the code, but for a host without IPv6, which no request can mend.
    pub fn kind(&self) -> RefusalKind {
        if matches!(self, Self::HostWithoutIpv6 { .. }) {
            return RefusalKind::Conflict;
        }
        match self.code() {
            RefusalCode::NoSuchNetwork | RefusalCode::NoSuchEndpoint | RefusalCode::NoSuchPort => {
                RefusalKind::NotFound
            }
            RefusalCode::Invalid | RefusalCode::AddressOutside | RefusalCode::Ipv6Off => {
                RefusalKind::Invalid
            }
            _ => RefusalKind::Conflict,
        }
    }
}
