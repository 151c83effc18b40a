//! GC.

use tidegate_model::{Name, OwnerId};

use super::environment::Attachment;
use super::{ENGINE, config};
use crate::fields::Fields;
use crate::{Refused, Why};

/// A network whose endpoints are all to go, except some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gc {
    /// The engine in the owners of its endpoints.
    pub engine: Name,
    /// The network.
    pub network: Name,
    /// The owners of the endpoints that stay.
    pub keep: Vec<OwnerId>,
}

/// libcni since July 2024 sends both, 1.2.0 only the second.
const KEYS: [&str; 2] = ["cni.dev/valid-attachments", "cni.dev/attachments"];

impl Gc {
    pub(super) fn read(mut config: Fields) -> Result<Self, Refused> {
        let network = config::network(&mut config)?;
        let mut listed = Vec::new();
        let mut is_listed = false;
        for key in KEYS {
            is_listed |= config.has(key);
            listed.extend(config.list(key)?);
        }
        if !is_listed {
            let message = format!("the configuration has no key {:?}", KEYS[0]);
            return Err(Refused::new(Why::Invalid, message));
        }
        let mut keep = Vec::new();
        for mut entry in listed {
            let container = entry.need("containerid")?;
            let ifname: String = entry.need("ifname")?;
            let id = Attachment::new(container, &ifname)?.owner()?.id;
            if !keep.contains(&id) {
                keep.push(id);
            }
        }
        let engine = ENGINE.parse().map_err(Refused::at("engine"))?;
        Ok(Self {
            engine,
            network,
            keep,
        })
    }
}
