//! The CNI plugin.

use error_hint::Failure as Shown;
use tidegate_api::calls::{
    CheckEndpoint, CollectOwned, DetachOwned, GetEndpoint, GetInfo, GetNetwork,
};
use tidegate_api::{Body, OwnedEndpoints, RefusalKind, UnusedEndpoints};
use tidegate_client::ClientError;
use tidegate_engines::cni::{self, Asked, Check, Code, Environment, Failure, Version, Wanted};
use tidegate_model::Name;

use crate::daemon::{COMMAND, SHORT, attach, client};
use crate::{Answer, log};

/// Serves a request. A failure is printed for the engine, and told for people.
pub(crate) fn answer(
    environment: &Environment,
    request: impl FnOnce() -> Result<Vec<u8>, Shown>,
) -> Answer {
    let read = request().map_err(|why| Failure::new(Version::NEWEST, Code::Io, why));
    let served = read.and_then(|text| serve(cni::read(environment, &text)?));
    match served {
        Ok(text) => Answer::done(text),
        Err(failure) => {
            log(&failure.shown().to_string());
            Answer::failed(failure.answer())
        }
    }
}

fn serve(Asked { version, wanted }: Asked) -> Result<String, Failure> {
    let failed = |error| failure(version, error);
    match wanted {
        Wanted::Version(answer) => Ok(answer),
        Wanted::Add(add) => {
            let made = attach(&add.request).map_err(failed)?;
            add.warnings
                .iter()
                .for_each(|warning| log(&format!("warning: {warning}")));
            Ok(add.answer(&made))
        }
        Wanted::Del(owner) => {
            let request = Body(OwnedEndpoints {
                owner,
                network: None,
            });
            let gone = client(COMMAND).and_then(|client| client.call::<DetachOwned>(request));
            gone.map(|_| String::new()).map_err(failed)
        }
        Wanted::Check(wanted) => check(version, &wanted),
        Wanted::Gc(wanted) => {
            let request = Body(UnusedEndpoints {
                engine: wanted.engine,
                network: Some(wanted.network),
                keep: wanted.keep,
            });
            let gone = client(COMMAND).and_then(|client| client.call::<CollectOwned>(request));
            gone.map(|_| String::new()).map_err(failed)
        }
        Wanted::Status(network) => status(version, network),
    }
}

/// Whether an endpoint is as the result of its ADD says, and its namespace as the daemon made it.
fn check(version: Version, wanted: &Check) -> Result<String, Failure> {
    let asked = client(COMMAND).and_then(|client| {
        let endpoint = client.call::<GetEndpoint>(wanted.endpoint.clone())?;
        let check = client.call::<CheckEndpoint>(wanted.endpoint.clone())?;
        Ok((endpoint, check.findings))
    });
    let (endpoint, findings) = asked.map_err(|error| failure(version, error))?;
    let mut found = wanted.differences(&endpoint.endpoint);
    found.extend(findings.into_iter().map(|finding| finding.what));
    match found.is_empty() {
        true => Ok(String::new()),
        false => {
            let message = format!("endpoint {} is not as it was made", wanted.endpoint);
            let shown = Shown {
                causes: found,
                ..Shown::new(message)
            };
            Err(Failure::new(version, Code::Differs, shown))
        }
    }
}

/// Whether endpoints can be added to a network. One that is not there yet is made when it is needed.
fn status(version: Version, network: Name) -> Result<String, Failure> {
    let unavailable =
        |error: ClientError| Failure::new(version, Code::Unavailable, error.failure());
    let client = client(SHORT).map_err(unavailable)?;
    client.call::<GetInfo>(()).map_err(unavailable)?;
    match client.call::<GetNetwork>(network) {
        Ok(found) => match found.degraded {
            None => Ok(String::new()),
            Some(fault) => {
                let message = format!("network {} is degraded", found.network.name);
                let shown = Shown::new(fault.reason).context(message);
                Err(Failure::new(version, Code::Impaired, shown))
            }
        },
        Err(ClientError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {
            Ok(String::new())
        }
        Err(error) => Err(unavailable(error)),
    }
}

/// A call that failed. If the daemon is not there or does not answer, it may be later.
fn failure(version: Version, error: ClientError) -> Failure {
    match error {
        ClientError::Refused(refusal) => Failure::refusal(version, refusal),
        error @ ClientError::NotAllowed { .. } => Failure::new(version, Code::Io, error.failure()),
        error => Failure::new(version, Code::TryAgain, error.failure()),
    }
}
