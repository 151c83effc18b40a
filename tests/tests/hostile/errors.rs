//! Error messages about other people's connections, which the kernel takes for a part of them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};

use tidegate_tests::forge::mac_of;
use tidegate_tests::frames::{self, END, Ear};
use tidegate_tests::traffic::Server;
use tidegate_tests::{Attached, Lab, Netns, require_root_kernel};

use crate::drivers;

const HOST: [u8; 4] = [192, 0, 2, 1];
const OUTSIDE: [u8; 4] = [192, 0, 2, 2];

fn v4(attached: &Attached) -> [u8; 4] {
    let ip: Ipv4Addr = attached.v4(0).ip().to_string().parse().unwrap();
    ip.octets()
}

/// Sends a packet by way of the gateway of an endpoint.
fn send(lab: &Lab, from: &Attached, packet: &[u8]) {
    let network = from.endpoint["network"].as_str().unwrap();
    let network = lab.host.json(&["network", "inspect", network]);
    let gateway = frames::mac(network["mac"].as_str().unwrap());
    let own = frames::mac(from.endpoint["mac"].as_str().unwrap());
    let frame = frames::ethernet(gateway, own, 0x0800, packet);
    frames::send(&from.netns, "eth0", &[frame]);
}

/// How many marked frames an interface hears of what is sent, until the host says that it is over.
fn heard(lab: &Lab, by: &Netns, interface: &str, at: SocketAddr, sends: impl FnOnce()) -> usize {
    let ear = Ear::open(by, interface);
    sends();
    let end = || UdpSocket::bind("0.0.0.0:0")?.send_to(END, at);
    lab.host.netns.run(end).unwrap();
    let (heard, is_over) = ear.heard();
    assert!(is_over, "what the host sends does not come");
    heard.len()
}

/// A connection from one port of a namespace.
fn connect(from: &Netns, port: u16, to: SocketAddr) -> TcpStream {
    use socket2::{Domain, Socket, Type};
    from.run(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let own = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        socket.bind(&own.into()).unwrap();
        socket.connect(&to.into()).unwrap();
        socket.into()
    })
}

#[test]
fn an_internal_endpoint_gets_nothing_out_as_an_error_about_a_connection_of_others() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "vault", "--internal"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let spy = lab.attach("vault", "spy", &[]);
        let _server = Server::start(&front.netns, "front", 80);
        let friend = (OUTSIDE, 4444);
        let _connection = connect(&lab.outside, 4444, "192.0.2.1:8080".parse().unwrap());
        let about = |from: &Attached| {
            let error = frames::error(v4(from), OUTSIDE, friend, (v4(&front), 80));
            heard(
                &lab,
                &lab.outside,
                "wan",
                "192.0.2.2:9".parse().unwrap(),
                || {
                    send(&lab, from, &error);
                },
            )
        };
        assert_eq!(about(&spy), 0, "{driver}");
        // Whose connection it is may say so.
        assert_eq!(about(&front), 1, "{driver}");
    }
}

#[test]
fn endpoints_that_may_not_talk_do_not_so_by_errors_about_connections() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web", "--no-icc"]);
        lab.host.ok(&["network", "create", "db"]);
        let front = lab.attach("web", "front", &[]);
        let side = lab.attach("web", "side", &[]);
        let other = lab.attach("db", "other", &[]);
        let _server = Server::start(&lab.outside, "outside", 7000);
        let _connection = connect(&front.netns, 5555, "192.0.2.2:7000".parse().unwrap());
        // As it is outside, under the host's address.
        let error = |from| frames::error(from, HOST, (HOST, 5555), (OUTSIDE, 7000));
        let hears = |sends: &dyn Fn()| heard(&lab, &front.netns, "eth0", front.v4(9), sends);
        for from in [&side, &other] {
            let from_neighbour = || send(&lab, from, &error(v4(from)));
            assert_eq!(hears(&from_neighbour), 0, "{driver}");
        }
        let from_outside = || {
            let (own, host) = (mac_of(&lab.outside, "wan"), mac_of(&lab.host.netns, "wan"));
            let frame = frames::ethernet(host, own, 0x0800, &error(OUTSIDE));
            frames::send(&lab.outside, "wan", &[frame]);
        };
        assert_eq!(hears(&from_outside), 1, "{driver}");
    }
}
