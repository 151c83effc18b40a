//! containerd's own client, `ctr run --cni`, which publishes no ports.

use super::Case;
use super::With::Containerd;
use crate::scene::From::{Container, Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[Case::new("ctr run --cni", Containerd, run)];

fn run(s: &Scene<'_>) {
    s.network("north", "--subnet 10.7.0.0/24");
    s.start("web", "north", "");
    s.start("peer", "north", "");
    let address = s.address_of("web");
    s.ask(
        "a container of the network",
        Container("peer"),
        &format!("tcp {address} 80"),
        "web",
    );
    s.ask("the host", Host, &format!("tcp {address} 80"), "web");
    s.ask(
        "outside, from a container",
        Container("peer"),
        "tcp 192.0.2.2 80",
        "outside",
    );
    s.ask(
        "a container, from outside",
        Outside,
        &format!("tcp {address} 80"),
        "nothing",
    );
    s.end("web");
    s.ask(
        "a container that was removed",
        Container("peer"),
        &format!("tcp {address} 80"),
        "nothing",
    );
    s.start("web", "north", "");
    let address = s.address_of("web");
    s.ask(
        "a container that was made again",
        Container("peer"),
        &format!("tcp {address} 80"),
        "web",
    );
}
