//! What programs can tell about a refusal.

use tidegate_api::RefusalCode;

use super::{NoAllowList, NoHandOver, Refused};

impl Refused {
    /// The code of the refusal in the API.
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::NoNetwork(_) => RefusalCode::NoSuchNetwork,
            Self::NoEndpoint(_) | Self::EndpointWaits(_) => RefusalCode::NoSuchEndpoint,
            Self::NotPublished { .. } => RefusalCode::NoSuchPort,
            Self::NetworkExists(_) | Self::EndpointExists(_) | Self::NameWaits(_) => {
                RefusalCode::NameTaken
            }
            Self::NetworkInUse { .. } => RefusalCode::InUse,
            Self::OverlapsNetwork { .. } | Self::OverlapsRoute { .. } => RefusalCode::SubnetTaken,
            Self::PoolsUsedUp { .. } => RefusalCode::PoolEmpty,
            Self::SubnetFull { .. } => RefusalCode::SubnetFull,
            Self::Unswept { .. } => RefusalCode::TryAgain,
            Self::AttachedAlready { .. } => RefusalCode::AlreadyAttached,
            Self::OwnerAttached { .. } => RefusalCode::OwnerAttached,
            Self::PortTaken { .. }
            | Self::PublishedAlready { .. }
            | Self::PortOfDns(_)
            | Self::PortOfResolver { .. }
            | Self::GatewayTaken { .. } => RefusalCode::PortTaken,
            Self::NoFreePort { .. } => RefusalCode::NoFreePort,
            Self::AddressTaken { .. } => RefusalCode::AddressTaken,
            Self::AddressOutside { .. } => RefusalCode::AddressOutside,
            Self::MacTaken { .. } => RefusalCode::MacTaken,
            Self::IfNameTaken { .. }
            | Self::BridgeTaken { .. }
            | Self::HandOver(NoHandOver::Already { .. }) => RefusalCode::InterfaceExists,
            Self::TooManyBound { .. } | Self::NoGatewayPlace(_) => RefusalCode::Full,
            Self::NetworkDown { .. } | Self::EndpointDown { .. } => RefusalCode::Degraded,
            Self::HostWithoutIpv6 { .. }
            | Self::Ipv6OffFor { .. }
            | Self::NoIpv6InNamespace { .. } => RefusalCode::Ipv6Off,
            Self::ConnectedAlready { .. }
            | Self::NotConnected(..)
            | Self::OlderGateway(_)
            | Self::Allow(NoAllowList::Differs { .. }) => RefusalCode::Conflict,
            Self::Invalid(_)
            | Self::TooMany { .. }
            | Self::ReplaceWithoutOwner
            | Self::OtherNetwork { .. }
            | Self::HandOver(_)
            | Self::AddressTwice(_)
            | Self::RouteUnusable { .. }
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
            | Self::Allow(_)
            | Self::NotExplainable { .. }
            | Self::NoCommonFamily(..)
            | Self::SctpOnIpv6Loopback(_) => RefusalCode::Invalid,
        }
    }
}
