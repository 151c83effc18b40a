//! How the API answers a refusal.

use tidegate_api::RefusalKind;

use super::Refused;

impl Refused {
    /// The kind of the refusal in the API.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::NoNetwork(_) | Self::NoEndpoint(_) | Self::NotPublished { .. } => {
                RefusalKind::NotFound
            }
            Self::NetworkExists(_)
            | Self::EndpointExists(_)
            | Self::NetworkInUse { .. }
            | Self::OverlapsNetwork { .. }
            | Self::OverlapsRoute { .. }
            | Self::PoolsUsedUp { .. }
            | Self::SubnetFull { .. }
            | Self::Unswept { .. }
            | Self::AttachedAlready { .. }
            | Self::OwnerAttached { .. }
            | Self::PortTaken { .. }
            | Self::PublishedAlready { .. }
            | Self::PortOfResolver { .. }
            | Self::GatewayTaken { .. }
            | Self::BridgeTaken { .. }
            | Self::AddressTaken { .. }
            | Self::MacTaken { .. }
            | Self::IfNameTaken { .. }
            | Self::TooManyBound { .. }
            | Self::OlderGateway(_)
            | Self::NoGatewayPlace(_)
            | Self::ConnectedAlready { .. }
            | Self::NotConnected(..)
            | Self::NetworkDown { .. }
            | Self::EndpointDown { .. }
            | Self::HostWithoutIpv6 { .. }
            | Self::AllowDiffers { .. }
            | Self::NoFreePort { .. } => RefusalKind::Conflict,
            Self::Invalid(_)
            | Self::TooMany { .. }
            | Self::ReplaceWithoutOwner
            | Self::OtherNetwork { .. }
            | Self::AddressTwice(_)
            | Self::RouteUnusable { .. }
            | Self::AddressOutside { .. }
            | Self::Ipv6OffFor { .. }
            | Self::NoStation(_)
            | Self::SubnetsOverlap(..)
            | Self::RangeOutside { .. }
            | Self::TwoRanges { .. }
            | Self::NotReservable { .. }
            | Self::Contradiction { .. }
            | Self::Label(_)
            | Self::BridgeNameOurs(_)
            | Self::ConnectedToItself(_)
            | Self::NotConnectable(_)
            | Self::PublishIsolated { .. }
            | Self::FamilyOff { .. }
            | Self::NoFamily(_)
            | Self::GatewayOutside { .. }
            | Self::TwoGateways { .. }
            | Self::Mtu { .. }
            | Self::NoIpv6InNamespace { .. }
            | Self::AmbiguousPort { .. }
            | Self::TwoOfFamily { .. }
            | Self::NoDnsServer { .. }
            | Self::NamesNotForwarded(_)
            | Self::SearchOfNone
            | Self::NoHostIp { .. }
            | Self::LinkLocal { .. }
            | Self::FreePortOfEngine(_)
            | Self::PortTwice(..)
            | Self::PortFamily { .. }
            | Self::LoopbackOfRouted { .. }
            | Self::AllowTooMany { .. }
            | Self::AllowOfPortNamesNobody { .. }
            | Self::AllowOfNetworkNamesNobody { .. }
            | Self::NotExplainable { .. }
            | Self::NoCommonFamily(..)
            | Self::SctpOnIpv6Loopback(_) => RefusalKind::Invalid,
        }
    }
}
