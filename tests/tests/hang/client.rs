//! A daemon that takes connections and says nothing.

use std::os::unix::net::UnixListener;

use tidegate_tests::{Host, Programs, require_root_kernel};

#[test]
fn a_client_gives_up_a_daemon_that_does_not_answer_and_says_so() {
    require_root_kernel!();
    let host = Host::new(Programs::of_this_tree(), &[]);
    let _silent = UnixListener::bind(host.socket()).unwrap();
    for command in [
        &["info"][..],
        &["network", "create", "web"],
        &["detach", "front"],
        &["doctor"],
        &["events"],
        &["top", "--once"],
    ] {
        let given_up = host.tidegate(&[command, &["--timeout", "1"]].concat());
        assert_eq!(given_up.code, Some(2), "{given_up:#?}");
        assert!(
            given_up.stderr.contains("did not answer within 1s"),
            "{given_up:#?}"
        );
        assert!(given_up.stderr.contains("hint: "), "{given_up:#?}");
    }
}

#[test]
fn events_are_waited_for_however_long_nothing_happens() {
    require_root_kernel!();
    let mut host = Host::with_driver("auto");
    let mut command = host.client_command(&["events", "--timeout", "1"]);
    let mut listening = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    host.ok(&["network", "create", "late"]);
    host.stop();
    let status = listening.wait().unwrap();
    let mut heard = String::new();
    std::io::Read::read_to_string(listening.stdout.as_mut().unwrap(), &mut heard).unwrap();
    assert!(heard.contains("late"), "{heard}");
    assert!(status.success(), "{status}");
}
