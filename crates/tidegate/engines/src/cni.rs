//! The Container Network Interface (<https://www.cni.dev/docs/spec/>), versions 0.3.1 to 1.1.0.
//!
//! [`read`] takes what a runtime gives a plugin: variables of the environment and a text. The outcome says which calls
//! of the API serve it, and writes the answer from theirs. [`Failure`] is the answer if it cannot be served.

mod add;
mod args;
mod check;
mod config;
mod environment;
mod failure;
mod file;
mod gc;
mod previous;
mod runtime;
mod version;

use tidegate_api::Owner;
use tidegate_model::Name;

use crate::fields::Fields;
use crate::{Refused, Why};

pub use add::Add;
pub use check::Check;
pub use environment::Environment;
pub use failure::{Code, Failure};
pub use file::NetworkFile;
pub use gc::Gc;
pub use version::Version;

use environment::Command;

/// The engine in the owners of endpoints. Which runtime asks is not known for sure, and another may remove the
/// container.
pub const ENGINE: &str = "cni";

/// What a runtime wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// To know the versions: the answer.
    Version(String),
    /// An endpoint.
    Add(Box<Add>),
    /// An endpoint removed; it need not be there.
    Del(Owner),
    /// To know whether an endpoint is as it was made.
    Check(Box<Check>),
    /// All endpoints of a network removed, except some.
    Gc(Gc),
    /// To know whether endpoints can be added to a network.
    Status(Name),
}

/// What a runtime wants, in the version in which it wants the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The version.
    pub version: Version,
    /// What is wanted.
    pub wanted: Wanted,
}

/// Reads what a runtime wants.
///
/// # Errors
/// If the request is not valid, or has something that is not acted on.
pub fn read(environment: &Environment, text: &[u8]) -> Result<Asked, Failure> {
    let newest = |refused| Failure::refused(Version::NEWEST, refused);
    let command = environment.command().map_err(newest)?;
    if command == Command::Version {
        let version = version::of_query(text).map_err(newest)?;
        let wanted = Wanted::Version(version::supported(version));
        return Ok(Asked {
            version: Version::NEWEST,
            wanted,
        });
    }
    let mut config = config::fields(text).map_err(newest)?;
    let version = version::take(&mut config).map_err(newest)?;
    let wanted = match command.since() <= version {
        true => of_version(command, version, environment, config),
        false => {
            let message = format!(
                "{command} came with version {} of the specification, and the network has {version}",
                command.since()
            );
            Err(Refused::new(Why::Version, message)
                .with_hint("raise cniVersion of the network's file"))
        }
    };
    let wanted = wanted.map_err(|refused| Failure::refused(version, refused))?;
    Ok(Asked { version, wanted })
}

fn of_version(
    command: Command,
    version: Version,
    environment: &Environment,
    mut config: Fields,
) -> Result<Wanted, Refused> {
    Ok(match command {
        Command::Add => Wanted::Add(Box::new(Add::read(version, environment, config)?)),
        Command::Del => Wanted::Del(environment.attachment()?.owner()?),
        Command::Check => Wanted::Check(Box::new(Check::read(environment, config)?)),
        Command::Gc => Wanted::Gc(Gc::read(config)?),
        Command::Status | Command::Version => Wanted::Status(config::network(&mut config)?),
    })
}
