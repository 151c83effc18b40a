//! Containers that end and begin again, and many at once.

use super::Case;
use super::With::PodmanAndDocker;
use crate::scene::From::{Container, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("stop, start and restart", PodmanAndDocker, restart),
    Case::new("a container that is killed", PodmanAndDocker, killed),
    Case::new("a restart policy", PodmanAndDocker, policy),
    Case::new("twenty containers at once", PodmanAndDocker, twenty).long(),
];

fn restart(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 8800:80");
    s.start("peer", "north", "");
    s.engine("stop web");
    s.ask(
        "the port while it is stopped",
        Outside,
        "tcp 192.0.2.1 8800",
        "nothing",
    );
    s.ask(
        "the name while it is stopped",
        Container("peer"),
        "tcp web 80",
        "unknown name",
    );
    s.engine("start web");
    s.ask(
        "the port after a start",
        Outside,
        "tcp 192.0.2.1 8800",
        "web",
    );
    s.engine("restart web");
    s.ask(
        "the port after a restart",
        Outside,
        "tcp 192.0.2.1 8800",
        "web",
    );
    s.ask(
        "the name after a restart",
        Container("peer"),
        "tcp web 80",
        "web",
    );
}

fn killed(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 8810:80");
    s.start("peer", "north", "");
    s.kill("web");
    s.ask("the port", Outside, "tcp 192.0.2.1 8810", "nothing");
    s.ask("the name", Container("peer"), "tcp web 80", "unknown name");
    s.engine("rm -f web");
    s.start("second", "north", "-p 8810:80");
    s.ask(
        "another container with the port",
        Outside,
        "tcp 192.0.2.1 8810",
        "second",
    );
}

fn policy(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 8820:80 --restart always");
    s.start("peer", "north", "");
    s.kill("web");
    s.ask(
        "the port after it is killed",
        Outside,
        "tcp 192.0.2.1 8820",
        "web",
    );
    s.ask("the name", Container("peer"), "tcp web 80", "web");
}

fn twenty(s: &Scene<'_>) {
    s.network("north", "");
    s.start("peer", "north", "");
    s.start_many(20, "north", 8900);
    for number in 1..=20 {
        let port = 8900 + number;
        let name = format!("many{number}");
        s.ask(
            &format!("port {port}"),
            Outside,
            &format!("tcp 192.0.2.1 {port}"),
            &name,
        );
    }
    s.ask(
        "the name of the first",
        Container("peer"),
        "tcp many1 80",
        "many1",
    );
    s.ask(
        "the name of the last",
        Container("peer"),
        "tcp many20 80",
        "many20",
    );
}
