//! A host is exported, emptied, and made again, there or elsewhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value, json};
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, Netns, links_in, require_root_kernel, wait_until};

use crate::agreement::names;
use crate::{drivers, unstarted};

/// Networks of every kind, with two endpoints: `front` has ports with a list and without.
fn set_up(lab: &Lab) -> [Netns; 2] {
    let host = &lab.host;
    for words in [
        "web --subnet 10.77.0.0/24 --subnet fd77::/64 --ip-range 10.77.0.128/25 --label of=us --allow 192.0.2.0/24 \
         --allow 2001:db8::/32",
        "db --internal --bridge br-db --no-icc",
        "lone --isolated --no-ipv6",
        "edge --mode6 routed --aux-address router=10.78.0.2 --subnet 10.78.0.0/24 --gateway 10.78.0.9",
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        host.ok(&[&["network", "create"], &words[..]].concat());
    }
    host.ok(&["network", "connect", "web", "edge", "--one-way"]);
    let [front, back] = [Netns::new(), Netns::new()];
    let words = "--name front --alias www --ip 10.77.0.200 -p 8080:80 -p [::1]:9000:90";
    let words: Vec<&str> = words.split_whitespace().collect();
    host.ok(&[&["attach", "web", "--netns", front.name()], &words[..]].concat());
    host.ok(&[
        "publish",
        "front",
        "8443:443/tcp",
        "--allow",
        "0.0.0.0/0",
        "--allow",
        "::/0",
    ]);
    let words = [
        "--name",
        "back",
        "--ifname",
        "db0",
        "--gateway-priority",
        "7",
    ];
    host.ok(&[&["attach", "db", "--netns", back.name()], &words[..]].concat());
    [front, back]
}

/// What an export must bring back: all but what each host has of its own.
fn told(host: &Host) -> Value {
    let mut networks = host.json(&["network", "ls"]);
    let mut endpoints = host.json(&["endpoint", "ls"]);
    let lists = [&mut networks, &mut endpoints];
    for object in lists.into_iter().flat_map(|it| it.as_array_mut().unwrap()) {
        let object = object.as_object_mut().unwrap();
        for own in ["mac", "host-ifname", "netns"] {
            if own != "mac" || object.contains_key("bridge") {
                object.remove(own);
            }
        }
        if object
            .get("bridge")
            .is_some_and(|it| it.as_str().unwrap().starts_with("tgb"))
        {
            object.remove("bridge");
        }
        // Metrics of default routes count on.
        object.remove("gateway-metric");
    }
    json!([networks, endpoints])
}

fn document(host: &Host) -> PathBuf {
    host.folder().join("document.json")
}

fn export(host: &Host) -> Value {
    let mut document = host.json(&["export"]);
    assert_eq!(document["version"], 1);
    document.as_object_mut().unwrap().remove("tidegate");
    document
}

fn import(host: &Host, wanted: &Value) -> Value {
    fs::write(document(host), wanted.to_string()).unwrap();
    host.json(&["import", document(host).to_str().unwrap()])
}

/// Imports what must be refused as a whole, for all of these reasons.
fn refuse(host: &Host, wanted: &Value, reasons: &[&str]) {
    let before = host.snapshot();
    fs::write(document(host), wanted.to_string()).unwrap();
    let output = host.tidegate(&["import", document(host).to_str().unwrap()]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    assert!(
        output.stderr.starts_with("error: nothing was imported: "),
        "{output:#?}"
    );
    for reason in reasons.iter().chain(&["\nhint: "]) {
        assert!(output.stderr.contains(reason), "{reason}: {output:#?}");
    }
    before.assert_unchanged(&host.snapshot(), "a refused import");
}

fn outlives_a_crash(host: &mut Host, told_before: &Value) {
    host.kill();
    host.start();
    assert_eq!(told(host), *told_before);
    assert_eq!(host.ruleset_diff(), "");
}

fn is_forwarding(host: &Host) -> String {
    host.netns
        .sh("sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding")
}

#[test]
fn a_host_is_emptied_and_made_again_from_a_document() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host
            .netns
            .sh("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0");
        let rules = lab.host.netns.sh("ip rule; ip -6 rule");
        let [front, _back] = set_up(&lab);
        assert_eq!(is_forwarding(&lab.host), "1\n1\n");
        // What the daemon changed outlives it.
        lab.host.kill();
        lab.host.start();
        let (before, exported) = (told(&lab.host), export(&lab.host));

        let unconfirmed = lab.host.tidegate(&["teardown", "--force"]);
        assert_eq!(unconfirmed.code, Some(1), "{unconfirmed:#?}");
        let snapshot = lab.host.snapshot();
        let refused = lab.host.tidegate(&["teardown", "--yes"]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(
            refused
                .stderr
                .contains("attached: 2 endpoints (back, front)"),
            "{refused:#?}"
        );
        snapshot.assert_unchanged(&lab.host.snapshot(), "a refused teardown");

        let removed = lab.host.json(&["teardown", "--yes", "--force"]);
        let sysctls = json!(["net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"]);
        assert_eq!(removed["sysctls"], sysctls, "{removed}");
        wait_until("the daemon stops by itself", || {
            lab.host.tidegate(&["info"]).code == Some(2)
        });
        lab.host.wait_for_end();
        assert_eq!(lab.host.netns.sh("nft list ruleset"), "");
        assert_eq!(lab.host.netns.sh("ip rule; ip -6 rule"), rules);
        let is_ours = |line: &&str| line.contains(": tg") || line.contains("br-db");
        assert_eq!(links_in(&lab.host.netns).lines().find(is_ours), None);
        assert_eq!(links_in(&front).lines().count(), 1, "only loopback is left");
        assert_eq!(is_forwarding(&lab.host), "0\n0\n");
        assert!(!lab.host.log().contains("put back"), "{}", lab.host.log());

        lab.host.start();
        assert_eq!(told(&lab.host), json!([[], []]));
        let made = import(&lab.host, &exported);
        assert_eq!(made["attached"], json!(["back", "front"]), "{made}");
        assert_eq!(made["waiting"], json!([]));
        assert_eq!(told(&lab.host), before);
        assert_eq!(export(&lab.host), exported);
        let _server = Server::start(&front, "front", 80);
        let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(reply.unwrap().server, "front");
        outlives_a_crash(&mut lab.host, &before);
        refuse(
            &lab.host,
            &exported,
            &["network web exists already", "network db exists already"],
        );
    }
}

#[test]
fn imported_endpoints_wait_for_their_namespaces() {
    require_root_kernel!();
    let source = Lab::with_driver("auto");
    let _boxes = set_up(&source);
    let mut wanted = export(&source.host);
    let before = told(&source.host);
    let mut lab = Lab::of({
        let mut host = unstarted(&[]);
        host.start();
        host
    });
    let paths = ["front", "back"].map(|name| lab.host.folder().join(name));
    for endpoint in wanted["endpoints"].as_array_mut().unwrap() {
        let name = endpoint["attach"]["name"].as_str().unwrap().to_owned();
        endpoint["attach"]["netns"] = json!(lab.host.folder().join(name));
    }
    let mut third = wanted["endpoints"][0].clone();
    assert_eq!(third["attach"]["name"], "back");
    third["attach"]["name"] = json!("third");
    third["attach"]["mac"] = Value::Null;
    third["attach"]["addresses"] = json!([]);
    third["attach"]["netns"] = json!(lab.host.folder().join("third"));
    wanted["endpoints"].as_array_mut().unwrap().push(third);
    let made = import(&lab.host, &wanted);
    assert_eq!(made["waiting"], json!(["back", "front", "third"]), "{made}");
    assert_eq!(lab.host.json(&["endpoint", "ls"]), json!([]));
    let info = lab.host.ok(&["info"]);
    assert!(
        info.contains(&format!("front for {}", paths[0].display())),
        "{info}"
    );
    let exported = export(&lab.host);
    assert_eq!(exported["endpoints"].as_array().unwrap().len(), 3);

    // They outlive the daemon.
    lab.host.kill();
    lab.host.start();
    assert_eq!(export(&lab.host), exported);
    assert_eq!(lab.host.ok(&["detach", "third"]), "third\n");
    let front = Netns::new();
    symlink(front.path(), &paths[0]).unwrap();
    let listed = |host: &Host| names(&host.json(&["endpoint", "ls"]));
    wait_until("it is attached", || listed(&lab.host).contains("front"));
    let back = Netns::new();
    lab.host
        .ok(&["attach", "db", "--name", "back", "--netns", back.name()]);
    assert_eq!(told(&lab.host), before);
    assert!(lab.host.json(&["info"])["waiting"].is_null());
    let _server = Server::start(&front, "front", 80);
    let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
    assert_eq!(reply.unwrap().server, "front");
    outlives_a_crash(&mut lab.host, &before);

    // Everything that is in the way is told at once.
    let clashing = json!({
        "version": 1,
        "networks": [
            { "name": "new", "subnets": ["10.77.0.0/16"], "ipv6": false },
            { "name": "free", "ipv6": false },
        ],
        "endpoints": [
            { "attach": { "network": "free", "name": "front", "netns": "/run/netns/none" } },
            {
                "attach": { "network": "free", "name": "other", "netns": "/run/netns/none" },
                "publish": [{ "ports": ["8080:80"] }],
            },
        ],
    });
    let reasons = ["10.77.0.0/16", "endpoint front", "8080"];
    refuse(&lab.host, &clashing, &reasons);
    refuse(&lab.host, &json!({ "version": 2 }), &["version 2"]);
    let broken = lab.host.folder().join("broken.json");
    fs::write(&broken, "{\n  \"version\": x").unwrap();
    let output = lab.host.tidegate(&["import", broken.to_str().unwrap()]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    assert!(output.stderr.contains("line 2 column"), "{output:#?}");
}
