//! Endpoints whose interface a container engine moves and configures.
//!
//! The engine gets the inner end of the pair in the host's namespace, and moves it into a namespace that nobody tells the
//! daemon. The kernel reports the number of that namespace with the host's end. The endpoint lives as long as its pair: if
//! the namespace ends, the kernel deletes the pair, and nothing could give the engine another one.

use std::path::PathBuf;

use tidegate_api::Attach;
use tidegate_model::links::{GROUP, Link, LinkKind, NetnsFacts};
use tidegate_model::{Change, Endpoint, HandedOver, IfName, Name, NetnsId, NetnsRef, Place, State};

use crate::interface_names::{BRIDGE, ENDPOINT, interface_number};
use crate::lookup::{find, find_endpoint};
use crate::refused::NoHandOver;
use crate::sets::{self, Entry};
use crate::{Plan, Refused, elements};

/// Where the request wants the interface.
pub(crate) enum Wanted<'a> {
    Netns(&'a PathBuf),
    /// Under this name in the host's namespace.
    HandOver(&'a IfName),
}

impl<'a> Wanted<'a> {
    /// What the request says.
    ///
    /// # Errors
    /// If it says neither or both, or wants Tidegate to configure what the engine configures.
    pub(crate) fn of(state: &State, request: &'a Attach) -> Result<Self, Refused> {
        match (&request.netns, &request.hand_over) {
            (Some(path), None) => Ok(Self::Netns(path)),
            (None, Some(ifname)) => {
                check(state, request, ifname)?;
                Ok(Self::HandOver(ifname))
            }
            (None, None) | (Some(_), Some(_)) => Err(NoHandOver::NotOneOfTwo.into()),
        }
    }

    /// Where the interface is to be.
    pub(crate) fn place(&self, netns: &NetnsFacts) -> Place {
        match self {
            Self::Netns(path) => Place::Netns(NetnsRef {
                path: (*path).clone(),
                id: netns.id,
            }),
            Self::HandOver(_) => Place::HandedOver(HandedOver::default()),
        }
    }
}

fn check(state: &State, request: &Attach, ifname: &IfName) -> Result<(), Refused> {
    let engines = [
        ("ifname", request.ifname.is_some()),
        ("sysctls", !request.sysctls.is_empty()),
        ("routes", !request.routes.is_empty()),
    ];
    if let Some((what, _)) = engines.into_iter().find(|(_, is_given)| *is_given) {
        return Err(NoHandOver::EngineConfigures(what).into());
    }
    let ours = [BRIDGE, ENDPOINT];
    if ours
        .into_iter()
        .any(|prefix| interface_number(prefix, ifname).is_some())
    {
        return Err(NoHandOver::NameOurs(ifname.clone()).into());
    }
    let mut endpoints = state.endpoints.values();
    let holder = endpoints.find(|it| it.place.is_handed_over() && it.ifname == *ifname);
    match holder {
        None => Ok(()),
        Some(holder) => Err(NoHandOver::Already {
            ifname: ifname.clone(),
            holder: holder.name.clone(),
        }
        .into()),
    }
}

/// Facts about the namespace into which an interface will be moved: there are none.
pub fn unknown_namespace() -> NetnsFacts {
    NetnsFacts {
        id: NetnsId {
            dev: u64::MAX,
            ino: u64::MAX,
            cookie: None,
        },
        ifnames: Vec::new(),
        default_routes: Vec::new(),
        ipv6_off: None,
    }
}

/// The endpoints whose interfaces were moved, with the numbers of the namespaces in which they are now, as far as these
/// links tell. None is the host's namespace.
pub fn moved(state: &State, links: &[Link]) -> Vec<(Name, Option<i32>)> {
    let endpoints = state.endpoints.values();
    let moved = endpoints.filter_map(|endpoint| {
        let Place::HandedOver(HandedOver { netns_number }) = endpoint.place else {
            return None;
        };
        let number = number_now(endpoint, links)?;
        (number != netns_number).then(|| (endpoint.name.clone(), number))
    });
    moved.collect()
}

/// The number of the namespace that the interface is in; none if these links do not tell.
fn number_now(endpoint: &Endpoint, links: &[Link]) -> Option<Option<i32>> {
    let named = |name: &IfName| {
        let mut veths = links.iter().filter(|link| link.kind == LinkKind::Veth);
        veths.find(|link| link.ifname == *name)
    };
    let host_end = named(&endpoint.host_ifname).filter(|link| link.group == GROUP);
    // It came back: the kernel tells nothing about the other end.
    let inner = || named(&endpoint.ifname).filter(|link| link.mac == Some(endpoint.mac));
    match host_end {
        Some(link) => Some(link.other_netns),
        None => inner().map(|_| None),
    }
}

/// Plans that the interface of an endpoint was moved: addresses of endpoints in one namespace are valid sources on all
/// of their networks.
///
/// # Errors
/// If the endpoint does not exist.
pub fn relocate(
    state: &State,
    name: &Name,
    netns_number: Option<i32>,
) -> Result<Plan<()>, Refused> {
    let before = find_endpoint(state, name)?;
    let network = find(state, &before.network)?;
    if !before.place.is_handed_over() {
        return Ok(Plan::nothing());
    }
    let after = Endpoint {
        place: Place::HandedOver(HandedOver { netns_number }),
        ..before.clone()
    };
    let change = Change::ReplaceEndpoint {
        before: Box::new(before.clone()),
        after: Box::new(after.clone()),
    };
    let (had, has) = match state.degraded.down_endpoint(&before.name) {
        Some(_) => (Vec::new(), Vec::new()),
        None => {
            let mut moved = state.clone();
            moved.apply(&change);
            (
                elements::with_endpoint(state, network, before),
                elements::with_endpoint(&moved, network, &after),
            )
        }
    };
    let without = |these: &[Entry], those: &[Entry]| -> Vec<Entry> {
        let others = these.iter().filter(|entry| !those.contains(entry));
        others.cloned().collect()
    };
    let (old, new) = (without(&had, &has), without(&has, &had));
    let both = |first, second| {
        let mut both = sets::delete(first);
        both.append(sets::add(second));
        both
    };
    Ok(Plan {
        transaction: both(old.clone(), new.clone()),
        undo: both(new, old),
        change,
        ..Plan::nothing()
    })
}
