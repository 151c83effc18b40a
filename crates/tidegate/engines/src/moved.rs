//! An engine's own networks, as requests that make them Tidegate's.
//!
//! A network whose meaning would change, in who reaches whom or in its addresses, is left with a reason. What has no
//! counterpart and changes neither is a warning. Keys that are not known here may mean anything, so they leave a network.

mod cni;
mod docker;
mod draft;
mod podman;
mod range;
mod shell;

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_api::{CreateNetwork, Export, Network};
use tidegate_model::Name;

use crate::fields::Fields;
use crate::{Refused, Why};

/// An engine that has networks of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker, from 20.10 on.
    Docker,
    /// podman with netavark, from 4.0 on.
    Podman,
    /// Every runtime that has its networks in files of CNI.
    Cni,
}

impl Engine {
    /// Its name in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Cni => "cni",
        }
    }

    /// Reads what it says about its networks.
    ///
    /// # Errors
    /// If a text is not JSON. A file of a network that is not understood is only left.
    pub fn read(self, documents: &[Document]) -> Result<Moved, Refused> {
        let mut moved = Moved::default();
        for document in documents {
            let (place, text) = (&document.place, &document.text);
            let value: Value = serde_json::from_slice(text).map_err(|e| {
                let message = format!("cannot parse {place}: {e}");
                Refused::new(Why::Unreadable, message)
            })?;
            // `inspect` of docker and podman prints a list.
            let objects = match (self, value) {
                (Self::Docker | Self::Podman, Value::Array(objects)) => objects,
                (_, object) => vec![object],
            };
            for object in objects {
                self.read_network(place, object, &mut moved);
            }
        }
        Ok(moved)
    }

    fn read_network(self, place: &str, object: Value, moved: &mut Moved) {
        let named = match self {
            Self::Docker => &object["Name"],
            Self::Podman | Self::Cni => &object["name"],
        };
        let name = named.as_str().unwrap_or(place).to_owned();
        let fields = Fields::of(&format!("the network {name}"), object);
        let translated = fields.and_then(|fields| match self {
            Self::Docker => docker::network(fields),
            Self::Podman => podman::network(fields),
            Self::Cni => cni::network(place, fields),
        });
        match translated {
            Ok(translated) => moved.networks.push(translated),
            Err(why) => moved.left.push(Left { name, why }),
        }
    }
}

/// A text of an engine about its networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it comes from, such as the path of a file.
    pub place: String,
    /// What it says, as JSON.
    pub text: Vec<u8>,
}

/// The networks of an engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    /// Those that can be Tidegate's.
    pub networks: Vec<Translated>,
    /// Those that cannot.
    pub left: Vec<Left>,
}

/// A network of an engine, as one of Tidegate.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// The request that makes it.
    pub request: CreateNetwork,
    /// What it loses, as text.
    pub warnings: Vec<String>,
    /// Commands of a shell that take it from the engine.
    pub remove: Vec<String>,
    /// Commands of a shell after which the engine uses Tidegate's network; none if the engine cannot.
    pub again: Vec<String>,
}

/// A network that stays the engine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its name, or the place of its text if it has none.
    pub name: String,
    /// Why.
    pub why: Refused,
}

impl Moved {
    /// The networks of these names alone; all if there are no names.
    ///
    /// # Errors
    /// If one of them is not there, or cannot be Tidegate's.
    pub fn only(self, names: &[String]) -> Result<Self, Refused> {
        if names.is_empty() {
            return Ok(self);
        }
        if let Some(left) = self.left.iter().find(|left| names.contains(&left.name)) {
            let Left { name, why } = left;
            let message = format!("network {name} cannot be moved: {}", why.message);
            return Err(Refused {
                message,
                ..why.clone()
            });
        }
        let is_named = |network: &Translated, name: &str| network.request.name.as_str() == name;
        let is_there = |name: &String| self.networks.iter().any(|it| is_named(it, name));
        if let Some(name) = names.iter().find(|name| !is_there(name)) {
            let there: BTreeSet<&str> = self
                .networks
                .iter()
                .map(|it| it.request.name.as_str())
                .collect();
            let hint = match there.is_empty() {
                true => "it has none that can be moved".to_owned(),
                false => format!("it has {}", Vec::from_iter(there).join(", ")),
            };
            let message = format!("the engine has no network {name}");
            return Err(Refused::new(Why::Invalid, message).with_hint(hint));
        }
        let mut networks = self.networks;
        networks.retain(|network| names.iter().any(|name| is_named(network, name)));
        Ok(Self {
            networks,
            left: Vec::new(),
        })
    }

    /// Takes out the networks that Tidegate has already with the same subnets and gateways, and returns their names.
    pub fn take_existing(&mut self, existing: &[Network]) -> Vec<Name> {
        let is_there = |it: &Translated| existing.iter().any(|other| is_same(&it.request, other));
        let (there, networks) = std::mem::take(&mut self.networks)
            .into_iter()
            .partition(is_there);
        self.networks = networks;
        there.into_iter().map(|it| it.request.name).collect()
    }

    /// The networks as a document for an import.
    pub fn document(&self) -> Export {
        Export {
            version: Export::VERSION,
            tidegate: env!("CARGO_PKG_VERSION").to_owned(),
            networks: self.networks.iter().map(|it| it.request.clone()).collect(),
            connected: Vec::new(),
            endpoints: Vec::new(),
        }
    }
}

/// Whether a network is the one that a request asks for.
fn is_same(request: &CreateNetwork, network: &Network) -> bool {
    let has = |net| network.subnets.iter().find(|subnet| subnet.net == net);
    let is_gateway =
        |gateway: &std::net::IpAddr| network.subnets.iter().any(|it| it.gateway == *gateway);
    request.name == network.name
        && request.subnets.len() == network.subnets.len()
        && request.subnets.iter().all(|net| has(*net).is_some())
        && request.gateways.iter().all(is_gateway)
}
