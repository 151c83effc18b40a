//! What `tidegate explain` says and how it ends. That it says what happens is seen with every cell of
//! the data path's table.

use expect_test::expect;
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Lab, require_root_kernel};

use crate::drivers;

#[test]
fn it_shows_the_rules_and_ends_as_the_packet_does() {
    require_root_kernel!();
    let driver = &drivers()[0];
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web", "--no-ipv6"]);
    let _front = lab.attach("web", "front", &["8080:80"]);
    let asked = |from: &str, to: &str| {
        let output = lab.host.tidegate(&["explain", from, to]);
        let status = output.code.unwrap();
        format!("{status}\n{}{}", output.stdout, output.stderr)
    };
    let seen = [
        asked("192.0.2.2", "192.0.2.1:8080"),
        asked("outside", "front:80"),
        // The host of the lab has no default route.
        asked("front", "outside:443"),
        asked("nobody", "host"),
        asked("front", "front:"),
    ];
    expect![[r#"
        0
        outside 192.0.2.2 -> host 192.0.2.1:8080/tcp: passes, to endpoint front
          nat_prerouting  to an address of the host   jump arriving
          arriving        published on one address    jump publish_at
          arriving        published on every address  jump publish_all
          publish_all     published on every address  dnat to 10.208.0.2:80  6 . 8080 : 10.208.0.2 . 80 of publish4 (published port 8080:80/tcp of endpoint front)
          forward         to an endpoint              jump to_bridge         "tgb0" of bridges (network web)
          to_bridge       through a published port    accept
          why: through a published port

        1
        outside -> front 10.208.0.2:80/tcp: is dropped
          forward    to an endpoint                                      jump to_bridge  "tgb0" of bridges (network web)
          to_bridge  not through a published port, and no direct access  drop
          why: not through a published port, and no direct access
          do: the port is published: use host:8080/tcp

        1
        front 10.208.0.2 -> outside:443/tcp: does not arrive
          guard  where it comes in  goto from_endpoint  "tgb0" : goto from_endpoint of entrances (network web)
          why: the host has no route to outside

        1
        error: endpoint nobody does not exist
        hint: see `tidegate endpoint ls`

        1
        error: invalid destination "front:": "" is not a port
        hint: write it DST[:PORT[/tcp|udp|sctp]], for example front:80/tcp, host:8080 or [2001:db8::1]:53/udp
    "#]]
    .assert_eq(&seen.join("\n"));
}

/// That the host takes such a request is seen in the hostile tests of addresses that no host has.
#[test]
fn a_dhcp_request_of_an_endpoint_passes() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    lab.host.ok(&["network", "create", "web"]);
    let _front = lab.attach("web", "front", &[]);
    let asked = |from: &str, to: &str| {
        let asked = ["explain", "front", to, "--source-address", from];
        let output = lab.host.tidegate(&asked);
        format!("{:?} {}{}", output.code, output.stdout, output.stderr)
    };
    let request = asked("0.0.0.0", "255.255.255.255:67/udp");
    assert!(
        request.contains("goes to a program of the host"),
        "{request}"
    );
    let other = asked("::", "host");
    assert!(
        other.starts_with("Some(1)") && other.contains("do: from such an address"),
        "{other}"
    );
}

/// What somebody took from a namespace stops packets that need it, and each hint puts one thing back.
#[test]
fn a_namespace_that_lacks_something_is_seen_and_the_hints_mend_it() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web", "--no-ipv6"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let _server = Server::start(&front.netns, "front", 80);
        let published = "192.0.2.1:8080";
        let passes = || !is_closed_tcp(&lab.outside, published.parse().unwrap());
        for take in [
            "ip link set eth0 down",
            "ip route del default",
            "ip addr flush dev eth0",
        ] {
            assert!(passes(), "{driver}: before {take}");
            front.netns.sh(take);
            assert!(!passes(), "{driver}: {take}");
            // One thing after the other: without an address, an interface has no routes either.
            for mended in 0.. {
                let said = lab.host.tidegate(&["explain", "192.0.2.2", published]);
                if said.code == Some(0) {
                    assert!(mended > 0, "{driver}: {take}: {}", said.stdout);
                    break;
                }
                assert!(said.stdout.contains("endpoint front: "), "{}", said.stdout);
                assert!(mended < 3, "{driver}: {take}: {}", said.stdout);
                let command = said.stdout.split("put it back: `").nth(1);
                let command = command.and_then(|it| it.split('`').next());
                lab.host
                    .netns
                    .sh(command.unwrap_or_else(|| panic!("{}", said.stdout)));
            }
            assert!(passes(), "{driver}: after {take} was mended");
        }
        let shown = lab.host.ok(&["endpoint", "inspect", "front"]);
        assert!(
            shown.contains("ok on the host; `tidegate endpoint check front` looks into"),
            "{shown}"
        );
    }
}

#[test]
fn it_explains_packets_with_br_netfilter() {
    require_root_kernel!();
    let driver = &drivers()[0];
    let lab = Lab::with_driver(driver);
    let is_on = lab
        .host
        .netns
        .sh("cd /proc/sys/net/bridge 2>/dev/null || exit 0
             for key in bridge-nf-call-iptables bridge-nf-call-ip6tables; do echo 1 > $key; done
             echo on");
    for (network, policy) in [("open", &[][..]), ("apart", &["--no-icc"])] {
        lab.host
            .ok(&[&["network", "create", network], policy].concat());
        let port = if network == "open" { "80" } else { "81" };
        let front = lab.attach(network, &format!("{network}-1"), &[&format!("80{port}:80")]);
        let side = lab.attach(network, &format!("{network}-2"), &[]);
        let _server = Server::start(&front.netns, "front", 80);
        let explained = |from: &str, to: &str| {
            let from = format!("{network}-{from}");
            let output = lab.host.tidegate(&["explain", &from, to]);
            (output.code == Some(0), output.stdout)
        };
        for to in [front.v4(80), front.v6(80)] {
            let (passes, text) = explained("2", &to.to_string());
            assert_eq!(passes, network == "open", "{text}");
            assert_eq!(passes, !is_closed_tcp(&side.netns, to), "{text}");
            // The rules were asked, not the bridge alone, which decides about those that it keeps apart.
            let is_asked = passes && !is_on.is_empty();
            assert_eq!(text.contains("to_bridge"), is_asked, "{text}");
        }
        for to in ["192.0.2.1", "[2001:db8::1]"].map(|ip| format!("{ip}:80{port}")) {
            for (number, from) in [("1", &front.netns), ("2", &side.netns)] {
                let (passes, text) = explained(number, &to);
                assert!(passes, "{text}");
                let reply = ask_tcp(from, to.parse().unwrap()).unwrap();
                assert_eq!(reply.server, "front", "{text}");
            }
        }
    }
}
