//! Connections that the kernel tracks outlive what made them: the last holder of an address, a port that was not
//! published yet, and a table that was away.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::traffic::{Connection, Server, ask_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, require_root_kernel, wait_until};

use crate::drivers;

/// How long an answer may take that is asked for again and again.
const MOMENT: Duration = Duration::from_millis(100);

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// A socket that asks from one port again and again, as a client does that keeps its connection.
struct Client(UdpSocket);

impl Client {
    fn new(netns: &Netns, to: SocketAddr) -> Self {
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = netns.run(|| {
            let socket = UdpSocket::bind(any).unwrap();
            socket.connect(to).unwrap();
            socket
        });
        socket.set_read_timeout(Some(MOMENT)).unwrap();
        Self(socket)
    }

    /// What is answered within a moment.
    fn ask(&self) -> Option<String> {
        // That it was refused before is no news.
        let _ = self.0.take_error();
        let _ = self.0.send(b"?");
        let mut bytes = [0; 128];
        let length = self.0.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).trim().to_owned())
    }

    fn is_answered_by(&self, name: &str) -> bool {
        self.ask().is_some_and(|answer| answer.starts_with(name))
    }
}

/// Has something of the outside machine count in a namespace.
fn count_from_outside(netns: &Netns) {
    netns.sh(
        "nft 'table inet seen { chain in { type filter hook input priority 0;
            ip saddr 192.0.2.2 counter; ip6 saddr 2001:db8::2 counter; }; }'",
    );
}

/// Whether nothing of the outside machine came in.
fn saw_nothing(netns: &Netns) -> bool {
    let listed = netns.sh("nft list chain inet seen in");
    listed.matches("packets 0 ").count() == 2
}

/// Flows of an endpoint to the outside machine, seen from there.
struct Flows {
    udp: UdpSocket,
    peer: SocketAddr,
    _accepted: TcpStream,
    _own: (UdpSocket, TcpStream),
}

const UDP_PORT: u16 = 7000;

impl Flows {
    fn open(lab: &Lab, from: &Attached, outside: IpAddr) -> Self {
        let (udp, tcp) = lab.outside.run(|| {
            let udp = UdpSocket::bind((outside, 0)).unwrap();
            (udp, TcpListener::bind((outside, 0)).unwrap())
        });
        let own = from.netns.run(|| {
            let any = if outside.is_ipv4() {
                "0.0.0.0:7000"
            } else {
                "[::]:7001"
            };
            let own = UdpSocket::bind(any).unwrap();
            own.send_to(b"hello", udp.local_addr().unwrap()).unwrap();
            (own, TcpStream::connect(tcp.local_addr().unwrap()).unwrap())
        });
        let (_, peer) = udp.recv_from(&mut [0; 16]).unwrap();
        let (accepted, _) = tcp.accept().unwrap();
        Self {
            udp,
            peer,
            _accepted: accepted,
            _own: own,
        }
    }

    fn send(&self) {
        use std::io::Write;
        for _ in 0..3 {
            // The host may refuse it by now.
            let _ = self.udp.send_to(b"secret", self.peer);
            let _ = (&self._accepted).write_all(b"secret");
        }
    }
}

#[test]
fn the_next_holder_of_an_address_gets_nothing_that_was_for_the_last() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        for asks_for_it in [true, false] {
            let first = lab.attach("web", "first", &["8053:53/udp"]);
            let flows = [
                Flows::open(&lab, &first, "192.0.2.2".parse().unwrap()),
                Flows::open(&lab, &first, "2001:db8::2".parse().unwrap()),
            ];
            let _server = Server::start(&first.netns, "first", 53);
            let client = Client::new(&lab.outside, at("192.0.2.1:8053"));
            wait_until("the first answers", || client.is_answered_by("first"));
            lab.host.ok(&["detach", "first"]);
            let second = Netns::new();
            count_from_outside(&second);
            let (v4, v6) = (first.v4(0).ip().to_string(), first.v6(0).ip().to_string());
            let mut arguments = vec![
                "attach",
                "web",
                "--netns",
                second.name(),
                "--name",
                "second",
            ];
            if asks_for_it {
                arguments.extend(["--ip", &v4, "--ip6", &v6]);
            }
            let endpoint = lab.host.json(&arguments);
            let second = Attached {
                netns: second,
                endpoint,
            };
            let any = SocketAddr::from(([0, 0, 0, 0], UDP_PORT));
            let socket = second.netns.run(|| UdpSocket::bind(any).unwrap());
            for flow in &flows {
                flow.send();
            }
            client.ask();
            // What was sent before this has arrived, if it arrives at all.
            let marker = lab.host.netns.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
            marker.send_to(b"marker", second.v4(UDP_PORT)).unwrap();
            let mut bytes = [0; 16];
            let length = socket.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], b"marker", "{driver}");
            assert!(saw_nothing(&second.netns), "{driver}, {asks_for_it}");
            lab.host.ok(&["detach", "second"]);
        }
    }
}

#[test]
fn a_subnet_with_one_address_serves_one_endpoint_after_the_other() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let small = [
        "network",
        "create",
        "small",
        "--subnet",
        "10.9.0.0/30",
        "--no-ipv6",
    ];
    lab.host.ok(&small);
    for _ in 0..10 {
        let one = lab.attach("small", "one", &[]);
        assert_eq!(one.v4(0).ip().to_string(), "10.9.0.2");
        lab.host.ok(&["detach", "one"]);
    }
}

/// A client that goes on sending all the while that it cannot be answered is answered once it can.
fn is_cut_off_only_before(clients: &[&Client], lab: &Lab, command: &[&str]) {
    for _ in 0..3 {
        for client in clients {
            assert_eq!(client.ask(), None, "nobody can answer");
        }
    }
    lab.host.ok(command);
    for client in clients {
        wait_until("the client is answered", || client.is_answered_by("front"));
    }
}

#[test]
fn a_client_that_sent_before_its_port_was_published_is_answered_after() {
    require_root_kernel!();
    for driver in drivers() {
        for to in ["192.0.2.1:8053", "[2001:db8::1]:8053"] {
            let lab = &Lab::with_driver(&driver);
            lab.host.ok(&["network", "create", "web"]);
            let (outside, own) = (
                Client::new(&lab.outside, at(to)),
                Client::new(&lab.host.netns, at(to)),
            );
            let clients = [&outside, &own];
            let netns = Netns::new();
            let _server = Server::start(&netns, "front", 53);
            let published = ["--name", "front", "-p", "8053:53/udp"];
            let attach = [&["attach", "web", "--netns", netns.name()], &published[..]].concat();
            is_cut_off_only_before(&clients, lab, &attach);
            lab.host.ok(&["unpublish", "front", "53/udp"]);
            is_cut_off_only_before(&clients, lab, &["publish", "front", "8053:53/udp"]);
            lab.host.ok(&["detach", "front"]);
            is_cut_off_only_before(&clients, lab, &attach);
        }
    }
}

/// A host whose own firewall tracks connections, so that they are tracked while our table is away.
fn tracking(driver: &str) -> Lab {
    let lab = Lab::with_driver(driver);
    lab.host.netns.sh(
        "nft 'table inet firewall { chain input { type filter hook input priority 0;
            ct state established,related accept; }; }'
         nft 'table inet firewall { chain forward { type filter hook forward priority -10;
            ct state established,related accept; }; }'",
    );
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "db"]);
    lab
}

fn signal(host: &Host, signal: Signal) {
    let pid = i32::try_from(host.pid().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// How the table goes away, and how it comes back.
type Gap = (fn(&mut Lab), fn(&mut Lab));

/// While no daemon runs, as after a boot; and while it runs, but is kept from mending for a moment.
const GAPS: [Gap; 2] = [
    (
        |lab| {
            lab.host.stop();
            lab.host.netns.sh("nft delete table inet tidegate");
        },
        |lab| lab.host.start(),
    ),
    (
        |lab| {
            signal(&lab.host, Signal::STOP);
            lab.host.netns.sh("nft delete table inet tidegate");
        },
        |lab| signal(&lab.host, Signal::CONT),
    ),
];

#[test]
fn connections_that_began_without_the_table_end_unless_it_allows_them() {
    require_root_kernel!();
    for driver in drivers() {
        for (away, back) in GAPS {
            let lab = &mut tracking(&driver);
            let front = lab.attach("web", "front", &["8053:53/udp", "8080:53"]);
            let side = lab.attach("web", "side", &[]);
            let back_end = lab.attach("db", "back", &[]);
            let _servers = [
                Server::start(&front.netns, "front", 53),
                Server::start(&back_end.netns, "back", 53),
                Server::start(&lab.outside, "outside", 53),
            ];
            let outside = "192.0.2.2".parse::<IpAddr>().unwrap();
            let mut honest = [
                Connection::open(&lab.outside, at("192.0.2.1:8080")),
                Connection::open(&lab.outside, at("[2001:db8::1]:8080")),
                Connection::open(&lab.host.netns, at("127.0.0.1:8080")),
                Connection::open(&lab.host.netns, front.v4(53)),
                Connection::open(&side.netns, front.v4(53)),
                Connection::open(&side.netns, at("192.0.2.1:8080")),
                Connection::open(&side.netns, at("192.0.2.2:53")),
            ];
            away(lab);
            let published = Client::new(&lab.outside, at("192.0.2.1:8053"));
            let own = Client::new(&front.netns, (outside, 53).into());
            let straight = Client::new(&lab.outside, front.v4(53));
            let across = Client::new(&front.netns, back_end.v4(53));
            assert_eq!(published.ask(), None);
            let bare = front.v4(0).ip().to_string();
            for _ in 0..3 {
                // A busy machine may take longer than one question waits.
                wait_until("nobody translates it", || {
                    own.ask().is_some_and(|seen| seen.ends_with(&bare))
                });
                wait_until("nobody drops it", || straight.is_answered_by("front"));
                wait_until("nobody drops it across networks", || {
                    across.is_answered_by("back")
                });
            }
            back(lab);
            wait_until("what comes to the port is translated", || {
                published.is_answered_by("front")
            });
            wait_until("the endpoint goes out under the host's address", || {
                own.ask().is_some_and(|seen| seen.ends_with("192.0.2.1"))
            });
            wait_until("nobody outside reaches the endpoint", || {
                straight.ask().is_none()
            });
            wait_until("nobody on another network does", || across.ask().is_none());
            for (number, connection) in honest.iter_mut().enumerate() {
                let echo = connection.echo("still here");
                assert_eq!(echo.unwrap(), "still here", "{driver}: {number}");
            }
            assert_eq!(
                ask_udp(&lab.outside, at("192.0.2.1:8053")).unwrap().server,
                "front"
            );
        }
    }
}

#[test]
fn connections_of_an_endpoint_that_ended_without_a_daemon_do_not_reach_the_next_holder() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let first = lab.attach("web", "first", &[]);
        let flows = Flows::open(&lab, &first, "192.0.2.2".parse().unwrap());
        let address = first.v4(0).ip().to_string();
        lab.host.kill();
        // Sockets of it keep a namespace alive.
        let Flows {
            udp,
            peer,
            _accepted,
            _own,
        } = flows;
        drop((_own, first));
        lab.host.start();
        let second = Netns::new();
        count_from_outside(&second);
        let arguments = ["attach", "web", "--netns", second.name(), "--ip", &address];
        wait_until("the first is collected", || {
            lab.host.tidegate(&arguments).code == Some(0)
        });
        udp.send_to(b"secret", peer).unwrap();
        let any = SocketAddr::from(([0, 0, 0, 0], UDP_PORT));
        let socket = second.run(|| UdpSocket::bind(any).unwrap());
        let marker = lab.host.netns.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
        let second_at: IpAddr = address.parse().unwrap();
        marker.send_to(b"marker", (second_at, UDP_PORT)).unwrap();
        let mut bytes = [0; 16];
        let length = socket.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"marker", "{driver}");
        assert!(saw_nothing(&second), "{driver}");
    }
}
