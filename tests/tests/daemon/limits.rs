//! Clients that are many, slow or mad hold up nobody else, and take no more than their share.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tidegate_client::api::calls::AddNetwork;
use tidegate_client::api::{Body, CreateNetwork};
use tidegate_client::blocking::Client;
use tidegate_tests::{Host, Lab, require_root_kernel};

use crate::unstarted;

const INFO: &str = "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
/// More than a busy daemon of a few networks takes, and far less than what is thrown at it, in KiB.
const MEMORY: u64 = 64 * 1024;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn started() -> Host {
    let mut host = unstarted(&[]);
    host.start();
    host
}

fn connect(host: &Host) -> UnixStream {
    let stream = UnixStream::connect(host.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The head of an answer.
fn head(stream: &mut UnixStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// The most memory that the daemon has had in use so far, in KiB (proc_pid_status(5)).
fn peak(host: &Host) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.pid().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_hundred_clients_at_once_are_all_answered() {
    require_root_kernel!();
    let host = started();
    let mut clients: Vec<UnixStream> = (0..100).map(|_| connect(&host)).collect();
    for client in &mut clients {
        client.write_all(INFO.as_bytes()).unwrap();
    }
    for client in &mut clients {
        assert!(head(client).starts_with("HTTP/1.1 200 "));
    }
    std::thread::scope(|scope| {
        for number in 0..100 {
            let host = &host;
            scope.spawn(move || {
                let name = format!("net{number}").parse().unwrap();
                let client = Client::new(host.socket()).unwrap();
                let client = client.with_time_limit(Some(PATIENCE));
                let wanted = Body(CreateNetwork::new(name));
                client.call::<AddNetwork>(wanted).unwrap();
            });
        }
    });
    assert_eq!(host.json(&["network", "ls"]).as_array().unwrap().len(), 100);
    assert_eq!(host.ruleset_diff(), "");
}

/// Sends a body of 100 MB after this head; it may be refused before all of it is sent.
fn flood(host: &Host, head_of_request: &str, chunk: &[u8]) -> String {
    let mut client = connect(host);
    client.write_all(head_of_request.as_bytes()).unwrap();
    let mut reader = client.try_clone().unwrap();
    for _ in 0..(100 << 20) / (64 << 10) {
        match client.write_all(chunk) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    let mut answer = Vec::new();
    // What it said before it closed the connection.
    let _ = reader.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_body_of_a_hundred_megabytes_is_refused_without_being_kept() {
    require_root_kernel!();
    let host = started();
    let request = "POST /v1/networks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let body = vec![b' '; 64 << 10];
    let sized = format!("{request}Content-Length: {}\r\n\r\n", 100 << 20);
    let answer = flood(&host, &sized, &body);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413 "),
        "{answer}"
    );
    let chunk = [b"10000\r\n", &body[..], b"\r\n"].concat();
    let chunked = format!("{request}Transfer-Encoding: chunked\r\n\r\n");
    let answer = flood(&host, &chunked, &chunk);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413 "),
        "{answer}"
    );
    host.ok(&["network", "create", "web"]);
    assert!(peak(&host) < MEMORY, "{} KiB", peak(&host));
}

#[test]
fn requests_that_are_half_sent_hold_up_nobody_and_are_given_up() {
    require_root_kernel!();
    let host = started();
    let mut halves: Vec<UnixStream> = Vec::new();
    for (count, half) in [
        (80, "GET /v1/in"),
        (
            80,
            "POST /v1/networks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"name\":",
        ),
        (80, ""),
    ] {
        for _ in 0..count {
            let mut client = connect(&host);
            client.write_all(half.as_bytes()).unwrap();
            halves.push(client);
        }
    }
    host.ok(&["network", "create", "web"]);
    for half in &mut halves {
        // What is said first, if anything, does not matter: the daemon ends each.
        let mut said = Vec::new();
        half.read_to_end(&mut said).unwrap();
    }
    // More than there is room for: those that come later wait until the others are given up.
    let more: Vec<UnixStream> = (0..300).map(|_| connect(&host)).collect();
    host.ok(&["network", "rm", "web"]);
    drop(more);
}

#[test]
fn a_client_that_never_reads_holds_up_nobody_and_costs_a_bounded_memory() {
    require_root_kernel!();
    let host = started();
    host.ok(&["network", "create", "web"]);
    let ask = "GET /v1/ruleset/planned HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let mut deaf: Vec<UnixStream> = (0..50).map(|_| connect(&host)).collect();
    for client in &mut deaf {
        client.set_nonblocking(true).unwrap();
        let mut asked = 0;
        while asked < 10_000 {
            match client.write(ask.as_bytes()) {
                Ok(_) => asked += 100,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(asked > 0);
    }
    host.ok(&["info"]);
    host.ok(&["network", "rm", "web"]);
    assert!(peak(&host) < MEMORY, "{} KiB", peak(&host));
}

#[test]
fn a_socket_that_was_opened_to_everybody_still_lets_in_only_root_and_its_group() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    // The programs may be where only root can reach them.
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let copy = host.folder().join("tidegate");
    std::fs::copy(host.client_command(&[]).get_program(), &copy).unwrap();
    open(host.folder(), 0o755);
    open(&host.socket(), 0o666);
    let client = |groups: &str| {
        let arguments = host.client_command(&["info", "--json"]);
        let mut command = std::process::Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", groups])
            .arg(&copy);
        command.args(arguments.get_args()).output().unwrap()
    };
    let refused = client("--clear-groups");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        stderr.contains("this user may not use the daemon"),
        "{stderr}"
    );
    assert!(stderr.contains("hint: "), "{stderr}");
    let log = host.log();
    let line = log
        .lines()
        .find(|line| line.contains("refused: neither"))
        .unwrap();
    assert!(line.contains("user=65534 group=65534 process="), "{line}");
    chown(host.socket(), None, Some(65533)).unwrap();
    let entered = client("--groups=65533");
    assert_eq!(entered.status.code(), Some(0), "{entered:?}");
    let entered = client("--clear-groups");
    assert_eq!(entered.status.code(), Some(1), "{entered:?}");
}

#[test]
fn commands_are_logged_with_their_user() {
    require_root_kernel!();
    let host = started();
    host.ok(&["network", "create", "web"]);
    let log = host.log();
    let line = log
        .lines()
        .find(|line| line.contains("made a network"))
        .unwrap();
    assert!(line.contains("client{user=0 group=0 process="), "{line}");
}
