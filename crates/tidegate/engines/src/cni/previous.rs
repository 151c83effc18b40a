//! `prevResult`: the result of the plugins before this one, or for CHECK that of the last ADD (specification,
//! "ADD Success").

use serde_json::{Map, Value};

use crate::Refused;
use crate::fields::Fields;

/// A result, whose parts are passed on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Previous {
    pub(super) interfaces: Vec<Value>,
    pub(super) ips: Vec<Value>,
    pub(super) routes: Vec<Value>,
    pub(super) dns: Map<String, Value>,
}

impl Previous {
    /// Takes the key out of a configuration; none if it is not there.
    pub(super) fn take(config: &mut Fields) -> Result<Option<Self>, Refused> {
        let Some(given) = config.take("prevResult")? else {
            return Ok(None);
        };
        let mut given = Fields::of("the key \"prevResult\"", given)?;
        Ok(Some(Self {
            interfaces: given.take("interfaces")?.unwrap_or_default(),
            ips: given.take("ips")?.unwrap_or_default(),
            routes: given.take("routes")?.unwrap_or_default(),
            dns: given.take("dns")?.unwrap_or_default(),
        }))
    }

    /// Whether it has an interface in a container.
    pub(super) fn has_interface(&self, ifname: &str) -> bool {
        self.index_of(ifname).is_some()
    }

    /// The addresses of an interface in a container, as they are written.
    pub(super) fn addresses_of<'a>(&'a self, ifname: &str) -> impl Iterator<Item = &'a str> {
        let index = self.index_of(ifname);
        let ips = self.ips.iter().filter(move |ip| {
            let of = ip["interface"].as_u64();
            index.is_some() && of.and_then(|of| usize::try_from(of).ok()) == index
        });
        ips.filter_map(|ip| ip["address"].as_str())
    }

    /// Interfaces of the host have no sandbox.
    fn index_of(&self, ifname: &str) -> Option<usize> {
        self.interfaces.iter().position(|interface| {
            let sandbox = interface["sandbox"].as_str().unwrap_or_default();
            interface["name"] == ifname && !sandbox.is_empty()
        })
    }
}
