//! Another program changes interfaces of ours while the daemon runs.

use test_support::Netns;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Attached, Lab, require_root_kernel, wait_until};

use crate::drivers;

const PUT_RIGHT: &str = "was changed by another program:";

/// Two endpoints of a network, of which one publishes a port, and one of a network that keeps endpoints apart.
struct Scene {
    lab: Lab,
    front: Attached,
    back: Attached,
    _server: Server,
}

impl Scene {
    fn new(driver: &str) -> Self {
        let lab = Lab::with_driver(driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let back = lab.attach("web", "back", &[]);
        let server = Server::start(&front.netns, "front", 80);
        Self {
            lab,
            front,
            back,
            _server: server,
        }
    }

    /// Whether packets go everywhere: from outside, from the neighbour, from the host, over both families.
    fn is_served(&self) -> bool {
        let Self {
            lab, front, back, ..
        } = self;
        let is_front = |from: &Netns, at| ask_tcp(from, at).is_ok_and(|it| it.server == "front");
        is_front(&lab.outside, "192.0.2.1:8080".parse().unwrap())
            && is_front(&lab.outside, "[2001:db8::1]:8080".parse().unwrap())
            && is_front(&back.netns, front.v4(80))
            && is_front(&back.netns, front.v6(80))
            && is_front(&lab.host.netns, front.v6(80))
    }

    /// What the host's ends of the links look like.
    fn links(&self) -> String {
        self.lab.host.netns.sh(
            "set +e
             for dev in tgb0 tgv1 tgv2; do
                 ip -o link show dev $dev | sed 's/^[0-9]*: //; s/state [A-Z]*//; s/@if[0-9]*//; s/link-netns.*//'
                 ip -o -d link show dev $dev | grep -oE 'vlan_filtering [01]|stp_state [01]|state forwarding|(isolated|learning|flood) (on|off)'
                 ip -o address show dev $dev | grep -oE 'inet6? [^ ]*'
             done
             true",
        )
    }
}

/// What somebody does, the interface that is put right, and what is done to it.
const HARM: &[(&str, &str, &[&str])] = &[
    ("ip link set tgb0 down", "tgb0", &["brought up"]),
    ("ip link set tgv1 down", "tgv1", &["brought up"]),
    (
        "ip link set tgv1 nomaster",
        "tgv1",
        &["made a port of tgb0 again"],
    ),
    (
        "ip address flush dev tgb0",
        "tgb0",
        &[
            "address 10.208.0.1/24 added",
            "address fd74:6964:6567::1/64 added",
            "address fe80::",
        ],
    ),
    (
        "ip -6 address flush dev tgb0",
        "tgb0",
        &["address fd74:6964:6567::1/64 added", "address fe80::"],
    ),
    (
        "ip -6 address flush dev tgb0 scope link",
        "tgb0",
        &["address fe80::"],
    ),
    (
        "ip address del 10.208.0.1/24 dev tgb0",
        "tgb0",
        &["address 10.208.0.1/24 added"],
    ),
    (
        "ip link set tgb0 address 02:00:00:00:00:99",
        "tgb0",
        &["Ethernet address"],
    ),
    (
        "ip link set tgv1 address 02:00:00:00:00:99",
        "tgv1",
        &["Ethernet address"],
    ),
    ("ip link set tgb0 mtu 1300", "tgb0", &["MTU 1500 set"]),
    ("ip link set tgv1 mtu 900", "tgv1", &["MTU 1500 set"]),
    (
        "ip link set tgb0 type bridge stp_state 1",
        "tgb0",
        &["bridge settings set"],
    ),
    (
        "bridge link set dev tgv1 isolated on",
        "tgv1",
        &["bridge settings set"],
    ),
    (
        "bridge link set dev tgv1 learning off flood off",
        "tgv1",
        &["bridge settings set"],
    ),
    (
        "bridge link set dev tgv1 state 4",
        "tgv1",
        &["bridge settings set"],
    ),
    (
        "ip link set tgb0 down; ip link set tgb0 name lan9; ip link set lan9 up",
        "tgb0",
        &["renamed back from lan9"],
    ),
    (
        "ip link set tgv1 down; ip link set tgv1 name lan9",
        "tgv1",
        &["renamed back from lan9", "brought up"],
    ),
    (
        "ip link set tgb0 group 7",
        "tgb0",
        &["put back into its group"],
    ),
    (
        "ip link set tgv1 group 7",
        "tgv1",
        &["put back into its group"],
    ),
    (
        "ip link set tgv1 down; ip link set tgb0 down; ip link set tgv2 nomaster",
        "tgv2",
        &["made a port of tgb0 again"],
    ),
    // What only a new pair can mend.
    (
        "ip link set tgv1 down; ip link set tgv2 down; ip link set tgv1 name lan8; ip link set tgv2 name lan9",
        "lan8",
        &[],
    ),
];

/// Whether a line says that an interface was put right in this way.
fn is_told(log: &str, ifname: &str, done: &[&str]) -> bool {
    let start = format!("interface {ifname} {PUT_RIGHT}");
    let mut lines = log.lines().filter(|line| line.contains(&start));
    done.is_empty() || lines.any(|line| done.iter().all(|words| line.contains(words)))
}

#[test]
fn each_change_of_an_interface_is_undone_and_logged() {
    require_root_kernel!();
    let drivers = drivers();
    for (number, driver) in drivers.iter().enumerate() {
        let scene = Scene::new(driver);
        let host = &scene.lab.host;
        wait_until("it is served", || scene.is_served());
        let before = scene.links();
        for (harm, ifname, done) in HARM.iter().skip(number).step_by(drivers.len()) {
            host.netns.sh(harm);
            wait_until(harm, || {
                is_told(&host.log(), ifname, done) && scene.links() == before
            });
            assert!(scene.is_served(), "after {harm}");
        }
        assert!(host.json(&["info"])["degraded"].is_null());
        assert_eq!(host.ruleset_diff(), "");
    }
}

#[test]
fn an_endpoint_is_attached_to_a_whole_bridge_or_not_at_all() {
    require_root_kernel!();
    let scene = Scene::new("auto");
    let host = &scene.lab.host;
    let of_bridge = || {
        let shown = host.netns.sh(
            "ip -o link show dev tgb0 | grep -oE 'UP|mtu [0-9]*|group [0-9]*'
             ip -o address show dev tgb0 | grep -oE 'inet6? [^ ]*'
             ip -o link show master tgb0 | grep -c tgv",
        );
        let (shown, ports) = shown.trim_end().rsplit_once('\n').unwrap();
        (shown.to_owned(), ports.parse::<u32>().unwrap())
    };
    let (before, ports) = of_bridge();
    let mut guests = Vec::new();
    // The command is quicker than what the kernel tells the daemon about the change.
    for (number, harm) in (1..).zip([
        "ip link set tgb0 down",
        "ip address flush dev tgb0",
        "ip link set tgb0 down; ip link set tgb0 name lan9",
        "ip link set tgb0 group 0",
        "ip link del tgb0",
    ]) {
        host.netns.sh(harm);
        let netns = Netns::new();
        let path = netns.path();
        host.ok(&["attach", "web", "--netns", path.to_str().unwrap()]);
        let is_whole = || of_bridge() == (before.clone(), ports + number);
        if number < 5 {
            assert!(is_whole(), "after {harm}: {:?}", of_bridge());
        }
        wait_until(harm, || is_whole() && scene.is_served());
        guests.push(netns);
    }
}

#[test]
fn a_pair_whose_end_was_moved_to_another_namespace_is_created_again() {
    require_root_kernel!();
    let scene = Scene::new("auto");
    let host = &scene.lab.host;
    let thief = Netns::new();
    host.netns
        .sh(&format!("ip link set tgv1 netns {}", thief.name()));
    wait_until("it is served", || scene.is_served());
    let routes = scene.front.netns.sh("ip route show default");
    assert!(routes.contains("10.208.0.1"), "{routes}");
    assert!(host.json(&["info"])["degraded"].is_null());
}

#[test]
fn who_changes_an_interface_again_and_again_is_told_and_the_daemon_goes_on() {
    require_root_kernel!();
    let scene = Scene::new("auto");
    let host = &scene.lab.host;
    let mut fighter = host.netns.command("sh");
    fighter.args(["-c", "while :; do ip link set tgb0 down; sleep 0.02; done"]);
    let mut fighter = fighter.spawn().unwrap();
    let doctor = || host.tidegate(&["doctor"]).stdout;
    wait_until("the fight is told", || {
        doctor().contains("another program changes interfaces of Tidegate again and again")
    });
    host.ok(&["network", "create", "db"]);
    fighter.kill().unwrap();
    fighter.wait().unwrap();
    wait_until("it is served", || scene.is_served());
    assert!(host.json(&["info"])["degraded"].is_null());
}
