//! The daemon.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_api::calls::{AddEndpoint, ListEndpoints};
use tidegate_api::{Attach, Body, DEFAULT_SOCKET, EndpointView, RefusalCode};
use tidegate_client::ClientError;
use tidegate_client::blocking::Client;
use tidegate_engines::without_published;

/// How long a command may take. The daemon itself says after 20 s that a command has not ended, and engines wait for
/// minutes or for ever.
pub(crate) const COMMAND: Duration = Duration::from_secs(25);

/// How long a question may take, and a command that follows one without an answer.
pub(crate) const SHORT: Duration = Duration::from_secs(5);

/// A client of the daemon that waits for so long.
pub(crate) fn client(time_limit: Duration) -> Result<Client, ClientError> {
    let socket = env::var_os("TIDEGATE_SOCKET").filter(|path| !path.is_empty());
    let socket = socket.map_or_else(|| DEFAULT_SOCKET.into(), PathBuf::from);
    Ok(Client::new(socket)?.with_time_limit(Some(time_limit)))
}

/// Makes an endpoint. Ports that the container publishes on another network already are left out.
pub(crate) fn attach(request: &Attach) -> Result<EndpointView, ClientError> {
    let client = client(COMMAND)?;
    let refused = match client.call::<AddEndpoint>(Body(request.clone())) {
        Err(ClientError::Refused(refused)) if refused.code == RefusalCode::PortTaken => refused,
        answer => return answer,
    };
    match without_published(request, &client.call::<ListEndpoints>(())?) {
        Some(request) => client.call::<AddEndpoint>(Body(request)),
        None => Err(ClientError::Refused(refused)),
    }
}

/// Whether the daemon may carry out the command although it gave no answer.
pub(crate) fn is_uncertain(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::NoAnswer { .. } | ClientError::Broken { .. } | ClientError::Answer { .. }
    )
}
