//! A daemon that is started with descriptors that are none of its.

use std::fs;

use tidegate_tests::{Host, Programs, require_root_kernel};

use crate::drivers;

/// Opens more than `select()` takes before it starts the daemon.
const MANY: &str = r#"exec bash -c '
    ulimit -n 8192
    for number in $(seq 10 1300); do eval "exec $number</dev/null"; done
    exec "$@"' bash "$@""#;
/// As many as the limit allows, so that not even a folder can be opened.
const FULL: &str = r#"exec bash -c '
    ulimit -S -n 1024
    for number in $(seq 3 1023); do eval "exec $number</dev/null" || break; done 2>/dev/null
    exec "$@"' bash "$@""#;

/// Where the descriptors of a process lead.
fn descriptors(process: u32) -> Vec<String> {
    let folder = format!("/proc/{process}/fd");
    let entries = fs::read_dir(folder).unwrap().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.map(|target| target.display().to_string()).collect()
}

/// The processes that a process has started.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .flatten()
    {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(
            listed
                .split_whitespace()
                .map(|pid| pid.parse::<u32>().unwrap()),
        );
    }
    found
}

#[test]
fn a_daemon_that_inherits_more_descriptors_than_select_takes_runs_and_passes_none_on() {
    require_root_kernel!();
    for driver in drivers() {
        for script in [MANY, FULL] {
            let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", &driver]);
            host.start_by(script);
            host.start();
            host.ok(&["network", "create", "web"]);
            assert_eq!(host.ruleset_diff(), "");
            let daemon = host.pid().unwrap();
            let own = descriptors(daemon);
            let inherited = own.iter().filter(|target| *target == "/dev/null");
            assert!(inherited.count() <= 3, "{driver}: {own:?}");
            let children = children(daemon);
            assert!(!children.is_empty(), "{driver}");
            for child in children {
                let limits = fs::read_to_string(format!("/proc/{child}/limits")).unwrap();
                let open = descriptors(child);
                assert!(open.len() < 32, "{driver}: {child}: {open:?}\n{limits}");
            }
        }
    }
}
