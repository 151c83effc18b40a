//! Queries over TCP (RFC 7766).

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use tidegate_resolver::{Asked, Transport, Verdict};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::connections::{Connections, Ticket};
use super::forward::forward;
use super::framing::{read, write};
use super::slots::Places;
use super::state::ResolverState;

/// The most connections at once.
const CONNECTIONS: Places = Places {
    all: 512,
    of_network: 384,
    of_one: 320,
    left: 16,
    most: 1024,
};
/// Time limit of an idle connection, of a query that arrives, and of an answer that is sent (RFC 7766 section 6.2.3
/// leaves it to the server).
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long the first query of a connection may be on its way: it is sent right after the connection is open.
const DELAY: Duration = Duration::from_millis(200);
/// Pause of a socket after an error, for example if descriptors are short.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts serving a socket.
pub(super) fn attend(shared: Rc<ResolverState>, listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let connections = Connections::new(CONNECTIONS, DELAY);
    tokio::task::spawn_local(async move {
        loop {
            let accepted = listener.accept().await;
            let taken = accepted.and_then(|(stream, _)| take(&shared, &connections, stream));
            // The query may be here already. Its connection is not idle then, and gives way to none of those that wait.
            tokio::task::yield_now().await;
            if let Err(error) = taken {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
    Ok(())
}

/// Accepts a connection of a permitted client if there is room for it; closes all others.
fn take(
    shared: &Rc<ResolverState>,
    connections: &Connections,
    stream: TcpStream,
) -> io::Result<()> {
    let (Ok(from), Ok(to)) = (stream.peer_addr(), stream.local_addr()) else {
        return Ok(());
    };
    let (from, to) = (from.ip(), to.ip());
    let Some(network) = shared.asker(from, to, None) else {
        return Ok(());
    };
    let Some(ticket) = connections.open(from, network) else {
        return Ok(());
    };
    let (shared, number) = (Rc::clone(shared), ticket.number());
    let conversation = tokio::task::spawn_local(async move {
        if let Err(error) = converse(&shared, stream, &ticket, from, to).await {
            tracing::debug!(%error, asker = %from, "a connection broke");
        }
    });
    connections.ends_by(number, conversation.abort_handle());
    Ok(())
}

/// Answers one query after the other, until the client has no more.
async fn converse(
    shared: &Rc<ResolverState>,
    mut stream: TcpStream,
    ticket: &Ticket,
    from: IpAddr,
    to: IpAddr,
) -> io::Result<()> {
    while let Some(bytes) = timeout(TIME_LIMIT, read(&mut stream)).await?? {
        let asked = Asked {
            from,
            to,
            by: None,
            transport: Transport::Tcp,
            bytes: &bytes,
        };
        ticket.set_busy(true);
        let answer = match shared.judge(asked) {
            Verdict::Ignore => None,
            Verdict::Answer(bytes) | Verdict::Refuse(bytes) => Some(bytes),
            Verdict::Forward(question) => forward(shared, *question, asked).await,
        };
        ticket.set_busy(false);
        let Some(answer) = answer else {
            return Ok(());
        };
        timeout(TIME_LIMIT, write(&mut stream, &answer)).await??;
    }
    Ok(())
}
