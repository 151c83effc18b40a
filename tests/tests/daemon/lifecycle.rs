//! Starting and stopping, and daemons that get into each other's way or do not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Lab, Programs, require_root_kernel};

use crate::{refuse, unstarted};

#[test]
fn two_daemons_in_two_namespaces_do_not_disturb_each_other() {
    require_root_kernel!();
    let (mut one, two) = (Lab::with_driver("auto"), Lab::with_driver("auto"));
    for lab in [&one, &two] {
        lab.host.ok(&["network", "create", "web"]);
    }
    let _first = one.attach("web", "front", &["8080:80"]);
    let second = two.attach("web", "front", &["8080:80"]);
    let _server = Server::start(&second.netns, "second", 80);
    let before = two.host.snapshot();
    one.host.ok(&["detach", "front"]);
    one.host.ok(&["network", "rm", "web"]);
    one.host.kill();
    one.host.start();
    one.host.stop();
    before.assert_unchanged(&two.host.snapshot(), "what the other daemon did");
    assert_eq!(
        ask_tcp(&two.outside, "192.0.2.1:8080".parse().unwrap())
            .unwrap()
            .server,
        "second"
    );
}

#[test]
fn a_second_daemon_in_a_namespace_is_refused_with_any_options() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    host.ok(&["network", "create", "web"]);
    let before = host.snapshot();
    let pid = host.pid().unwrap();
    let words = format!("another tidegated (process {pid}) runs in this network namespace");
    refuse(&host, 1, &words);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut second = host.netns.command(&Programs::of_this_tree().tidegated);
    second
        .arg("--socket")
        .arg(elsewhere.path().join("socket"))
        .arg("--state-dir")
        .arg(elsewhere.path());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(&words), "{stderr}");
    before.assert_unchanged(&host.snapshot(), "the second daemon");
}

#[test]
fn a_socket_has_one_daemon() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let other = unstarted(&[]);
    let mut second = other.netns.command(&Programs::of_this_tree().tidegated);
    second
        .arg("--socket")
        .arg(host.socket())
        .arg("--state-dir")
        .arg(other.state_dir());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("error: another daemon is listening on"),
        "{stderr}"
    );
    assert_eq!(other.netns.sh("nft list ruleset"), "");
    host.ok(&["info"]);
}

#[test]
fn a_state_folder_has_one_daemon() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let other = unstarted(&[]);
    let mut second = other.netns.command(&Programs::of_this_tree().tidegated);
    second
        .arg("--socket")
        .arg(other.socket())
        .arg("--state-dir")
        .arg(host.state_dir());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("is in use by another daemon\n"), "{stderr}");
    assert!(stderr.contains("hint: "), "{stderr}");
}

#[test]
fn a_state_folder_that_cannot_be_written_is_an_error_before_anything_is_touched() {
    require_root_kernel!();
    let host = unstarted(&[]);
    fs::create_dir(host.state_dir()).unwrap();
    let script = format!(
        "mount --bind {0} {0} && mount -o remount,bind,ro {0} && exec \"$@\"",
        host.state_dir().display()
    );
    let daemon = host.daemon_command();
    let mut command = std::process::Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", &script, "sh"])
        .arg(daemon.get_program());
    let output = command.args(daemon.get_args()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("error: cannot open the state database"),
        "{stderr}"
    );
    assert!(
        stderr.contains("caused by: Read-only file system"),
        "{stderr}"
    );
    // Another directory would know none of the host's networks.
    assert!(
        stderr.contains("hint: mount the file system of the state directory writable"),
        "{stderr}"
    );
    assert_eq!(host.netns.sh("nft list ruleset"), "");
}

#[test]
fn a_damaged_state_is_an_error_and_kept() {
    require_root_kernel!();
    let host = unstarted(&[]);
    fs::create_dir(host.state_dir()).unwrap();
    let database = host.state_dir().join("state.redb");
    fs::write(&database, "scribble").unwrap();
    refuse(&host, 2, "is damaged");
    assert_eq!(fs::read(&database).unwrap(), b"scribble");
}

#[test]
fn a_stop_leaves_the_networks_and_removes_the_socket() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    host.ok(&["network", "create", "web"]);
    assert_eq!(
        fs::metadata(host.socket()).unwrap().permissions().mode() & 0o777,
        0o660
    );
    let (rules, links) = (
        host.netns.sh("nft list ruleset"),
        host.netns.sh("ip -o addr"),
    );
    host.stop();
    assert!(!host.socket().exists());
    assert_eq!(
        (
            host.netns.sh("nft list ruleset"),
            host.netns.sh("ip -o addr")
        ),
        (rules, links)
    );
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn clients_that_say_nothing_do_not_keep_a_daemon_from_stopping() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let _silent = UnixStream::connect(host.socket()).unwrap();
    let mut halting = UnixStream::connect(host.socket()).unwrap();
    halting.write_all(b"GET /v1/in").unwrap();
    host.stop();
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    drop(UnixListener::bind(host.socket()).unwrap());
    assert!(host.socket().exists());
    // `start` waits for an answer.
    host.start();
}

#[test]
fn a_socket_that_systemd_hands_over_is_used_and_left_in_place() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let socket = host.folder().join("activated.sock");
    let mut daemon = host.netns.command("systemd-socket-activate");
    daemon
        .arg("--listen")
        .arg(&socket)
        .arg(&Programs::of_this_tree().tidegated);
    daemon.arg("--state-dir").arg(host.state_dir());
    let mut daemon = daemon.stderr(std::process::Stdio::null()).spawn().unwrap();
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut client = std::process::Command::new(&Programs::of_this_tree().tidegate);
    let output = client
        .args(["info", "--json", "--socket"])
        .arg(&socket)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["socket"], socket.to_str().unwrap());
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(socket.exists());
}

#[test]
fn the_sockets_that_systemd_hands_over_are_known_by_their_names() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let [api, docker] = ["api.sock", "docker.sock"].map(|name| host.folder().join(name));
    let mut daemon = host.netns.command("systemd-socket-activate");
    daemon.arg("--fdname=docker:api");
    for socket in [&docker, &api] {
        daemon.arg("--listen").arg(socket);
    }
    daemon.arg(&Programs::of_this_tree().tidegated);
    daemon.arg("--state-dir").arg(host.state_dir());
    let mut daemon = daemon.stderr(std::process::Stdio::null()).spawn().unwrap();
    while !(api.exists() && docker.exists()) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut client = std::process::Command::new(&Programs::of_this_tree().tidegate);
    let output = client
        .args(["info", "--socket"])
        .arg(&api)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = format!("{} (service manager)", docker.display());
    let of_docker = text
        .lines()
        .find(|line| line.starts_with("setting docker.plugin-socket "));
    assert!(
        of_docker.is_some_and(|found| found.ends_with(&line)),
        "{text}"
    );
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
}

#[test]
fn a_file_that_is_handed_over_in_place_of_a_socket_is_an_error_with_its_reason() {
    require_root_kernel!();
    let host = unstarted(&[]);
    let daemon = host.daemon_command();
    let mut command = host.netns.command("sh");
    command
        .args(["-c", "exec 3</dev/null; LISTEN_FDS=1 exec \"$@\"", "sh"])
        .arg(daemon.get_program());
    let output = command.args(daemon.get_args()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    for line in [
        "error: cannot listen on the socket passed in LISTEN_FDS\n",
        "caused by: fd 3 is not a socket\n",
        "hint: give the socket unit one `ListenStream=` with a path",
    ] {
        assert!(stderr.contains(line), "{stderr}");
    }
}
