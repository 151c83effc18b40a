//! A disk that is full costs the command that met it, and nothing else.

use tidegate_tests::{Host, require_root_kernel};

use crate::unstarted;

/// A host whose state folder is a small file system of the daemon's own.
fn host_on_a_small_disk() -> Host {
    let mut host = unstarted(&[]);
    std::fs::create_dir(host.state_dir()).unwrap();
    let folder = host.state_dir();
    host.start_by(&format!(
        "mount -t tmpfs -o size=8m none {0}; exec \"$@\"",
        folder.display()
    ));
    host.start();
    host
}

/// Does something in the daemon's mount namespace, in its state folder.
fn on_the_disk(host: &Host, script: &str) {
    let (pid, folder) = (host.pid().unwrap(), host.state_dir());
    let script = format!("cd {}; {script}", folder.display());
    host.netns.sh(&format!(
        "nsenter --mount --target {pid} sh -e -c '{script}'"
    ));
}

#[test]
fn a_full_disk_refuses_changes_whole_until_there_is_room_again() {
    require_root_kernel!();
    let host = host_on_a_small_disk();
    host.ok(&["network", "create", "web"]);
    let netns = tidegate_tests::Netns::new();
    let attach = ["attach", "web", "--netns", netns.name(), "-p", "8080:80"];
    on_the_disk(&host, "cat /dev/zero > fill 2> /dev/null || :");
    // Some changes still fit in what the file has room for.
    let before = fill_up(&host);
    let refused = host.tidegate(&attach);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert_eq!(things(&host), before);
    assert_eq!(host.ruleset_diff(), "");
    on_the_disk(&host, "rm fill");
    host.ok(&attach);
    host.ok(&["network", "create", "db"]);
    assert_eq!(host.ruleset_diff(), "");
}

/// Makes networks until one is refused as it must be; gives back how things were before that.
fn fill_up(host: &Host) -> (String, String) {
    for number in 0..2000 {
        let before = things(host);
        let output = host.tidegate(&["network", "create", &format!("net{number}")]);
        if output.code == Some(0) {
            continue;
        }
        assert_eq!(output.code, Some(2), "{output:#?}");
        assert!(
            output.stderr.contains("No space left on device"),
            "{output:#?}"
        );
        assert!(
            output
                .stderr
                .contains("hint: free some space on the file system of the state directory"),
            "{output:#?}"
        );
        return before;
    }
    panic!("the disk is never full");
}

/// Rules, and interfaces with the addresses that they were given.
fn things(host: &Host) -> (String, String) {
    let links =
        "ip -o link | cut -d: -f2 | grep -v '^ tg[xy]'; ip -o addr show scope global | cut -c1-60";
    (host.netns.sh("nft list ruleset"), host.netns.sh(links))
}
