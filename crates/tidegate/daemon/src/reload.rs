//! Reads the configuration again while the daemon runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidegate_args::Daemon;
use tidegate_plan::Defaults;

use crate::config::{Dns, KEYS, Key, Settings};
use crate::engine::Engine;
use crate::logging::LogLevel;
use crate::resolver::{Names, ResolverSettings};

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
    pub(crate) resolver: ResolverSettings,
}

impl Reload {
    /// Reads the configuration again. If anything in it is wrong, nothing changes. Flags and environment variables of
    /// the start still win over the file.
    pub(crate) fn reload(&self) {
        let read = match Settings::load(&self.args) {
            Ok(read) => read,
            Err(faults) => {
                for fault in faults.failures() {
                    let causes = fault.causes.into_iter();
                    let message: Vec<String> =
                        std::iter::once(fault.message).chain(causes).collect();
                    tracing::error!(hint = fault.hint, "{}", message.join(": "));
                }
                tracing::error!("the configuration is not reloaded: nothing was changed");
                return;
            }
        };
        read.log_warnings();
        let mut changing = self.in_force.changing();
        let before = &changing.settings;
        let pending = different(false, before, &read);
        let changed = different(true, before, &read);
        self.log_level.set(read.log_level);
        self.resolver
            .set(read.dns.upstreams.clone(), read.log_level);
        self.engine.names().set_log_level(read.log_level);
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

/// The names of the keys of one kind whose values differ.
fn different(is_reloaded: bool, one: &Settings, other: &Settings) -> Vec<&'static str> {
    let of_kind = KEYS.iter().filter(|key| key.is_reloaded == is_reloaded);
    let different = of_kind.filter(|key| !(key.is_same)(one, other));
    different.map(|key| key.name).collect()
}

/// The settings in force after a reload.
fn adopted(before: &Settings, read: Settings) -> Settings {
    let origin = |key: &Key| {
        let origins = match key.is_reloaded || (key.is_same)(before, &read) {
            true => &read.origins,
            false => &before.origins,
        };
        Some((key.name, *origins.get(key.name)?))
    };
    Settings {
        origins: KEYS.iter().filter_map(origin).collect(),
        file: read.file,
        log_level: read.log_level,
        defaults: Defaults {
            pools: read.defaults.pools,
            free_ports: read.defaults.free_ports,
            allow: read.defaults.allow,
            ..before.defaults.clone()
        },
        dns: Dns {
            upstreams: read.dns.upstreams,
            ..before.dns.clone()
        },
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use tidegate_api::SettingOrigin;

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
        docker = { plugin-socket = "/run/a/tidegate.sock" }
        dns = { enable = false, port = 5300, upstreams = ["192.0.2.53"] }
    "#;

    #[test]
    fn each_setting_is_reloaded_or_needs_a_restart() {
        let (before, read) = (settings(""), settings(OTHER));
        let names = |is_reloaded| different(is_reloaded, &before, &read);
        assert_eq!(names(true).len() + names(false).len(), KEYS.len());
        let mut after = adopted(&before, read.clone());
        assert_eq!(different(true, &after, &read), [""; 0]);
        assert_eq!(different(false, &before, &after), [""; 0]);
        let shown = after.shown();
        let origin = |key: &str| shown.iter().find(|it| it.key == key).unwrap().origin;
        assert_eq!(origin("dns.upstreams"), SettingOrigin::File);
        assert_eq!(origin("dns.port"), SettingOrigin::Default, "not in force");
        // With what needs a restart, it is all that was read: no setting is forgotten.
        after.socket = read.socket.clone();
        after.state_dir = read.state_dir.clone();
        after.nft_driver = read.nft_driver;
        after.nft_path = read.nft_path.clone();
        after.metrics_listen = read.metrics_listen;
        after.docker_socket = read.docker_socket.clone();
        after.dns = read.dns.clone();
        after.defaults.forwarding = read.defaults.forwarding;
        after.origins = read.origins.clone();
        assert_eq!(after, read);
    }

    #[test]
    fn each_setting_is_shown_with_where_it_comes_from() {
        let (default, other) = (settings("").shown(), settings(OTHER).shown());
        assert!(default.iter().all(|it| it.origin == SettingOrigin::Default));
        assert!(other.iter().all(|it| it.origin == SettingOrigin::File));
        for (one, other) in default.iter().zip(&other) {
            assert_ne!(one.value, other.value, "{}", one.key);
        }
    }
}
