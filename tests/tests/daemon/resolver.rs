//! How the resolver serves many clients, and asks the host's servers.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use tidegate_tests::names::{Answer, World, ask_at_once, ask_at_once_by_tcp, ask_tcp, ask_udp};
use tidegate_tests::{Attached, Lab, Netns, bound, require_root_kernel, wait_until};

use crate::unstarted;

const WEB4: &str = "10.208.0.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ask(from: &Attached, name: &str) -> Option<Answer> {
    ask_udp(&from.netns, ip(WEB4), name, "A")
}

/// The last byte of the address that a name of the world has.
fn world(from: &Attached) -> String {
    let answer = ask(from, "www.example").unwrap();
    let address = answer.data.first().unwrap_or(&answer.code);
    address.trim_start_matches("198.51.100.").to_owned()
}

fn address(of: u8) -> [u8; 4] {
    [198, 51, 100, of]
}

/// The index of an interface.
fn index_of(netns: &Netns, ifname: &str) -> String {
    let text = netns.sh(&format!(
        "cat /sys/class/net/{ifname}/ifindex 2>/dev/null || ip -o link show {ifname}"
    ));
    text.split(':').next().unwrap().trim().to_owned()
}

/// Replaces a file as editors do.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

#[test]
fn a_change_of_the_hosts_servers_counts_for_the_next_query() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    let etc = host.give_own_etc();
    let conf = etc.join("resolv.conf");
    replace(&conf, "nameserver 192.0.2.2\n");
    host.start();
    let lab = Lab::of(host);
    lab.outside.sh("ip addr add fe80::53/64 dev wan nodad");
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    let of_link = format!("[fe80::53%{}]:53", index_of(&lab.outside, "wan"));
    let _worlds = [
        World::start(&lab.outside, at("192.0.2.2:53"), address(1)),
        World::start(&lab.outside, at("[2001:db8::2]:53"), address(2)),
        World::start(&lab.host.netns, at("127.0.0.1:53"), address(3)),
        World::start(&lab.outside, at(&of_link), address(4)),
    ];
    assert_eq!(world(&front), "1");
    // In place. The texts are equally long, and some changes fall into one tick of the kernel's clock.
    for _ in 0..10 {
        for (server, asked) in [("127.0.0.1", "3"), ("192.0.2.2", "1")] {
            fs::write(&conf, format!("nameserver {server}\n")).unwrap();
            assert_eq!(world(&front), asked);
        }
    }
    replace(&conf, "nameserver 2001:db8::2\n");
    assert_eq!(world(&front), "2");
    // As systemd-resolved and NetworkManager do: a link to a file of theirs.
    let theirs = etc.join("theirs.conf");
    fs::write(&theirs, "nameserver 192.0.2.2\n").unwrap();
    symlink("theirs.conf", etc.join("link")).unwrap();
    fs::rename(etc.join("link"), &conf).unwrap();
    assert_eq!(world(&front), "1");
    replace(&theirs, "nameserver 2001:db8::2\n");
    assert_eq!(world(&front), "2");
    // A server of one link, by the name of its interface and by the index.
    for scope in ["wan", &index_of(&lab.host.netns, "wan")] {
        replace(&conf, &format!("nameserver fe80::53%{scope}\n"));
        assert_eq!(world(&front), "4", "{scope}");
        replace(&conf, "nameserver 192.0.2.2\n");
        assert_eq!(world(&front), "1");
    }
    // Without a server, that of the host.
    replace(&conf, "search corp.example\n");
    assert_eq!(world(&front), "3");
    let both = "nameserver 192.0.2.2\nnameserver 2001:db8::2\noptions rotate\n";
    replace(&conf, both);
    assert_ne!(world(&front), world(&front));
    // Somebody may be writing a new file. If nobody does, the server is that of the host.
    fs::remove_file(&conf).unwrap();
    wait_until("the server of the host is asked", || world(&front) == "3");
}

#[test]
fn a_server_that_is_slow_or_cuts_its_answers_is_of_use_to_many_queries_at_once() {
    require_root_kernel!();
    let mut host = unstarted(&["--dns-upstreams", "192.0.2.2:5301,192.0.2.2:5302"]);
    host.start();
    let lab = Lab::of(host);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &[]);
    // It says nothing.
    let _silent = lab
        .outside
        .run(|| bound(|| UdpSocket::bind("192.0.2.2:5302")));
    let start = |delay| World::late(&lab.outside, at("192.0.2.2:5301"), address(7), delay);
    // The last ones wait until others have their answer.
    for (delay, queries) in [(2500, 300), (3500, 1), (200, 900)] {
        let _world = start(Duration::from_millis(delay));
        let name = |number| format!("n{number}.example");
        let names: Vec<String> = (0..queries).map(name).collect();
        let answers = ask_at_once(&front.netns, ip(WEB4), &names);
        let found = Answer::of(&["198.51.100.7"]);
        let found = answers.iter().filter(|answer| **answer == found).count();
        assert_eq!(found, queries, "after {delay} ms");
    }
    let _world = start(Duration::ZERO);
    let names: Vec<String> = (0..100)
        .map(|number| format!("n{number}.example"))
        .collect();
    let answers = ask_at_once_by_tcp(&front.netns, ip(WEB4), &names);
    assert_eq!(answers, vec![Answer::of(&["198.51.100.7"]); 100]);
    // 12 bytes of header, 17 of question, and 16 for each address, in 512.
    let cut = ask(&front, "cut.example").unwrap();
    assert_eq!((cut.is_truncated, cut.data.len()), (true, 30));
}

#[test]
fn idle_connections_give_way_to_others() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let lab = Lab::of(host);
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "db"]);
    let name = |number| format!("one-{number}");
    let crowd: Vec<Attached> = (0..8)
        .map(|number| match number < 4 {
            true => lab.attach("web", &name(number), &[]),
            false => lab.attach("db", &name(number), &[]),
        })
        .collect();
    let other = lab.attach("web", "other", &[]);
    let gateway = |one: &Attached| -> IpAddr {
        let gateway = one.endpoint["gateways"][0].as_str();
        ip(gateway.unwrap())
    };
    let idle: Vec<TcpStream> = crowd
        .iter()
        .flat_map(|one| {
            let to = SocketAddr::new(gateway(one), 53);
            let connect = || TcpStream::connect(to).unwrap();
            one.netns.run(|| [(); 66].map(|()| connect()))
        })
        .collect();
    for one in crowd.iter().chain([&other]) {
        let answer = ask_tcp(&one.netns, gateway(one), "nobody", "A");
        assert_eq!(answer, Some(Answer::nothing("Non-Existent Domain")));
    }
    // The idle ones give way to as many as an endpoint needs at once.
    let names: Vec<String> = (0..300).map(|number| format!("n{number}")).collect();
    let answers = ask_at_once_by_tcp(&other.netns, gateway(&other), &names);
    assert_eq!(answers, vec![Answer::nothing("Non-Existent Domain"); 300]);
    drop(idle);
}

#[test]
fn names_that_differ_only_in_case_are_one_name_on_the_host_and_in_dns() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    let lab = Lab::of(host);
    lab.host.ok(&["network", "create", "My_Web"]);
    let front = lab.attach("my_web", "Front_1", &[]);
    assert_eq!(front.endpoint["network"], "My_Web");
    let own = Some(Answer::of(&[&front.v4(0).ip().to_string()]));
    for name in ["front_1", "FRONT_1", "Front_1.MY_WEB"] {
        assert_eq!(ask(&front, name), own, "{name}");
    }
    let pointer = ask_udp(&front.netns, ip(WEB4), "2.0.208.10.in-addr.arpa", "PTR");
    assert_eq!(pointer, Some(Answer::of(&["Front_1.My_Web."])));
    let other = Netns::new();
    for (arguments, error) in [
        (&["network", "create", "MY_WEB"][..], "network My_Web"),
        (
            &[
                "attach",
                "My_Web",
                "--netns",
                other.name(),
                "--name",
                "front_1",
            ],
            "endpoint Front_1",
        ),
    ] {
        let refused = lab.host.tidegate(arguments);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stderr.contains(error), "{refused:#?}");
    }
    assert_eq!(
        lab.host.json(&["endpoint", "inspect", "FRONT_1"])["name"],
        "Front_1"
    );
    lab.host.ok(&["publish", "front_1", "8080:80"]);
    lab.host.ok(&["network", "rm", "--force", "MY_WEB"]);
    assert_eq!(lab.host.ruleset_diff(), "");
}
