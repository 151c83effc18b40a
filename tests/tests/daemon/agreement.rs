//! Kernel, daemon and store tell the same.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_tests::{Host, is_retired};

/// Names of the objects of a list.
pub(crate) fn names(list: &Value) -> BTreeSet<String> {
    let objects = list.as_array().unwrap().iter();
    objects
        .map(|object| object["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Names of the daemon's links that the kernel has.
pub(crate) fn links(host: &Host) -> BTreeSet<String> {
    let text = host.netns.sh("ip -j link");
    let links: Value = serde_json::from_str(&text).unwrap();
    let names = links
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["ifname"].as_str().unwrap().to_owned());
    let is_there = |name: &String| name.starts_with("tg") && !is_retired(name);
    names.filter(is_there).collect()
}

/// Kernel, daemon and store tell the same: links, elements, and what `ls` says now and after
/// another start.
pub(crate) fn assert_agreement(host: &mut Host) {
    let (networks, endpoints) = (
        host.json(&["network", "ls"]),
        host.json(&["endpoint", "ls"]),
    );
    let field = |list: &Value, key: &str| -> Vec<String> {
        let objects = list.as_array().unwrap().iter();
        objects
            .map(|object| object[key].as_str().unwrap().to_owned())
            .collect()
    };
    let mut believed: BTreeSet<String> = field(&networks, "bridge").into_iter().collect();
    believed.extend(field(&endpoints, "host-ifname"));
    assert_eq!(links(host), believed);
    assert_eq!(host.ruleset_diff(), "");
    host.kill();
    host.start();
    assert_eq!(host.json(&["network", "ls"]), networks);
    assert_eq!(host.json(&["endpoint", "ls"]), endpoints);
    assert_eq!(links(host), believed);
    assert_eq!(host.ruleset_diff(), "");
}
