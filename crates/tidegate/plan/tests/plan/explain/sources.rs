//! Packets from addresses that are not their sender's.

use super::*;

#[test]
fn packets_with_a_false_source_meet_the_rules_about_sources() {
    let mut state = web(Policy::default(), &["8080:80"]);
    let db = CreateNetwork {
        policy: Policy {
            anti_spoofing: true,
            ..Policy::default()
        },
        ..network("db")
    };
    state.apply(&create(&state, &db).unwrap().change);
    attach_as(&mut state, "db", "bound", 3, &[]);
    let alone = "an endpoint sends as itself alone";
    let as_endpoint = "nobody else sends from a network";
    for (from, to, expected, reason) in [
        ("front as 10.208.0.2", "198.51.100.1:80", Fate::Leaves, ""),
        // It may have more addresses of its network.
        ("front as 10.208.0.77", "198.51.100.1:80", Fate::Leaves, ""),
        ("front as 10.208.1.2", "192.0.2.1:80", Fate::Dropped, alone),
        ("front as 8.8.8.8", "198.51.100.1:80", Fate::Dropped, alone),
        ("front as 192.0.2.1", "bound:80", Fate::Dropped, alone),
        (
            "front as 2001:db8:8::8",
            "[2001:db8::1]:80",
            Fate::Dropped,
            alone,
        ),
        // Neighbours are not told apart, unless their network has it so.
        (
            "front as 8.8.8.8",
            "back:80",
            reaches("back"),
            "meet no rule",
        ),
        ("front as ::1", "back:80", Fate::Lost, "from and to ::1"),
        ("front as 127.0.0.2", "back:80", Fate::Lost, "127.0.0.0/8"),
        ("bound as 10.208.1.2", "192.0.2.1:80", Fate::ReachesHost, ""),
        (
            "bound as 10.208.1.3",
            "192.0.2.1:80",
            Fate::Lost,
            "--anti-spoofing",
        ),
        (
            "outside as 10.208.0.2",
            "192.0.2.1:8080",
            Fate::Dropped,
            as_endpoint,
        ),
        (
            "outside as fd74:6964:6567::2",
            "[2001:db8::1]:8080",
            Fate::Dropped,
            as_endpoint,
        ),
        (
            "outside as 127.0.0.2",
            "192.0.2.1:8080",
            Fate::Dropped,
            "nobody else sends as the host's loopback",
        ),
        (
            "192.0.2.9 as 192.0.2.1",
            "192.0.2.1:8080",
            Fate::Lost,
            "an address of the host itself",
        ),
        // Without an address, an endpoint can ask for one.
        (
            "front as 0.0.0.0",
            "255.255.255.255:67/udp",
            Fate::ReachesHost,
            "a program of the host",
        ),
        (
            "bound as 0.0.0.0",
            "255.255.255.255:67/udp",
            Fate::Lost,
            "--anti-spoofing",
        ),
        (
            "front as 0.0.0.0",
            "host:67/udp",
            Fate::Lost,
            "goes to 255.255.255.255",
        ),
        (
            "front as 0.0.0.0",
            "255.255.255.255:68/udp",
            Fate::Dropped,
            "nothing else",
        ),
        (
            "front as 0.0.0.0",
            "host:53/udp",
            Fate::Dropped,
            "nothing else",
        ),
        ("bound as ::", "host", Fate::Dropped, "nothing else"),
        // IPv6 does not look.
        (
            "outside as 2001:db8::1",
            "[2001:db8::1]:8080",
            reaches("front"),
            "",
        ),
        ("outside as 8.8.8.8", "host:8080", reaches("front"), ""),
    ] {
        let (fate, why) = fate(&state, from, to);
        assert_eq!(fate, expected, "{from} {to}: {why}");
        assert!(why.contains(reason), "{from} {to}: {why}");
    }
    let dropped = explain_on(&state, &routing(&state), "front as ::", "host").unwrap();
    let hint = dropped.paths[0].hint.as_deref().unwrap_or_default();
    assert!(hint.contains("DHCP"), "{hint}");
    // In the family of the address alone, and it is named.
    let said = said(&state, "outside as 8.8.8.8", "host:8080");
    let first = "outside as 8.8.8.8 -> host 192.0.2.1:8080/tcp";
    assert_eq!(said.matches(" -> ").count(), 1, "{said}");
    assert!(said.starts_with(first), "{said}");
    let refused = |from: &str, to: &str| {
        let explained = explain_on(&state, &routing(&state), from, to);
        explained.unwrap_err().to_string()
    };
    assert_eq!(
        refused("front as 224.0.0.1", "host"),
        "cannot explain packets to 224.0.0.1: it is a multicast address"
    );
    assert_eq!(
        refused("front as 8.8.8.8", "2001:db8::1"),
        "8.8.8.8 and 2001:db8::1 have no address of the same family"
    );
}
