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
        // A network's bridge is a name; that of an endpoint has its name and its address.
        let bridge = object.get("bridge").and_then(Value::as_str);
        let (is_network, is_generated) = (
            bridge.is_some(),
            bridge.is_none_or(|name| name.starts_with("tgb")),
        );
        for (own, is_own) in [
            ("mac", is_network),
            ("host-ifname", true),
            ("netns", true),
            ("bridge", is_generated),
        ] {
            if is_own {
                object.remove(own);
            }
        }
        // Metrics of default routes count on.
        object.remove("gateway-metric");
        // Ports are published by their clients, everybody first.
        if let Some(ports) = object.get_mut("ports").and_then(Value::as_array_mut) {
            ports.sort_by_key(ToString::to_string);
        }
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

/// What a teardown that is not confirmed shows.
fn removable(host: &Host) -> Value {
    let shown = host.tidegate(&["--json", "teardown"]);
    assert_eq!(shown.code, Some(1), "{shown:#?}");
    serde_json::from_str(&shown.stdout).unwrap()
}

/// The host's interfaces of the link group of ours.
fn our_links(host: &Host) -> Vec<String> {
    let links = host.netns.sh("ip -json link show group 1953064037");
    let links: Value = serde_json::from_str(&links).unwrap();
    let links = links.as_array().unwrap().iter();
    // The others are empty objects.
    let names = links.filter_map(|link| link["ifname"].as_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
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

        let snapshot = lab.host.snapshot();
        let unconfirmed = lab.host.tidegate(&["teardown", "--force"]);
        assert_eq!(unconfirmed.code, Some(1), "{unconfirmed:#?}");
        let hint = "hint: keep a copy (`tidegate export > tidegate.json`) and stop the containers";
        assert!(unconfirmed.stderr.contains(hint), "{unconfirmed:#?}");
        let removable = removable(&lab.host);
        snapshot.assert_unchanged(&lab.host.snapshot(), "a teardown that is not confirmed");
        assert_eq!(removable["networks"], json!(["db", "edge", "lone", "web"]));
        assert_eq!(removable["endpoints"], json!(["back", "front"]));
        assert_eq!(removable["waiting"], json!([]));
        assert_eq!(removable["interfaces"], json!(our_links(&lab.host)));
        assert_eq!(removable["table"], "inet tidegate");
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
        for what in ["networks", "endpoints", "sysctls"] {
            assert_eq!(removable[what], removed[what], "as it was told before");
        }
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
    let listed = lab.host.ok(&["endpoint", "ls"]);
    for name in ["back", "front", "third"] {
        let line = listed.lines().find(|line| line.starts_with(name));
        let is_told = line.is_some_and(|line| line.ends_with("waiting for its namespace"));
        assert!(is_told, "{listed}");
    }
    let network = lab.host.ok(&["network", "inspect", "db"]);
    let is_told = |line: &str| line.starts_with("waiting ") && line.ends_with(" back,third");
    assert!(network.lines().any(is_told), "{network}");
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

/// It is refused for attached endpoints alone, before anything is removed.
#[test]
fn a_teardown_forgets_endpoints_that_wait() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let wanted = json!({
        "version": 1,
        "networks": [{ "name": "a", "ipv6": false }, { "name": "b", "ipv6": false }],
        "endpoints": [{ "attach": { "network": "b", "name": "later", "netns": "/run/netns/none" } }],
    });
    assert_eq!(import(&host, &wanted)["waiting"], json!(["later"]));
    let removed = host.json(&["teardown", "--yes"]);
    assert_eq!(removed["networks"], json!(["a", "b"]));
    host.wait_for_end();
    host.start();
    assert_eq!(told(&host), json!([[], []]));
    assert!(host.json(&["info"])["waiting"].is_null());
}

#[test]
fn a_namespace_that_is_still_attached_is_told_with_its_endpoint_and_the_key_to_change() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let _boxes = set_up(&lab);
    let mut wanted = export(&lab.host);
    for network in wanted["networks"].as_array_mut().unwrap() {
        let name = network["name"].as_str().unwrap().to_owned();
        network["name"] = json!(format!("{name}-2"));
        for key in ["subnets", "gateways", "ranges", "bridge", "reserved"] {
            network.as_object_mut().unwrap().remove(key);
        }
    }
    wanted["connected"] = json!([]);
    for endpoint in wanted["endpoints"].as_array_mut().unwrap() {
        let attach = endpoint["attach"].as_object_mut().unwrap();
        for key in ["name", "network"] {
            let name = attach[key].as_str().unwrap().to_owned();
            attach[key] = json!(format!("{name}-2"));
        }
        attach.remove("addresses");
        attach.remove("mac");
        endpoint["publish"] = json!([]);
    }
    // Each endpoint is named with what is in its way, and so is the key that changes it.
    let in_the_way = [
        "endpoint front-2: the namespace has an interface eth0 already, of endpoint front",
        "endpoint back-2: the namespace has an interface db0 already, of endpoint back",
        "endpoint front-2: leave out `ifname` to get a free name",
    ];
    refuse(&lab.host, &wanted, &in_the_way);
    let refused = lab
        .host
        .tidegate(&["import", document(&lab.host).to_str().unwrap()]);
    assert!(!refused.stderr.contains("--ifname"), "{refused:#?}");

    // The advice helps.
    for endpoint in wanted["endpoints"].as_array_mut().unwrap() {
        endpoint["attach"].as_object_mut().unwrap().remove("ifname");
    }
    let mut elsewhere = wanted.clone();
    let made = import(&lab.host, &wanted);
    assert_eq!(made["attached"], json!(["back-2", "front-2"]), "{made}");
    lab.host.ok(&[
        "network", "rm", "--force", "web-2", "db-2", "lone-2", "edge-2",
    ]);

    // What only the host knows names the endpoint too.
    let _taken = lab
        .host
        .netns
        .run(|| std::net::TcpListener::bind("0.0.0.0:8999").unwrap());
    elsewhere["endpoints"][1]["publish"] = json!([{ "ports": ["8999:80"] }]);
    fs::write(document(&lab.host), elsewhere.to_string()).unwrap();
    let before = told(&lab.host);
    let refused = lab
        .host
        .tidegate(&["import", document(&lab.host).to_str().unwrap()]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    let error = "error: cannot import endpoint front-2\n";
    assert!(refused.stderr.starts_with(error), "{refused:#?}");
    assert!(refused.stderr.contains("8999"), "{refused:#?}");
    assert!(
        refused.stderr.contains("\nhint: nothing was imported; "),
        "{refused:#?}"
    );
    assert_eq!(told(&lab.host), before);
    assert_eq!(lab.host.ruleset_diff(), "");
}

#[test]
fn an_import_warns_of_what_create_and_attach_warn_of() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    host.netns
        .sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    let netns = Netns::new();
    let wanted = json!({
        "version": 1,
        "networks": [
            { "name": "web", "host-ips": ["192.0.2.91"] },
            { "name": "vault", "policy": { "access": "internal" }, "ipv6": false },
        ],
        "endpoints": [
            {
                "attach": { "network": "web", "name": "front", "netns": netns.path() },
                "publish": [{ "ports": ["192.0.2.93:8080:80"] }, { "ports": ["192.0.2.94:8081:81"] }],
            },
            {
                "attach": { "network": "vault", "name": "later", "netns": "/run/netns/none" },
                "publish": [{ "ports": ["8082:80"] }],
            },
        ],
    });
    fs::write(document(host), wanted.to_string()).unwrap();
    let output = host.tidegate(&["--json", "import", document(host).to_str().unwrap()]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let made: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(made["waiting"], json!(["later"]));
    let told = [
        "note: network web: it has only IPv4: IPv6 is turned off on the host",
        "warning: the host does not have the address 192.0.2.91, at which network web publishes",
        "warning: the host does not have the address 192.0.2.93, at which endpoint front publishes",
        "warning: the host does not have the address 192.0.2.94, at which endpoint front publishes",
        "warning: network vault is internal: only the host can reach 8082:80/tcp of endpoint later",
    ];
    let lines: Vec<&str> = output.stderr.lines().collect();
    let lines = lines.iter().filter(|line| !line.starts_with("hint: "));
    let lines: Vec<&&str> = lines.collect();
    assert_eq!(lines.len(), told.len(), "{output:#?}");
    for (line, told) in lines.iter().zip(told) {
        assert!(line.starts_with(told), "{told}: {output:#?}");
    }
}

#[test]
fn an_import_leaves_forwarding_alone_where_the_daemon_is_to() {
    require_root_kernel!();
    let source = Lab::with_driver("auto");
    let _boxes = set_up(&source);
    let mut wanted = export(&source.host);
    let boxes = [Netns::new(), Netns::new()];
    for (endpoint, netns) in wanted["endpoints"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(&boxes)
    {
        endpoint["attach"]["netns"] = json!(netns.path());
    }
    let mut host = unstarted(&["--forwarding", "leave"]);
    host.netns
        .sh("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0");
    host.start();
    let made = import(&host, &wanted);
    assert_eq!(made["attached"], json!(["back", "front"]), "{made}");
    assert_eq!(is_forwarding(&host), "0\n0\n");
    // Nor does it when it makes again what another program removed, or finds the network at its next start.
    let web = host.json(&["network", "inspect", "web"]);
    let web = web["bridge"].as_str().unwrap();
    host.netns.sh(&format!("ip link delete {web}"));
    wait_until("the bridge is there again", || {
        host.netns
            .sh("ip -o link show type bridge up")
            .contains(web)
    });
    assert_eq!(is_forwarding(&host), "0\n0\n");
    host.kill();
    host.start();
    assert_eq!(is_forwarding(&host), "0\n0\n");
    assert_eq!(removable(&host)["sysctls"], json!([]));
}

#[test]
fn a_waiting_endpoint_is_not_lost_to_another_command() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    for network in ["web", "db"] {
        host.ok(&["network", "create", network]);
    }
    let path = host.folder().join("front");
    let document = json!({ "version": 1, "endpoints": [{
        "attach": { "network": "web", "name": "front", "netns": path },
        "publish": [{ "ports": ["8080:80"] }],
    }] });
    assert_eq!(import(host, &document)["waiting"], json!(["front"]));
    let waits = |host: &Host| host.json(&["info"])["waiting"][0]["name"].clone();
    let netns = Netns::new();
    for (line, told) in [
        (
            format!("attach db --name front --netns {}", netns.name()),
            "it waits on network web for",
        ),
        (
            format!("attach db --name FRONT --netns {}", netns.name()),
            "it waits on network web for",
        ),
        (
            "publish front 81".into(),
            "endpoint front is not attached yet: it waits for",
        ),
        ("unpublish front 80".into(), "it waits for"),
        ("endpoint inspect front".into(), "it waits for"),
        ("endpoint check front".into(), "it waits for"),
        ("explain front outside".into(), "it waits for"),
        (
            "network rm web".into(),
            "network web still has the endpoint front",
        ),
        (
            "network rm db web".into(),
            "network web still has endpoints: front",
        ),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let output = host.tidegate(&words);
        assert_eq!(output.code, Some(1), "{output:#?}");
        assert!(output.stderr.contains(told), "{output:#?}");
        assert!(output.stderr.contains("\nhint: "), "{output:#?}");
        assert_eq!(waits(host), "front", "{line}");
    }
    assert_eq!(names(&host.json(&["network", "ls"])).len(), 2);
    // By its name in another case, with what it has.
    host.ok(&["attach", "WEB", "--name", "Front", "--netns", netns.name()]);
    let front = host.json(&["endpoint", "inspect", "front"]);
    assert_eq!(front["name"], "front");
    assert_eq!(front["ports"], json!(["8080:80/tcp"]));
    assert!(host.json(&["info"])["waiting"].is_null());
}
