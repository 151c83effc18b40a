//! More published ports than the daemon has descriptors for.

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::{Lab, require_root_kernel, wait_until};

use crate::drivers;
use crate::inherited::children;

/// Fewer than the ports take that are published before.
const FEW: &str = r#"ulimit -n 300; exec "$@""#;
/// As few, and the daemon may raise that itself (getrlimit(2)).
const ONLY_SOFT: &str = r#"ulimit -S -n 300; exec "$@""#;
/// Endpoints, and ports of each: each port takes two descriptors.
const ENDPOINTS: u16 = 12;
const PORTS: u16 = 12;

#[test]
fn ports_leave_the_daemon_the_descriptors_that_a_start_healing_and_commands_take() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let attach = |number: u16| {
            let (first, name) = (8000 + number * 100, format!("e{number}"));
            let ports = format!("{first}-{}:80-{}", first + PORTS - 1, 80 + PORTS - 1);
            lab.attach("web", &name, &[&ports])
        };
        let _attached: Vec<_> = (0..ENDPOINTS).map(attach).collect();
        lab.host.stop();
        lab.host.start_by(FEW);
        lab.host.start();
        let log = lab.host.log();
        assert!(log.contains("a published port is not held"), "{log}");
        // One after the other, until the last.
        let mut ports = 9500..9600;
        let refused = ports.find_map(|port| {
            let published = lab.host.tidegate(&["publish", "e0", &format!("{port}:80")]);
            (published.code != Some(0)).then_some(published)
        });
        let refused = refused.unwrap().stderr;
        assert!(refused.contains("open files are reserved"), "{refused}");
        let hint = "hint: a published port takes an open file for each of IPv4 and IPv6: raise the limit of open files: LimitNOFILE=";
        assert!(refused.contains(hint), "{refused}");
        let found = lab.host.tidegate(&["doctor"]).stdout;
        assert!(
            found.contains("it holds no more published ports"),
            "{found}"
        );
        for child in children(lab.host.pid().unwrap()) {
            let pid = Pid::from_raw(child.try_into().unwrap()).unwrap();
            // Some end by themselves.
            let _ = kill_process(pid, Signal::KILL);
        }
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || lab.host.log().contains("put back"));
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        lab.host.ok(&["network", "create", "other"]);
        lab.host.ok(&["detach", "e0"]);
        lab.host.ok(&["detach", "e1"]);
        // What they held is there for others.
        wait_until("a port more is held", || {
            let published = lab.host.tidegate(&["publish", "e2", "9700:80"]);
            published.code == Some(0)
        });
        lab.host.stop();
        lab.host.start_by(ONLY_SOFT);
        lab.host.start();
        let log = lab.host.log();
        assert!(!log.contains("is not held"), "{log}");
    }
}
