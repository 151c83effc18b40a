//! Holding ports of the host on the kernel.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use test_support::require_root_kernel;
use tidegate_link::{ErrorKind, LinkError, Links};
use tidegate_model::Protocol;
use tidegate_model::links::{LinkStep, PortHold};

use crate::world::Kernel;

/// Far longer than it takes.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn holds(protocol: Protocol, addresses: &[&str], port: u16) -> Vec<PortHold> {
    let hold = |address: &&str| PortHold {
        protocol,
        address: address.parse().unwrap(),
        port,
        relay: None,
        optional: false,
    };
    addresses.iter().map(hold).collect()
}

fn hold(kernel: &mut Kernel, holds: &[PortHold]) -> Result<(), LinkError> {
    kernel.links.apply(&LinkStep::HoldPorts(holds.to_vec()))
}

fn can_listen(kernel: &Kernel, protocol: Protocol, address: &str, port: u16) -> bool {
    let at = SocketAddr::new(address.parse::<IpAddr>().unwrap(), port);
    kernel.host.run(|| match protocol {
        Protocol::Udp => UdpSocket::bind(at).is_ok(),
        // It sets SO_REUSEADDR, as servers do.
        _ => TcpListener::bind(at).is_ok(),
    })
}

/// Waits until a port that was let go of is free: a process that another test is just starting has its sockets for some
/// moments.
fn wait_until_free(kernel: &Kernel, protocol: Protocol, address: &str, port: u16) {
    let since = Instant::now();
    while !can_listen(kernel, protocol, address, port) {
        assert!(since.elapsed() < TIME_LIMIT, "{address}:{port} is held");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_held_port_can_be_taken_by_nobody_until_it_is_released() {
    require_root_kernel!();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        let mut kernel = Kernel::new();
        let all = holds(protocol, &["0.0.0.0", "::"], 80);
        hold(&mut kernel, &all).unwrap();
        hold(&mut kernel, &all).unwrap();
        for address in ["0.0.0.0", "127.0.0.1", "::", "::1"] {
            assert!(!can_listen(&kernel, protocol, address, 80), "{address}");
        }
        assert!(can_listen(&kernel, protocol, "0.0.0.0", 81));
        kernel.links.apply(&LinkStep::ReleasePorts(all)).unwrap();
        wait_until_free(&kernel, protocol, "::", 80);
    }
}

#[test]
fn a_relayed_port_accepts_only_packets_to_the_loopback_address() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let server = kernel
        .host
        .run(|| TcpListener::bind("127.0.0.1:8000").unwrap());
    server.set_nonblocking(true).unwrap();
    kernel.host.sh("ip link set lo up
         ip -6 address add 2001:db8::1/128 dev lo nodad");
    let mut all = holds(Protocol::Tcp, &["::"], 80);
    all[0].relay = Some("127.0.0.1:8000".parse().unwrap());
    hold(&mut kernel, &all).unwrap();
    for address in ["::", "::1"] {
        assert!(
            !can_listen(&kernel, Protocol::Tcp, address, 80),
            "{address}"
        );
    }
    let connect = |to: &str, patience| {
        let to = to.parse().unwrap();
        kernel
            .host
            .run(|| TcpStream::connect_timeout(&to, patience))
    };
    // Nothing at all is heard there, as of a port that is only held.
    let silent = connect("[2001:db8::1]:80", Duration::from_millis(300)).unwrap_err();
    assert_eq!(silent.kind(), std::io::ErrorKind::TimedOut);
    server.accept().unwrap_err();
    let _client = connect("[::1]:80", Duration::from_secs(20)).unwrap();
    server.set_nonblocking(false).unwrap();
    server.accept().unwrap();
    kernel.links.apply(&LinkStep::ReleasePorts(all)).unwrap();
    wait_until_free(&kernel, Protocol::Tcp, "::", 80);
}

#[test]
fn a_port_of_one_address_leaves_the_others() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    // 192.0.2.9 is none of the host's yet.
    let some = holds(Protocol::Tcp, &["127.0.0.1", "192.0.2.9"], 80);
    hold(&mut kernel, &some).unwrap();
    assert!(!can_listen(&kernel, Protocol::Tcp, "127.0.0.1", 80));
    assert!(can_listen(&kernel, Protocol::Tcp, "127.0.0.2", 80));
    assert!(can_listen(&kernel, Protocol::Tcp, "::1", 80));
}

#[test]
fn a_port_that_a_process_has_is_refused_with_its_name_and_nothing_is_held() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let server = kernel
        .host
        .run(|| TcpListener::bind("127.0.0.1:80").unwrap());
    let mut wanted = holds(Protocol::Tcp, &["0.0.0.0"], 81);
    wanted.extend(holds(Protocol::Tcp, &["0.0.0.0"], 80));
    let refused = hold(&mut kernel, &wanted).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PortTaken);
    assert_eq!(refused.to_string(), "cannot hold port 80/tcp of the host");
    let reason = std::error::Error::source(&refused).unwrap().to_string();
    let pid = std::process::id();
    assert!(
        reason.starts_with("process ") && reason.ends_with(&format!("({pid}) has 127.0.0.1:80")),
        "{reason}"
    );
    assert!(can_listen(&kernel, Protocol::Tcp, "0.0.0.0", 81));
    drop(server);
    // A process that another test is just starting has the server's descriptor too, until it executes its program.
    wait_until_free(&kernel, Protocol::Tcp, "127.0.0.1", 80);
    hold(&mut kernel, &wanted).unwrap();
}

#[test]
fn what_the_host_listens_on_is_listed() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let (_tcp, _udp) = kernel.host.run(|| {
        let udp = UdpSocket::bind("[::1]:53").unwrap();
        (TcpListener::bind("127.0.0.1:80").unwrap(), udp)
    });
    let used = kernel.links.used_ports().unwrap();
    let used: Vec<_> = used.into_iter().collect();
    assert_eq!(used, [(Protocol::Tcp, 80), (Protocol::Udp, 53)]);
}

#[test]
fn a_protocol_that_the_kernel_lacks_needs_no_holding() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let sctp = holds(Protocol::Sctp, &["0.0.0.0", "::"], 80);
    hold(&mut kernel, &sctp).unwrap();
    kernel.links.apply(&LinkStep::ReleasePorts(sctp)).unwrap();
}
