//! Who has a port that is asked for.

use std::fmt;

use tidegate_model::{Name, PortBinding};

/// Published ports that are in the way of another, each with its endpoint. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    /// The first.
    pub first: (Name, PortBinding),
    /// All others.
    pub others: Vec<(Name, PortBinding)>,
}

impl Holders {
    /// These ports, if there are any.
    pub(crate) fn of(ports: impl IntoIterator<Item = (Name, PortBinding)>) -> Option<Self> {
        let mut ports = ports.into_iter();
        Some(Self {
            first: ports.next()?,
            others: ports.collect(),
        })
    }

    /// The first port.
    pub(super) fn held(&self) -> PortBinding {
        self.first.1
    }

    /// The commands that withdraw all of them, one for each endpoint.
    pub(super) fn withdrawal(&self) -> String {
        let mut by_endpoint: Vec<(&Name, Vec<PortBinding>)> = Vec::new();
        for (name, held) in std::iter::once(&self.first).chain(&self.others) {
            match by_endpoint.iter_mut().find(|(other, _)| *other == name) {
                Some((_, ports)) => ports.push(*held),
                None => by_endpoint.push((name, vec![*held])),
            }
        }
        let commands = by_endpoint.iter();
        let commands = commands.map(|(name, ports)| unpublish(name, ports));
        commands.collect::<Vec<_>>().join(" and ")
    }
}

/// The command that withdraws published ports of an endpoint.
pub(super) fn unpublish(endpoint: &Name, ports: &[impl ToString]) -> String {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    format!("`tidegate unpublish {endpoint} {}`", ports.join(" "))
}

/// `endpoint front as 8080:80/tcp`: the first.
impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, held) = &self.first;
        write!(f, "endpoint {endpoint} as {held}")
    }
}
