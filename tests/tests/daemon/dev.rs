//! The host that `cargo xtask dev` makes.

use std::process::{Command, Output};

use tidegate_tests::{Programs, require_root_kernel};

/// Runs a line of shell in such a host.
fn there(line: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../xtask/src/dev/host.sh");
    let programs = Programs::of_this_tree().tidegated.parent().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "sh", script]);
    command.args([programs, folder.path()]);
    command.args(["sh", "-ec", line]).output().unwrap()
}

#[test]
fn a_command_runs_beside_the_daemon_and_two_namespaces_and_gives_its_exit_code() {
    require_root_kernel!();
    let served = "import socket, time
for _ in range(100):
    try: socket.create_connection(('192.0.2.1', 8080), 5); break
    except OSError: time.sleep(0.1)
else: raise SystemExit('nobody answers')";
    let ran = there(&format!(
        "ip netns exec box1 python3 -m http.server 80 >/dev/null 2>&1 & server=$!
         ip netns exec outside python3 -c \"{served}\"
         kill $server
         tidegate endpoint ls --json
         exit 7"
    ));
    assert_eq!(ran.status.code(), Some(7), "{ran:?}");
    let listed: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let names = listed.as_array().unwrap().iter().map(|one| &one["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["one", "two"]);
}
