//! Names of containers and of others.

use super::Case;
use super::With::PodmanAndDocker;
use crate::scene::From::Container;
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("names and aliases", PodmanAndDocker, names),
    Case::new("names of two networks", PodmanAndDocker, two_networks),
];

fn names(s: &Scene<'_>) {
    s.network("north", "");
    s.start(
        "web",
        "north",
        "--network-alias shop --network-alias shop.internal.example",
    );
    s.start("peer", "north", "");
    s.ask(
        "the name of a container",
        Container("peer"),
        "tcp web 80",
        "web",
    );
    s.ask("an alias", Container("peer"), "tcp shop 80", "web");
    s.ask(
        "an alias with dots",
        Container("peer"),
        "tcp shop.internal.example 80",
        "web",
    );
    s.ask(
        "the container's own name",
        Container("web"),
        "tcp web 80",
        "web",
    );
    let id = s.short_id("web");
    s.ask(
        "the short id",
        Container("peer"),
        &format!("tcp {id} 80"),
        "web",
    );
    s.ask(
        "a name outside",
        Container("peer"),
        "tcp www.example.test 80",
        "outside",
    );
    s.ask(
        "a name that nobody has",
        Container("peer"),
        "tcp nobody 80",
        "unknown name",
    );
    s.engine("rm -f web");
    s.ask(
        "the name of a removed container",
        Container("peer"),
        "tcp web 80",
        "unknown name",
    );
    s.start("web", "north", "");
    s.ask(
        "the name, given again",
        Container("peer"),
        "tcp web 80",
        "web",
    );
}

fn two_networks(s: &Scene<'_>) {
    s.network("north", "");
    s.network("south", "");
    s.start("web", "north", "--network-alias shared");
    s.start("other", "south", "--network-alias shared");
    s.start("peer", "north", "");
    s.ask(
        "a name of another network",
        Container("peer"),
        "tcp other 80",
        "unknown name",
    );
    s.ask(
        "an alias that both networks have",
        Container("peer"),
        "tcp shared 80",
        "web",
    );
    s.start("second", "north", "--network-alias shared");
    s.engine("rm -f web");
    s.ask(
        "an alias of two containers, after one is removed",
        Container("peer"),
        "tcp shared 80",
        "second",
    );
}
