//! A load on a published port: many short connections, or one long one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use socket2::{Domain, SockRef, Socket, Type};
use tidegate_tests::Netns;

/// What a client wants: one byte and the end.
const SHORT: u8 = b'c';
/// What a client wants: to send much, and to be told how much came.
const LONG: u8 = b't';
/// How often a server looks whether it is to end.
const TICK: Duration = Duration::from_millis(50);
/// How long an answer may take: far longer than it does.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// Threads that serve, and that ask: as many as small machines have cores.
const THREADS: usize = 2;
/// Bytes of one write.
const CHUNK: usize = 128 * 1024;

/// A server in a namespace. It ends with its guard.
pub(crate) struct Server {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens on a port of a namespace.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) fn start(netns: &Netns, port: u16) -> anyhow::Result<Self> {
        let listener = netns.run(|| listen(port))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let threads = (0..THREADS).map(|_| {
            let (listener, is_over) = (listener.try_clone()?, Arc::clone(&is_over));
            Ok(std::thread::spawn(move || serve(&listener, &is_over)))
        });
        let threads = threads.collect::<io::Result<_>>()?;
        Ok(Self { is_over, threads })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed why.
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.listen(4096)?;
    // It is for `accept` too (socket(7), SO_RCVTIMEO).
    socket.set_read_timeout(Some(TICK))?;
    Ok(socket.into())
}

fn serve(listener: &TcpListener, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        if let Ok((stream, _)) = listener.accept() {
            // A client that went away says so itself.
            let _ = answer(stream);
        }
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    let mut wanted = [0];
    stream.read_exact(&mut wanted)?;
    if wanted != [LONG] {
        return stream.write_all(&wanted);
    }
    let mut buffer = vec![0; CHUNK];
    let mut count: u64 = 0;
    loop {
        match stream.read(&mut buffer)? {
            0 => return stream.write_all(&count.to_be_bytes()),
            length => count += length as u64,
        }
    }
}

/// Connections a second that are opened, served and closed one after the other by each thread.
///
/// # Errors
/// When one is refused.
pub(crate) fn connections(from: &Netns, to: SocketAddr, time: Duration) -> anyhow::Result<f64> {
    let count = || -> io::Result<u32> {
        let since = Instant::now();
        let mut count = 0;
        while since.elapsed() < time {
            short(to)?;
            count += 1;
        }
        Ok(count)
    };
    from.run(|| {
        // The first connection asks for neighbours, and does not count.
        short(to).with_context(|| format!("connecting to {to}"))?;
        let since = Instant::now();
        let counts: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        let mut sum = 0;
        for count in counts {
            sum += count.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(f64::from(sum) / since.elapsed().as_secs_f64())
    })
}

fn short(to: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    // Closed by a reset, so that its port is free again at once.
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    stream.write_all(&[SHORT])?;
    stream.read_exact(&mut [0])
}

/// Gigabits a second that come through one connection.
///
/// # Errors
/// When it breaks.
pub(crate) fn throughput(from: &Netns, to: SocketAddr, time: Duration) -> anyhow::Result<f64> {
    from.run(|| {
        let mut stream = TcpStream::connect(to).with_context(|| format!("connecting to {to}"))?;
        stream.set_read_timeout(Some(TIME_LIMIT))?;
        stream.write_all(&[LONG])?;
        let chunk = vec![0; CHUNK];
        let since = Instant::now();
        while since.elapsed() < time {
            stream.write_all(&chunk)?;
        }
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut count = [0; 8];
        stream.read_exact(&mut count)?;
        let bits = u64::from_be_bytes(count) as f64 * 8.0;
        Ok(bits / since.elapsed().as_secs_f64() / 1e9)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_tests::require_root_kernel;

    #[test]
    fn a_load_reaches_a_server_and_is_counted() {
        require_root_kernel!();
        let netns = Netns::new();
        let _server = Server::start(&netns, 80).expect("the port is free");
        let (to, time) = (
            SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
            Duration::from_millis(20),
        );
        assert!(connections(&netns, to, time).expect("they are served") > 0.0);
        assert!(throughput(&netns, to, time).expect("it is served") > 0.0);
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 81));
        assert!(connections(&netns, nobody, time).is_err());
    }
}
