//! The plugin for container engines, as libcni and netavark run it: in the host's namespace, with the namespace of a
//! container by its path.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use serde_json::{Value, json};
use tidegate_tests::traffic::{Server, ask_tcp, ask_udp, is_closed_tcp};
use tidegate_tests::{Lab, Netns, require_root_kernel};

use crate::drivers;

const CONTAINER: &str = "3f2a9c81be070000000000000000000000000000000000000000000000000000";
const OTHER: &str = "77aa9c81be070000000000000000000000000000000000000000000000000000";
const NETWORK: &str = "9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf";

fn lab() -> Lab {
    Lab::with_driver(&drivers().remove(0))
}

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// What the plugin printed, and whether it succeeded.
struct Ran {
    is_success: bool,
    stdout: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {:?}", self.stdout))
    }

    /// The answer, which is a success.
    fn done(self) -> Value {
        assert!(self.is_success, "{}", self.stdout);
        match self.stdout.as_str() {
            "" => Value::Null,
            _ => self.json(),
        }
    }

    /// The code and the text of a failure.
    fn failed(self) -> (u64, String) {
        assert!(!self.is_success, "{}", self.stdout);
        let failure = self.json();
        (
            failure["code"].as_u64().unwrap(),
            failure["msg"].to_string(),
        )
    }
}

fn run(lab: &Lab, arguments: &[&str], variables: &[(&str, &str)], stdin: &Value) -> Ran {
    let mut command = lab.host.plugin_command(arguments);
    command.envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut plugin = command.spawn().unwrap();
    let text = stdin.to_string();
    // It may have refused before it read.
    let _ = plugin.stdin.take().unwrap().write_all(text.as_bytes());
    let output = plugin.wait_with_output().unwrap();
    Ran {
        is_success: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
    }
}

fn cni_of(lab: &Lab, command: &str, container: &str, netns: &str, config: &Value) -> Ran {
    let variables = [
        ("CNI_COMMAND", command),
        ("CNI_CONTAINERID", container),
        ("CNI_NETNS", netns),
        ("CNI_IFNAME", "eth0"),
        ("CNI_PATH", "/opt/cni/bin"),
    ];
    run(lab, &[], &variables, config)
}

fn cni(lab: &Lab, command: &str, netns: &str, config: &Value) -> Ran {
    cni_of(lab, command, CONTAINER, netns, config)
}

fn config(version: &str) -> Value {
    json!({
        "cniVersion": version,
        "name": "web",
        "type": "tidegate",
        "network": { "subnets": ["10.77.0.0/24", "fd77::/64"] },
    })
}

fn with(mut config: Value, key: &str, value: Value) -> Value {
    config[key] = value;
    config
}

fn path(netns: &Netns) -> String {
    netns.path().display().to_string()
}

fn networks(lab: &Lab) -> usize {
    lab.host.json(&["network", "ls"]).as_array().unwrap().len()
}

#[test]
fn a_cni_attachment_is_made_checked_and_removed() {
    require_root_kernel!();
    let lab = lab();
    let netns = Netns::new();
    let container = path(&netns);
    let runtime = json!({
        "portMappings": [
            { "hostPort": 8080, "containerPort": 80, "protocol": "tcp" },
            { "hostPort": 8080, "containerPort": 80, "protocol": "udp" },
        ],
        "ips": ["10.77.0.9/24", "fd77::9"],
        "mac": "02:00:00:00:00:09",
        "aliases": ["front"],
    });
    let wanted = with(config("1.0.0"), "runtimeConfig", runtime);
    let result = cni(&lab, "ADD", &container, &wanted).done();
    let eth0 = &result["interfaces"][2];
    assert_eq!(eth0["name"], "eth0");
    assert_eq!(eth0["mac"], "02:00:00:00:00:09");
    assert_eq!(eth0["sandbox"], container.as_str());
    let ips: Vec<&str> = result["ips"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|ip| ip["address"].as_str())
        .collect();
    assert_eq!(ips, ["10.77.0.9/24", "fd77::9/64"]);
    assert_eq!(result["ips"][0]["gateway"], "10.77.0.1");
    assert_eq!(
        result["routes"][0],
        json!({ "dst": "0.0.0.0/0", "gw": "10.77.0.1" })
    );
    assert_eq!(result["dns"]["nameservers"][0], "169.254.53.53");
    let link = netns.sh("ip -o link show eth0");
    assert!(link.contains("02:00:00:00:00:09"), "{link}");
    let _server = Server::start(&netns, "front", 80);
    for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
        assert_eq!(
            ask_tcp(&lab.outside, at(to)).unwrap().server,
            "front",
            "{to}"
        );
    }
    assert_eq!(
        ask_udp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
        "front"
    );

    // It is there already: for another attempt too, and for another container in the same namespace.
    let before = lab.host.snapshot();
    let (code, message) = cni(&lab, "ADD", &container, &wanted).failed();
    assert!(code >= 100, "{code}: {message}");
    let (code, message) = cni_of(&lab, "ADD", OTHER, &container, &config("1.0.0")).failed();
    assert!(code >= 100, "{code}: {message}");
    assert_eq!(lab.host.snapshot(), before);

    let check = with(wanted.clone(), "prevResult", result.clone());
    assert_eq!(cni(&lab, "CHECK", &container, &check).done(), Value::Null);
    netns.sh("ip addr del 10.77.0.9/24 dev eth0");
    let (code, message) = cni(&lab, "CHECK", &container, &check).failed();
    assert_eq!(code, 103, "{message}");
    netns.sh("ip addr add 10.77.0.9/24 dev eth0");

    let removal = with(wanted, "prevResult", result);
    for namespace in [container.as_str(), &container, "", "/run/netns/gone"] {
        assert_eq!(cni(&lab, "DEL", namespace, &removal).done(), Value::Null);
        assert!(netns.try_sh("ip link show eth0").code != Some(0));
    }
    assert!(is_closed_tcp(&lab.outside, at("192.0.2.1:8080")));
    assert_eq!(networks(&lab), 0, "the network goes with its last endpoint");
}

#[test]
fn a_network_that_was_made_before_stays() {
    require_root_kernel!();
    let lab = lab();
    lab.host
        .ok(&["network", "create", "web", "--subnet", "10.78.0.0/24"]);
    let netns = Netns::new();
    for version in ["0.3.1", "0.4.0", "1.1.0"] {
        let result = cni(&lab, "ADD", &path(&netns), &config(version)).done();
        let address = result["ips"][0]["address"].as_str().unwrap();
        assert!(address.starts_with("10.78.0."), "{version}: {result}");
        assert_eq!(
            result["ips"][0]["version"].as_str(),
            (version < "1").then_some("4")
        );
        cni(&lab, "DEL", &path(&netns), &config(version)).done();
    }
    assert_eq!(networks(&lab), 1);
}

#[test]
fn attachments_that_are_not_valid_are_collected() {
    require_root_kernel!();
    let lab = lab();
    let [kept, gone] = [Netns::new(), Netns::new()];
    let config = config("1.1.0");
    cni_of(&lab, "ADD", CONTAINER, &path(&kept), &config).done();
    cni_of(&lab, "ADD", OTHER, &path(&gone), &config).done();
    let by_hand = lab.attach("web", "hand", &[]);
    let valid = json!([{ "containerID": CONTAINER, "ifname": "eth0" }]);
    for key in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
        cni(&lab, "GC", "", &with(config.clone(), key, valid.clone())).done();
        kept.sh("ip link show eth0");
        by_hand.netns.sh("ip link show eth0");
        assert!(gone.try_sh("ip link show eth0").code != Some(0));
    }
    let none = with(config, "cni.dev/valid-attachments", json!([]));
    cni(&lab, "GC", "", &none).done();
    assert!(kept.try_sh("ip link show eth0").code != Some(0));
    by_hand.netns.sh("ip link show eth0");
}

#[test]
fn a_runtime_learns_whether_the_daemon_can_serve() {
    require_root_kernel!();
    let mut lab = lab();
    let netns = Netns::new();
    let config = config("1.1.0");
    let status = |lab: &Lab| cni(lab, "STATUS", "", &config);
    status(&lab).done();
    cni(&lab, "ADD", &path(&netns), &config).done();
    status(&lab).done();
    lab.host.stop();
    assert_eq!(status(&lab).failed().0, 50);
    for command in ["ADD", "DEL"] {
        assert_eq!(
            cni(&lab, command, &path(&netns), &config).failed().0,
            11,
            "{command}"
        );
    }
    drop(netns);
    lab.host.start();
    cni(&lab, "DEL", "/run/netns/gone", &config).done();
    assert_eq!(networks(&lab), 0);
}

#[test]
fn what_a_runtime_says_wrong_changes_nothing() {
    require_root_kernel!();
    let lab = lab();
    let netns = Netns::new();
    let before = lab.host.snapshot();
    let bandwidth = json!({ "bandwidth": { "ingressRate": 8 } });
    let taken = json!({ "ips": ["10.77.0.1"] });
    for (config, code) in [
        (config("0.2.0"), 1),
        (with(config("1.0.0"), "ipMasq", json!(true)), 2),
        (with(config("1.0.0"), "runtimeConfig", bandwidth), 2),
        (
            with(config("1.0.0"), "network", json!({ "subnets": ["x"] })),
            7,
        ),
        (with(config("1.0.0"), "runtimeConfig", taken), 101),
    ] {
        let (found, message) = cni(&lab, "ADD", &path(&netns), &config).failed();
        assert_eq!(found, code, "{message}");
        assert_eq!(lab.host.snapshot(), before, "{message}");
        // A runtime removes what it could not add.
        if code != 1 {
            cni(&lab, "DEL", &path(&netns), &config).done();
        }
    }
    let (_, message) = cni(&lab, "ADD", "/run/netns/gone", &config("1.0.0")).failed();
    assert!(message.contains("/run/netns/gone"), "{message}");
    let version = cni(&lab, "VERSION", "", &json!({ "cniVersion": "0.4.0" })).done();
    assert_eq!(version["cniVersion"], "0.4.0");
}

fn request(network: &Value, container: &str, address: &str) -> Value {
    json!({
        "container_id": container,
        "container_name": "c1",
        "port_mappings": [
            { "container_port": 80, "host_ip": "", "host_port": 8080, "protocol": "tcp", "range": 1 },
        ],
        "network": network,
        "network_options": {
            "aliases": [&container[..12]],
            "interface_name": "eth0",
            "static_ips": [address],
            "static_mac": null,
            "options": null,
        },
    })
}

fn network(name: &str, id: &str) -> Value {
    json!({
        "name": name,
        "id": id,
        "driver": "tidegate",
        "created": "0001-01-01T00:00:00Z",
        "ipv6_enabled": false,
        "internal": false,
        "dns_enabled": true,
    })
}

/// The steps of podman 5.4, which binds the ports of the host before it sets up the network.
#[test]
fn podman_makes_a_network_and_containers_on_it() {
    require_root_kernel!();
    let mut lab = lab();
    let plugin = |lab: &Lab, arguments: &[&str], stdin: &Value| run(lab, arguments, &[], stdin);
    let info = plugin(&lab, &["info"], &Value::Null).done();
    assert_eq!(info["api_version"], "1.0.0");
    let created = plugin(&lab, &["create"], &network("web", NETWORK)).done();
    assert_eq!(
        networks(&lab),
        0,
        "podman does not say when a network is gone"
    );
    let gateway = created["subnets"][0]["gateway"]
        .as_str()
        .unwrap()
        .to_owned();
    let beside = |gateway: &str| format!("{}.7", gateway.rsplit_once('.').unwrap().0);
    let address = beside(&gateway);

    let netns = Netns::new();
    let held = lab
        .host
        .netns
        .run(|| TcpListener::bind("0.0.0.0:8080").unwrap());
    let wanted = request(&created, CONTAINER, &address);
    let status = plugin(&lab, &["setup", &path(&netns)], &wanted).done();
    let eth0 = &status["interfaces"]["eth0"];
    assert_eq!(eth0["subnets"][0]["gateway"], gateway.as_str());
    assert_eq!(status["dns_server_ips"][0], "169.254.53.53");
    let shown = netns.sh("ip -o addr show eth0");
    assert!(shown.contains(&format!("{address}/")), "{shown}");
    let server = Server::start(&netns, "front", 80);
    for restarted in [false, true] {
        if restarted {
            lab.host.kill();
            lab.host.start();
        }
        let reply = ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap();
        assert_eq!(reply.server, "front");
    }

    // Another network gets another subnet, and the same ports are asked for on it.
    let other = plugin(
        &lab,
        &["create"],
        &network("db", &NETWORK.replace('9', "8")),
    )
    .done();
    assert_ne!(other["subnets"], created["subnets"]);
    let second = other["subnets"][0]["gateway"].as_str().unwrap();
    let mut more = request(&other, CONTAINER, &beside(second));
    more["network_options"]["interface_name"] = json!("eth1");
    plugin(&lab, &["setup", &path(&netns)], &more).done();
    plugin(&lab, &["teardown", &path(&netns)], &more).done();
    assert!(netns.try_sh("ip link show eth1").code != Some(0));

    // A container that was left behind gives way: podman gives its address out again.
    let later = Netns::new();
    drop(server);
    let again = request(&created, OTHER, &address);
    plugin(&lab, &["setup", &path(&later)], &again).done();
    assert!(netns.try_sh("ip link show eth0").code != Some(0));
    let _server = Server::start(&later, "later", 80);
    let reply = ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap();
    assert_eq!(reply.server, "later");

    for request in [&wanted, &again, &again] {
        let printed = plugin(&lab, &["teardown", &path(&later)], request).done();
        assert_eq!(printed, Value::Null);
    }
    assert_eq!(networks(&lab), 0);
    drop(held);

    let mut wrong = again;
    wrong["network"]["options"] = json!({ "vlan": "3" });
    let refused = plugin(&lab, &["setup", &path(&later)], &wrong);
    assert!(!refused.is_success);
    let error = refused.json();
    assert!(error["error"].to_string().contains("vlan"), "{error}");
}
