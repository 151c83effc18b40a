//! What lets a packet pass: the mildest command that works as it is written.

use std::net::{IpAddr, SocketAddr};

use tidegate_api::explain::Fate;
use tidegate_model::{Access, AllowList, Endpoint, Network, PortBinding};

use super::access;
use super::ends::{Who, endpoint_of};
use super::packet_path::PacketPath;
use crate::ruleset::NOBODY;

/// The hint about addresses that no host has.
const OF_NOBODY: &str = "from such an address pass only requests that need it: DHCP (0.0.0.0 to \
                         255.255.255.255:67/udp), IGMP, MLD, neighbour and router solicitations";

/// Advice for a packet that does not arrive.
pub(super) fn of(path: &PacketPath<'_>, fate: &Fate) -> Option<String> {
    if let Some(dropped) = &path.walk.beside.dropped {
        // The doctor has advice about chains, not about rules for one port.
        return Some(format!(
            "{} shows what drops it: change that, or accept the packet before it; `tidegate doctor` has a command if the \
             chain drops all such packets",
            dropped.shown_by
        ));
    }
    if path.mend.is_some() {
        return path.mend.clone();
    }
    if !fate.is_arrival()
        && let Some(hint) = of_shut(path)
    {
        return Some(hint);
    }
    let last = path.walk.steps.last();
    if *fate == Fate::Dropped && last.is_some_and(|step| step.chain == NOBODY.as_str()) {
        return Some(OF_NOBODY.into());
    }
    if let (Fate::Dropped, Some((endpoint, port))) = (fate, path.kept_out_of()) {
        return Some(of_list(path, endpoint, &port));
    }
    let (Fate::Dropped, Who::Endpoint(endpoint)) = (fate, path.to.who) else {
        return None;
    };
    let network = path.state.networks.get(&endpoint.network)?;
    let published = || published(path, endpoint);
    let is_open = network.policy.access == Access::Open;
    match path.from.who {
        _ if path.claimed.is_some() => None,
        Who::Endpoint(sender) => published()
            .filter(|_| is_open)
            .or_else(|| between(path, sender, endpoint, network)),
        Who::Host | Who::Outside if is_open => published().or_else(|| publish(path, endpoint)),
        Who::Host | Who::Outside => None,
    }
}

/// For a network that is not open, and stays that.
fn of_shut(path: &PacketPath<'_>) -> Option<String> {
    if path.claimed.is_some() {
        return None;
    }
    let is_shut = |endpoint| access::of_endpoint(path.state, endpoint).is_some();
    let open = access::open_network(path.state);
    let attach = |endpoint: &Endpoint, rest: String| {
        let path = &endpoint.place;
        format!("`tidegate attach {open} --netns {path}{rest}`")
    };
    let at = path.arriving().to;
    let receiver = at.and_then(|at| endpoint_of(path.state, at));
    match (path.from.who, path.to.who, receiver) {
        (Who::Endpoint(sender), Who::Outside, None) if is_shut(sender) => Some(format!(
            "attach {} to an open network too: {}",
            sender.name,
            attach(sender, String::new())
        )),
        (Who::Endpoint(sender), Who::Host, Some(receiver)) if is_shut(sender) => {
            let network = path.state.networks.get(&receiver.network)?;
            between(path, sender, receiver, network)
        }
        (Who::Outside, _, Some(receiver)) if is_shut(receiver) => {
            let port = path.arriving().port;
            let publish = port.map_or_else(String::new, |(port, protocol)| {
                format!(" -p {port}/{protocol}")
            });
            Some(format!(
                "if other machines should reach it, attach {} to an open network too: {}",
                receiver.name,
                attach(receiver, publish)
            ))
        }
        _ => None,
    }
}

/// For a blocked sender: the list with the sender added.
fn of_list(path: &PacketPath<'_>, endpoint: &Endpoint, port: &PortBinding) -> String {
    let name = &endpoint.name;
    let Some(sender) = path.claimed.or(path.from.address) else {
        return "name the client by its address instead of `outside`".to_owned();
    };
    let listed = endpoint.allowed(port).map_or(&[][..], AllowList::sources);
    let allow = listed.iter().map(ToString::to_string);
    let allow: String = allow
        .chain([sender.to_string()])
        .map(|source| format!(" --allow {source}"))
        .collect();
    format!(
        "let it in: `tidegate unpublish {name} {port}`, then `tidegate publish {name} {port}{allow}`"
    )
}

/// Where the port is published already.
fn published(path: &PacketPath<'_>, endpoint: &Endpoint) -> Option<String> {
    let asked = path.asked?;
    let is_ipv4 = path.is_ipv4();
    let mut of_it = endpoint.ports.iter().filter(|binding| {
        (binding.port, binding.protocol) == asked
            && binding.host_ip.is_none_or(|ip| ip.is_ipv4() == is_ipv4)
    });
    let is_reached = |ip: IpAddr| !ip.is_loopback();
    let binding = of_it.find(|binding| binding.only_at().is_none_or(is_reached))?;
    let host_port = binding.host_port;
    let at = binding.only_at().map_or_else(
        || format!("host:{host_port}"),
        |ip| SocketAddr::new(ip, host_port).to_string(),
    );
    Some(format!(
        "the port is published: use {at}/{}",
        binding.protocol
    ))
}

/// For a machine outside, whose address may be known.
fn publish(path: &PacketPath<'_>, endpoint: &Endpoint) -> Option<String> {
    let (port, protocol) = path.asked?;
    let sender = match path.from.who {
        Who::Outside => path.from.address,
        Who::Host | Who::Endpoint(_) => None,
    };
    let allow = sender.map_or_else(String::new, |ip| format!(" --allow {ip}"));
    let name = &endpoint.name;
    Some(format!(
        "publish it: `tidegate publish {name} {port}/{protocol}{allow}`"
    ))
}

/// For endpoints of two networks: nothing that opens a port of the host.
fn between(
    path: &PacketPath<'_>,
    sender: &Endpoint,
    endpoint: &Endpoint,
    network: &Network,
) -> Option<String> {
    let own = path.state.networks.get(&sender.network)?;
    if own.name == network.name {
        return None;
    }
    let are_open = [own, network]
        .into_iter()
        .all(|network| network.policy.access == Access::Open);
    let is_one_way = network.peers.contains(&own.name);
    let (own, other) = (&own.name, &network.name);
    Some(match are_open {
        true if is_one_way => format!(
            "network {other} is connected to network {own} one way: `tidegate network connect {other} {own}` connects \
             them both ways"
        ),
        true => format!(
            "let network {own} reach network {other}: `tidegate network connect --one-way {own} {other}`"
        ),
        false => match sender.place.path() {
            Some(path) => format!(
                "attach {} to network {other} too: `tidegate attach {other} --netns {}`",
                sender.name,
                path.display()
            ),
            None => format!("have the engine of {} connect it to network {other} too", sender.name),
        },
    })
    .filter(|_| endpoint.netns_id() != sender.netns_id())
}
