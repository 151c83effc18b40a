//! The command line of `tidegate import`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueHint};

/// What is imported.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = IMPORT_HELP)]
pub struct ImportArgs {
    /// The document, - for standard input; or docker, podman or cni for the networks of that engine
    #[arg(
        value_name = "FILE|ENGINE",
        value_parser = OsStringValueParser::new().map(ImportSource::from),
        value_hint = ValueHint::FilePath
    )]
    pub source: ImportSource,
    /// Networks of the engine [default: all that can be imported]
    #[arg(value_name = "NETWORK")]
    pub networks: Vec<String>,
    /// File that has the engine's networks, or folder of its files; - for standard input
    ///
    /// Docker and podman print them: `docker network inspect NETWORK …`. Default: for docker, what that command prints; for
    /// podman, the files of /etc/containers/networks (give the folder if network_config_dir of containers.conf(5) is another
    /// one); for cni, the files of /etc/cni/net.d.
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
    /// Only show what would be made, and what stands against it
    ///
    /// With --json, an engine's networks are printed as a document for `tidegate import FILE`.
    #[arg(long)]
    pub dry_run: bool,
}

/// Where networks come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportSource {
    /// A document of `tidegate export`.
    File(PathBuf),
    /// Docker.
    Docker,
    /// podman with netavark.
    Podman,
    /// Files of CNI.
    Cni,
}

impl From<OsString> for ImportSource {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("docker") => Self::Docker,
            Some("podman") => Self::Podman,
            Some("cni") => Self::Cni,
            _ => Self::File(text.into()),
        }
    }
}

const IMPORT_HELP: &str = "\
A network of an engine is left if Tidegate would change who reaches whom, or its addresses; the command says why. Networks \
that Tidegate has already are left as they are. A subnet that the engine still uses is refused: the dry run prints the \
commands, in order. A file called docker, podman or cni is ./docker.

Examples:
  tidegate import tidegate.json
  tidegate import podman --dry-run
  tidegate import docker web db --dry-run --json > networks.json
  docker network inspect web | tidegate import docker --from -";
