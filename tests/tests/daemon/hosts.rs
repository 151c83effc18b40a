//! Hosts as people have them: the tour of the README works on each, or the daemon says in one sentence why not.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use tidegate_tests::names::{World, ask_udp, is_silent};
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Attached, Lab, Netns, require_root_kernel, wait_until, workspace};

use crate::{drivers, unstarted};

/// What a kind of host is, and what is expected of the tour on it.
#[derive(Clone, Copy)]
struct Kind {
    /// Makes the host so, before the daemon is started.
    before: &'static str,
    /// Changes the host after the tour's networks were created; SUBNET is a part of the first network's.
    later: &'static str,
    /// What the daemon alone sees: a script in its mount namespace.
    seen: &'static str,
    /// Servers of names in the host's resolv.conf; without one, there is no such file.
    servers: Option<&'static str>,
    /// Steps of the tour that fail.
    failing: &'static [&'static str],
    /// What `doctor` says: the words of each finding that is a fault.
    faults: &'static [&'static str],
    /// What the daemon says besides: in its log, or in findings that are no faults.
    told: &'static [&'static str],
}

const PLAIN: Kind = Kind {
    before: "",
    later: "",
    seen: "",
    servers: Some("192.0.2.2"),
    failing: &[],
    faults: &[],
    told: &[],
};

/// The rules of Docker, as its programs write them through iptables-nft.
const DOCKER: &str = "
    nft -f - <<'END'
    table ip filter {
      chain DOCKER {
      }
      chain DOCKER-USER { counter return; }
      chain DOCKER-ISOLATION-STAGE-1 { counter return; }
      chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump DOCKER-USER
        counter jump DOCKER-ISOLATION-STAGE-1
        oifname docker0 ct state established,related counter accept
        oifname docker0 counter jump DOCKER
        iifname docker0 oifname != docker0 counter accept
        iifname docker0 oifname docker0 counter accept
      }
    }
END";

/// The part of ufw's rules that packets of networks meet, for both families, after `ufw enable`.
const UFW: &str = "
    for family in ip ip6; do
      prefix=ufw; [ $family = ip ] || prefix=ufw6
      nft -f - <<END
      table $family filter {
        chain $prefix-before-forward { ct state established,related counter accept
        }
        chain $prefix-before-input {
          iifname lo counter accept
          ct state established,related counter accept
          meta l4proto { icmp, ipv6-icmp } counter accept
        }
        chain INPUT { type filter hook input priority filter; policy drop; counter jump $prefix-before-input
        }
        chain FORWARD { type filter hook forward priority filter; policy drop; counter jump $prefix-before-forward
        }
      }
END
    done";

/// The part of firewalld's rules that packets of networks meet, with the uplink in the zone `public`.
const FIREWALLD: &str = "
    nft -f - <<'END'
    table inet firewalld {
      chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state established,related accept
        ct status dnat accept
        iifname lo accept
        meta l4proto { icmp, ipv6-icmp } accept
        reject with icmpx admin-prohibited
      }
      chain filter_FORWARD {
        type filter hook forward priority filter + 10; policy accept;
        ct state established,related accept
        ct status dnat accept
        iifname lo accept
        reject with icmpx admin-prohibited
      }
    }
END";

/// A step of the tour: its name, and whether it works.
type Step = (&'static str, bool);

/// A lab of a kind, the server of the world's names, and what was found at each step.
struct Tour {
    lab: Lab,
    steps: Vec<Step>,
    doctor: String,
}

impl Tour {
    /// Walks through a kind of host.
    fn of(kind: &Kind, driver: &str) -> Self {
        let lab = lab(kind, driver);
        let at = kind.servers.unwrap_or("192.0.2.2");
        let netns = match at.starts_with("127.") {
            true => &lab.host.netns,
            false => &lab.outside,
        };
        let _world = World::start(netns, (ip(at), 53).into(), [198, 51, 100, 7]);
        let _far = Server::start(&lab.outside, "far", 9000);
        let before = left(&lab);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "db", "--no-ipv6"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let back = lab.attach("db", "back", &[]);
        let later = kind.later.replace("SUBNET", &front.v4(1).ip().to_string());
        lab.host.netns.sh(&later);
        let _server = Server::start(&front.netns, "front", 80);
        let mut steps = reached(kind, &lab, &front, &back);
        steps.extend(named(kind, &lab, &front));
        let doctor = lab.host.tidegate(&["doctor"]).stdout;
        let refused = ["publish", "back", "8080:80"];
        let refused = lab.host.tidegate(&refused);
        let is_clear = refused.code == Some(1) && refused.stderr.contains("hint: ");
        steps.push(("a port that is taken is refused", is_clear));
        steps.push((
            "the table is as planned",
            lab.host.ruleset_diff().is_empty(),
        ));
        lab.host.ok(&["detach", "front", "back"]);
        lab.host.ok(&["network", "rm", "web", "db"]);
        if kind.later.is_empty() {
            wait_until("nothing is left", || left(&lab) == before);
        }
        Self { lab, steps, doctor }
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(address: &str, port: u16) -> SocketAddr {
    (ip(address), port).into()
}

fn lab(kind: &Kind, driver: &str) -> Lab {
    let mut host = unstarted(&["--nft-driver", driver]);
    let conf = host.folder().join("resolv.conf");
    let servers = kind.servers.map(|server| format!("nameserver {server}\n"));
    let hide = match servers {
        Some(text) => {
            std::fs::write(&conf, text).unwrap();
            format!("mount --bind {} /etc/resolv.conf", conf.display())
        }
        None => {
            let etc = host.folder().join("etc");
            std::fs::create_dir(&etc).unwrap();
            format!("mount --bind {} /etc", etc.display())
        }
    };
    host.start_by(&format!("{hide}\n{}\nexec \"$@\"", kind.seen));
    let mut lab = Lab::of(host);
    lab.host.netns.sh(kind.before);
    lab.host.start();
    lab
}

/// Links, addresses and routes of the host.
fn left(lab: &Lab) -> String {
    lab.host
        .netns
        .sh("ip -o link | cut -d: -f2; ip -4 route; ip -6 route; ip -o addr show dev wan | awk '{ print $4 }'")
}

/// Who reaches whom. What is expected to fail is not waited for as long as what is expected to answer.
fn reached(kind: &Kind, lab: &Lab, front: &Attached, back: &Attached) -> Vec<Step> {
    let step = |name: &'static str, from: &Netns, to: SocketAddr| {
        let works = match kind.failing.contains(&name) {
            true => !is_closed_tcp(from, to),
            false => ask_tcp(from, to).is_ok(),
        };
        (name, works)
    };
    let host = &lab.host.netns;
    let is_kept_out = is_closed_tcp(&back.netns, front.v4(80));
    vec![
        step("from the host over IPv4", host, at("127.0.0.1", 8080)),
        step("from the host over IPv6", host, at("::1", 8080)),
        step(
            "from outside over IPv4",
            &lab.outside,
            at("192.0.2.1", 8080),
        ),
        step(
            "from outside over IPv6",
            &lab.outside,
            at("2001:db8::1", 8080),
        ),
        step(
            "from an endpoint to the outside",
            &front.netns,
            at("192.0.2.2", 9000),
        ),
        ("another network does not reach the endpoint", is_kept_out),
    ]
}

/// Which names are found, at the first server that `resolv-conf` gives.
fn named(kind: &Kind, lab: &Lab, front: &Attached) -> Vec<Step> {
    let conf = lab.host.ok(&["endpoint", "resolv-conf", "front"]);
    let server = conf
        .lines()
        .find_map(|line| line.strip_prefix("nameserver "));
    let server = ip(server.unwrap());
    let step = |step: &'static str, name: &str, wanted: &str| {
        let is_lost =
            kind.failing.contains(&step) && is_silent(&front.netns, (server, 53).into(), name);
        let found =
            || ask_udp(&front.netns, server, name, "A").is_some_and(|it| it.data == [wanted]);
        (step, !is_lost && found())
    };
    let own = front.v4(1).ip().to_string();
    vec![
        step("the endpoint's name", "front", &own),
        step("a name of the world", "example.org", "198.51.100.7"),
    ]
}

/// What is not as expected, in words.
fn judge(kind: &Kind, tour: &Tour) -> String {
    let mut wrong = String::new();
    for (step, works) in &tour.steps {
        if *works == kind.failing.contains(step) {
            let _ = writeln!(wrong, "{step}: {}", if *works { "works" } else { "fails" });
        }
    }
    let faults: Vec<&str> = tour
        .doctor
        .lines()
        .filter(|line| line.starts_with("FAULT"))
        .collect();
    let is_expected = |line: &&str| kind.faults.iter().any(|words| line.contains(words));
    for line in faults.iter().filter(|line| !is_expected(line)) {
        let _ = writeln!(wrong, "doctor says: {line}");
    }
    for words in kind.faults {
        if !faults.iter().any(|line| line.contains(words)) {
            let _ = writeln!(wrong, "doctor does not say: {words}");
        }
    }
    let log = tour.lab.host.log();
    for words in kind.told {
        if !tour.doctor.contains(words) && !log.contains(words) {
            let _ = writeln!(wrong, "nobody says: {words}");
        }
    }
    wrong
}

/// Walks through a kind of host with each driver.
fn expect(kind: Kind) {
    for driver in drivers() {
        let tour = Tour::of(&kind, &driver);
        let wrong = judge(&kind, &tour);
        assert!(
            wrong.is_empty(),
            "{driver}:\n{wrong}\n{:?}\n{}",
            tour.steps,
            tour.doctor
        );
    }
}

#[test]
fn the_tour_works_on_a_plain_host() {
    require_root_kernel!();
    expect(PLAIN);
}

#[test]
fn the_tour_works_without_ipv6() {
    require_root_kernel!();
    expect(Kind {
        before: "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
                 sysctl -q -w net.ipv6.conf.wan.disable_ipv6=1",
        failing: &["from the host over IPv6", "from outside over IPv6"],
        ..PLAIN
    });
}

/// A kernel that was booted with `ipv6.disable=1` has no sysctls of IPv6.
#[test]
fn the_tour_works_on_a_kernel_without_ipv6() {
    require_root_kernel!();
    expect(Kind {
        seen: "mount -t tmpfs none /proc/sys/net/ipv6",
        failing: &["from the host over IPv6", "from outside over IPv6"],
        told: &["it has only IPv4: IPv6 is turned off on the host (the kernel has no IPv6)"],
        ..PLAIN
    });
}

#[test]
fn the_tour_works_where_reverse_paths_are_strict() {
    require_root_kernel!();
    expect(Kind {
        before: "for at in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $at; done",
        ..PLAIN
    });
}

#[test]
fn the_tour_works_with_a_local_dns_server() {
    require_root_kernel!();
    expect(Kind {
        servers: Some("127.0.0.53"),
        ..PLAIN
    });
}

#[test]
fn the_tour_works_without_a_resolv_conf() {
    require_root_kernel!();
    expect(Kind {
        servers: None,
        failing: &["a name of the world"],
        ..PLAIN
    });
}

#[test]
fn the_tour_works_where_a_route_covers_10_8() {
    require_root_kernel!();
    expect(Kind {
        before: "ip route add 10.0.0.0/8 via 192.0.2.2",
        ..PLAIN
    });
}

#[test]
fn the_tour_works_where_routes_cover_all_but_192_168() {
    require_root_kernel!();
    expect(Kind {
        before: "ip route add 10.0.0.0/8 via 192.0.2.2; ip route add 172.16.0.0/12 via 192.0.2.2",
        ..PLAIN
    });
}

#[test]
fn the_tour_tells_of_docker_rules() {
    require_root_kernel!();
    expect(Kind {
        before: DOCKER,
        failing: &["from outside over IPv4", "from an endpoint to the outside"],
        faults: &["chain FORWARD of table ip filter drops packets from"],
        ..PLAIN
    });
}

#[test]
fn the_tour_tells_of_ufw_rules() {
    require_root_kernel!();
    expect(Kind {
        before: UFW,
        failing: &[
            "from outside over IPv4",
            "from outside over IPv6",
            "from an endpoint to the outside",
            "the endpoint's name",
            "a name of the world",
        ],
        faults: &[
            "chain FORWARD of table ip filter drops packets from",
            "chain FORWARD of table ip6 filter drops packets from",
            "chain INPUT of table ip filter drops DNS queries",
            "chain INPUT of table ip6 filter drops DNS queries",
        ],
        ..PLAIN
    });
}

#[test]
fn the_tour_tells_of_firewalld_rules() {
    require_root_kernel!();
    expect(Kind {
        before: FIREWALLD,
        failing: &["from an endpoint to the outside"],
        faults: &["chain filter_FORWARD of table inet firewalld drops packets from"],
        ..PLAIN
    });
}

#[test]
fn the_tour_tells_of_a_vpn_that_comes_up_later() {
    require_root_kernel!();
    expect(Kind {
        later: "ip link add tun0 type veth peer name tun1; ip link set tun0 up; ip link set tun1 up
                ip route add 0.0.0.0/1 dev tun0; ip route add 128.0.0.0/1 dev tun0
                ip route add SUBNET dev tun0",
        failing: &[
            "from the host over IPv4",
            "from outside over IPv4",
            "from an endpoint to the outside",
            "the endpoint's name",
            "a name of the world",
        ],
        faults: &["leads to interface tun0, not to network web"],
        ..PLAIN
    });
}

/// What systemd-networkd and NetworkManager are told to leave alone: the names of every interface of ours.
#[test]
fn programs_that_manage_interfaces_are_told_to_leave_ours_alone() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let _front = lab.attach("web", "front", &[]);
    let names = |lab: &Lab| {
        let listed = lab.host.netns.sh("ip -o link");
        let words = listed.lines().filter_map(|line| line.split(": ").nth(1));
        let names = words.map(|name| name.split('@').next().unwrap_or(name).to_owned());
        let ours = names.filter(|name| name != "lo" && name != "wan");
        ours.collect::<Vec<String>>()
    };
    let mut ours = names(&lab);
    assert_eq!(ours.len(), 2, "{ours:?}");
    lab.host.ok(&["detach", "front"]);
    lab.host.ok(&["network", "rm", "web"]);
    ours.extend(names(&lab));
    for (file, before, separator) in [
        ("00-tidegate.network", "Name=", ' '),
        ("tidegate.conf", "match-device=", ','),
    ] {
        let path = workspace().join("packaging/network-managers").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let patterns = text.lines().find_map(|line| line.strip_prefix(before));
        let patterns = patterns.unwrap().split(separator);
        let patterns: Vec<&str> = patterns
            .map(|it| {
                it.trim_start_matches("interface-name:")
                    .trim_end_matches('*')
            })
            .collect();
        for name in ours.iter().map(String::as_str).chain(["tgx1", "tgy1"]) {
            assert!(
                patterns.iter().any(|it| name.starts_with(it)),
                "{name} in {file}"
            );
        }
    }
}
