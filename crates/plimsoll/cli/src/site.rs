//! What is particular to the place where this runs: options, environment, and the host's own apt.

use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll_build::engine::{Mirror, Site};
use plimsoll_probe::{Command, Host, System};

/// Mirrors, proxy and certificates.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct SiteArgs {
    /// What takes the place of a distribution's archive; may be repeated
    #[arg(
        long,
        value_name = "OS=URL",
        env = "DIST_MIRROR",
        value_delimiter = ' '
    )]
    pub(crate) mirror: Vec<Mirror>,

    /// The proxy for http and https
    #[arg(long, value_name = "URL", env = "DIST_PROXY", hide_env_values = true)]
    proxy: Option<String>,

    /// Certificates to be trusted, in PEM
    #[arg(long, value_name = "FILE", env = "DIST_CA_BUNDLE")]
    ca_bundle: Option<PathBuf>,

    /// The network of a container build, in the engine's own words
    #[arg(long, value_name = "NAME", env = "DIST_NETWORK")]
    network: Option<String>,
}

/// Mirrors, proxy and certificates from the options and from the host's apt.
pub(crate) fn site(args: &SiteArgs) -> Result<Site> {
    let ca_bundle = args.ca_bundle.as_deref().map(readable).transpose()?;
    let targets = ask("apt-get", &Site::INDEX_TARGETS).unwrap_or_default();
    let expiry = ask("apt-config", &["dump", "Acquire::Check-Valid-Until"]);
    Ok(Site {
        mirrors: args.mirror.clone(),
        host_mirrors: Site::host_mirrors(&targets),
        expired_lists: expiry.is_some_and(|text| text.contains("\"false\"")),
        proxy: args.proxy.clone(),
        ca_bundle,
        network: args.network.clone(),
    })
}

fn readable(file: &Path) -> Result<PathBuf> {
    let metadata = std::fs::metadata(file);
    let metadata = metadata.with_context(|| format!("{} cannot be read", file.display()))?;
    if !metadata.is_file() {
        return Err(Failure::new(format!("{} is not a file", file.display())));
    }
    Ok(std::path::absolute(file)?)
}

pub(crate) fn ask(program: &str, args: &[&str]) -> Option<String> {
    let output = Host
        .run(&Command::new(program, args.iter().copied()))
        .ok()?;
    output.success().then_some(output.stdout)
}
