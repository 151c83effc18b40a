//! Addresses that a user chooses.

use super::Case;
use super::With::PodmanAndDocker;
use crate::scene::From::{Container, Host};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("--ip", PodmanAndDocker, ip),
    Case::new("--mac-address", PodmanAndDocker, mac),
];

fn ip(s: &Scene<'_>) {
    s.network("north", "--subnet 10.7.0.0/24");
    s.start("web", "north", "--ip 10.7.0.50");
    s.start("peer", "north", "");
    s.tell_in(
        "the address",
        "web",
        "10.7.0.50/24",
        "ip -4 -o address show dev eth0 | grep -o '10[0-9./]*' | head -n 1",
    );
    s.tell_in(
        "the default route",
        "web",
        "10.7.0.1",
        "ip route | grep default | grep -o '10[.][0-9.]*'",
    );
    s.ask(
        "from a container of the network",
        Container("peer"),
        "tcp 10.7.0.50 80",
        "web",
    );
    let second = s.try_start("second", "north", "--ip 10.7.0.50");
    s.tell("a second container for the address", "refused", || {
        second.to_owned()
    });
    s.engine("rm -f second");
    let beyond = s.try_start("beyond", "north", "--ip 10.8.0.50");
    s.tell("an address of no subnet", "refused", || beyond.to_owned());
    s.engine("rm -f beyond");
    s.engine("rm -f web");
    s.start("third", "north", "--ip 10.7.0.50");
    s.ask(
        "the address, given again",
        Host,
        "tcp 10.7.0.50 80",
        "third",
    );
}

fn mac(s: &Scene<'_>) {
    s.network("north", "");
    s.start("web", "north", "--mac-address 02:11:22:33:44:55");
    s.start("peer", "north", "");
    s.tell_in(
        "the address",
        "web",
        "02:11:22:33:44:55",
        "cat /sys/class/net/eth0/address",
    );
    s.ask(
        "from a container of the network",
        Container("peer"),
        "tcp web 80",
        "web",
    );
}
