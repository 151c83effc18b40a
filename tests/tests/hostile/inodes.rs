//! Inodes of namespaces that are gone: the kernel gives their numbers to others.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Lab, require_root_kernel};

use crate::drivers;

/// How many endpoints lose their namespace. Other tests make namespaces too, and get the numbers of some.
const VICTIMS: usize = 8;
/// Far longer than the kernel takes to free the number of a namespace that ended: it frees them one after the other, those of
/// other tests too. Where other tests got all numbers, it is long enough for such a test to end.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// A namespace of ip-netns(8) that lives only by its name.
struct Named(String);

impl Named {
    fn new(name: &str) -> Self {
        let named = Self(format!("tgtest-{}-{name}", std::process::id()));
        assert!(named.ip("add"), "cannot make {}", named.0);
        named
    }

    fn ip(&self, what: &str) -> bool {
        let mut command = std::process::Command::new("ip");
        let output = command.args(["netns", what, &self.0]).output();
        output.unwrap().status.success()
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.0)
    }

    fn inode(&self) -> u64 {
        fs::metadata(self.path()).unwrap().ino()
    }

    /// Gives the name to another namespace. The name must be free.
    fn now_names(&self, other: &Self) {
        let (path, other) = (self.path(), other.path());
        fs::write(&path, "").unwrap();
        let mut command = std::process::Command::new("mount");
        let status = command.args(["--bind", &other, &path]).status();
        assert!(status.unwrap().success(), "cannot bind {other} to {path}");
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.ip("del");
    }
}

/// Ends the namespaces of the victims and makes others, until one has the inode of a victim. That one gets the victim's name.
/// Returns the number of the victim, and the others, which keep lower numbers taken. None if other tests got all of the inodes.
fn give_an_inode_to_a_stranger(victims: &[Named]) -> Option<(usize, Vec<Named>)> {
    let inodes: Vec<u64> = victims.iter().map(Named::inode).collect();
    for victim in victims {
        assert!(victim.ip("del"), "cannot remove {}", victim.0);
    }
    let mut strangers = Vec::new();
    let since = Instant::now();
    while since.elapsed() < TIME_LIMIT {
        let stranger = Named::new(&format!("stranger-{}", strangers.len()));
        let inode = stranger.inode();
        if let Some(number) = inodes.iter().position(|lost| *lost == inode) {
            victims[number].now_names(&stranger);
            strangers.push(stranger);
            return Some((number, strangers));
        }
        // The kernel gives out the lowest number that is free: after a higher one, none of the victims' is.
        match inodes.iter().any(|lost| *lost > inode) {
            true => strangers.push(stranger),
            false => sleep(Duration::from_millis(50)),
        }
    }
    None
}

/// The host's port that a victim's endpoint is published at.
const fn port_of(victim: usize) -> usize {
    8100 + victim
}

#[test]
fn a_stranger_that_gets_the_inode_of_a_namespace_that_is_gone_gets_nothing_of_its_endpoint() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let _server = Server::start(&front.netns, "front", 80);
        let victims: Vec<Named> = (0..VICTIMS)
            .map(|number| Named::new(&format!("victim-{driver}-{number}")))
            .collect();
        let attach = |lab: &Lab, number: usize| {
            let (name, port) = (format!("back{number}"), format!("{}:80", port_of(number)));
            let words = ["attach", "web", "--netns", &victims[number].0];
            lab.host
                .ok(&[&words[..], &["--name", &name, "-p", &port]].concat());
        };
        for number in 0..VICTIMS {
            attach(&lab, number);
        }
        lab.host.kill();
        let given = give_an_inode_to_a_stranger(&victims);
        let (number, _strangers) = given.expect("a stranger has the inode of a victim");
        lab.host.start();
        let listed = lab.host.ok(&["endpoint", "ls"]);
        assert!(!listed.contains("back"), "{listed}");
        let inside = format!("ip netns exec {} ip -o link", victims[number].0);
        assert!(!lab.host.netns.sh(&inside).contains("eth0"));
        let rules = lab.host.netns.sh("nft list table inet tidegate");
        let has_port_of = |number: usize| rules.contains(&port_of(number).to_string());
        assert!(!(0..VICTIMS).any(has_port_of), "{rules}");
        let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(reply.unwrap().server, "front");
        // It may be attached like any other.
        attach(&lab, number);
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.ok(&["detach", &format!("back{number}")]);
    }
}
