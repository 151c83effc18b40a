//! Engines and the daemon that end and begin again.

use super::Case;
use super::With::{Docker, PodmanAndDocker};
use crate::scene::From::{Container, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("the engine is restarted", Docker, |s| engine(s, "TERM")),
    Case::new("the engine is killed", Docker, |s| engine(s, "KILL")),
    Case::new("the daemon is restarted", PodmanAndDocker, |s| {
        daemon(s, "TERM")
    }),
    Case::new("the daemon is killed", PodmanAndDocker, |s| {
        daemon(s, "KILL")
    }),
];

fn engine(s: &Scene<'_>, signal: &str) {
    s.network("north", "--subnet 10.7.0.0/24");
    s.start("web", "north", "-p 9000:80 --restart always --ip 10.7.0.50");
    s.start("peer", "north", "--restart always");
    s.start("once", "north", "-p 9001:80");
    s.restart_engine(signal);
    s.ask(
        "the port of a container that is started again",
        Outside,
        "tcp 192.0.2.1 9000",
        "web",
    );
    s.ask("its name", Container("peer"), "tcp web 80", "web");
    s.ask("its address", Container("peer"), "tcp 10.7.0.50 80", "web");
    s.ask(
        "the port of one that is not",
        Outside,
        "tcp 192.0.2.1 9001",
        "nothing",
    );
    s.engine("start once");
    s.ask(
        "the port of one that is started by hand",
        Outside,
        "tcp 192.0.2.1 9001",
        "once",
    );
    s.engine("rm -f web peer once");
    let code = s.try_engine("network rm north");
    s.tell("the removal of the network", "done", || code.to_owned());
}

/// The engine's own driver has no daemon: nothing happens, and all has to work.
fn daemon(s: &Scene<'_>, signal: &str) {
    s.network("north", "");
    s.start("web", "north", "-p 9100:80");
    s.start("peer", "north", "");
    s.stop_daemon(signal);
    s.ask(
        "the port while no daemon runs",
        Outside,
        "tcp 192.0.2.1 9100",
        "web",
    );
    s.start_daemon();
    s.ask("the port", Outside, "tcp 192.0.2.1 9100", "web");
    s.ask("the name", Container("peer"), "tcp web 80", "web");
    s.start("later", "north", "-p 9101:80");
    s.ask(
        "a container after it",
        Outside,
        "tcp 192.0.2.1 9101",
        "later",
    );
    s.engine("rm -f web");
    s.ask(
        "the name of a removed container",
        Container("peer"),
        "tcp web 80",
        "unknown name",
    );
}
