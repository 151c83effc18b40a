//! Everything that a refused command must leave as it was.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::{Host, is_retired};

/// A host at some time, line by line: the whole ruleset, links, addresses and routes, what the
/// daemon believes, and the bytes of its database. What changes by itself is left out: timers,
/// and the link-local addresses that the kernel makes when it likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `nft list ruleset` of the whole namespace.
    pub ruleset: String,
    lines: BTreeSet<String>,
}

impl Host {
    /// What a refused command must leave as it was.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(self)
    }
}

impl Snapshot {
    fn take(host: &Host) -> Self {
        let ruleset = host.netns.sh("nft list ruleset");
        let mut lines = links(host);
        lines.extend(routes(host));
        for list in ["network", "endpoint"] {
            let believed = host.json(&[list, "ls"]);
            lines.extend(
                believed
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(ToString::to_string),
            );
        }
        lines.insert(format!("store {:x}", digest(host)));
        Self { ruleset, lines }
    }

    /// Whether a link of that name is there.
    pub fn has_link(&self, name: &str) -> bool {
        self.lines
            .iter()
            .any(|line| line.starts_with(&format!("link {name} ")))
    }

    /// The same without the bytes of the database, which commands that cancel each other out change.
    #[must_use]
    pub fn without_store(mut self) -> Self {
        self.lines.retain(|line| !line.starts_with("store "));
        self
    }

    /// Demands that nothing has changed since.
    ///
    /// # Panics
    /// When something has, with what it is.
    #[track_caller]
    pub fn assert_unchanged(&self, now: &Self, after: &str) {
        assert_eq!(self.ruleset, now.ruleset, "the ruleset after {after}");
        let gone: Vec<_> = self.lines.difference(&now.lines).collect();
        let new: Vec<_> = now.lines.difference(&self.lines).collect();
        assert!(
            gone.is_empty() && new.is_empty(),
            "after {after}: gone {gone:#?}, new {new:#?}"
        );
    }
}

fn links(host: &Host) -> BTreeSet<String> {
    let text = host.netns.sh("ip -j -d addr show");
    let links: Value = serde_json::from_str(&text).expect("ip -j prints JSON");
    let links = links.as_array().expect("a list of links");
    let name = |link: &&Value| link["ifname"].as_str().unwrap_or_default().to_owned();
    let links = links.iter().filter(|link| !is_retired(&name(link)));
    links.flat_map(lines_of_link).collect()
}

fn lines_of_link(link: &Value) -> Vec<String> {
    let name = link["ifname"].as_str().unwrap_or_default();
    let keys = [
        "ifindex",
        "address",
        "group",
        "master",
        "mtu",
        "linkinfo/info_kind",
    ];
    let pointer = |key: &&str| {
        link.pointer(&format!("/{key}"))
            .unwrap_or(&Value::Null)
            .to_string()
    };
    let known: Vec<String> = keys.iter().map(pointer).collect();
    let addresses = link["addr_info"].as_array().into_iter().flatten();
    let addresses = addresses
        .filter(|address| address["scope"] != "link")
        .map(|address| {
            format!(
                "address {name} {} {}",
                address["local"], address["prefixlen"]
            )
        });
    std::iter::once(format!("link {name} {}", known.join(" ")))
        .chain(addresses)
        .collect()
}

fn routes(host: &Host) -> BTreeSet<String> {
    let text = host
        .netns
        .sh("ip route show table all; ip -6 route show table all");
    let stays = |line: &&str| !line.contains("fe80::") && !line.starts_with("multicast");
    text.lines()
        .filter(stays)
        .map(|line| format!("route {line}"))
        .collect()
}

fn digest(host: &Host) -> u64 {
    let mut hasher = DefaultHasher::new();
    let bytes = fs::read(host.state_dir().join("state.redb")).expect("the state can be read");
    bytes.hash(&mut hasher);
    hasher.finish()
}
