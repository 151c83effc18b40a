//! What happens is told to those who listen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tidegate_tests::{Host, Lab, require_root_kernel, wait_until};

use crate::drivers;

/// A `tidegate events` that runs.
struct Listener {
    client: Child,
    heard: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Listener {
    /// Starts one, and waits until it hears.
    fn start(host: &Host, arguments: &[&str]) -> Self {
        let mut client = host.client_command(&[&["events"], arguments].concat());
        let mut client = client.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(client.stdout.take().unwrap()).lines();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&heard);
        let reader = std::thread::spawn(move || {
            lines.for_each(|line| sink.lock().unwrap().push(line.unwrap()));
        });
        let listener = Self {
            client,
            heard,
            reader,
        };
        wait_until("it hears", || {
            host.ok(&["network", "create", "probe"]);
            host.ok(&["network", "rm", "probe"]);
            !listener.heard.lock().unwrap().is_empty()
        });
        listener
    }

    /// All that it heard, once the daemon has gone and it with it.
    fn end(mut self) -> Vec<String> {
        assert!(self.client.wait().unwrap().success());
        let heard = Arc::clone(&self.heard);
        self.reader.join().unwrap();
        without_probes(&heard.lock().unwrap())
    }

    fn heard(&self) -> Vec<String> {
        without_probes(&self.heard.lock().unwrap())
    }
}

fn without_probes(heard: &[String]) -> Vec<String> {
    let heard = heard.iter().filter(|line| !line.contains("probe"));
    heard.cloned().collect()
}

#[test]
fn events_are_sent_as_they_happen_and_end_with_the_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let listener = Listener::start(&lab.host, &["--json"]);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        lab.host.ok(&["publish", "front", "8081:81"]);
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is mended", || listener.heard().len() == 4);
        drop(front);
        wait_until("the endpoint is gone", || listener.heard().len() == 5);
        lab.host.ok(&["network", "rm", "web"]);
        lab.host.stop();
        let log = lab.host.log();
        assert!(!log.contains("not read or answered"), "{log}");
        let heard = listener.end();
        let heard: Vec<Value> = heard
            .iter()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let kinds: Vec<&str> = heard.iter().map(|e| e["event"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "network-created",
                "attached",
                "ports-changed",
                "table-mended",
                "detached",
                "network-removed"
            ]
        );
        assert_eq!(heard[1]["endpoint"]["name"], "front");
        assert_eq!(heard[2]["ports"].as_array().unwrap().len(), 2);
        assert_eq!(heard[3]["program"], "nft");
        assert_eq!(heard[3]["what"][0], "table deleted");
        let times: Vec<u64> = heard.iter().map(|e| e["time"].as_u64().unwrap()).collect();
        assert!(times.is_sorted() && times[0] > 0, "{times:?}");
    }
}

/// What was put right is an event, is counted, and is in `info`.
#[test]
fn repairs_of_the_table_of_interfaces_and_of_routing_are_told() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let listener = Listener::start(&lab.host, &["--json"]);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "dark", "--isolated"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        let row = |key: &str| {
            let info = lab.host.ok(&["info"]);
            let row = info.lines().find_map(|line| line.strip_prefix(key));
            row.unwrap_or_default().trim().to_owned()
        };
        for key in ["table ", "interfaces ", "routing rules "] {
            assert_eq!(row(key), "changed only by Tidegate", "{key}");
        }
        let heard = |kind: &str| {
            let events = listener.heard().into_iter();
            let events = events.map(|line| serde_json::from_str::<Value>(&line).unwrap());
            events.filter(|it| it["event"] == kind).collect::<Vec<_>>()
        };
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is mended", || heard("table-mended").len() == 1);
        let told = row("table ");
        assert!(
            told.starts_with("restored once since the daemon started, last 2"),
            "{told}"
        );
        assert!(
            told.contains("(nft (process ") && told.ends_with("table deleted)"),
            "{told}"
        );

        let bridge = lab.host.json(&["network", "inspect", "web"])["bridge"].clone();
        let bridge = bridge.as_str().unwrap();
        lab.host.netns.sh(&format!("ip link set {bridge} down"));
        wait_until("the bridge is up again", || {
            !heard("interface-mended").is_empty()
        });
        assert_eq!(heard("interface-mended")[0]["interface"], bridge);
        let told = row("interfaces ");
        assert!(
            told.starts_with("put right once since the daemon started, last 2"),
            "{told}"
        );
        assert!(told.contains(&format!("({bridge}: brought up")), "{told}");
        lab.host.netns.sh(&format!("ip link del {bridge}"));
        wait_until("the bridge is created again", || {
            let heard = heard("interface-mended");
            heard
                .iter()
                .any(|it| it["interface"] == bridge && it["what"][0] == "created again")
        });

        let rule = "ip rule del from 169.254.53.53; ip -6 rule del from fd6e:616d:6573::53";
        lab.host.netns.sh(rule);
        wait_until("the rules are back", || {
            let rules = lab.host.netns.sh("ip rule; ip -6 rule");
            rules.contains("from 169.254.53.53") && rules.contains("from fd6e:616d:6573::53")
        });
        wait_until("that is told", || !heard("routing-mended").is_empty());
        let told = row("routing rules ");
        assert!(
            told.contains("rule `from ") && told.contains("` added"),
            "{told}"
        );
        assert!(
            lab.host
                .log()
                .contains("routing was changed by another program")
        );
        // Each repair is in the list, not only the last of its kind.
        let recent = lab.host.json(&["info"])["repairs"]["recent"].clone();
        let recent = recent.as_array().unwrap();
        let is_there = |kind: &str, what: &str| {
            recent.iter().any(|it| {
                it["kind"] == kind && it["time"].is_u64() && it["what"].as_str() == Some(what)
            })
        };
        assert!(is_there("interfaces", &format!("{bridge}: created again")));
        assert!(recent.iter().any(|it| it["kind"] == "routing"));
        let info = lab.host.ok(&["info"]);
        let told = [
            " table: nft (process ",
            &format!(" interfaces: {bridge}: brought up"),
            &format!(" interfaces: {bridge}: created again"),
            " routing rules: rule `from ",
        ];
        assert!(told.iter().all(|what| info.contains(what)), "{info}");
        lab.host.stop();
        listener.end();
    }
}

#[test]
fn events_read_well() {
    require_root_kernel!();
    let mut lab = Lab::with_driver("auto");
    let listener = Listener::start(&lab.host, &[]);
    lab.host.ok(&[
        "network",
        "create",
        "web",
        "--subnet",
        "10.9.0.0/24",
        "--no-ipv6",
    ]);
    let _front = lab.attach("web", "front", &["8080:80"]);
    lab.host.ok(&["detach", "front"]);
    lab.host.stop();
    let heard = listener.end();
    let what: Vec<&str> = heard
        .iter()
        .map(|line| line.split_once("  ").unwrap().1)
        .collect();
    assert_eq!(
        what,
        [
            "network web created",
            "endpoint front attached to web as 10.9.0.2",
            "endpoint front detached from web"
        ]
    );
}
