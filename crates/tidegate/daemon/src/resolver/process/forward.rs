//! Forwarded queries.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tidegate_model::DNS_PORT;
use tidegate_resolver::resolv_conf::AskOptions;
use tidegate_resolver::{Asked, Question, Transport, UpstreamAnswer};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::exchange::{Manner, ask_one};
use super::state::ResolverState;
use crate::resolver::ask_list::AskList;

/// How long a server may be silent before the next one is asked too, unless the options say less. The first one's answer
/// is still taken.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The time after which the C library gives up (resolv.conf(5), `timeout`), unless the options say more.
const CLIENT_WAITS: Duration = Duration::from_secs(5);
/// The client hears of a failure so long before it gives up.
const BEFORE: Duration = Duration::from_millis(100);

/// Forwards a query of a client when it is its turn: to one server after the other. Returns the first positive answer,
/// or else a negative one, or none.
pub(super) fn forward(
    shared: &Rc<ResolverState>,
    question: Question,
    asked: Asked<'_>,
) -> impl Future<Output = Option<Vec<u8>>> + use<> {
    let (shared, since) = (Rc::clone(shared), Instant::now());
    let (turn, transport) = (shared.turn(asked), asked.transport);
    async move {
        let slot = match turn {
            Some(turn) => turn.come(since + CLIENT_WAITS - BEFORE).await,
            None => None,
        };
        let Some(_slot) = slot else {
            return question.failed();
        };
        let list = match question.servers() {
            [] => shared.upstreams().await,
            own => AskList {
                servers: own.iter().map(|ip| (*ip, DNS_PORT).into()).collect(),
                options: AskOptions::default(),
            },
        };
        ask(list, Rc::new(question), transport, since).await
    }
}

async fn ask(
    list: AskList,
    question: Rc<Question>,
    transport: Transport,
    since: Instant,
) -> Option<Vec<u8>> {
    let end = since + time_limit(list.options);
    let patience = PATIENCE.min(Duration::from_secs(list.options.timeout.into()));
    let manner = Manner {
        transport: if list.options.use_vc {
            Transport::Tcp
        } else {
            transport
        },
        attempts: list.options.attempts,
        pause: patience * u32::try_from(list.servers.len()).unwrap_or(1),
    };
    let mut servers = list.servers.into_iter();
    let mut asked = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(server) = servers.next() {
            let question = Rc::clone(&question);
            asked.spawn_local(async move { (server, ask_one(server, &question, manner).await) });
        }
        let until = match servers.len() {
            0 => end,
            _ => end.min(Instant::now() + patience),
        };
        match timeout_at(until, asked.join_next()).await {
            Ok(Some(Ok((server, heard)))) => match taken(server, heard) {
                Some(heard) if !heard.is_failure => return Some(heard.bytes),
                heard => failure = failure.or(heard.map(|heard| heard.bytes)),
            },
            Ok(Some(Err(error))) => tracing::error!(%error, "a forwarded query ended"),
            Ok(None) => break,
            Err(_) if Instant::now() >= end => break,
            // The next one is asked too.
            Err(_) => {}
        }
    }
    failure.or_else(|| question.failed())
}

fn taken(server: SocketAddr, heard: io::Result<UpstreamAnswer>) -> Option<UpstreamAnswer> {
    heard
        .inspect_err(|error| tracing::debug!(%server, %error, "cannot forward a DNS query"))
        .ok()
}

/// How long a client waits.
fn time_limit(options: AskOptions) -> Duration {
    CLIENT_WAITS.max(Duration::from_secs(options.timeout.into())) - BEFORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_waits_longer_gets_later_answers() {
        let limit = |timeout| {
            time_limit(AskOptions {
                timeout,
                ..AskOptions::default()
            })
        };
        assert_eq!(limit(1), limit(5));
        assert_eq!(limit(5), Duration::from_millis(4900));
        assert_eq!(limit(30), Duration::from_millis(29_900));
    }
}
