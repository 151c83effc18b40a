//! `tidegated.toml`.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidegate_model::{AllowList, Forwarding, PortRange};
use tidegate_nft_drivers::DriverChoice;
use tidegate_plan::Pools;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::log_level::LogLevel;
use super::{ConfigError, ConfigErrors, values};
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
    /// Docker's network driver.
    pub docker: Docker,
    /// The DNS server for endpoint names.
    pub dns: Dns,
    /// The keys that it has, with their tables: `dns.port`.
    #[serde(skip)]
    pub keys: BTreeSet<String>,
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

/// Docker's network driver.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Docker {
    /// Where it is served, if anywhere.
    pub plugin_socket: Option<PathBuf>,
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

impl File {
    /// Reads a file that must be there.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or holds something that is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigErrors> {
        Self::parse(path, &text_of(path)?)
    }

    /// Reads a file that need not be there; none if it is not.
    ///
    /// # Errors
    /// When it is there and cannot be read, or holds something that is not understood.
    pub fn read_if_there(path: &Path) -> Result<Option<Self>, ConfigErrors> {
        match text_of(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// Everything that is not understood, in the order of the file, one fault a line.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let end = errors.iter().filter_map(|error| bad_header(text, error));
        let end = end.min().unwrap_or(text.len());
        let in_file = keys(table.get_ref());
        let wrong = values::check(text, table.get_ref()).into_iter();
        let wrong = wrong.filter(|fault| fault.at < end);
        let mut faults: Vec<ConfigError> = errors
            .iter()
            .map(|error| ConfigError::parsing(path, text, error))
            .chain(wrong.map(|fault| ConfigError::of_key(path, text, fault)))
            .collect();
        if faults.is_empty() {
            match Self::deserialize(Deserializer::from(table)) {
                Ok(file) => {
                    return Ok(Self {
                        keys: in_file,
                        ..file
                    });
                }
                Err(error) => faults.push(ConfigError::parsing(path, text, &error)),
            }
        }
        Err(ConfigErrors::of_file(faults))
    }
}

/// The keys of the file and of its tables.
fn keys(table: &DeTable<'_>) -> BTreeSet<String> {
    let of_entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        match value.get_ref() {
            DeValue::Table(inner) => {
                let inner = inner.keys();
                inner
                    .map(|name| format!("{key}.{}", name.get_ref()))
                    .collect()
            }
            _ => vec![key.to_string()],
        }
    };
    table.iter().flat_map(of_entry).collect()
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.into(),
        source,
    })
}

/// Where the header of a table cannot be read. What follows is not in the table that it belongs to.
fn bad_header(text: &str, error: &toml::de::Error) -> Option<usize> {
    let at = error.span()?.start;
    let line = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].trim_start().starts_with('[').then_some(line)
}
