//! Published ports.

use super::Case;
use super::With::PodmanAndDocker;
use crate::scene::From::{Container, Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("one published port", PodmanAndDocker, one),
    Case::new("a range of ports", PodmanAndDocker, range),
    Case::new("a port at one host address", PodmanAndDocker, host_address),
    Case::new("a port that the engine chooses", PodmanAndDocker, chosen),
    Case::new("a port over IPv6", PodmanAndDocker, ipv6),
    Case::new("a port that is taken", PodmanAndDocker, taken),
];

fn one(s: &Scene<'_>) {
    s.network("north", "");
    s.network("south", "");
    s.start("web", "north", "-p 8080:80 -p 8080:80/udp");
    s.start("peer", "north", "");
    s.start("stranger", "south", "");
    for protocol in ["tcp", "udp"] {
        let at_host = format!("{protocol} 192.0.2.1 8080");
        let question = |from: &str| format!("{protocol} from {from}");
        s.ask(&question("outside"), Outside, &at_host, "web");
        s.ask(
            &question("the host, at 127.0.0.1"),
            Host,
            &format!("{protocol} 127.0.0.1 8080"),
            "web",
        );
        s.ask(
            &question("the host, at its own address"),
            Host,
            &at_host,
            "web",
        );
        s.ask(
            &question("a container of the network"),
            Container("peer"),
            &at_host,
            "web",
        );
        s.ask(
            &question("a container of another network"),
            Container("stranger"),
            &at_host,
            "web",
        );
        s.ask(
            &question("the container itself"),
            Container("web"),
            &at_host,
            "web",
        );
        s.ask_source(
            &format!("source of {protocol} from outside"),
            Outside,
            &at_host,
            "192.0.2.2",
        );
    }
}

fn range(s: &Scene<'_>) {
    s.network("north", "");
    s.start_at("web", "north", "-p 8100-8102:90-92", "90 91 92");
    for port in ["8100", "8101", "8102"] {
        s.ask(
            &format!("port {port}"),
            Outside,
            &format!("tcp 192.0.2.1 {port}"),
            "web",
        );
    }
    s.ask(
        "a port after the range",
        Outside,
        "tcp 192.0.2.1 8103",
        "nothing",
    );
}

fn host_address(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 127.0.0.1:8301:80 -p 192.0.2.1:8302:80");
    s.ask(
        "127.0.0.1, from the host",
        Host,
        "tcp 127.0.0.1 8301",
        "web",
    );
    s.ask(
        "127.0.0.1, from outside",
        Outside,
        "tcp 192.0.2.1 8301",
        "nothing",
    );
    s.ask(
        "the host's address, from outside",
        Outside,
        "tcp 192.0.2.1 8302",
        "web",
    );
    s.ask(
        "the host's address, from the host",
        Host,
        "tcp 192.0.2.1 8302",
        "web",
    );
    s.ask(
        "the host's address, asked at 127.0.0.1",
        Host,
        "tcp 127.0.0.1 8302",
        "nothing",
    );
}

fn chosen(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 80");
    let port = s.published("web", 80);
    s.tell("the engine tells the port", "yes", || match port {
        Some(_) => "yes".to_owned(),
        None => "no".to_owned(),
    });
    let Some(port) = port.or_else(|| s.published_by_tidegate()) else {
        return;
    };
    s.ask(
        "from outside",
        Outside,
        &format!("tcp 192.0.2.1 {port}"),
        "web",
    );
}

fn ipv6(s: &Scene<'_>) {
    s.network("north", "--ipv6 --subnet 10.7.0.0/24 --subnet fd07::/64");
    s.start("web", "north", "-p 8500:80 -p 8500:80/udp -p [::1]:8501:80");
    s.ask("IPv4 from outside", Outside, "tcp 192.0.2.1 8500", "web");
    s.ask("tcp from outside", Outside, "tcp 2001:db8::1 8500", "web");
    s.ask("udp from outside", Outside, "udp 2001:db8::1 8500", "web");
    s.ask(
        "from the host, at its own address",
        Host,
        "tcp 2001:db8::1 8500",
        "web",
    );
    s.ask("from the host, at ::1", Host, "tcp ::1 8500", "web");
    s.ask(
        "published at ::1, from the host",
        Host,
        "tcp ::1 8501",
        "web",
    );
    s.ask(
        "published at ::1, from outside",
        Outside,
        "tcp 2001:db8::1 8501",
        "nothing",
    );
    s.ask_source(
        "source from outside",
        Outside,
        "tcp 2001:db8::1 8500",
        "2001:db8::2",
    );
    s.ask(
        "the container to outside",
        Container("web"),
        "tcp 2001:db8::2 80",
        "outside",
    );
}

fn taken(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "-p 8600:80");
    let second = s.try_start("second", "north", "-p 8600:80");
    s.tell("a second container for the port", "refused", || {
        second.to_owned()
    });
    s.ask("the first one", Outside, "tcp 192.0.2.1 8600", "web");
    s.engine("rm -f web");
    s.engine("rm -f second");
    s.start("third", "north", "-p 8600:80");
    s.ask(
        "a container after the first is removed",
        Outside,
        "tcp 192.0.2.1 8600",
        "third",
    );
}
