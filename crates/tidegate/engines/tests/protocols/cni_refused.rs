//! What a CNI plugin refuses, and which versions it speaks.

use serde_json::{Value, json};
use tidegate_engines::cni::Wanted;

use crate::given::{Given, config, with};

#[test]
fn what_is_not_acted_on_is_refused_by_name() {
    let runtime = |value| with(config("1.0.0"), "runtimeConfig", value);
    for (config, code, words) in [
        (
            runtime(json!({ "bandwidth": { "ingressRate": 1000 } })),
            2,
            "the key \"bandwidth\" of the key \"runtimeConfig\" with the value {\"ingressRate\":1000} is not supported; \
             hint: leave the capability out of this plugin; the plugin \"bandwidth\"",
        ),
        (
            with(config("1.0.0"), "ipMasq", json!(true)),
            2,
            "the key \"ipMasq\" of the configuration with the value true is not supported; hint: the plugin knows network",
        ),
        (
            with(config("1.0.0"), "ipam", json!({ "type": "host-local" })),
            2,
            "the key \"ipam\" is not supported",
        ),
        (
            with(
                config("1.0.0"),
                "network",
                json!({ "subnet": "10.0.0.0/8" }),
            ),
            7,
            "unknown field `subnet`",
        ),
        (
            with(config("1.0.0"), "network", json!({ "name": "db" })),
            2,
            "the key \"name\" of \"network\"",
        ),
        (
            runtime(
                json!({ "ipRanges": [[{ "subnet": "10.0.0.0/8", "rangeStart": "10.0.0.9" }]] }),
            ),
            2,
            "\"rangeStart\"",
        ),
        (
            runtime(
                json!({ "portMappings": [{ "hostPort": 1, "containerPort": 1, "protocol": "icmp" }] }),
            ),
            7,
            "protocol \"icmp\" is not known",
        ),
        (
            runtime(json!({ "aliases": ["a b"] })),
            7,
            "alias: invalid name \"a b\"",
        ),
        (
            runtime(json!({ "ips": ["example"] })),
            7,
            "ips: \"example\" is no address",
        ),
        (
            runtime(json!({ "mac": "x" })),
            7,
            "mac: invalid MAC address \"x\"",
        ),
        (
            runtime(json!({ "portMappings": 5 })),
            6,
            "cannot parse the key \"portMappings\"",
        ),
        (
            json!({ "cniVersion": "1.0.0", "name": "a b", "type": "tidegate" }),
            7,
            "the network's name",
        ),
        (
            json!({ "cniVersion": "1.0.0", "type": "tidegate" }),
            7,
            "has no key \"name\"",
        ),
        (
            config("0.2.0"),
            1,
            "version \"0.2.0\" of the specification is not supported; hint: set cniVersion",
        ),
        (json!({ "name": "web" }), 1, "version \"0.1.0\""),
        (config("2.0.0"), 1, "version \"2.0.0\""),
    ] {
        let (found, text) = Given::new("ADD", config).failure();
        assert_eq!(found, code, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn variables_are_checked() {
    for (name, value, words) in [
        ("CNI_COMMAND", "PLAY", "has the unknown value \"PLAY\""),
        ("CNI_COMMAND", "", "CNI_COMMAND is not set"),
        ("CNI_CONTAINERID", "", "CNI_CONTAINERID is not set"),
        ("CNI_CONTAINERID", "../x", "which is no container's id"),
        ("CNI_NETNS", "", "CNI_NETNS is not set"),
        ("CNI_IFNAME", "", "CNI_IFNAME is not set"),
        (
            "CNI_IFNAME",
            "eth0/1",
            "CNI_IFNAME: the interface: invalid interface name",
        ),
        ("CNI_ARGS", "COLOR=red", "unknown key \"COLOR\""),
    ] {
        let given = Given::new("ADD", config("1.0.0")).with(name, value);
        let (code, text) = given.failure();
        assert_eq!(code, 4, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let mut given = Given::new("ADD", config("1.0.0"));
    given.text = "{".to_owned();
    assert_eq!(given.failure().0, 6);
}

#[test]
fn a_command_needs_the_version_that_has_it() {
    for (command, version, code) in [
        ("CHECK", "0.3.1", 1),
        ("GC", "1.0.0", 1),
        ("STATUS", "1.0.0", 1),
    ] {
        let (found, text) = Given::new(command, config(version)).failure();
        assert_eq!(found, code, "{text}");
        assert!(text.contains("raise cniVersion"), "{text}");
    }
    let status = Given::new("STATUS", config("1.1.0")).wanted();
    assert_eq!(status, Wanted::Status("web".parse().unwrap()));
}

/// podman asks before each ADD and DEL.
#[test]
fn versions_are_told() {
    for text in ["", r#"{"cniVersion":"0.4.0"}"#, r#"{"cniVersion":"9.0.0"}"#] {
        let mut given = Given::new("VERSION", Value::Null);
        given.text = text.to_owned();
        let Wanted::Version(answer) = given.wanted() else {
            unreachable!("it is VERSION")
        };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let expected = json!(["0.3.1", "0.4.0", "1.0.0", "1.1.0"]);
        assert_eq!(answer["supportedVersions"], expected);
        assert!(text.is_empty() || text.contains(answer["cniVersion"].as_str().unwrap()));
    }
}
