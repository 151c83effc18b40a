//! The prefixes that a new subnet must not overlap. They are listed once and kept until the kernel reports a change:
//! on a host with many networks, listing the routes takes longer than creating a network.

use std::collections::{BTreeSet, HashSet};

use ipnet::IpNet;
use tidegate_model::links::{GROUP, Link, LinkKind, LinkStep};
use tidegate_sys::netlink::{self, Message, Notifications, Socket};

use crate::decode::{AddressRecord, RouteRecord, link_index};
use crate::error::Cause;
use crate::message;

// enum rtnetlink_groups
const LINKS: u32 = 1;
const ADDRESSES: [u32; 2] = [5, 9];
const ROUTES: [u32; 2] = [7, 11];
// RTM_NEWLINK and RTM_DELLINK, RTM_NEWADDR and RTM_DELADDR, RTM_NEWROUTE and RTM_DELROUTE
const LINK: [u16; 2] = [16, 17];
const ADDRESS: [u16; 2] = [20, 21];
const ROUTE: [u16; 2] = [24, 25];

/// A prefix that is in use, and the link that leads to it, if it is a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    prefix: IpNet,
    link: Option<u32>,
}

/// What is in use.
#[derive(Debug)]
pub(crate) struct Occupied {
    notifications: Notifications,
    /// None if it must be listed again.
    known: Option<Vec<Part>>,
    /// Prefixes of our bridges that were created since the start.
    ours: HashSet<IpNet>,
}

impl Occupied {
    /// Listens in the network namespace of the calling thread.
    pub(crate) fn open() -> Result<Self, Cause> {
        let groups = [&[LINKS][..], &ADDRESSES, &ROUTES].concat();
        Ok(Self {
            notifications: Notifications::open(netlink::Family::Route, &groups)?,
            known: None,
            ours: HashSet::new(),
        })
    }

    /// The prefixes in use: destinations of unicast routes, and prefixes of addresses. The socket belongs to the same
    /// namespace.
    pub(crate) fn list(&mut self, socket: &mut Socket) -> Result<Vec<IpNet>, Cause> {
        self.read_changes()?;
        let known = match &self.known {
            Some(known) => known,
            None => {
                let mut found = survey(socket)?;
                found.retain(|part| !self.ours.contains(&part.prefix));
                self.known.insert(found)
            }
        };
        let prefixes = known.iter().map(|part| part.prefix);
        let all: BTreeSet<IpNet> = prefixes.chain(self.ours.iter().copied()).collect();
        Ok(all.into_iter().collect())
    }

    /// Registers our bridges among the host's links: our own changes to them need no new list.
    pub(crate) fn recognize(&mut self, links: &[Link]) {
        let is_ours = |link: &&Link| link.group == GROUP && link.kind == LinkKind::Bridge;
        let addresses = links
            .iter()
            .filter(is_ours)
            .flat_map(|link| &link.addresses);
        self.ours.extend(addresses.map(IpNet::trunc));
        self.known = None;
    }

    /// Call this before each step.
    pub(crate) fn before(&mut self, step: &LinkStep) {
        if let LinkStep::AddBridge(bridge)
        | LinkStep::MendBridge(bridge)
        | LinkStep::DeleteBridge(bridge) = step
        {
            self.ours.extend(bridge.addresses.iter().map(IpNet::trunc));
        }
    }

    /// Call this after each step, even a failed one.
    pub(crate) fn after(&mut self, step: &LinkStep, is_done: bool) {
        self.catch_up();
        match step {
            LinkStep::AddBridge(_) if is_done => {}
            LinkStep::AddBridge(bridge) | LinkStep::DeleteBridge(bridge) => {
                for address in &bridge.addresses {
                    self.ours.remove(&address.trunc());
                }
                if !is_done {
                    // After a failure, the state is listed again.
                    self.known = None;
                }
            }
            LinkStep::DeleteLink(_) => {
                self.ours.clear();
                self.known = None;
            }
            _ => {}
        }
    }

    /// Reads pending messages, so that they do not accumulate.
    fn catch_up(&mut self) {
        if let Err(error) = self.read_changes() {
            tracing::debug!(%error, "cannot receive changes of routes");
            self.known = None;
        }
    }

    fn read_changes(&mut self) -> Result<(), Cause> {
        let Self {
            notifications,
            known,
            ours,
        } = self;
        let mut is_changed = false;
        let is_all = notifications.read(|message| {
            is_changed |= known
                .as_ref()
                .is_some_and(|known| changes(message, known, ours));
        })?;
        if is_changed || !is_all {
            self.known = None;
        }
        Ok(())
    }
}

/// Whether a message may change the list.
fn changes(message: &Message<'_>, known: &[Part], ours: &HashSet<IpNet>) -> bool {
    let is_foreign = |prefix: IpNet| !ours.contains(&prefix) && !is_link_local(prefix);
    match message.kind {
        // The kernel removes IPv4 routes without a message when their link goes down or is removed.
        kind if LINK.contains(&kind) => {
            let link = link_index(message.body);
            known
                .iter()
                .any(|part| part.link.is_none() || part.link == link)
        }
        kind if ADDRESS.contains(&kind) => {
            let address = AddressRecord::decode(message.body);
            address.is_some_and(|address| is_foreign(address.prefix))
        }
        kind if ROUTE.contains(&kind) => {
            let route = RouteRecord::decode(message.body);
            route.is_some_and(|route| route.occupies() && is_foreign(route.destination))
        }
        _ => false,
    }
}

/// No subnet is one of these (RFC 4291, 2.5.6), and every link has one.
fn is_link_local(prefix: IpNet) -> bool {
    matches!(prefix, IpNet::V6(net) if net.addr().is_unicast_link_local())
}

fn survey(socket: &mut Socket) -> Result<Vec<Part>, Cause> {
    let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
    let addresses = socket.dump(&message::list_addresses(), AddressRecord::decode)?;
    let routed = routes.into_iter().filter(RouteRecord::occupies);
    let routed = routed.map(|route| Part {
        prefix: route.destination,
        link: route.link,
    });
    let addressed = addresses.into_iter().map(|address| Part {
        prefix: address.prefix,
        link: Some(address.index),
    });
    Ok(routed.chain(addressed).collect())
}
