//! Why a port or a network cannot have an allow-list.

use tidegate_model::{AllowList, Name, PortBinding};

use crate::ip_family::IpFamily;

/// Why a port or a network cannot have an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAllowList {
    /// Too many elements of allow-lists in one request.
    #[error("{ports} ports for {sources} sources are {} entries: at most {most} are allowed at once", ports * sources)]
    TooMany {
        /// How many ports are to be published.
        ports: usize,
        /// How many sources their list has.
        sources: usize,
        /// The most that their product may be.
        most: usize,
    },
    /// A list without an address in the only family of a port.
    #[error(
        "port {port} is published for {family} only, but its allow-list {from} has no {family} address"
    )]
    OfPortNamesNobody {
        /// The port.
        port: PortBinding,
        /// Its family.
        family: IpFamily,
        /// Who is named.
        from: AllowList,
    },
    /// A list without an address in the only family of a network.
    #[error(
        "network {network} has only {family}, but its allow-list {from} has no {family} address"
    )]
    OfNetworkNamesNobody {
        /// The network.
        network: Name,
        /// Its family.
        family: IpFamily,
        /// Who is named.
        from: AllowList,
    },
    /// A port that is open at the endpoint's own address, with two different lists.
    #[error(
        "endpoint {endpoint} already publishes port {held} for {from}: at its own address, the port can have only one list"
    )]
    Differs {
        /// The endpoint.
        endpoint: Name,
        /// The port that it publishes already.
        held: PortBinding,
        /// Who may reach that.
        from: AllowList,
    },
}

impl NoAllowList {
    /// What the user can do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::TooMany { .. } => "publish fewer ports at once, or list wider prefixes".into(),
            Self::OfPortNamesNobody { family, .. } | Self::OfNetworkNamesNobody { family, .. } => {
                let everybody = match family {
                    IpFamily::Ipv4 => "0.0.0.0/0",
                    IpFamily::Ipv6 => "::/0",
                };
                format!(
                    "add {family} addresses with --allow, or `--allow {everybody}` for everybody"
                )
            }
            Self::Differs { endpoint, held, .. } => {
                format!("give the same --allow, or `tidegate unpublish {endpoint} {held}` first")
            }
        }
    }
}
