//! Names: who is answered, what, and by whom.

use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::names::{Answer, World, ask_tcp, ask_udp, is_silent};
use tidegate_tests::traffic::{Server, ask_udp as ask_server, is_closed_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, bound, require_root_kernel, wait_until};

use crate::unstarted;

const WEB4: &str = "10.208.0.1";
const WEB6: &str = "fd74:6964:6567::1";
/// The same on every network.
const FIXED4: &str = "169.254.53.53";
const FIXED6: &str = "fd6e:616d:6573::53";
const DB4: &str = "10.208.1.1";
/// Where the world's names are known: on the machine outside.
const WORLD: &str = "192.0.2.2:5353";
const WORLD_ADDRESS: [u8; 4] = [198, 51, 100, 7];

fn lab(arguments: &[&str]) -> Lab {
    let mut host = unstarted(arguments);
    host.start();
    Lab::of(host)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn unknown() -> Option<Answer> {
    Some(Answer::nothing("Non-Existent Domain"))
}

/// The answer of a gateway to an endpoint, which is the same by UDP and by TCP.
fn ask(from: &Attached, gateway: &str, name: &str, kind: &str) -> Option<Answer> {
    let by_udp = ask_udp(&from.netns, ip(gateway), name, kind);
    let by_tcp = ask_tcp(&from.netns, ip(gateway), name, kind);
    assert_eq!(by_udp, by_tcp, "{name} {kind} at {gateway}");
    by_udp
}

/// The process that answers.
fn process(host: &Host) -> Option<u64> {
    host.json(&["info"])["names"]["process"].as_u64()
}

#[test]
fn an_endpoint_finds_those_of_its_networks_and_no_other_by_either_protocol_and_family() {
    require_root_kernel!();
    let lab = lab(&[]);
    for network in ["web", "db"] {
        lab.host.ok(&["network", "create", network]);
    }
    let front = lab.attach("web", "front", &[]);
    let back = Netns::new();
    let back = {
        let attach = ["attach", "web", "--netns", back.name(), "--name", "back"];
        let aliases = ["--alias", "cache", "--alias", "Store"];
        let endpoint = lab.host.json(&[&attach[..], &aliases].concat());
        Attached {
            netns: back,
            endpoint,
        }
    };
    let other = lab.attach("db", "other", &[]);
    let (v4, v6) = (back.v4(1).ip().to_string(), back.v6(1).ip().to_string());
    for gateway in [WEB4, WEB6] {
        for name in ["back", "cache", "STORE", "back.web", "cache.web"] {
            assert_eq!(ask(&front, gateway, name, "A"), Some(Answer::of(&[&v4])));
            assert_eq!(ask(&front, gateway, name, "AAAA"), Some(Answer::of(&[&v6])));
        }
        for (name, wanted) in [
            ("3.0.208.10.in-addr.arpa", Some(Answer::of(&["back.web."]))),
            ("9.0.208.10.in-addr.arpa", unknown()),
            ("other", unknown()),
            ("nobody", unknown()),
        ] {
            let kind = if name.contains("arpa") { "PTR" } else { "A" };
            assert_eq!(ask(&front, gateway, name, kind), wanted, "{name}");
        }
    }
    assert_eq!(ask(&other, DB4, "back", "A"), unknown());
    // Nobody else is answered: not at another network's gateway, not from outside or the host itself,
    // not at the port to which questions are sent on.
    let at = |address: &str, port: u16| SocketAddr::from((ip(address), port));
    assert!(is_silent(&other.netns, at(WEB4, 53), "back"));
    assert!(is_silent(&lab.outside, at("192.0.2.1", 299), "back"));
    assert!(is_silent(&lab.host.netns, at(WEB4, 53), "back"));
    // Of connected networks, those of one find those of the other, by name and by address.
    lab.host
        .ok(&["network", "connect", "--one-way", "web", "db"]);
    let far = other.v4(1).ip().to_string();
    for (name, kind, wanted) in [
        ("other", "A", Some(Answer::of(&[&far]))),
        ("other.db", "A", Some(Answer::of(&[&far]))),
        (
            "2.1.208.10.in-addr.arpa",
            "PTR",
            Some(Answer::of(&["other.db."])),
        ),
        ("9.1.208.10.in-addr.arpa", "PTR", unknown()),
    ] {
        assert_eq!(ask(&front, WEB4, name, kind), wanted, "{name}");
    }
    assert_eq!(ask(&other, DB4, "back", "A"), unknown(), "one way");
    lab.host.ok(&["network", "connect", "web", "db"]);
    assert_eq!(ask(&other, DB4, "back", "A"), Some(Answer::of(&[&v4])));
    lab.host.ok(&["network", "disconnect", "web", "db"]);
    assert_eq!(ask(&front, WEB4, "other", "A"), unknown());
    assert_eq!(ask(&other, DB4, "back", "A"), unknown());
    assert_eq!(lab.host.ruleset_diff(), "");
}

#[test]
fn a_name_is_known_when_attach_has_answered_and_gone_when_detach_has() {
    require_root_kernel!();
    let lab = lab(&[]);
    for network in ["web", "db"] {
        lab.host.ok(&["network", "create", network]);
    }
    let front = lab.attach("web", "front", &[]);
    let both = [lab.attach("db", "far", &[]), lab.attach("web", "near", &[])];
    for number in 0..5 {
        let name = format!("peer{number}");
        let peer = lab.attach("web", &name, &[]);
        let address = peer.v4(1).ip().to_string();
        assert_eq!(
            ask_udp(&front.netns, ip(WEB4), &name, "A"),
            Some(Answer::of(&[&address]))
        );
        lab.host.ok(&["detach", &name]);
        assert_eq!(ask_udp(&front.netns, ip(WEB4), &name, "A"), unknown());
    }
    // A second network, and a namespace on both sees the names of both at either gateway.
    assert_eq!(ask(&front, WEB4, "far", "A"), unknown());
    let name = front.netns.name();
    let attach = ["attach", "db", "--netns", name, "--name", "front-db"];
    lab.host.ok(&attach);
    let far = both[0].v4(1).ip().to_string();
    let found = Some(Answer::of(&[&far]));
    assert_eq!(ask(&front, WEB4, "far", "A"), found);
    assert_eq!(ask(&front, DB4, "far", "A"), found);
    lab.host.ok(&["detach", "front-db"]);
    assert_eq!(ask(&front, WEB4, "far", "A"), unknown());
}

#[test]
fn unknown_names_are_forwarded_except_from_internal_networks() {
    require_root_kernel!();
    // At the first nobody is.
    let lab = lab(&["--dns-upstreams", &format!("192.0.2.2:5301,{WORLD}")]);
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "vault", "--internal"]);
    let create = ["network", "create", "build", "--internal"];
    lab.host.ok(&[&create[..], &["--dns-forward"]].concat());
    let builder = lab.attach("build", "builder", &[]);
    let front = lab.attach("web", "front", &[]);
    let safe = lab.attach("vault", "safe", &[]);
    let failed = Some(Answer::nothing("Server Failure"));
    assert_eq!(ask(&front, WEB4, "www.example", "A"), failed, "no server");
    let _world = World::start(&lab.outside, WORLD.parse().unwrap(), WORLD_ADDRESS);
    let found = Some(Answer::of(&["198.51.100.7"]));
    for gateway in [WEB4, WEB6] {
        assert_eq!(ask(&front, gateway, "www.example", "A"), found);
    }
    // Where somebody is and says nothing, the next is asked in a moment.
    let silent = "192.0.2.2:5301";
    let _silent = lab.outside.run(|| bound(|| UdpSocket::bind(silent)));
    assert_eq!(ask_udp(&front.netns, ip(WEB4), "www.example", "A"), found);
    let cut = ask_udp(&front.netns, ip(WEB4), "www.example", "TXT").unwrap();
    assert!(cut.is_truncated && cut.data.is_empty(), "{cut:?}");
    let whole = ask_tcp(&front.netns, ip(WEB4), "www.example", "TXT").unwrap();
    assert_eq!(whole.data[0].matches('x').count(), 3000);
    let refused = Some(Answer::nothing("Query Refused"));
    assert_eq!(ask(&safe, "10.208.1.1", "www.example", "A"), refused);
    let own = safe.v4(1).ip().to_string();
    assert_eq!(
        ask(&safe, "10.208.1.1", "safe", "A"),
        Some(Answer::of(&[&own]))
    );
    assert_eq!(ask(&builder, "10.208.2.1", "www.example", "A"), found);
    // Names alone: nothing else leaves the network.
    assert!(is_closed_udp(&builder.netns, WORLD.parse().unwrap()));
    let shown = lab.host.ok(&["network", "inspect", "build"]);
    let line = shown
        .lines()
        .find(|line| line.starts_with("forwards names"));
    assert!(line.is_some_and(|line| line.ends_with("yes")), "{shown}");
}

#[test]
fn the_hosts_servers_are_asked_and_those_that_it_has_later() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    let conf = host.folder().join("resolv.conf");
    let set = |server: &str| {
        let text = format!("nameserver {server}\nsearch corp.example\noptions edns0 ndots:2\n");
        fs::write(&conf, text).unwrap();
    };
    set("192.0.2.2");
    host.start_by(&format!(
        "mount --bind {} /etc/resolv.conf\nexec \"$@\"",
        conf.display()
    ));
    host.start();
    let lab = Lab::of(host);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let wanted = format!(
        "# For endpoint front, by tidegate.\nnameserver {FIXED4}\nnameserver {FIXED6}\n\
         search tidegate.internal corp.example\noptions edns0 ndots:2\n"
    );
    assert_eq!(front.endpoint["resolv-conf"], wanted);
    let printed = lab.host.ok(&["endpoint", "resolv-conf", "front"]);
    assert_eq!(printed, wanted);
    let at = |address: &str| SocketAddr::from((ip(address), 53));
    let _one = World::start(&lab.outside, at("192.0.2.2"), [198, 51, 100, 1]);
    let _other = World::start(&lab.outside, at("2001:db8::2"), [198, 51, 100, 2]);
    let one = Some(Answer::of(&["198.51.100.1"]));
    assert_eq!(ask(&front, WEB4, "www.example", "A"), one);
    set("2001:db8::2");
    wait_until("the other server is asked", || {
        let answer = ask_udp(&front.netns, ip(WEB4), "www.example", "A");
        answer == Some(Answer::of(&["198.51.100.2"]))
    });
}

#[test]
fn a_process_that_is_killed_is_replaced_and_what_it_may_do_is_little() {
    require_root_kernel!();
    let mut lab = lab(&[]);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let own = Some(Answer::of(&[&front.v4(1).ip().to_string()]));
    for _ in 0..3 {
        assert_eq!(ask(&front, WEB4, "front", "A"), own);
        let first = process(&lab.host).unwrap();
        let status = fs::read_to_string(format!("/proc/{first}/status")).unwrap();
        for line in [
            "CapPrm:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
            "Threads:\t1",
        ] {
            assert!(status.contains(line), "{line}: {status}");
        }
        let state = lab.host.state_dir();
        for descriptor in fs::read_dir(format!("/proc/{first}/fd")).unwrap() {
            let file = fs::read_link(descriptor.unwrap().path()).unwrap();
            assert!(!file.starts_with(&state), "{}", file.display());
        }
        let pid = Pid::from_raw(first as i32).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        wait_until("there is another process", || {
            process(&lab.host).is_some_and(|now| now != first)
        });
    }
    assert!(lab.host.log().contains("SIGKILL"), "{}", lab.host.log());
    // The next daemon has the port again: the process has ended with the one before.
    lab.host.kill();
    lab.host.start();
    assert!(!lab.host.log().contains("is taken"), "{}", lab.host.log());
    assert_eq!(ask(&front, WEB4, "front", "A"), own);
    assert_eq!(lab.host.ruleset_diff(), "");
}

#[test]
fn the_port_for_names_of_a_gateway_is_published_by_nobody_and_that_of_the_host_by_anybody() {
    require_root_kernel!();
    let lab = lab(&[]);
    lab.host.ok(&["network", "create", "web"]);
    let box1 = Netns::new();
    let wanted = ["attach", "web", "--netns", box1.name()];
    let before = lab.host.snapshot();
    for port in ["10.208.0.1:53:53/udp", "[fd74:6964:6567::1]:53:53"] {
        let refused = lab.host.tidegate(&[&wanted[..], &["-p", port]].concat());
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(
            refused.stderr.contains("is the DNS port of network"),
            "{refused:#?}"
        );
        assert_eq!(lab.host.snapshot(), before);
    }
    let server = lab.attach("web", "server", &["53:5300/udp"]);
    let _served = Server::start(&server.netns, "server", 5300);
    for at in ["192.0.2.1:53", "[2001:db8::1]:53"] {
        let reply = ask_server(&lab.outside, at.parse().unwrap()).unwrap();
        assert_eq!(reply.server, "server");
    }
    let own = server.v4(1).ip().to_string();
    assert_eq!(ask(&server, WEB4, "server", "A"), Some(Answer::of(&[&own])));
}

#[test]
fn a_published_dns_port_is_kept_and_turns_the_dns_server_off() {
    require_root_kernel!();
    let mut host = unstarted(&["--dns", "false"]);
    host.start();
    let mut lab = Lab::of(host);
    assert_eq!(
        lab.host.json(&["info"])["names"]["port"],
        serde_json::Value::Null
    );
    lab.host.ok(&["network", "create", "web"]);
    let server = lab.attach("web", "server", &["10.208.0.1:53:5300/udp"]);
    let _served = Server::start(&server.netns, "server", 5300);
    lab.host.stop();
    lab.host.set_arguments(&[]);
    lab.host.start();
    let info = lab.host.json(&["info"]);
    let status = info["names"]["status"].as_str().unwrap();
    let why = "off: endpoint server is published as 10.208.0.1:53:5300/udp";
    assert!(status.starts_with(why), "{status}");
    assert!(
        lab.host.log().contains("the DNS server is off"),
        "{}",
        lab.host.log()
    );
    let side = lab.attach("web", "side", &[]);
    let reply = ask_server(&side.netns, "10.208.0.1:53".parse().unwrap()).unwrap();
    assert_eq!(reply.server, "server");
    assert_eq!(lab.host.ruleset_diff(), "");
}

#[test]
fn another_dns_port_is_used_if_the_port_is_taken() {
    require_root_kernel!();
    let mut host = unstarted(&["--dns-port", "5311"]);
    let _taken = Server::start(&host.netns, "somebody", 5311);
    host.start();
    let lab = Lab::of(host);
    let log = lab.host.log();
    assert!(
        log.contains("port 5311 is taken: the DNS server uses port"),
        "{log}"
    );
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let own = front.v4(1).ip().to_string();
    assert_eq!(ask(&front, WEB4, "front", "A"), Some(Answer::of(&[&own])));
    let port = lab.host.json(&["info"])["names"]["port"].as_u64().unwrap();
    assert_ne!(port, 5311);
}
