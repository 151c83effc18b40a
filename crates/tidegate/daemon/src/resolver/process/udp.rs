//! Queries over UDP.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use rustix::net::netdevice::index_to_name_inlined;
use tidegate_resolver::{Asked, Transport, Verdict};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::forward::forward;
use super::state::ResolverState;

/// Buffer for one read: one datagram, or several of one sender that the kernel joined (udp(7), UDP_GRO).
const ROOM: usize = 64 * 1024;
/// The most reads of one turn.
const AT_ONCE: usize = 8;
/// Pause of a socket after an error.
const PAUSE: Duration = Duration::from_millis(10);

/// A socket on every address. Each datagram comes with source, destination address and interface; the answer is sent
/// from that destination address.
struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
}

/// Starts serving a socket.
pub(super) fn attend(shared: Rc<ResolverState>, socket: std::net::UdpSocket) -> io::Result<()> {
    let socket = UdpSocket::from_std(socket)?;
    let state = UdpSocketState::new((&socket).into())?;
    let socket = Rc::new(Socket { socket, state });
    tokio::task::spawn_local(async move {
        let mut room = vec![vec![0; ROOM]; AT_ONCE];
        loop {
            if let Err(error) = take(&shared, &socket, &mut room).await {
                tracing::debug!(%error, "cannot receive a DNS query");
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
    Ok(())
}

/// Waits for datagrams and reads them.
async fn take(
    shared: &Rc<ResolverState>,
    socket: &Rc<Socket>,
    room: &mut [Vec<u8>],
) -> io::Result<()> {
    let mut metas = vec![RecvMeta::default(); room.len()];
    let inner = &socket.socket;
    inner.readable().await?;
    let received = inner.try_io(Interest::READABLE, || {
        let mut room: Vec<IoSliceMut<'_>> =
            room.iter_mut().map(|room| IoSliceMut::new(room)).collect();
        socket.state.recv(inner.into(), &mut room, &mut metas)
    });
    let count = match received {
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        received => received?,
    };
    for (meta, bytes) in metas.iter().zip(&*room).take(count) {
        let (Some(to), Some(index)) = (meta.dst_ip, meta.interface_index) else {
            continue;
        };
        // An interface that is gone gets no answer.
        let Ok(by) = index_to_name_inlined(inner, index) else {
            continue;
        };
        let bytes = bytes.get(..meta.len).unwrap_or_default();
        for datagram in bytes.chunks(meta.stride.max(1)) {
            answer(shared, socket, meta.addr, (to, by.as_str()), datagram);
        }
    }
    Ok(())
}

/// Answers a datagram that arrived at an address by an interface.
fn answer(
    shared: &Rc<ResolverState>,
    socket: &Rc<Socket>,
    from: SocketAddr,
    (to, by): (IpAddr, &str),
    bytes: &[u8],
) {
    let asked = Asked {
        from: from.ip(),
        to,
        by: Some(by),
        transport: Transport::Udp,
        bytes,
    };
    match shared.judge(asked) {
        Verdict::Ignore => {}
        Verdict::Answer(bytes) | Verdict::Refuse(bytes) => socket.send(from, to, &bytes),
        Verdict::Forward(question) => {
            let (answer, socket) = (forward(shared, *question, asked), Rc::clone(socket));
            tokio::task::spawn_local(async move {
                if let Some(bytes) = answer.await {
                    socket.send(from, to, &bytes);
                }
            });
        }
    }
}

impl Socket {
    /// Sends an answer or drops it: UDP clients ask again.
    fn send(&self, asker: SocketAddr, from: IpAddr, bytes: &[u8]) {
        let transmit = Transmit {
            destination: asker,
            ecn: None,
            contents: bytes,
            segment_size: None,
            src_ip: Some(from),
        };
        if let Err(error) = self.state.try_send((&self.socket).into(), &transmit) {
            tracing::debug!(%error, %asker, "cannot send a DNS answer");
        }
    }
}
