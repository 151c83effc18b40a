//! Interfaces of ours that a start would remove although the saved state may be the wrong one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tidegate_model::links::{GROUP, Link, LinkKind};
use tidegate_model::{IfName, RESOLVERS, State, StateId};

use crate::interface_names::{BRIDGE, ENDPOINT, Number, interface_number};
use crate::network::bridge_number;
use crate::start;

/// The most interfaces that the text names.
const NAMED: usize = 8;

/// Interfaces in use that the saved state does not explain, and that a start would remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLinks {
    /// Why the state is probably not the one of this host.
    pub reason: UnknownReason,
    /// Each with what is known about it, as text.
    pub links: Vec<String>,
}

/// Why a saved state is probably not the one that the host's interfaces belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownReason {
    /// The state is empty.
    Empty,
    /// A bridge has the mark of another state.
    Another(StateId),
    /// The interfaces were made after the state was saved.
    Older,
    /// It does not know them, and 0.1.0 left no mark on them.
    Unmarked,
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Another(id) => write!(f, "is not the one of this host's networks (state {id})"),
            Self::Older => f.write_str("is older than this host's networks"),
            Self::Unmarked => f.write_str("does not know this host's networks"),
        }
    }
}

impl fmt::Display for UnknownLinks {
    /// `bridge tgb0 (10.208.0.1/24; 2 endpoints), interface tgv9 and 3 more`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.links.len().min(NAMED);
        f.write_str(&self.links[..named].join(", "))?;
        match self.links.len() - named {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The interfaces of ours that a start from `left` would remove although they are in use; none if all are explained.
///
/// `state` is the saved state with this identity, and `left` the same without the endpoints whose namespaces are gone.
/// A start may remove what the state knows, and what a daemon with this state left when it was killed or could not undo
/// a change. Numbers of interfaces are never reused, so such a leftover has a number up to the next one. A higher
/// number means that the state is an older copy.
///
/// A bridge that is down, has no address and no port, and a pair without a bridge are not in use.
pub fn unknown(
    state: &State,
    left: &State,
    id: Option<StateId>,
    links: &[Link],
) -> Option<UnknownLinks> {
    let judge = Judge {
        state,
        id,
        taken: links
            .iter()
            .filter(|link| link.group != GROUP)
            .map(|link| link.ifname.clone())
            .collect(),
        ours: links
            .iter()
            .filter(|link| link.group == GROUP)
            .map(|link| (&link.ifname, link))
            .collect(),
    };
    let ours = judge.ours.values().copied();
    let in_use = ours.filter(|link| judge.is_in_use(link));
    let doubted = in_use.filter_map(|link| Some((&link.ifname, judge.doubt(link)?)));
    let doubted: BTreeMap<&IfName, UnknownReason> = doubted.collect();
    if doubted.is_empty() {
        return None;
    }
    let mut removed = start::removed(left, links);
    let mut reasons = removed.iter().filter_map(|link| doubted.get(&link.ifname));
    let reason = *reasons.next()?;
    // What else it does not know is then no leftover either.
    removed.retain(|link| {
        let is_lost = doubted.contains_key(&link.ifname) || !judge.is_known(link);
        is_lost && judge.is_in_use(link)
    });
    Some(UnknownLinks {
        reason: match state.networks.is_empty() && state.endpoints.is_empty() {
            true => UnknownReason::Empty,
            false => reason,
        },
        links: judge.described(&removed),
    })
}

/// Judges interfaces of ours by a saved state.
struct Judge<'a> {
    state: &'a State,
    id: Option<StateId>,
    ours: BTreeMap<&'a IfName, &'a Link>,
    /// Names of links of others, whose numbers are skipped.
    taken: BTreeSet<IfName>,
}

impl Judge<'_> {
    fn ports<'a>(&'a self, bridge: &'a Link) -> impl Iterator<Item = &'a Link> {
        let links = self.ours.values().copied();
        links.filter(|link| link.master.as_ref() == Some(&bridge.ifname))
    }

    fn is_in_use(&self, link: &Link) -> bool {
        match link.kind {
            LinkKind::Bridge => {
                link.up || !link.addresses.is_empty() || self.ports(link).next().is_some()
            }
            LinkKind::Veth | LinkKind::Other => link.master.is_some(),
        }
    }

    /// Why the state is probably not that of an interface; none if it explains it.
    fn doubt(&self, link: &Link) -> Option<UnknownReason> {
        let bridge = match &link.master {
            Some(master) => self.ours.get(master).copied(),
            None => Some(link),
        };
        let mark = bridge.and_then(|bridge| bridge.state_id);
        let prefix = match link.kind {
            LinkKind::Bridge => BRIDGE,
            LinkKind::Veth | LinkKind::Other => ENDPOINT,
        };
        let next = Number::next(prefix, self.state, &self.taken).number;
        let is_leftover = |number: u32| match mark {
            Some(_) => number <= next,
            // A daemon of an older release left it, in a change that was not saved.
            None => number == next && next > 0,
        };
        match mark {
            Some(other) if Some(other) != self.id => return Some(UnknownReason::Another(other)),
            _ if self.is_known(link) => return None,
            _ => {}
        }
        match number_of(link) {
            Some(number) if is_leftover(number) => None,
            Some(number) if number > next => Some(UnknownReason::Older),
            _ => Some(UnknownReason::Unmarked),
        }
    }

    fn is_known(&self, link: &Link) -> bool {
        let mut bridges = self.state.networks.values().map(|it| &it.bridge);
        let mut ports = self.state.endpoints.values().map(|it| &it.host_ifname);
        bridges.any(|it| *it == link.ifname) || ports.any(|it| *it == link.ifname)
    }

    /// Bridges with their ports, then ports of other bridges.
    fn described(&self, links: &[&Link]) -> Vec<String> {
        let is_bridge = |link: &&&Link| link.kind == LinkKind::Bridge;
        let bridges = || links.iter().filter(is_bridge);
        let is_on = |port: &Link| bridges().any(|it| port.master.as_ref() == Some(&it.ifname));
        let others = links.iter().filter(|link| !is_bridge(link) && !is_on(link));
        let others = others.map(|port| format!("interface {}", port.ifname));
        let bridges = bridges().map(|bridge| self.described_bridge(bridge));
        bridges.chain(others).collect()
    }

    fn described_bridge(&self, bridge: &Link) -> String {
        // What every bridge has tells nothing.
        let addresses = bridge.addresses.iter();
        let addresses = addresses.filter(|net| !RESOLVERS.contains(&net.addr()));
        let addresses: Vec<String> = addresses.map(ToString::to_string).collect();
        let endpoints = match self.ports(bridge).count() {
            1 => "1 endpoint".to_owned(),
            count => format!("{count} endpoints"),
        };
        let facts = match addresses.is_empty() {
            true => endpoints,
            false => format!("{}; {endpoints}", addresses.join(", ")),
        };
        format!("bridge {} ({facts})", bridge.ifname)
    }
}

/// The number of an interface of ours: from its name, or for a bridge with a name of the user's from its Ethernet
/// address.
fn number_of(link: &Link) -> Option<u32> {
    match link.kind {
        LinkKind::Bridge => link
            .mac
            .and_then(bridge_number)
            .or_else(|| interface_number(BRIDGE, &link.ifname)),
        LinkKind::Veth | LinkKind::Other => interface_number(ENDPOINT, &link.ifname),
    }
}
