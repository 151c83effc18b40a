//! The example of the specification (version 1.1.0, appendix "Examples"), with Tidegate in the place of the bridge. There, it
//! is a list of the bridge's plugin, tuning and portmap. Tidegate sets the Ethernet address and publishes the ports itself.

use serde_json::{Value, json};
use tidegate_engines::cni::{Check, Wanted};

use crate::given::{Given, with};
use crate::made::made;

/// The plugin's object of the list, as a runtime derives it.
fn derived() -> Value {
    json!({
        "cniVersion": "1.1.0",
        "name": "dbnet",
        "type": "tidegate",
        "network": { "subnets": ["10.1.0.0/16"], "gateways": ["10.1.0.1"] },
        "args": { "labels": { "appVersion": "1.0" } },
        "dns": { "nameservers": ["10.1.0.1"] },
        "runtimeConfig": {
            "mac": "00:11:22:33:44:66",
            "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }],
        },
    })
}

/// What the last plugin of the list printed.
fn last_result() -> Value {
    json!({
        "cniVersion": "1.1.0",
        "ips": [{ "address": "10.1.0.5/16", "gateway": "10.1.0.1", "interface": 2 }],
        "routes": [{ "dst": "0.0.0.0/0" }],
        "interfaces": [
            { "name": "tgb0", "mac": "00:11:22:33:44:55" },
            { "name": "tgv7", "mac": "55:44:33:22:11:11" },
            { "name": "eth0", "mac": "00:11:22:33:44:66", "sandbox": "/var/run/netns/blue" },
        ],
        "dns": { "nameservers": ["10.1.0.1"] },
    })
}

fn asked(command: &str, config: Value) -> Given {
    Given::new(command, config)
        .with("CNI_CONTAINERID", "blue")
        .with("CNI_NETNS", "/var/run/netns/blue")
}

#[test]
fn add_makes_the_network_the_endpoint_and_the_port() {
    let add = asked("ADD", derived()).add();
    let request = serde_json::to_value(&add.request).unwrap();
    assert_eq!(request["network"], "dbnet");
    assert_eq!(request["netns"], "/var/run/netns/blue");
    assert_eq!(request["ports"], json!(["8080:80/tcp"]));
    assert_eq!(request["dns"]["servers"], json!(["10.1.0.1"]));
    assert_eq!(request["mac"], "00:11:22:33:44:66");
    let network = &request["network-if-missing"];
    assert_eq!(network["subnets"], json!(["10.1.0.0/16"]));
    assert_eq!(network["gateways"], json!(["10.1.0.1"]));
    assert_eq!(add.warnings, [""; 0]);
    let result: Value = serde_json::from_str(&add.answer(&made(&add.request))).unwrap();
    let sandboxes: Vec<&Value> = result["interfaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|interface| &interface["sandbox"])
        .collect();
    let inside = json!("/var/run/netns/blue");
    assert_eq!(sandboxes, [&Value::Null, &Value::Null, &inside]);
    assert_eq!(result["ips"][0]["interface"], 2);
}

#[test]
fn check_takes_the_result_of_the_last_plugin() {
    let add = asked("ADD", derived()).add();
    let mut view = made(&add.request);
    view.endpoint.addresses = vec!["10.1.0.5/16".parse().unwrap()];
    let check = |result: Value| -> Check {
        let wanted = asked("CHECK", with(derived(), "prevResult", result)).wanted();
        let Wanted::Check(check) = wanted else {
            unreachable!("it is a CHECK")
        };
        *check
    };
    let same = check(last_result());
    assert_eq!(Some(&same.endpoint), add.request.name.as_ref());
    assert_eq!(same.differences(&view.endpoint), [""; 0]);
    let mut other = last_result();
    other["ips"][0]["address"] = json!("10.1.0.6/16");
    let found = check(other).differences(&view.endpoint);
    assert_eq!(found, ["it does not have the address 10.1.0.6/16"]);
}

/// DEL runs with the same object; the result of the ADD may be there or not.
#[test]
fn del_needs_no_result() {
    let add = asked("ADD", derived()).add();
    for config in [derived(), with(derived(), "prevResult", last_result())] {
        let wanted = asked("DEL", config).wanted();
        let Wanted::Del(owner) = wanted else {
            unreachable!("it is a DEL")
        };
        assert_eq!(Some(&owner), add.request.owner.as_ref());
    }
}
