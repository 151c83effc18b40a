//! The host's resolv.conf(5) on a file system that hangs.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use tidegate_tests::names::{Answer, World, ask_udp};
use tidegate_tests::{Attached, DeadMount, Host, Lab, Programs, require_root_kernel, wait_until};

use crate::drivers;

const WORLD: &str = "www.example";
const ADDRESS: [u8; 4] = [203, 0, 113, 7];

/// A host that is not started yet, whose daemon has an /etc of its own; the path that its resolv.conf is at.
fn host(driver: &str) -> (Host, std::path::PathBuf) {
    let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", driver]);
    let etc = host.give_own_etc();
    (host, etc.join("resolv.conf"))
}

fn names(path: &Path, server: &str) {
    let new = path.with_extension("written");
    fs::write(&new, format!("nameserver {server}\n")).unwrap();
    fs::rename(&new, path).unwrap();
}

fn ask(front: &Attached, name: &str) -> Option<Answer> {
    let gateway = front.endpoint["gateways"][0].as_str().unwrap();
    let gateway: IpAddr = gateway.parse().unwrap();
    ask_udp(&front.netns, gateway, name, "A")
}

#[test]
fn settings_that_hang_cost_the_worlds_names_alone_until_they_answer() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut host, settings) = host(&driver);
        let dead = DeadMount::new();
        dead.link(&settings);
        host.start();
        let mut lab = Lab::of(host);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let own = Some(Answer::of(&[&front.v4(0).ip().to_string()]));
        let world = Some(Answer::of(&["203.0.113.7"]));
        let _world = World::start(&lab.outside, "192.0.2.2:53".parse().unwrap(), ADDRESS);
        assert_eq!(ask(&front, "front"), own);
        assert_eq!(ask(&front, WORLD), Some(Answer::nothing("Server Failure")));
        let told = lab.host.ok(&["endpoint", "resolv-conf", "front"]);
        assert!(told.contains("nameserver"), "{told}");
        let found = lab.host.tidegate(&["doctor"]);
        assert!(found.code == Some(0), "{found:#?}");
        // New DNS settings of the host take effect although the file system hangs.
        names(&settings, "192.0.2.2");
        wait_until("the world's names are answered", || {
            ask(&front, WORLD) == world
        });
        // While they hang once more, those who were asked before are.
        dead.link(&settings);
        for _ in 0..3 {
            assert_eq!(ask(&front, "front"), own);
            assert_eq!(ask(&front, WORLD), world);
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
        lab.host.ok(&["publish", "front", "8081:80"]);
        assert_eq!(lab.host.ruleset_diff(), "");
        assert!(!lab.host.log().contains("another process"));
        lab.host.stop();
    }
}
