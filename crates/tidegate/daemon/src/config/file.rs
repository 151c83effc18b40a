//! `tidegated.toml`.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidegate_model::{AllowList, Forwarding, PortRange};
use tidegate_nft_drivers::DriverChoice;
use tidegate_plan::Pools;
use tracing::level_filters::LevelFilter;

use super::ConfigError;
use crate::resolver::Upstream;

/// What a configuration file says; what it does not say is decided elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct File {
    /// Socket to listen on.
    pub socket: Option<PathBuf>,
    /// Folder of the state that outlives the daemon.
    pub state_dir: Option<PathBuf>,
    /// The least severe messages that are logged.
    pub log_level: Option<LogLevel>,
    /// Whether the daemon turns on IP forwarding.
    pub forwarding: Forwarding,
    /// How to speak to nftables.
    pub nft: Nft,
    /// Where networks without a subnet of their own get one.
    pub pools: Pools,
    /// Ports of the host.
    pub ports: Ports,
    /// Metrics for Prometheus.
    pub metrics: Metrics,
    /// The DNS server for endpoint names.
    pub dns: Dns,
}

/// The DNS server for endpoint names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Dns {
    /// Whether they are.
    pub enable: bool,
    /// Port of the host at which questions arrive, 1 to 65535.
    pub port: NonZeroU16,
    /// Servers that are asked for all other names; where there are none, the host's.
    pub upstreams: Vec<Upstream>,
}

/// Where questions arrive where nothing is said: a privileged port, which nobody can take while no daemon
/// runs, assigned to nobody by IANA, and below those that bindresvport(3) takes.
const DNS_PORT: NonZeroU16 = NonZeroU16::new(299).unwrap();

impl Default for Dns {
    fn default() -> Self {
        Self {
            enable: true,
            port: DNS_PORT,
            upstreams: Vec::new(),
        }
    }
}

/// Metrics for Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Metrics {
    /// Where they are served, if anywhere.
    pub listen: Option<SocketAddr>,
}

/// Ports of the host.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Ports {
    /// Where a free one is looked for.
    pub free: PortRange,
    /// Who may reach ports that are published with no list of their own or their network's; none for everybody.
    pub allow: AllowList,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            free: PortRange::FREE,
            allow: AllowList::default(),
        }
    }
}

/// How to speak to nftables.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Nft {
    /// Which driver.
    pub driver: Option<DriverChoice>,
    /// The nft program.
    pub path: Option<PathBuf>,
}

/// The least severe messages that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// What makes a command or the daemon fail.
    Error,
    /// What is not as it should be.
    Warn,
    /// What is done.
    Info,
    /// How it is done.
    Debug,
    /// Every detail of it.
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl File {
    /// Reads a file that must be there.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or holds something that is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.into(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// Reads a file that need not be there.
    ///
    /// # Errors
    /// When it is there and cannot be read, or holds something that is not understood.
    pub fn read_if_there(path: &Path) -> Result<Self, ConfigError> {
        match Self::read(path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// Names the line of what is not understood.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|e| ConfigError::parsing(path, text, &e))
    }
}
