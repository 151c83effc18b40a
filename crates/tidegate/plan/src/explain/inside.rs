//! What the namespaces at a packet's ends lack of what the packet needs there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tidegate_api::explain::Fate;
use tidegate_model::links::{Inside, InsideLink, InsideRoute, Peer};
use tidegate_model::{Endpoint, Name, State};

use super::ends::Who;
use super::packet_path::{FateAndReason, PacketPath};
use crate::check::{Wanted, interface_of, is_down, lacks_address, wanted_routes};
use crate::steps;

/// The fate of a packet whose way is decided, once both ends are looked into.
pub(super) fn at_ends(path: &mut PacketPath<'_>, (fate, why): FateAndReason) -> FateAndReason {
    if !fate.is_arrival() {
        return (fate, why);
    }
    let eyes = Eyes {
        state: path.state,
        insides: path.namespaces(),
    };
    let looks = [eyes.at_sender(path), eyes.at_receiver(path, &fate)];
    for look in looks {
        match look {
            Look::Well => {}
            Look::Unclear(what) if path.walk.beside.unclear.contains(&what) => {}
            Look::Unclear(what) => path.walk.beside.unclear.push(what),
            Look::Lacks { why, mend } => {
                path.mend = Some(mend);
                return (Fate::Lost, why);
            }
        }
    }
    (fate, why)
}

/// The endpoints of the same namespaces as the ends of a path.
pub(super) fn endpoints(path: &PacketPath<'_>, fate: &Fate) -> BTreeSet<Name> {
    let sender = path.exit.map(|(sender, _)| sender);
    let receiver = receiver(path, fate);
    let ends = [sender, receiver].into_iter().flatten();
    // An engine configures what was handed over to it.
    let ends = ends.filter(|end| !end.place.is_handed_over());
    let beside = ends.flat_map(|end| path.state.endpoints.of_netns(&end.netns_id()));
    beside.map(|endpoint| endpoint.name.clone()).collect()
}

fn receiver<'a>(path: &PacketPath<'a>, fate: &Fate) -> Option<&'a Endpoint> {
    let Fate::ReachesEndpoint(name) = fate else {
        return None;
    };
    path.state.endpoints.get(name).filter(|_| !path.is_inner)
}

/// What is in the namespaces of endpoints, or why nobody can tell.
type Insides = BTreeMap<Name, Result<Inside, String>>;

/// What was seen of an end.
enum Look {
    Well,
    /// Something without which the packet does not pass, and what mends it.
    Lacks {
        why: String,
        mend: String,
    },
    /// What cannot be judged.
    Unclear(String),
}

/// Where a namespace sends a packet.
#[derive(Clone, Copy)]
enum Way {
    To(IpAddr),
    /// To some machine outside.
    Outside {
        is_ipv4: bool,
    },
    /// To the host, at an address of the network.
    Near,
}

impl Way {
    fn is_led_by(self, link: &InsideLink, routes: &[InsideRoute]) -> bool {
        let is_connected = match self {
            Self::Near => true,
            Self::To(to) => link.addresses.iter().any(|net| net.contains(&to)),
            Self::Outside { .. } => false,
        };
        is_connected || routes.iter().any(|route| self.is_in(route.to))
    }

    /// Whether a route of this destination leads there. Some VPNs halve the default route.
    fn is_in(self, destination: ipnet::IpNet) -> bool {
        match self {
            Self::Near => true,
            Self::To(to) => destination.contains(&to),
            Self::Outside { is_ipv4 } => {
                destination.prefix_len() <= 1 && destination.addr().is_ipv4() == is_ipv4
            }
        }
    }
}

/// Looks into namespaces.
struct Eyes<'a> {
    state: &'a State,
    insides: &'a Insides,
}

/// An interface that is there and up, and the routes through it.
struct Usable<'a> {
    peer: Peer,
    link: &'a InsideLink,
    routes: &'a [InsideRoute],
}

impl Eyes<'_> {
    fn at_sender(&self, path: &PacketPath<'_>) -> Look {
        let Some((sender, exit)) = path.exit else {
            return Look::Well;
        };
        let way = match path.to.address {
            Some(to) => Way::To(to),
            None => Way::Outside {
                is_ipv4: path.is_ipv4(),
            },
        };
        match path.claimed {
            // Such a packet is made by a program that needs no route.
            Some(_) => self.usable(exit).err().unwrap_or(Look::Well),
            None => {
                let source = path.from.address;
                let mut own = exit.addresses.iter().map(|net| net.addr());
                let holder = match own.any(|own| Some(own) == source) {
                    true => exit,
                    false => sender,
                };
                self.sends((holder, source), exit, way)
            }
        }
    }

    fn at_receiver(&self, path: &PacketPath<'_>, fate: &Fate) -> Look {
        let Some(endpoint) = receiver(path, fate) else {
            return Look::Well;
        };
        let arriving = path.arriving();
        let own = endpoint.addresses.iter().map(|net| net.addr());
        let at = own.into_iter().find(|ip| arriving.to == Some(*ip));
        let is_from_host = matches!(path.from.who, Who::Host) || arriving.is_snat;
        let back = match arriving.from {
            // The daemon relays it from a gateway.
            _ if at.is_none() || path.claimed.is_some() => Way::Near,
            Some(from) => Way::To(from),
            None if is_from_host => Way::Near,
            None => Way::Outside {
                is_ipv4: path.is_ipv4(),
            },
        };
        self.receives(endpoint, at, back)
    }

    /// Whether a packet gets out of a namespace, from an address of `sender` (none for a false one), by the interface
    /// of `exit`.
    fn sends(
        &self,
        (sender, source): (&Endpoint, Option<IpAddr>),
        exit: &Endpoint,
        way: Way,
    ) -> Look {
        if exit.place.is_handed_over() {
            return Look::Well;
        }
        let looked = || {
            if let Some(source) = source {
                address(sender, &self.usable(sender)?, source)?;
            }
            let usable = self.usable(exit)?;
            let lost = missing(&usable.peer, usable.routes, way);
            if !way.is_led_by(usable.link, usable.routes) {
                return Err(no_way(exit, &usable.peer, lost, ""));
            }
            let is_replaced = |wanted: &Wanted| {
                let mut leading = usable.routes.iter().filter(|route| way.is_in(route.to));
                !leading.any(|route| route.via == wanted.via)
            };
            match lost.filter(is_replaced) {
                Some(wanted) => Err(Look::Unclear(format!(
                    "{}; another route leads there",
                    of(exit, &lacks(&usable.peer, &wanted))
                ))),
                None => Ok(()),
            }
        };
        looked().err().unwrap_or(Look::Well)
    }

    /// Whether an endpoint gets a packet for an address of its own, and answers it by one of its namespace's networks.
    fn receives(&self, endpoint: &Endpoint, at: Option<IpAddr>, back: Way) -> Look {
        if endpoint.place.is_handed_over() {
            return Look::Well;
        }
        let looked = || {
            let usable = self.usable(endpoint)?;
            if let Some(at) = at {
                address(endpoint, &usable, at)?;
            }
            let beside = self.state.endpoints.of_netns(&endpoint.netns_id());
            let mut ways = beside.filter_map(|other| self.usable(other).ok());
            match ways.any(|usable| back.is_led_by(usable.link, usable.routes)) {
                true => Ok(()),
                false => {
                    let lost = missing(&usable.peer, usable.routes, back);
                    let begin = "it arrives, but is not answered: ";
                    Err(no_way(endpoint, &usable.peer, lost, begin))
                }
            }
        };
        looked().err().unwrap_or(Look::Well)
    }

    fn usable(&self, endpoint: &Endpoint) -> Result<Usable<'_>, Look> {
        let name = &endpoint.name;
        let unclear = |reason: &str| {
            Look::Unclear(format!(
                "the namespace of endpoint {name} was not looked at: {reason}"
            ))
        };
        let network = self.state.networks.get(&endpoint.network);
        let (Some(network), Some(inside)) = (network, self.insides.get(name)) else {
            return Err(unclear(&format!("see `tidegate endpoint check {name}`")));
        };
        let inside = inside.as_ref().map_err(|reason| unclear(reason))?;
        let peer = steps::veth(endpoint, network).peer;
        let link = interface_of(endpoint, &peer, inside).map_err(|(_, what)| Look::Lacks {
            why: of(endpoint, &what),
            mend: format!(
                "`tidegate endpoint check {name}` shows all that it lacks; what cannot be put back there comes back with \
                 `tidegate detach {name}` and `tidegate attach {} {name} --netns {}`",
                network.name,
                endpoint.place
            ),
        })?;
        if !link.up {
            let up = format!("ip link set {} up", peer.ifname);
            return Err(Look::Lacks {
                why: of(endpoint, &is_down(&peer)),
                mend: inside_of(endpoint, &up),
            });
        }
        let routes = &inside.routes;
        Ok(Usable { peer, link, routes })
    }
}

fn address(endpoint: &Endpoint, usable: &Usable<'_>, ip: IpAddr) -> Result<(), Look> {
    let Usable { peer, link, .. } = usable;
    let mut own = peer.addresses.iter();
    let wanted = own.find(|net| net.addr() == ip);
    let has = |ip: IpAddr| link.addresses.iter().any(|net| net.addr() == ip);
    match wanted.filter(|net| !has(net.addr())) {
        None => Ok(()),
        Some(net) => {
            let nodad = if ip.is_ipv6() { " nodad" } else { "" };
            let add = format!("ip addr add {net} dev {}{nodad}", peer.ifname);
            Err(Look::Lacks {
                why: of(endpoint, &lacks_address(peer, *net)),
                mend: inside_of(endpoint, &add),
            })
        }
    }
}

/// The route to there that the namespace ought to have and has not.
fn missing(peer: &Peer, routes: &[InsideRoute], way: Way) -> Option<Wanted> {
    let leading = wanted_routes(peer).filter(|wanted| way.is_in(wanted.to));
    let wanted = leading.max_by_key(|wanted| wanted.to.prefix_len())?;
    let is_there = routes.iter().any(|route| wanted.is_in(route));
    (!is_there).then_some(wanted)
}

fn no_way(endpoint: &Endpoint, peer: &Peer, lost: Option<Wanted>, begin: &str) -> Look {
    let name = &endpoint.name;
    let (what, mend) = match lost {
        Some(wanted) => (
            lacks(peer, &wanted),
            inside_of(endpoint, &add(peer, &wanted)),
        ),
        None => (
            format!("no route through {} leads there", peer.ifname),
            format!(
                "`nsenter --net={} ip route` shows the routes of endpoint {name}",
                endpoint.place
            ),
        ),
    };
    Look::Lacks {
        why: format!("{begin}{}", of(endpoint, &what)),
        mend,
    }
}

fn lacks(peer: &Peer, wanted: &Wanted) -> String {
    format!("the namespace lacks {}", wanted.shown(peer.ifname.as_str()))
}

fn of(endpoint: &Endpoint, what: &str) -> String {
    format!("endpoint {}: {what}", endpoint.name)
}

/// The command that adds a route.
fn add(peer: &Peer, wanted: &Wanted) -> String {
    let Wanted { to, via, metric } = wanted;
    let family = if to.addr().is_ipv6() { " -6" } else { "" };
    let to = match to.prefix_len() {
        0 => "default".to_owned(),
        _ => to.to_string(),
    };
    let via = via.map_or_else(String::new, |via| format!(" via {via}"));
    let metric = metric.map_or_else(String::new, |metric| format!(" metric {metric}"));
    format!("ip{family} route add {to}{via} dev {}{metric}", peer.ifname)
}

/// The command that mends it there, and where to look for more.
fn inside_of(endpoint: &Endpoint, command: &str) -> String {
    let Endpoint { name, place, .. } = endpoint;
    format!(
        "put it back: `nsenter --net={place} {command}`; `tidegate endpoint check {name}` shows all that it lacks"
    )
}
