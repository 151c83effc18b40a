//! Holding ports of the host.
//!
//! A packet to a published port is sent on to an endpoint before any socket of the host could get
//! it. A process that took such a port would wait for ever for what never comes, and one that has
//! it already would lose it without a word. So a published port is bound: whoever else wants it is
//! told that it is in use.
//!
//! On `::1` nothing is sent on: there, the socket takes what comes, and [`relay`](crate::relay) passes it on.

mod holder;
mod listing;
mod socket;

use std::collections::{BTreeSet, HashMap};

use socket2::Socket;
use tidegate_model::Protocol;
use tidegate_model::links::PortHold;

use crate::error::{Cause, LinkError};
use crate::netns::Netns;
use crate::relay::{Limits, Relay, Relayed};

pub(crate) use holder::Holder;

/// The ports that are held.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    held: HashMap<PortHold, Held>,
    /// Started for the first port that is relayed.
    relay: Option<Relay>,
}

/// What holds a port until it goes.
#[derive(Debug)]
#[expect(dead_code, reason = "a socket or a relay is only kept")]
enum Held {
    /// The kernel lacks the protocol: nobody can have a socket of it.
    Lacking,
    Bound(Socket),
    Relayed(Relayed),
}

impl Ports {
    /// Holds all of the ports, or none of those that were not held before.
    pub(crate) fn hold(&mut self, home: &Netns, holds: &[PortHold]) -> Result<(), LinkError> {
        let new: Vec<PortHold> = holds
            .iter()
            .copied()
            .filter(|hold| !self.held.contains_key(hold))
            .collect();
        let opened = home.run(|| open_all(&new));
        let opened = opened.map_err(|cause| LinkError::new("hold ports of the host", cause))??;
        let held = opened
            .into_iter()
            .map(|(hold, socket)| Ok((hold, self.keep(home, &hold, socket)?)))
            .collect::<Result<Vec<_>, LinkError>>()?;
        self.held.extend(held);
        Ok(())
    }

    fn keep(
        &mut self,
        home: &Netns,
        hold: &PortHold,
        socket: Option<Socket>,
    ) -> Result<Held, LinkError> {
        let (socket, to) = match (socket, hold.relay) {
            (None, _) => return Ok(Held::Lacking),
            (Some(socket), None) => return Ok(Held::Bound(socket)),
            (Some(socket), Some(to)) => (socket, to),
        };
        let failed = |cause| LinkError::new(format_args!("relay port {hold} of the host"), cause);
        let relay = match &mut self.relay {
            Some(relay) => relay,
            none => {
                let started = home.run(|| Relay::start(Limits::default()));
                none.insert(started.flatten().map_err(failed)?)
            }
        };
        let relayed = relay.add(socket, hold.protocol, to);
        relayed
            .map(Held::Relayed)
            .map_err(|error| failed(error.into()))
    }

    /// Lets go of the ports.
    pub(crate) fn release(&mut self, holds: &[PortHold]) {
        for hold in holds {
            self.held.remove(hold);
        }
    }
}

fn open_all(holds: &[PortHold]) -> Result<Vec<(PortHold, Option<Socket>)>, LinkError> {
    let open = |hold: &PortHold| match socket::open(hold) {
        Ok(socket) => Ok((*hold, socket)),
        Err(error) => {
            let cause = if socket::is_in_use(&error) {
                Cause::PortTaken(Box::new(holder::find(hold)))
            } else {
                error.into()
            };
            let what = format_args!("hold port {hold} of the host");
            Err(LinkError::new(what, cause).with_hint(|kind| socket::hint(kind, hold)))
        }
    };
    holds.iter().map(open).collect()
}

/// The ports that something on the host listens on.
pub(crate) fn used(home: &Netns) -> Result<BTreeSet<(Protocol, u16)>, Cause> {
    let listed = home.run(|| {
        let lists = Protocol::ALL.map(listing::list);
        lists.into_iter().collect::<Result<Vec<_>, _>>()
    })??;
    let used = listed.into_iter().flatten();
    Ok(used.map(|found| (found.protocol, found.port)).collect())
}
