//! Sockets at addresses that a socket of the same test had just before.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Far longer than a process takes to start, and only there so that a test that cannot pass ends.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Binds a socket, and tries again while its address is taken. A process that another test is just starting has all
/// descriptors of this one until it executes its program (close-on-exec, fcntl(2)). So the address of a socket that was
/// closed can stay taken for a moment.
///
/// # Panics
/// When the address is still taken after a minute, or cannot be bound for another reason.
pub fn bound<T>(bind: impl Fn() -> io::Result<T>) -> T {
    let since = Instant::now();
    loop {
        match bind() {
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse && since.elapsed() < TIME_LIMIT =>
            {
                sleep(Duration::from_millis(10));
            }
            result => return result.expect("the address can be bound"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_address_that_is_taken_for_a_moment_is_waited_for() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = taken.local_addr().unwrap();
        let closing = std::thread::spawn(move || {
            sleep(Duration::from_millis(200));
            drop(taken);
        });
        let again = bound(|| TcpListener::bind(at));
        assert_eq!(again.local_addr().unwrap(), at);
        closing.join().unwrap();
    }
}
