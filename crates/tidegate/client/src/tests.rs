use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tidegate_api::calls::{DeleteNetwork, GetRulesetDiff, ListNetworks, WatchEvents};
use tidegate_api::{Query, RefusalKind, RemoveNetwork};

use crate::ClientError;
use crate::blocking::Client;

/// A daemon that gives each connection its answers, one for each request, and then closes it.
struct Daemon {
    _folder: tempfile::TempDir,
    client: Client,
    /// Hears of each connection that was closed.
    closed: Receiver<()>,
    /// Ends with the first lines of the requests.
    serving: JoinHandle<Vec<String>>,
}

impl Daemon {
    fn new(connections: &'static [&'static [&'static str]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let (close, closed) = channel();
        let serving = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answers in connections {
                let mut stream = listener.accept().unwrap().0;
                let mut requests = BufReader::new(stream.try_clone().unwrap());
                for answer in *answers {
                    asked.push(first_line(&mut requests));
                    stream.write_all(answer.as_bytes()).unwrap();
                }
                drop((stream, requests));
                // A test that is over listens no more.
                let _ = close.send(());
            }
            asked
        });
        Self {
            client: Client::new(socket).unwrap(),
            _folder: folder,
            closed,
            serving,
        }
    }
}

/// Of a request without a body.
fn first_line(requests: &mut BufReader<UnixStream>) -> String {
    let mut lines = requests.lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(lines.by_ref().any(|line| line.is_empty()), "{first}");
    first
}

const NONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver-timing: total;dur=1.500, nft;dur=0.2, what\r\n\r\n[]";

#[test]
fn calls_share_a_connection_until_the_daemon_closes_it() {
    let daemon = Daemon::new(&[&[NONE, NONE], &[NONE]]);
    let list = || daemon.client.call::<ListNetworks>(()).unwrap();
    assert_eq!([list(), list()], [[], []]);
    daemon.closed.recv().unwrap();
    assert_eq!(list(), []);
    let asked = daemon.serving.join().unwrap();
    assert_eq!(asked, ["GET /v1/networks HTTP/1.1"; 3]);
}

#[test]
fn an_answer_says_what_each_stage_took_and_leaves_out_other_entries() {
    let daemon = Daemon::new(&[&[NONE]]);
    let answered = daemon.client.timed::<ListNetworks>(&()).unwrap();
    let expected = [("total".to_owned(), 1.5), ("nft".to_owned(), 0.2)];
    assert_eq!(answered.stages, expected);
}

#[test]
fn a_refusal_is_an_error_that_says_whose_mistake_it_is() {
    let daemon = Daemon::new(&[&[
        "HTTP/1.1 404 Not Found\r\ncontent-length: 46\r\n\r\n{\"kind\":\"not-found\",\"message\":\"no such thing\"}",
    ]]);
    let given = ("web".parse().unwrap(), Query(RemoveNetwork { force: true }));
    let error = daemon.client.call::<DeleteNetwork>(given).unwrap_err();
    assert!(error.is_users());
    let is_known = |error: &ClientError| match error {
        ClientError::Refused(refusal) => refusal.kind == RefusalKind::NotFound,
        _ => false,
    };
    assert!(is_known(&error), "{error:?}");
    let expected = "DELETE /v1/networks/web?force=true HTTP/1.1";
    assert_eq!(daemon.serving.join().unwrap(), [expected]);
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let daemon = Daemon::new(&[
        &["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"],
        &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"],
    ]);
    let error = daemon.client.call::<GetRulesetDiff>(()).unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error:?}");
    let mut events = daemon.client.lines::<WatchEvents>(()).unwrap();
    let next = events.next();
    let is_broken = matches!(next, Some(Err(ClientError::Broken { .. })));
    assert!(is_broken, "{next:?}");
}

#[test]
fn a_daemon_that_says_nothing_is_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _silent = UnixListener::bind(&socket).unwrap();
    let client = Client::new(&socket).unwrap();
    let client = client.with_time_limit(Some(Duration::from_millis(20)));
    for error in [
        client.call::<ListNetworks>(()).unwrap_err(),
        client.lines::<WatchEvents>(()).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, ClientError::NoAnswer { .. }), "{error:?}");
    }
}

#[test]
fn a_socket_that_nobody_listens_on_is_named_with_what_to_do() {
    let client = Client::new("/nowhere/socket").unwrap();
    let error = client.connect().unwrap_err();
    assert!(matches!(error, ClientError::NotRunning { .. }), "{error:?}");
    let failure = error.failure();
    assert!(failure.message.contains("/nowhere/socket"), "{failure}");
    assert!(failure.hint.is_some());
}
