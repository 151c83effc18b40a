//! Several networks, and kinds of them.

use super::Case;
use super::With::PodmanAndDocker;
use crate::scene::From::{Container, Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("several networks", PodmanAndDocker, several),
    Case::new("connect and disconnect", PodmanAndDocker, connect),
    Case::new("an internal network", PodmanAndDocker, internal),
    Case::new("a network that is removed in use", PodmanAndDocker, removed),
];

fn several(s: &Scene<'_>) {
    s.network("north", "");
    s.network("south", "");
    s.start("in-north", "north", "");
    s.start("in-south", "south", "");
    s.create("both", "north", "-p 8700:80");
    s.engine("network connect south both");
    s.engine("start both");
    s.ask(
        "a name of the first",
        Container("both"),
        "tcp in-north 80",
        "in-north",
    );
    s.ask(
        "a name of the second",
        Container("both"),
        "tcp in-south 80",
        "in-south",
    );
    s.ask(
        "its name on the first",
        Container("in-north"),
        "tcp both 80",
        "both",
    );
    s.ask(
        "its name on the second",
        Container("in-south"),
        "tcp both 80",
        "both",
    );
    s.ask("its published port", Outside, "tcp 192.0.2.1 8700", "both");
    s.ask("outside", Container("both"), "tcp 192.0.2.2 80", "outside");
    let address = s.address_of("in-south");
    s.ask(
        "from one network to the other",
        Container("in-north"),
        &format!("tcp {address} 80"),
        "nothing",
    );
}

fn connect(s: &Scene<'_>) {
    s.network("north", "");
    s.network("south", "");
    s.start("web", "north", "-p 8710:80");
    s.start("in-south", "south", "");
    s.ask(
        "before",
        Container("in-south"),
        "tcp web 80",
        "unknown name",
    );
    s.engine("network connect --alias shop south web");
    s.ask(
        "the name, once connected",
        Container("in-south"),
        "tcp web 80",
        "web",
    );
    s.ask("the alias", Container("in-south"), "tcp shop 80", "web");
    s.ask(
        "the other direction",
        Container("web"),
        "tcp in-south 80",
        "in-south",
    );
    s.ask("the published port", Outside, "tcp 192.0.2.1 8710", "web");
    s.engine("network disconnect south web");
    s.ask(
        "the name, once disconnected",
        Container("in-south"),
        "tcp web 80",
        "unknown name",
    );
    s.ask(
        "the published port after that",
        Outside,
        "tcp 192.0.2.1 8710",
        "web",
    );
    s.tell_in(
        "its interfaces",
        "web",
        "1",
        "ls /sys/class/net | grep -c eth",
    );
    s.engine("network connect south web");
    s.ask(
        "connected again",
        Container("in-south"),
        "tcp web 80",
        "web",
    );
    s.engine("network disconnect north web");
    s.ask(
        "without the first network",
        Container("in-south"),
        "tcp web 80",
        "web",
    );
}

fn internal(s: &Scene<'_>) {
    s.network("north", "--internal");
    s.start("web", "north", "-p 8720:80");
    s.start("peer", "north", "");
    s.ask(
        "a container of the network",
        Container("peer"),
        "tcp web 80",
        "web",
    );
    s.ask(
        "outside, by address",
        Container("peer"),
        "tcp 192.0.2.2 80",
        "nothing",
    );
    s.ask(
        "the published port, from outside",
        Outside,
        "tcp 192.0.2.1 8720",
        "nothing",
    );
    let address = s.address_of("web");
    s.ask(
        "the address, from outside",
        Outside,
        &format!("tcp {address} 80"),
        "nothing",
    );
    s.ask(
        "the address, from the host",
        Host,
        &format!("tcp {address} 80"),
        "web",
    );
}

fn removed(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 8730:80");
    let code = s.try_engine("network rm north");
    s.tell("the removal", "refused", || code.to_owned());
    s.ask(
        "the container after it",
        Outside,
        "tcp 192.0.2.1 8730",
        "web",
    );
    s.engine("rm -f web");
    let code = s.try_engine("network rm north");
    s.tell("the removal once it is unused", "done", || code.to_owned());
    s.network("north", "");
    s.start("web", "north", "-p 8730:80");
    s.ask(
        "a network made again under the name",
        Outside,
        "tcp 192.0.2.1 8730",
        "web",
    );
}
