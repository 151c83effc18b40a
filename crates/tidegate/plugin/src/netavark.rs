//! The netavark plugin.

use std::fs;

use error_hint::Failure;
use tidegate_api::calls::{DetachOwned, ProposeFreeSubnets};
use tidegate_api::{Body, OwnedEndpoints, Owner, ProposedSubnets};
use tidegate_engines::netavark::{self, Create, Setup};

use crate::daemon::{COMMAND, SHORT, attach, client, is_uncertain};
use crate::{Answer, log};

/// What netavark and podman ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Info,
    Create,
    Setup { netns: &'a str },
    Teardown,
}

impl<'a> Command<'a> {
    /// Reads the arguments.
    pub(crate) fn of(arguments: &[&'a str]) -> Option<Self> {
        match arguments {
            ["info"] => Some(Self::Info),
            ["create"] => Some(Self::Create),
            ["setup", netns] => Some(Self::Setup { netns }),
            ["teardown", _] => Some(Self::Teardown),
            _ => None,
        }
    }
}

/// Serves a request. netavark shows the user what is printed.
pub(crate) fn answer(
    command: Command<'_>,
    request: impl FnOnce() -> Result<Vec<u8>, Failure>,
) -> Answer {
    match serve(command, request) {
        Ok(text) => Answer::done(text),
        Err(why) => Answer::failed(netavark::failed(&why)),
    }
}

fn serve(
    command: Command<'_>,
    request: impl FnOnce() -> Result<Vec<u8>, Failure>,
) -> Result<String, Failure> {
    match command {
        Command::Info => Ok(netavark::info(env!("CARGO_PKG_VERSION"))),
        Command::Create => {
            let create = Create::read(&request()?)?;
            let kept = kept_networks();
            let proposed = match create.question(kept.iter().map(Vec::as_slice)) {
                None => Ok(ProposedSubnets {
                    subnets: Vec::new(),
                }),
                Some(question) => client(SHORT)
                    .and_then(|client| client.call::<ProposeFreeSubnets>(Body(question))),
            };
            Ok(create.answer(&proposed.map_err(|error| error.failure())?))
        }
        Command::Setup { netns } => setup(&Setup::read(netns.into(), &request()?)?),
        Command::Teardown => {
            let owner = netavark::teardown(&request()?)?;
            let gone = client(COMMAND).and_then(|client| client.call::<DetachOwned>(of(owner)));
            gone.map(|_| String::new()).map_err(|error| error.failure())
        }
    }
}

/// The folder in which podman keeps its networks, unless its configuration names another.
const KEPT: &str = "/etc/containers/networks";

/// The texts of podman's networks. One that cannot be read is left out: podman itself refuses a subnet that it has.
fn kept_networks() -> Vec<Vec<u8>> {
    let files = fs::read_dir(KEPT).into_iter().flatten().flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "json"));
    files
        .filter_map(|file| fs::read(file.path()).ok())
        .collect()
}

/// Makes an endpoint. netavark does not undo one whose making failed, so that is done here if it is not certain that the
/// daemon made none.
fn setup(wanted: &Setup) -> Result<String, Failure> {
    let made = attach(&wanted.request).map_err(|error| {
        let owner = wanted
            .request
            .owner
            .clone()
            .filter(|_| is_uncertain(&error));
        if let Some(owner) = owner {
            // It fails as the call before did, of which the user is told.
            let _ = client(SHORT).and_then(|client| client.call::<DetachOwned>(of(owner)));
        }
        error.failure()
    })?;
    wanted
        .warnings
        .iter()
        .for_each(|warning| log(&format!("warning: {warning}")));
    Ok(wanted.answer(&made))
}

fn of(owner: Owner) -> Body<OwnedEndpoints> {
    let network = None;
    Body(OwnedEndpoints { owner, network })
}
