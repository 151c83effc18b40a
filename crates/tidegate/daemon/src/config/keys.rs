//! The keys of tidegated.toml: how a value is shown, where it comes from, and whether a running daemon takes a new one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_api::{Setting, SettingOrigin};
use tidegate_args::Daemon;

use super::Settings;
use crate::resolver::RESOLV_CONF;

/// Where each value comes from, by key.
pub(crate) type Origins = BTreeMap<&'static str, SettingOrigin>;

/// One key.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// As in tidegated.toml, with its table: `dns.port`.
    pub(crate) name: &'static str,
    /// Whether a reload puts a new value in force. Else it needs a restart: the daemon has opened it, or the host
    /// depends on it.
    pub(crate) is_reloaded: bool,
    /// Whether a flag or an environment variable has the value.
    is_given: fn(&Daemon) -> bool,
    /// The value as text.
    show: fn(&Settings) -> String,
    /// Whether both have the same value.
    pub(crate) is_same: fn(&Settings, &Settings) -> bool,
}

/// All keys, in the order of the file.
pub(crate) const KEYS: [Key; 15] = [
    Key {
        name: "socket",
        is_reloaded: false,
        is_given: |args| args.socket.is_some(),
        show: |it| it.socket.display().to_string(),
        is_same: |a, b| a.socket == b.socket,
    },
    Key {
        name: "state-dir",
        is_reloaded: false,
        is_given: |args| args.state_dir.is_some(),
        show: |it| it.state_dir.display().to_string(),
        is_same: |a, b| a.state_dir == b.state_dir,
    },
    Key {
        name: "log-level",
        is_reloaded: true,
        is_given: |args| args.log_level.is_some(),
        show: |it| it.log_level.to_string(),
        is_same: |a, b| a.log_level == b.log_level,
    },
    Key {
        name: "forwarding",
        is_reloaded: false,
        is_given: |args| args.forwarding.is_some(),
        show: |it| it.defaults.forwarding.to_string(),
        is_same: |a, b| a.defaults.forwarding == b.defaults.forwarding,
    },
    Key {
        name: "nft.driver",
        is_reloaded: false,
        is_given: |args| args.nft_driver.is_some(),
        show: |it| it.nft_driver.to_string(),
        is_same: |a, b| a.nft_driver == b.nft_driver,
    },
    Key {
        name: "nft.path",
        is_reloaded: false,
        is_given: |args| args.nft_path.is_some(),
        show: |it| {
            let path = it.nft_path.as_ref();
            path.map_or_else(
                || "found in PATH, /usr/sbin or /sbin".to_owned(),
                |path| path.display().to_string(),
            )
        },
        is_same: |a, b| a.nft_path == b.nft_path,
    },
    Key {
        name: "pools.ipv4",
        is_reloaded: true,
        is_given: |args| args.ipv4_pools.is_some(),
        show: |it| list(&it.defaults.pools.ipv4, "none"),
        is_same: |a, b| a.defaults.pools.ipv4 == b.defaults.pools.ipv4,
    },
    Key {
        name: "pools.ipv6",
        is_reloaded: true,
        is_given: |args| args.ipv6_pools.is_some(),
        show: |it| match &it.defaults.pools.ipv6 {
            Some(pools) => list(pools, "none"),
            None => "the host's own prefix".to_owned(),
        },
        is_same: |a, b| a.defaults.pools.ipv6 == b.defaults.pools.ipv6,
    },
    Key {
        name: "ports.free",
        is_reloaded: true,
        is_given: |args| args.free_ports.is_some(),
        show: |it| it.defaults.free_ports.to_string(),
        is_same: |a, b| a.defaults.free_ports == b.defaults.free_ports,
    },
    Key {
        name: "ports.allow",
        is_reloaded: true,
        is_given: |args| args.allow.is_some(),
        show: |it| it.defaults.allow.to_string(),
        is_same: |a, b| a.defaults.allow == b.defaults.allow,
    },
    Key {
        name: "metrics.listen",
        is_reloaded: false,
        is_given: |args| args.metrics_listen.is_some(),
        show: |it| {
            let listen = it.metrics_listen;
            listen.map_or_else(|| "nowhere".to_owned(), |address| address.to_string())
        },
        is_same: |a, b| a.metrics_listen == b.metrics_listen,
    },
    Key {
        name: "docker.plugin-socket",
        is_reloaded: false,
        is_given: |args| args.docker_socket.is_some(),
        show: |it| {
            let socket = it.docker_socket.as_ref();
            socket.map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string())
        },
        is_same: |a, b| a.docker_socket == b.docker_socket,
    },
    Key {
        name: "dns.enable",
        is_reloaded: false,
        is_given: |args| args.dns.is_some(),
        show: |it| it.dns.enable.to_string(),
        is_same: |a, b| a.dns.enable == b.dns.enable,
    },
    Key {
        name: "dns.port",
        is_reloaded: false,
        is_given: |args| args.dns_port.is_some(),
        show: |it| it.dns.port.to_string(),
        is_same: |a, b| a.dns.port == b.dns.port,
    },
    Key {
        name: "dns.upstreams",
        is_reloaded: true,
        is_given: |args| args.dns_upstreams.is_some(),
        show: |it| list(&it.dns.upstreams, &format!("those of {RESOLV_CONF}")),
        is_same: |a, b| a.dns.upstreams == b.dns.upstreams,
    },
];

fn list(values: &[impl ToString], none: &str) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    match values.is_empty() {
        true => none.to_owned(),
        false => values.join(", "),
    }
}

/// Where the value of each key comes from: a flag or a variable wins over the file, which has these keys.
pub(super) fn origins(args: &Daemon, in_file: &BTreeSet<String>) -> Origins {
    let origin = |key: &Key| match ((key.is_given)(args), in_file.contains(key.name)) {
        (true, _) => SettingOrigin::CommandLine,
        (false, true) => SettingOrigin::File,
        (false, false) => SettingOrigin::Default,
    };
    KEYS.iter().map(|key| (key.name, origin(key))).collect()
}

impl Settings {
    /// Every setting, as text.
    pub(crate) fn shown(&self) -> Vec<Setting> {
        let shown = |key: &Key| Setting {
            key: key.name.to_owned(),
            value: (key.show)(self),
            origin: self.origins.get(key.name).copied().unwrap_or_default(),
        };
        KEYS.iter().map(shown).collect()
    }
}
