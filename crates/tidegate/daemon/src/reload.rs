//! Reads the configuration again while the daemon runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidegate_args::Daemon;
use tidegate_plan::Defaults;

use crate::config::Settings;
use crate::engine::Engine;
use crate::logging::LogLevel;

/// The settings in force. Clones are handles to the same ones.
#[derive(Clone, Debug)]
pub struct InForce(Arc<Mutex<Changing>>);

#[derive(Debug)]
struct Changing {
    settings: Settings,
    /// Settings that have another value in the configuration now, which a restart puts in force.
    pending: Vec<&'static str>,
}

impl From<Settings> for InForce {
    fn from(settings: Settings) -> Self {
        Self(Arc::new(Mutex::new(Changing {
            settings,
            pending: Vec::new(),
        })))
    }
}

impl InForce {
    /// The settings.
    pub(crate) fn settings(&self) -> Settings {
        self.changing().settings.clone()
    }

    /// Names of the settings that need a restart.
    pub(crate) fn pending(&self) -> Vec<&'static str> {
        self.changing().pending.clone()
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts in force what a running daemon can change.
pub(crate) struct Reload {
    pub(crate) args: Daemon,
    pub(crate) in_force: InForce,
    pub(crate) engine: Arc<Engine>,
    pub(crate) log_level: LogLevel,
}

impl Reload {
    /// Reads the configuration again. If anything in it is wrong, nothing changes. Flags and environment variables of
    /// the start still win over the file.
    pub(crate) fn reload(&self) {
        let read = match Settings::load(&self.args) {
            Ok(read) => read,
            Err(faults) => {
                for fault in faults.failures() {
                    tracing::error!("{fault}");
                }
                tracing::error!("the configuration is not reloaded: nothing was changed");
                return;
            }
        };
        let mut changing = self.in_force.changing();
        let before = &changing.settings;
        let pending = different(&RESTART, before, &read);
        let changed = different(&RELOAD, before, &read);
        self.log_level.set(read.log_level);
        self.engine.reload(&read.defaults);
        changing.settings = adopted(before, read);
        for name in &pending {
            tracing::warn!(
                "`{name}` was changed in the configuration: it takes effect at a restart of tidegated"
            );
        }
        match changed.is_empty() {
            true => tracing::info!("reloaded the configuration: nothing changed at once"),
            false => tracing::info!("reloaded the configuration: changed {}", changed.join(", ")),
        }
        changing.pending = pending;
    }
}

/// A setting by its key in tidegated.toml, and whether both have the same value of it.
type Setting = (&'static str, fn(&Settings, &Settings) -> bool);

/// What a reload puts in force.
const RELOAD: [Setting; 5] = [
    ("log-level", |a, b| a.log_level == b.log_level),
    ("pools.ipv4", |a, b| {
        a.defaults.pools.ipv4 == b.defaults.pools.ipv4
    }),
    ("pools.ipv6", |a, b| {
        a.defaults.pools.ipv6 == b.defaults.pools.ipv6
    }),
    ("ports.free", |a, b| {
        a.defaults.free_ports == b.defaults.free_ports
    }),
    ("ports.allow", |a, b| a.defaults.allow == b.defaults.allow),
];

/// What needs a restart: the daemon has opened it, or the host depends on it.
const RESTART: [Setting; 9] = [
    ("socket", |a, b| a.socket == b.socket),
    ("state-dir", |a, b| a.state_dir == b.state_dir),
    ("forwarding", |a, b| {
        a.defaults.forwarding == b.defaults.forwarding
    }),
    ("nft.driver", |a, b| a.nft_driver == b.nft_driver),
    ("nft.path", |a, b| a.nft_path == b.nft_path),
    ("metrics.listen", |a, b| {
        a.metrics_listen == b.metrics_listen
    }),
    ("dns.enable", |a, b| a.dns.enable == b.dns.enable),
    ("dns.port", |a, b| a.dns.port == b.dns.port),
    ("dns.upstreams", |a, b| a.dns.upstreams == b.dns.upstreams),
];

/// The names of those settings whose values differ.
fn different(settings: &[Setting], one: &Settings, other: &Settings) -> Vec<&'static str> {
    let different = settings.iter().filter(|(_, is_same)| !is_same(one, other));
    different.map(|(name, _)| *name).collect()
}

/// The settings in force after a reload.
fn adopted(before: &Settings, read: Settings) -> Settings {
    Settings {
        file: read.file,
        log_level: read.log_level,
        defaults: Defaults {
            pools: read.defaults.pools,
            free_ports: read.defaults.free_ports,
            allow: read.defaults.allow,
            ..before.defaults.clone()
        },
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidegated.toml");
        std::fs::write(&path, text).unwrap();
        let args = Daemon {
            config: Some(path),
            ..Daemon::default()
        };
        let settings = Settings::load(&args).unwrap();
        Settings {
            file: None,
            ..settings
        }
    }

    /// Every key, each with another value than the default.
    const OTHER: &str = r#"
        socket = "/run/a.sock"
        state-dir = "/var/lib/a"
        log-level = "debug"
        forwarding = "leave"
        nft = { driver = "exec", path = "/opt/nft" }
        pools = { ipv4 = [], ipv6 = [] }
        ports = { free = "40000-40999", allow = ["192.0.2.0/24"] }
        metrics = { listen = "127.0.0.1:9464" }
        dns = { enable = false, port = 5300, upstreams = ["192.0.2.53"] }
    "#;

    #[test]
    fn each_setting_is_reloaded_or_needs_a_restart() {
        let (before, read) = (settings(""), settings(OTHER));
        let all = [&RELOAD[..], &RESTART].concat();
        assert_eq!(different(&all, &before, &read).len(), all.len());
        let mut after = adopted(&before, read.clone());
        assert_eq!(different(&RELOAD, &after, &read), [""; 0]);
        assert_eq!(different(&RESTART, &before, &after), [""; 0]);
        // With what needs a restart, it is all that was read: no setting is forgotten.
        after.socket = read.socket.clone();
        after.state_dir = read.state_dir.clone();
        after.nft_driver = read.nft_driver;
        after.nft_path = read.nft_path.clone();
        after.metrics_listen = read.metrics_listen;
        after.dns = read.dns.clone();
        after.defaults.forwarding = read.defaults.forwarding;
        assert_eq!(after, read);
    }
}
