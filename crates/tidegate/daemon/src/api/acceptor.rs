//! A listener with limits for its connections.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tidegate_link::Descriptors;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::answer::Denied;
use super::connection::{Ended, talk, until};
use super::peer::{Peer, PeerCheck};
use super::places::{Limits, Places, Who};

/// Pause after a connection could not be accepted, usually because descriptors are short.
const PAUSE: Duration = Duration::from_millis(100);
/// How many clients get a refusal at once. Further connections are closed without an answer.
const REFUSALS: usize = 32;

/// Who somebody is, and what is said to them.
pub(super) struct Caller {
    who: Who,
    may_enter: bool,
    span: Span,
}

/// What takes connections, and knows who is on the other end.
pub(super) trait Listener {
    type Stream: AsyncRead + AsyncWrite + AsRawFd + Send + 'static;

    async fn accept(&self) -> io::Result<Self::Stream>;

    fn look(&self, stream: &Self::Stream) -> Caller;
}

/// The socket of the API.
pub(super) struct Api {
    pub(super) listener: UnixListener,
    pub(super) peer_check: PeerCheck,
}

impl Listener for Api {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }

    fn look(&self, stream: &UnixStream) -> Caller {
        let Peer {
            user,
            group,
            process,
            may_enter,
        } = self.peer_check.look(stream);
        Caller {
            who: Who::of_user(user),
            may_enter,
            span: tracing::info_span!("client", user, group, process),
        }
    }
}

/// The address at which metrics are served, without a password.
pub(super) struct Metrics(pub(super) TcpListener);

impl Listener for Metrics {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        Ok(self.0.accept().await?.0)
    }

    fn look(&self, stream: &TcpStream) -> Caller {
        let ends = [stream.peer_addr(), stream.local_addr()];
        let who = match ends {
            [Ok(theirs), Ok(ours)] => who_has(theirs, ours),
            // It is gone already.
            _ => Who::User(u32::MAX),
        };
        Caller {
            who,
            may_enter: true,
            span: tracing::debug_span!("metrics", ?who),
        }
    }
}

/// A user of this host is one wherever their addresses are.
fn who_has(theirs: SocketAddr, ours: SocketAddr) -> Who {
    let user = tidegate_link::user_of_connection(theirs, ours);
    user.map_or_else(|| Who::of_host(theirs.ip()), Who::of_user)
}

/// A listener with limits for its connections.
pub(super) struct Acceptor<L> {
    listener: L,
    places: Places,
    refusals: Arc<Semaphore>,
    router: Router,
    stopped: watch::Receiver<()>,
}

impl<L: Listener> Acceptor<L> {
    pub(super) fn new(
        listener: L,
        limits: Limits,
        router: Router,
        stopped: watch::Receiver<()>,
    ) -> Self {
        Self {
            listener,
            places: Places::new(limits),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            router,
            stopped,
        }
    }

    /// Takes connections until told to stop; gives back those that have not ended.
    pub(super) async fn serve(self) -> JoinSet<Ended> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = until(self.stopped.clone()) => return connections,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok(stream) => self.attend(stream, &mut connections),
                    Err(error) => {
                        tracing::error!(%error, "cannot accept a connection");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    /// Serves a connection to its end, once there is a place.
    fn attend(&self, stream: L::Stream, connections: &mut JoinSet<Ended>) {
        let Caller {
            who,
            may_enter,
            span,
        } = self.listener.look(&stream);
        if !may_enter {
            span.in_scope(|| {
                tracing::warn!("refused: neither root nor a member of the socket's group")
            });
            return self.refuse(stream, span, Denied::not_permitted, connections);
        }
        if who != Who::Root && Descriptors::now().keep(&stream) {
            span.in_scope(|| tracing::debug!("refused: few descriptors are left"));
            return self.refuse(stream, span, Denied::short_of_descriptors, connections);
        }
        let Some(slot) = self.places.enter(who) else {
            // No warning, because a client that tries again and again would fill the log.
            span.in_scope(|| tracing::debug!("refused: too many connections"));
            return self.refuse(stream, span, Denied::crowded, connections);
        };
        let (router, stopped) = (self.router.clone(), self.stopped.clone());
        let connection = async move {
            let place = tokio::select! {
                place = slot.place() => place,
                () = until(stopped.clone()) => return Ended::Complete,
            };
            let ended = WHO.scope(who, talk(stream, router, stopped)).await;
            drop(place);
            ended
        };
        connections.spawn(connection.instrument(span));
    }

    fn refuse(
        &self,
        stream: L::Stream,
        span: Span,
        denied: fn() -> Denied,
        connections: &mut JoinSet<Ended>,
    ) {
        let Ok(place) = Arc::clone(&self.refusals).try_acquire_owned() else {
            return;
        };
        let router = Router::new().fallback(move || async move { denied() });
        let stopped = self.stopped.clone();
        let connection = async move {
            let ended = talk(stream, router, stopped).await;
            drop(place);
            ended
        };
        connections.spawn(connection.instrument(span));
    }
}

tokio::task_local! {
    /// Who is on the other end of the connection that is served.
    static WHO: Who;
}

/// Who is on the other end of the connection that is served.
pub(super) fn who() -> Who {
    // Without a connection, in tests, it is us.
    WHO.try_with(|who| *who).unwrap_or(Who::Root)
}
