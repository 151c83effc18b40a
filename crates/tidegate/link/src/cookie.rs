//! The cookie of a network namespace: the kernel never reuses it.

use std::os::fd::AsFd;
use std::sync::OnceLock;

use nix::sys::socket::getsockopt;
use nix::{getsockopt_impl, sockopt_impl};
use tidegate_model::NetnsCookie;

sockopt_impl!(
    /// `SO_NETNS_COOKIE` of asm-generic/socket.h, since Linux 5.14.
    Number,
    GetOnly,
    libc::SOL_SOCKET,
    libc::SO_NETNS_COOKIE,
    u64
);

/// Of the boot: random(4).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The cookie of the network namespace of a socket; none if the kernel has no cookies.
pub(crate) fn of(socket: impl AsFd) -> Option<NetnsCookie> {
    let boot = (*BOOT.get_or_init(boot))?;
    let number = getsockopt(&socket, Number).ok()?;
    Some(NetnsCookie { boot, number })
}

static BOOT: OnceLock<Option<u64>> = OnceLock::new();

fn boot() -> Option<u64> {
    let id = std::fs::read_to_string(BOOT_ID).ok()?;
    let digits: String = id
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(16)
        .collect();
    u64::from_str_radix(&digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn sockets_of_one_namespace_have_one_cookie() {
        let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(of(socket()), of(socket()));
    }
}
