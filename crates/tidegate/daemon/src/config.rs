//! The daemon's settings: from flags and environment, else from the configuration file, else the
//! defaults.

mod error;
mod file;
mod keys;
mod log_level;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tidegate_api::Warning;
use tidegate_args::{DEFAULT_CONFIG, DEFAULT_SOCKET, DEFAULT_STATE_DIR, Daemon};
use tidegate_model::{AllowList, Source};
use tidegate_nft_drivers::DriverChoice;
use tidegate_plan::{Defaults, IpFamily, Pool, Pools};
use tracing::level_filters::LevelFilter;

use crate::resolver::Upstream;
pub use error::{ConfigError, ConfigErrors};
pub use file::{Dns, File};
use keys::Origins;
pub(crate) use keys::{KEYS, Key};
use log_level::LogLevel;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The configuration file; none if there is none.
    pub file: Option<PathBuf>,
    /// Socket to listen on.
    pub socket: PathBuf,
    /// Folder of the state that outlives the daemon.
    pub state_dir: PathBuf,
    /// The least severe messages that are logged.
    pub log_level: LevelFilter,
    /// Which nft driver.
    pub nft_driver: DriverChoice,
    /// The nft program; looked for where none is given.
    pub nft_path: Option<PathBuf>,
    /// Defaults for networks and published ports.
    pub defaults: Defaults,
    /// Where metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where Docker's network driver is served, if anywhere.
    pub docker_socket: Option<PathBuf>,
    /// The DNS server for endpoint names.
    pub dns: Dns,
    /// Where each value comes from.
    pub(crate) origins: Origins,
}

impl Settings {
    /// Settles what the command line says with what the configuration file says.
    ///
    /// # Errors
    /// When a file that is named is not there, or something is not understood: everything that is wrong.
    pub fn load(args: &Daemon) -> Result<Self, ConfigErrors> {
        let default = Path::new(DEFAULT_CONFIG);
        let (path, file) = match &args.config {
            Some(path) => (Some(path.as_path()), File::read(path)?),
            None => match File::read_if_there(default)? {
                Some(file) => (Some(default), file),
                None => (None, File::default()),
            },
        };
        let settings = Self::settle(args, file)?;
        Ok(Self {
            file: path.map(Path::to_owned),
            ..settings
        })
    }

    /// What is accepted and has no effect.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let sources = self.defaults.allow.sources().iter();
        let without_clients = sources.filter_map(|source| source.check_new().err());
        let warnings = without_clients.map(|invalid| Warning {
            what: format!("an entry of `ports.allow` lets nobody in: {invalid}"),
            hint: invalid.hint.into_owned(),
        });
        warnings.collect()
    }

    /// Logs what is accepted and has no effect.
    pub(crate) fn log_warnings(&self) {
        for Warning { what, hint } in self.warnings() {
            tracing::warn!(hint, "{what}");
        }
    }

    fn settle(args: &Daemon, file: File) -> Result<Self, ConfigErrors> {
        let path = |arg: &Option<PathBuf>, set: Option<PathBuf>, default: &str| {
            arg.clone().or(set).unwrap_or_else(|| default.into())
        };
        let mut faults = Faults::default();
        let ipv4 = pools(args.ipv4_pools.as_deref(), IpFamily::Ipv4, file.pools.ipv4);
        let ipv6 = match args.ipv6_pools.as_deref() {
            None => Ok(file.pools.ipv6),
            given => pools(given, IpFamily::Ipv6, Vec::new()).map(Some),
        };
        let upstreams = upstreams(args.dns_upstreams.as_deref(), file.dns.upstreams);
        let settings = Self {
            file: None,
            origins: keys::origins(args, &file.keys),
            socket: path(&args.socket, file.socket, DEFAULT_SOCKET),
            state_dir: path(&args.state_dir, file.state_dir, DEFAULT_STATE_DIR),
            log_level: faults.or(
                log_level(args.log_level.as_deref(), file.log_level),
                LevelFilter::INFO,
            ),
            nft_driver: faults.or(
                nft_driver(args.nft_driver.as_deref(), file.nft.driver),
                DriverChoice::Auto,
            ),
            nft_path: args.nft_path.clone().or(file.nft.path),
            dns: Dns {
                enable: args.dns.unwrap_or(file.dns.enable),
                port: args.dns_port.unwrap_or(file.dns.port),
                upstreams: faults.or(upstreams, Vec::new()),
            },
            metrics_listen: args.metrics_listen.or(file.metrics.listen),
            docker_socket: args.docker_socket.clone().or(file.docker.plugin_socket),
            defaults: Defaults {
                pools: Pools {
                    ipv4: faults.or(ipv4, Vec::new()),
                    ipv6: faults.or(ipv6, None),
                },
                free_ports: args.free_ports.unwrap_or(file.ports.free),
                allow: faults.or(
                    allow(args.allow.as_deref(), file.ports.allow),
                    AllowList::default(),
                ),
                forwarding: args.forwarding.unwrap_or(file.forwarding),
                resolver: None,
            },
        };
        ConfigErrors::or(faults.0, settings)
    }
}

/// What is wrong with the values of the command line.
#[derive(Default)]
struct Faults(Vec<ConfigError>);

impl Faults {
    /// A value, or another one in the place of a wrong one.
    fn or<T>(&mut self, value: Result<T, ConfigError>, other: T) -> T {
        value.unwrap_or_else(|fault| {
            self.0.push(fault);
            other
        })
    }
}

fn log_level(arg: Option<&str>, set: Option<LogLevel>) -> Result<LevelFilter, ConfigError> {
    match arg {
        Some(level) => level
            .parse::<LogLevel>()
            .map(LevelFilter::from)
            .map_err(|_| ConfigError::LogLevel(level.to_owned())),
        None => Ok(set.map_or(LevelFilter::INFO, LevelFilter::from)),
    }
}

fn nft_driver(arg: Option<&str>, set: Option<DriverChoice>) -> Result<DriverChoice, ConfigError> {
    match arg {
        Some(driver) => Ok(driver.parse()?),
        None => Ok(set.unwrap_or(DriverChoice::Auto)),
    }
}

fn upstreams(args: Option<&[String]>, set: Vec<Upstream>) -> Result<Vec<Upstream>, ConfigError> {
    let parse = |text: &String| text.parse().map_err(ConfigError::Upstream);
    args.map_or(Ok(set), |args| args.iter().map(parse).collect())
}

/// Who may reach published ports: those of the command line, or those that were set elsewhere.
fn allow(args: Option<&[Source]>, set: AllowList) -> Result<AllowList, ConfigError> {
    let new = |sources: &[Source]| AllowList::new(sources.iter().copied());
    let list = args.map_or(Ok(set), new);
    list.map_err(ConfigError::Allow)
}

/// The pools of a family: those of the command line, or those that were set elsewhere.
fn pools(
    args: Option<&[String]>,
    family: IpFamily,
    set: Vec<Pool>,
) -> Result<Vec<Pool>, ConfigError> {
    let parse = |text: &String| Ok(text.parse::<Pool>()?.of_family(family)?);
    args.map_or(Ok(set), |args| args.iter().map(parse).collect())
}

#[cfg(test)]
mod tests;
