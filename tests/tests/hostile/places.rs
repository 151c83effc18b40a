//! Clients that take every place there is: the others still have theirs, and root above all.

use std::fs::{Permissions, set_permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, SockAddr, Socket, Type};
use tidegate_tests::user::{NOBODY, as_member, as_user};
use tidegate_tests::{Host, Programs, require_root_kernel};

const EVENTS: &str = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
const INFO: &str = "GET /v1/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const METRICS: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
/// Two who may use the daemon, and their group.
const MEMBERS: [u32; 2] = [65001, 65002];
const GROUP: u32 = 65000;
/// The address of the metrics.
const ADDRESS: &str = "127.0.0.1:9464";

/// A host whose socket the members can reach.
fn started(arguments: &[&str]) -> Host {
    let mut host = Host::new(Programs::of_this_tree(), arguments);
    host.start();
    share(&host);
    host
}

/// Lets the members reach the socket.
fn share(host: &Host) {
    set_permissions(host.folder(), Permissions::from_mode(0o755)).unwrap();
    chown(host.socket(), None, Some(GROUP)).unwrap();
}

/// Connects as a member and sends something, as often as that; none where the daemon takes no more.
fn send(host: &Host, member: u32, count: usize, text: &str) -> Vec<UnixStream> {
    as_member(&host.netns, member, GROUP, || {
        let connect = || {
            let mut stream = UnixStream::connect(host.socket()).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
            // It may have been closed already.
            let _ = stream.write_all(text.as_bytes());
            stream
        };
        (0..count).map(|_| connect()).collect()
    })
}

/// The first line of an answer.
fn status(mut stream: impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap().trim().to_owned()
}

#[test]
fn listeners_to_events_keep_nobody_out() {
    require_root_kernel!();
    let host = started(&[]);
    for listener in [MEMBERS[0], 0] {
        let listeners = send(&host, listener, 300, EVENTS);
        host.ok(&["network", "create", "web"]);
        host.ok(&["network", "rm", "web"]);
        for member in MEMBERS {
            let answer = send(&host, member, 1, INFO).pop().unwrap();
            assert_eq!(
                status(answer),
                "HTTP/1.1 200 OK",
                "{member} beside {listener}"
            );
        }
        let other = send(&host, MEMBERS[1], 1, EVENTS).pop().unwrap();
        assert_eq!(status(other), "HTTP/1.1 200 OK", "beside {listener}");
        let refused = listeners
            .iter()
            .map(status)
            .filter(|it| it.contains(" 503 "))
            .count();
        assert!(refused > 200, "{refused} of those of {listener}");
        if listener == 0 {
            let output = host.tidegate(&["events"]);
            assert_eq!(output.code, Some(1), "{output:#?}");
            assert!(
                output.stderr.contains("too many clients listen to events"),
                "{output:#?}"
            );
            assert!(output.stderr.contains("hint: "), "{output:#?}");
        }
    }
}

#[test]
fn connections_that_say_nothing_and_those_that_read_nothing_keep_nobody_out() {
    require_root_kernel!();
    let host = started(&[]);
    // Far more than is answered before somebody reads.
    let asks = "GET /v1/ruleset/planned HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    for text in ["", "GET /v1/in", &asks] {
        let held = send(&host, MEMBERS[0], 700, text);
        host.ok(&["network", "create", "web"]);
        host.ok(&["network", "rm", "web"]);
        let answer = send(&host, MEMBERS[1], 1, INFO).pop().unwrap();
        assert_eq!(status(answer), "HTTP/1.1 200 OK", "{text:.20}");
        drop(held);
    }
}

#[test]
fn connections_leave_root_the_last_descriptors() {
    require_root_kernel!();
    let mut host = Host::new(Programs::of_this_tree(), &[]);
    host.start_by("ulimit -n 300; exec \"$@\"");
    host.start();
    share(&host);
    // Far more than is answered before somebody reads.
    let asks = "GET /v1/ruleset/planned HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    let held = MEMBERS.map(|member| send(&host, member, 300, &asks));
    host.ok(&["network", "create", "web"]);
    let log = host.log();
    assert!(!log.contains("cannot accept a connection"), "{log}");
    let answers = held.iter().flatten().map(status);
    let refused = answers.filter(|answer| answer.contains(" 503 ")).count();
    assert!(refused > 0, "none was refused");
}

#[test]
fn a_client_that_finds_the_queue_full_waits_until_it_is_let_in() {
    require_root_kernel!();
    let mut host = Host::new(Programs::of_this_tree(), &[]);
    host.netns.sh("sysctl -qw net.core.somaxconn=8");
    host.start();
    let daemon = Pid::from_raw(i32::try_from(host.pid().unwrap()).unwrap()).unwrap();
    // It takes none, so that the queue stays full.
    kill_process(daemon, Signal::STOP).unwrap();
    let at = SockAddr::unix(host.socket()).unwrap();
    let connect = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(&at).map(|()| socket)
    };
    let held: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();
    let mut client = host
        .client_command(&["info"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let ended = client.try_wait().unwrap();
    kill_process(daemon, Signal::CONT).unwrap();
    assert_eq!(ended, None, "it gave up");
    assert!(client.wait().unwrap().success());
    drop(held);
}

#[test]
fn a_user_who_may_not_use_the_daemon_takes_no_place() {
    require_root_kernel!();
    let host = started(&[]);
    set_permissions(host.socket(), Permissions::from_mode(0o666)).unwrap();
    let held = as_user(&host.netns, NOBODY, || {
        let connect = |_| UnixStream::connect(host.socket()).unwrap();
        (0..700).map(connect).collect::<Vec<_>>()
    });
    host.ok(&["info"]);
    let answer = send(&host, MEMBERS[0], 1, INFO).pop().unwrap();
    assert_eq!(status(answer), "HTTP/1.1 200 OK");
    drop(held);
}

/// What a user reads of the metrics.
fn read(host: &Host, user: u32) -> String {
    as_user(&host.netns, user, || {
        let mut stream = TcpStream::connect(ADDRESS).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.write_all(METRICS.as_bytes()).unwrap();
        status(stream)
    })
}

#[test]
fn readers_of_the_metrics_keep_nobody_out() {
    require_root_kernel!();
    let host = started(&["--metrics-listen", ADDRESS]);
    let held = as_user(&host.netns, NOBODY, || {
        let connect = |_| TcpStream::connect(ADDRESS).unwrap();
        (0..100).map(connect).collect::<Vec<_>>()
    });
    for user in [0, MEMBERS[0]] {
        assert_eq!(read(&host, user), "HTTP/1.1 200 OK", "{user}");
    }
    // Several users together keep the others out, and not root.
    let more = (NOBODY + 1..NOBODY + 40).map(|user| {
        as_user(&host.netns, user - 1000, || {
            let connect = |_| TcpStream::connect(ADDRESS).unwrap();
            (0..8).map(connect).collect::<Vec<_>>()
        })
    });
    let more: Vec<_> = more.collect();
    assert_eq!(read(&host, 0), "HTTP/1.1 200 OK");
    drop((held, more));
}
