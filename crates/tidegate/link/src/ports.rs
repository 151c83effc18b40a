//! Holds ports of the host.
//!
//! The kernel translates packets to a published port before any socket of the host gets them. Another process that
//! binds the port would receive nothing, and a process that has it already would silently lose its traffic. So the
//! daemon binds each published port. Other programs then get the error that the port is in use.
//!
//! Packets to `::1` cannot be translated. There, the socket receives them, and [`relay`](crate::relay) copies them to
//! the endpoint.

mod holder;
mod listing;
mod owner;
mod socket;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use socket2::Socket;
use tidegate_model::links::PortHold;
use tidegate_model::{NetnsCookie, Protocol};
use tidegate_sys::Netns;

use crate::cookie;
use crate::descriptors::Descriptors;
use crate::error::{Cause, LinkError};
use crate::relay::{Limits, Relay, Relayed};

pub use owner::user_of_connection;

/// The most sockets that have a filter at once.
///
/// Each filter is a program of its own. When a process ends, the kernel frees each program by one work item on a
/// shared work queue (`bpf_prog_free`). The items wait for each other, and one of them may itself wait for work on
/// that queue (`__purge_vmap_area_lazy`), which runs at most 1,024 items at once on a CPU. Linux 6.18 stalled for
/// ever with 19,000 of them.
const FILTERS: usize = 512;

/// The ports that are held.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    held: HashMap<Key, Held>,
    /// Each socket that has a filter keeps a copy.
    filters: Filter,
    /// Started with the first relayed port.
    relay: Option<Relay>,
    /// The cookie of the host's namespace, if the kernel has cookies.
    home: Option<NetnsCookie>,
}

/// A host port: it can be held once, no matter where it is relayed to.
type Key = (IpAddr, u16, Protocol);

fn key(hold: &PortHold) -> Key {
    (hold.address, hold.port, hold.protocol)
}

/// A token that each socket with a filter holds, so that they can be counted.
type Filter = Arc<()>;

/// Holds a port until it is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "a socket, a relay or a count is only kept")]
enum Held {
    /// The kernel lacks the protocol, so no program can bind the port.
    Lacking,
    Bound(Socket, Option<Filter>),
    Relayed(Relayed, Option<Filter>),
}

/// A port's socket.
enum Opened {
    Lacking,
    /// Another program has it, and may.
    Left,
    /// It holds the port, and may have a filter.
    Bound(Socket, Option<Filter>),
}

impl Ports {
    /// Ports of the namespace with this cookie.
    pub(crate) fn of(home: Option<NetnsCookie>) -> Self {
        Self {
            home,
            ..Self::default()
        }
    }

    /// Holds all of these ports. If one fails, none is added to the held ports.
    pub(crate) fn hold(&mut self, home: &Netns, holds: &[PortHold]) -> Result<(), LinkError> {
        let new: Vec<PortHold> = holds
            .iter()
            .copied()
            .filter(|hold| !self.held.contains_key(&key(hold)))
            .collect();
        let opened = self.open_at_home(home, &new)?;
        let had = opened
            .into_iter()
            .filter(|(_, opened)| !matches!(opened, Opened::Left));
        let held = had
            .map(|(hold, opened)| Ok((key(&hold), self.keep(home, &hold, opened)?)))
            .collect::<Result<Vec<_>, LinkError>>()?;
        self.held.extend(held);
        Ok(())
    }

    fn keep(&mut self, home: &Netns, hold: &PortHold, opened: Opened) -> Result<Held, LinkError> {
        let (socket, filter, to) = match (opened, hold.relay) {
            (Opened::Lacking | Opened::Left, _) => return Ok(Held::Lacking),
            (Opened::Bound(socket, filter), None) => return Ok(Held::Bound(socket, filter)),
            (Opened::Bound(socket, filter), Some(to)) => (socket, filter, to),
        };
        let failed = |cause| LinkError::new(format_args!("relay port {hold} of the host"), cause);
        let relay = match &mut self.relay {
            Some(relay) => relay,
            none => {
                let started = home.run_here(|| Relay::start(Limits::default()));
                let started = started.map_err(Cause::from).flatten();
                none.insert(started.map_err(failed)?)
            }
        };
        let relayed = relay.add(socket, hold.protocol, to);
        relayed
            .map(|relayed| Held::Relayed(relayed, filter))
            .map_err(|error| failed(error.into()))
    }

    fn open_at_home(
        &self,
        home: &Netns,
        holds: &[PortHold],
    ) -> Result<Vec<(PortHold, Opened)>, LinkError> {
        // As a rule, the thread is there. Its sockets tell so in less time than `Netns::run_here` takes to find out.
        if self.home.is_some()
            && let Some(opened) = self.open_all(holds, self.home)?
        {
            return Ok(opened);
        }
        let opened = home.run_here(|| self.open_all(holds, None));
        let opened = opened.map_err(|cause| LinkError::new("hold ports of the host", cause))?;
        Ok(opened?.unwrap_or_default())
    }

    /// Binds the ports; none if the thread is not in the namespace with the cookie, if one is given.
    fn open_all(
        &self,
        holds: &[PortHold],
        home: Option<NetnsCookie>,
    ) -> Result<Option<Vec<(PortHold, Opened)>>, LinkError> {
        let descriptors = Descriptors::now();
        let open = |hold: &PortHold| {
            let opened = match self.open(hold, home) {
                Ok(Some(Opened::Bound(socket, _))) if descriptors.keep(&socket) => {
                    Err(refused(hold, Cause::Kept(descriptors)))
                }
                Err(error) if hold.optional => {
                    tracing::debug!(%error, "a port is left to another program");
                    Ok(Some(Opened::Left))
                }
                opened => opened,
            };
            Ok(opened?.map(|opened| (*hold, opened)))
        };
        let opened: Result<Vec<Option<_>>, _> = holds.iter().map(open).collect();
        Ok(opened?.into_iter().collect())
    }

    /// Binds the port; none if the thread is not in the namespace with the cookie, if one is given.
    fn open(
        &self,
        hold: &PortHold,
        home: Option<NetnsCookie>,
    ) -> Result<Option<Opened>, LinkError> {
        let failed = |error: io::Error| refused(hold, error.into());
        let Some(socket) = socket::open(hold).map_err(failed)? else {
            return Ok(Some(Opened::Lacking));
        };
        if home.is_some() && cookie::of(&socket) != home {
            return Ok(None);
        }
        let has_room = Arc::strong_count(&self.filters) <= FILTERS;
        let filter = socket::filter(hold)
            .filter(|_| has_room)
            .map(|_| Arc::clone(&self.filters));
        match socket::bind(&socket, hold, filter.is_some()) {
            Ok(()) => Ok(Some(Opened::Bound(socket, filter))),
            Err(error) if socket::is_in_use(&error) => {
                let holder = Box::new(holder::find(hold));
                Err(refused(hold, Cause::PortTaken(holder)))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Releases the ports.
    pub(crate) fn release(&mut self, holds: &[PortHold]) {
        for hold in holds {
            self.held.remove(&key(hold));
        }
    }
}

fn refused(hold: &PortHold, cause: Cause) -> LinkError {
    let what = format_args!("hold port {hold} of the host");
    LinkError::new(what, cause).with_hint(|kind| socket::hint(kind, hold))
}

/// The ports on which the host listens.
pub(crate) fn used(home: &Netns) -> Result<BTreeSet<(Protocol, u16)>, Cause> {
    let listed = home.run_here(|| {
        let lists = Protocol::ALL.map(listing::list);
        lists.into_iter().collect::<Result<Vec<_>, _>>()
    })??;
    let used = listed.into_iter().flatten();
    Ok(used.map(|found| (found.protocol, found.port)).collect())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn at_most_512_sockets_have_a_filter_and_a_released_one_makes_room() {
        let mut ports = Ports::default();
        let home = Netns::current().unwrap();
        let _others = vec![Arc::clone(&ports.filters); FILTERS - 1];
        let hold = |port| PortHold {
            protocol: Protocol::Tcp,
            address: Ipv4Addr::LOCALHOST.into(),
            port,
            relay: None,
            optional: false,
        };
        ports.hold(&home, &[hold(0)]).unwrap();
        assert!(matches!(
            ports.held[&key(&hold(0))],
            Held::Bound(_, Some(_))
        ));
        let other = PortHold {
            address: Ipv4Addr::new(127, 0, 0, 2).into(),
            ..hold(0)
        };
        ports.hold(&home, &[other]).unwrap();
        assert!(matches!(ports.held[&key(&other)], Held::Bound(_, None)));
        ports.release(&[hold(0), other]);
        ports.hold(&home, &[other]).unwrap();
        assert!(matches!(ports.held[&key(&other)], Held::Bound(_, Some(_))));
    }
}
