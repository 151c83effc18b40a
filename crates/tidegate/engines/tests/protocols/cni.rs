//! The Container Network Interface.

use expect_test::expect;
use serde_json::{Value, json};
use tidegate_engines::cni::{Check, Wanted};

use crate::given::{Given, config, shows, with};
use crate::made::made;

/// podman 4.3.1 with CNI: `podman run --network web -p 8080:80 -p 127.0.0.1:53:53/udp --ip 10.99.1.7 --mac-address …`.
#[test]
fn podman_says_names_in_a_map_and_addresses_in_arguments() {
    let runtime = json!({
        "aliases": { "web": ["front", "3f2a9c81be07"] },
        "portMappings": [
            { "hostPort": 8080, "containerPort": 80, "protocol": "tcp", "hostIP": "" },
            { "hostPort": 53, "containerPort": 53, "protocol": "udp", "hostIP": "127.0.0.1" },
        ],
    });
    let config = with(config("0.4.0"), "runtimeConfig", runtime);
    let config = with(
        config,
        "capabilities",
        json!({ "portMappings": true, "aliases": true }),
    );
    let args = "IgnoreUnknown=1;K8S_POD_NAME=c1;MAC=02:42:AC:11:00:05;IP=10.99.1.7";
    let add = Given::new("ADD", config).with("CNI_ARGS", args).add();
    shows(
        &add.request,
        expect![[r#"
            {
              "network": "web",
              "netns": "/run/netns/box",
              "name": "3f2a9c81be07-eth0",
              "aliases": [
                "c1",
                "front",
                "3f2a9c81be07"
              ],
              "ports": [
                "8080:80/tcp",
                "127.0.0.1:53:53/udp"
              ],
              "host-ports": "engine",
              "addresses": [
                "10.99.1.7"
              ],
              "mac": "02:42:ac:11:00:05",
              "ifname": "eth0",
              "gateway-priority": 0,
              "sysctls": [],
              "owner": {
                "engine": "cni",
                "id": "3f2a9c81be070000000000000000000000000000000000000000000000000000/eth0"
              },
              "network-if-missing": {
                "name": "web",
                "subnets": [],
                "gateways": [],
                "ranges": [],
                "reserved": {},
                "ipv4": true,
                "ipv6": true,
                "mtu": null,
                "host-ips": [],
                "bridge": null,
                "labels": {},
                "remove-when-unused": true
              }
            }"#]],
    );
    expect![[r#"{"cniVersion":"0.4.0","interfaces":[{"name":"tgb0","mac":"02:74:01:02:03:04"},{"name":"tgv7"},{"name":"eth0","mac":"02:2d:0a:63:01:02","sandbox":"/run/netns/box"}],"ips":[{"version":"4","interface":2,"address":"10.99.1.7/24","gateway":"10.99.1.1"}],"routes":[{"dst":"0.0.0.0/0","gw":"10.99.1.1"},{"dst":"::/0","gw":"fd99::1"}],"dns":{"nameservers":["169.254.53.53"],"search":["tidegate.internal"],"options":["ndots:2"]}}"#]].assert_eq(&add.answer(&made(&add.request)));
}

/// containerd 1.6.20, its CRI: keys of Go types without names for JSON, and null for what is not there.
#[test]
fn containerd_writes_capitals_and_null() {
    let runtime = json!({
        "portMappings": [{ "HostPort": 8080, "ContainerPort": 80, "Protocol": "tcp", "HostIP": "" }],
        "dns": { "Servers": ["192.0.2.53"], "Searches": ["corp.example"], "Options": ["ndots:5"] },
        "io.kubernetes.cri.pod-annotations": null,
    });
    let args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=nginx;K8S_POD_INFRA_CONTAINER_ID=3f2a;K8S_POD_UID=uid";
    let given = Given::new("ADD", with(config("1.0.0"), "runtimeConfig", runtime));
    let given = given.with("CNI_NETNS", "/var/run/netns/cni-6ec0d8e1");
    let add = given.with("CNI_ARGS", args).add();
    shows(
        &add.request,
        expect![[r#"
            {
              "network": "web",
              "netns": "/var/run/netns/cni-6ec0d8e1",
              "name": "3f2a9c81be07-eth0",
              "aliases": [
                "nginx.default"
              ],
              "ports": [
                "8080:80/tcp"
              ],
              "addresses": [],
              "mac": null,
              "ifname": "eth0",
              "gateway-priority": 0,
              "sysctls": [],
              "dns": {
                "servers": [
                  "192.0.2.53"
                ],
                "search": [
                  "corp.example"
                ],
                "options": [
                  "ndots:5"
                ]
              },
              "owner": {
                "engine": "cni",
                "id": "3f2a9c81be070000000000000000000000000000000000000000000000000000/eth0"
              },
              "network-if-missing": {
                "name": "web",
                "subnets": [],
                "gateways": [],
                "ranges": [],
                "reserved": {},
                "ipv4": true,
                "ipv6": true,
                "mtu": null,
                "host-ips": [],
                "bridge": null,
                "labels": {},
                "remove-when-unused": true
              }
            }"#]],
    );
}

/// Who binds the ports of the host: podman and nerdctl do.
#[test]
fn ports_are_held_by_those_engines_that_bind_them() {
    for (args, aliases, own, holder) in [
        ("", Value::Null, Value::Null, "daemon"),
        (
            "IgnoreUnknown=1;K8S_POD_NAME=c1",
            Value::Null,
            Value::Null,
            "engine",
        ),
        (
            "IgnoreUnknown=1;K8S_POD_NAME=c1",
            Value::Null,
            json!("daemon"),
            "daemon",
        ),
        ("", json!({ "web": ["c1"] }), Value::Null, "engine"),
        (
            "IgnoreUnknown=1;NERDCTL_CNI_DHCP_HOSTNAME=c1",
            Value::Null,
            Value::Null,
            "engine",
        ),
        (
            "K8S_POD_NAMESPACE=default;K8S_POD_NAME=c1",
            Value::Null,
            Value::Null,
            "daemon",
        ),
        (
            "K8S_POD_NAMESPACE=default;K8S_POD_NAME=c1",
            json!(["c1"]),
            json!("engine"),
            "engine",
        ),
    ] {
        let config = with(
            config("1.0.0"),
            "runtimeConfig",
            json!({ "aliases": aliases }),
        );
        let config = with(config, "host-ports", own);
        let add = Given::new("ADD", config).with("CNI_ARGS", args).add();
        assert_eq!(add.request.host_ports.as_str(), holder, "{args}");
    }
}

/// cri-o and libcni: capabilities with the names of the conventions; a hostPort of 0 only tells of a port.
#[test]
fn capabilities_are_understood() {
    let runtime = json!({
        "portMappings": [
            { "hostPort": 0, "containerPort": 9090, "protocol": "TCP" },
            { "hostPort": 8443, "containerPort": 443, "protocol": "SCTP", "hostIP": "::1" },
        ],
        "ips": ["10.99.1.9/24", "fd99::9"],
        "mac": "C2:11:22:33:44:55",
        "aliases": ["api"],
        "ipRanges": [[{ "subnet": "10.99.1.0/24", "gateway": "10.99.1.254" }], [{ "subnet": "fd99::/64" }]],
        "cgroupPath": "/kubelet.slice",
    });
    let config = with(config("1.1.0"), "runtimeConfig", runtime);
    let config = with(
        config,
        "network",
        json!({ "mtu": 1400, "policy": { "icc": false } }),
    );
    let add = Given::new("ADD", config).add();
    shows(
        &add.request,
        expect![[r#"
            {
              "network": "web",
              "netns": "/run/netns/box",
              "name": "3f2a9c81be07-eth0",
              "aliases": [
                "api"
              ],
              "ports": [
                "[::1]:8443:443/sctp"
              ],
              "addresses": [
                "10.99.1.9",
                "fd99::9"
              ],
              "mac": "c2:11:22:33:44:55",
              "ifname": "eth0",
              "gateway-priority": 0,
              "sysctls": [],
              "owner": {
                "engine": "cni",
                "id": "3f2a9c81be070000000000000000000000000000000000000000000000000000/eth0"
              },
              "network-if-missing": {
                "name": "web",
                "subnets": [
                  "10.99.1.0/24",
                  "fd99::/64"
                ],
                "gateways": [
                  "10.99.1.254"
                ],
                "ranges": [],
                "reserved": {},
                "ipv4": true,
                "ipv6": true,
                "mtu": 1400,
                "host-ips": [],
                "bridge": null,
                "policy": {
                  "icc": false
                },
                "labels": {},
                "remove-when-unused": true
              }
            }"#]],
    );
}

#[test]
fn a_result_has_the_form_of_its_version() {
    for (version, is_numbered) in [
        ("0.3.1", true),
        ("0.4.0", true),
        ("1.0.0", false),
        ("1.1.0", false),
    ] {
        let add = Given::new("ADD", config(version)).add();
        let answer: Value = serde_json::from_str(&add.answer(&made(&add.request))).unwrap();
        assert_eq!(answer["cniVersion"], version);
        let numbers: Vec<&Value> = answer["ips"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ip| &ip["version"])
            .collect();
        let expected = match is_numbered {
            true => [&json!("4"), &json!("6")],
            false => [&Value::Null; 2],
        };
        assert_eq!(numbers, expected, "{version}");
    }
    let add = Given::new("ADD", config("1.0.0")).add();
    let answer: Value = serde_json::from_str(&add.answer(&made(&add.request))).unwrap();
    shows(
        &answer,
        expect![[r#"
        {
          "cniVersion": "1.0.0",
          "interfaces": [
            {
              "name": "tgb0",
              "mac": "02:74:01:02:03:04"
            },
            {
              "name": "tgv7"
            },
            {
              "name": "eth0",
              "mac": "02:2d:0a:63:01:02",
              "sandbox": "/run/netns/box"
            }
          ],
          "ips": [
            {
              "interface": 2,
              "address": "10.99.1.2/24",
              "gateway": "10.99.1.1"
            },
            {
              "interface": 2,
              "address": "fd99::2/64",
              "gateway": "fd99::1"
            }
          ],
          "routes": [
            {
              "dst": "0.0.0.0/0",
              "gw": "10.99.1.1"
            },
            {
              "dst": "::/0",
              "gw": "fd99::1"
            }
          ],
          "dns": {
            "nameservers": [
              "169.254.53.53"
            ],
            "search": [
              "tidegate.internal"
            ],
            "options": [
              "ndots:2"
            ]
          }
        }"#]],
    );
}

/// Behind another plugin: its result comes first, and the numbers of interfaces follow.
#[test]
fn the_result_of_plugins_before_is_passed_on() {
    let previous = json!({
        "cniVersion": "1.0.0",
        "interfaces": [{ "name": "net1", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/box" }],
        "ips": [{ "address": "192.0.2.2/24", "interface": 0 }],
        "routes": [{ "dst": "198.51.100.0/24", "gw": "192.0.2.1" }],
        "dns": { "nameservers": ["192.0.2.53"], "domain": "corp.example" },
    });
    let add = Given::new("ADD", with(config("1.0.0"), "prevResult", previous)).add();
    let answer: Value = serde_json::from_str(&add.answer(&made(&add.request))).unwrap();
    shows(
        &answer,
        expect![[r#"
        {
          "cniVersion": "1.0.0",
          "interfaces": [
            {
              "name": "net1",
              "mac": "02:00:00:00:00:01",
              "sandbox": "/run/netns/box"
            },
            {
              "name": "tgb0",
              "mac": "02:74:01:02:03:04"
            },
            {
              "name": "tgv7"
            },
            {
              "name": "eth0",
              "mac": "02:2d:0a:63:01:02",
              "sandbox": "/run/netns/box"
            }
          ],
          "ips": [
            {
              "address": "192.0.2.2/24",
              "interface": 0
            },
            {
              "interface": 3,
              "address": "10.99.1.2/24",
              "gateway": "10.99.1.1"
            },
            {
              "interface": 3,
              "address": "fd99::2/64",
              "gateway": "fd99::1"
            }
          ],
          "routes": [
            {
              "dst": "198.51.100.0/24",
              "gw": "192.0.2.1"
            },
            {
              "dst": "0.0.0.0/0",
              "gw": "10.99.1.1"
            },
            {
              "dst": "::/0",
              "gw": "fd99::1"
            }
          ],
          "dns": {
            "nameservers": [
              "192.0.2.53"
            ],
            "domain": "corp.example",
            "search": [
              "tidegate.internal"
            ],
            "options": [
              "ndots:2"
            ]
          }
        }"#]],
    );
}

/// After a failed ADD a DEL follows with the same configuration. Seen: containerd repeats it without a namespace.
#[test]
fn a_del_needs_only_the_container_and_the_interface() {
    let config = with(config("0.3.1"), "ipMasq", json!("?"));
    let given = Given::new("DEL", config)
        .with("CNI_NETNS", "")
        .with("CNI_ARGS", "COLOR=red");
    let Wanted::Del(owner) = given.wanted() else {
        unreachable!("it is a DEL")
    };
    let expected = format!("{}/eth0", given.variables["CNI_CONTAINERID"]);
    assert_eq!(
        (owner.engine.as_str(), owner.id.as_str()),
        ("cni", expected.as_str())
    );
}

#[test]
fn gc_knows_both_keys() {
    let valid = json!([{ "containerID": "a", "ifname": "eth0" }]);
    let both =
        json!([{ "containerID": "a", "ifname": "eth0" }, { "containerID": "b", "ifname": "eth1" }]);
    let newer = with(config("1.1.0"), "cni.dev/valid-attachments", valid.clone());
    for (config, keep) in [
        (newer.clone(), &["a/eth0"][..]),
        (
            with(config("1.1.0"), "cni.dev/attachments", both.clone()),
            &["a/eth0", "b/eth1"],
        ),
        (
            with(newer, "cni.dev/attachments", both),
            &["a/eth0", "b/eth1"],
        ),
        (
            with(config("1.1.0"), "cni.dev/valid-attachments", json!([])),
            &[],
        ),
    ] {
        let Wanted::Gc(gc) = Given::new("GC", config).wanted() else {
            unreachable!("it is a GC")
        };
        let ids: Vec<&str> = gc.keep.iter().map(|id| id.as_str()).collect();
        assert_eq!((gc.network.as_str(), &ids[..]), ("web", keep));
    }
    let (code, text) = Given::new("GC", config("1.1.0")).failure();
    assert!(
        code == 7 && text.contains("cni.dev/valid-attachments"),
        "{text}"
    );
}

#[test]
fn check_compares_with_the_result_of_the_add() {
    let add = Given::new("ADD", config("1.0.0")).add();
    let view = made(&add.request);
    let result: Value = serde_json::from_str(&add.answer(&view)).unwrap();
    let check = |result: Value| -> Check {
        let wanted = Given::new("CHECK", with(config("1.0.0"), "prevResult", result)).wanted();
        let Wanted::Check(check) = wanted else {
            unreachable!("it is a CHECK")
        };
        *check
    };
    let well = check(result.clone());
    assert_eq!(Some(&well.endpoint), add.request.name.as_ref());
    assert_eq!(well.differences(&view.endpoint), [""; 0]);
    let mut other = result;
    other["ips"][0]["address"] = json!("10.99.1.99/24");
    let found = check(other).differences(&view.endpoint);
    assert_eq!(found, ["it does not have the address 10.99.1.99/24"]);
    let (code, text) = Given::new("CHECK", config("1.0.0")).failure();
    assert!(code == 7 && text.contains("prevResult"), "{text}");
}
