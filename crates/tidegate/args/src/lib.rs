//! What a user of `tidegate` and `tidegated` meets on the command line: the clap definitions of
//! both, and the values parsed from them. `cargo xtask docs` makes the man
//! pages and shell completions from the same definitions.

mod client;
mod daemon;
mod parse;
mod values;

use clap::CommandFactory;

pub use client::{
    AttachArgs, Client, ClientCommand, ConnectArgs, CreateArgs, EndpointCommand, ExplainArgs,
    ImportArgs, ImportSource, NetnsArg, NetworkCommand, PairArgs, PolicyArgs, PortCommand,
    PortsArgs, PublishArgs, RulesetArgs, UnusedArgs,
};
pub use daemon::Daemon;
pub use parse::{Mistake, Parsed, parse};
pub use tidegate_api::DEFAULT_SOCKET;

/// Where the daemon keeps its state unless told otherwise.
pub const DEFAULT_STATE_DIR: &str = "/var/lib/tidegate";

/// The daemon's configuration file; it may be missing.
pub const DEFAULT_CONFIG: &str = "/etc/tidegate/tidegated.toml";

/// The command line of `tidegate`.
pub fn tidegate() -> clap::Command {
    Client::command()
}

/// The command line of `tidegated`.
pub fn tidegated() -> clap::Command {
    Daemon::command()
}
