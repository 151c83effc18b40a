//! Nothing that somebody does to the host while the daemon is away stops its start: what cannot be made costs itself
//! only, is told, and is tried again.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Attached, Host, Lab, Netns, Programs, require_root_kernel, wait_until};

use crate::drivers;

/// A lab with an endpoint `front` of network `web`, published as port 8080, and with its server.
struct Site {
    lab: Lab,
    front: Attached,
    _server: Server,
}

impl Site {
    fn new(driver: &str) -> Self {
        let lab = Lab::with_driver(driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let server = Server::start(&front.netns, "front", 80);
        Self {
            lab,
            front,
            _server: server,
        }
    }

    /// Stops the daemon, has something done to the host, and starts it again.
    fn meanwhile(&mut self, work: impl FnOnce(&Host)) {
        self.lab.host.stop();
        work(&self.lab.host);
        self.lab.host.start();
    }

    fn is_served(&self) {
        let reply = ask_tcp(&self.lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(reply.unwrap().server, "front");
    }
}

fn degraded(host: &Host, what: &str, name: &str) -> Value {
    host.json(&[what, "inspect", name])["degraded"].clone()
}

fn reason(host: &Host, what: &str, name: &str) -> String {
    let fault = degraded(host, what, name);
    fault["reason"].as_str().unwrap_or_default().to_owned()
}

fn is_well(host: &Host) {
    let found = host.tidegate(&["doctor"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
}

fn wait_until_whole(host: &Host, what: &str, name: &str) {
    wait_until("it is whole again", || degraded(host, what, name).is_null());
}

#[test]
fn a_rival_with_a_bridges_name_costs_that_network_alone_until_it_goes() {
    require_root_kernel!();
    for driver in drivers() {
        let mut site = Site::new(&driver);
        let host = &site.lab.host;
        host.ok(&["network", "create", "db", "--bridge", "br-db"]);
        host.ok(&["network", "connect", "web", "db"]);
        let back = site.lab.attach("db", "back", &["8081:80"]);
        let _server = Server::start(&back.netns, "back", 80);
        let address = "192.0.2.1:8081".parse().unwrap();
        assert!(ask_tcp(&site.lab.outside, address).is_ok());
        site.meanwhile(|host| {
            host.netns.sh("ip link del br-db
                           ip link add br-db type bridge
                           ip addr add 10.99.0.1/24 dev br-db
                           ip link set br-db up");
        });
        let host = &site.lab.host;
        site.is_served();
        let fault = degraded(host, "network", "db");
        assert_eq!(fault["down"], true, "{fault}");
        assert!(reason(host, "network", "db").contains("make bridge br-db"));
        assert_eq!(degraded(host, "endpoint", "back")["down"], true);
        let listed = host.ok(&["network", "ls"]);
        assert!(listed.contains("degraded, down: "), "{listed}");
        let listed = host.ok(&["endpoint", "ls"]);
        assert!(listed.contains("nothing of its network db"), "{listed}");
        let info = host.ok(&["info"]);
        assert!(info.contains("network db,endpoint back"), "{info}");
        let found = host.tidegate(&["doctor"]);
        assert_eq!(found.code, Some(1), "{found:#?}");
        assert!(found.stdout.contains("FAULT    degraded: network db"));
        // Nothing of it is in the table: the bridge of that name is another's now.
        assert!(
            !host
                .netns
                .sh("nft list table inet tidegate")
                .contains("br-db")
        );
        assert_eq!(host.ruleset_diff(), "");
        assert!(ask_tcp(&site.lab.outside, address).is_err());
        let refused = host.tidegate(&["attach", "db", "--netns", back.netns.name()]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(
            refused.stderr.contains("network db is degraded: "),
            "{refused:#?}"
        );
        assert!(refused.stderr.contains("\nhint: "), "{refused:#?}");
        for words in [
            &["publish", "back", "8082:80"][..],
            &["network", "disconnect", "web", "db"],
        ] {
            let refused = host.tidegate(words);
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            assert!(refused.stderr.contains("is degraded: "), "{refused:#?}");
        }
        // A listener that comes later hears of it too.
        let mut events = host.client_command(&["events", "--json"]);
        let mut events = events.stdout(std::process::Stdio::piped()).spawn().unwrap();
        host.netns.sh("ip link del br-db");
        wait_until_whole(host, "network", "db");
        wait_until_whole(host, "endpoint", "back");
        assert_eq!(ask_tcp(&site.lab.outside, address).unwrap().server, "back");
        assert_eq!(host.ruleset_diff(), "");
        is_well(host);
        // A stop lets it go.
        site.lab.host.stop();
        let mut heard = String::new();
        std::io::Read::read_to_string(&mut events.stdout.take().unwrap(), &mut heard).unwrap();
        let _ = events.wait();
        for event in [
            "network-degraded",
            "endpoint-degraded",
            "network-restored",
            "endpoint-restored",
        ] {
            assert!(heard.contains(event), "{event}: {heard}");
        }
    }
}

#[test]
fn a_network_that_is_down_can_be_removed_and_the_foreign_link_is_kept() {
    require_root_kernel!();
    for driver in drivers() {
        let mut site = Site::new(&driver);
        for name in ["db", "lab"] {
            let bridge = format!("br-{name}");
            site.lab
                .host
                .ok(&["network", "create", name, "--bridge", &bridge]);
        }
        let _back = site.lab.attach("db", "back", &["8081:80"]);
        let _other = site.lab.attach("lab", "other", &["8082:80"]);
        site.meanwhile(|host| {
            for bridge in ["br-db", "br-lab"] {
                host.netns.sh(&format!(
                    "ip link del {bridge}; ip link add {bridge} type bridge"
                ));
            }
        });
        let host = &site.lab.host;
        host.ok(&["detach", "back"]);
        host.ok(&["network", "rm", "db"]);
        host.ok(&["network", "rm", "--force", "lab"]);
        assert_eq!(host.ruleset_diff(), "");
        assert_eq!(host.json(&["network", "ls"]).as_array().unwrap().len(), 1);
        host.netns.sh("ip link show br-db; ip link show br-lab");
        site.is_served();
        site.meanwhile(|_| {});
        is_well(&site.lab.host);
        // Its ports are free again.
        let other = Netns::new();
        let words = [
            "attach",
            "web",
            "--netns",
            other.name(),
            "-p",
            "8081:80",
            "-p",
            "8082:80",
        ];
        site.lab.host.ok(&words);
    }
}

#[test]
fn a_path_that_became_a_symlink_loop_affects_only_its_endpoint() {
    require_root_kernel!();
    for driver in drivers() {
        let mut site = Site::new(&driver);
        let boxes = [Netns::new(), Netns::new()];
        let paths = ["kept", "lost"].map(|name| site.lab.host.folder().join(name));
        for (path, netns) in paths.iter().zip(&boxes) {
            symlink(netns.path(), path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let host = &site.lab.host;
            host.ok(&[
                "attach",
                "web",
                "--netns",
                path.to_str().unwrap(),
                "--name",
                name,
            ]);
        }
        let lost = site.lab.host.json(&["endpoint", "inspect", "lost"]);
        let odd = Netns::new();
        let odd_path = site.lab.host.folder().join("odd");
        symlink(odd.path(), &odd_path).unwrap();
        let words = [
            "attach",
            "web",
            "--name",
            "odd",
            "--netns",
            odd_path.to_str().unwrap(),
        ];
        site.lab.host.ok(&words);
        site.meanwhile(|host| {
            for path in &paths {
                fs::remove_file(path).unwrap();
                symlink(path, path).unwrap();
            }
            fs::remove_file(&odd_path).unwrap();
            fs::write(&odd_path, "something else").unwrap();
            let pair = lost["host-ifname"].as_str().unwrap();
            host.netns.sh(&format!("ip link del {pair}"));
        });
        let host = &site.lab.host;
        site.is_served();
        // The one's pair is there, and so is its namespace.
        assert_eq!(degraded(host, "endpoint", "kept")["down"], false);
        let kept = host.json(&["endpoint", "inspect", "kept"]);
        let kept = kept["addresses"][0].as_str().unwrap().replace("/24", ":80");
        let _kept = Server::start(&boxes[0], "kept", 80);
        assert_eq!(
            ask_tcp(&host.netns, kept.parse().unwrap()).unwrap().server,
            "kept"
        );
        assert_eq!(degraded(host, "endpoint", "odd")["down"], false);
        assert!(reason(host, "endpoint", "odd").contains("not a network namespace"));
        assert_eq!(degraded(host, "endpoint", "lost")["down"], true);
        for name in ["kept", "lost"] {
            let reason = reason(host, "endpoint", name);
            assert!(reason.contains("symbolic links"), "{reason}");
        }
        assert_eq!(host.ruleset_diff(), "");
        for (path, netns) in paths.iter().zip(&boxes) {
            fs::remove_file(path).unwrap();
            symlink(netns.path(), path).unwrap();
        }
        // A command that is about one has it tried at once.
        host.ok(&["publish", "lost", "8083:80"]);
        assert!(degraded(host, "endpoint", "kept").is_null());
        let _server = Server::start(&boxes[1], "lost", 80);
        let reply = ask_tcp(&site.lab.outside, "192.0.2.1:8083".parse().unwrap());
        assert_eq!(reply.unwrap().server, "lost");
        host.ok(&["detach", "kept", "lost", "odd"]);
    }
}

#[test]
fn a_network_has_only_ipv4_and_says_so_if_ipv6_is_off() {
    require_root_kernel!();
    for driver in drivers() {
        let host = Host::new(Programs::of_this_tree(), &["--nft-driver", &driver]);
        host.netns.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        let mut lab = Lab {
            host,
            outside: Netns::new(),
        };
        ipv4_wire(&lab);
        lab.host.start();
        has_only_ipv4(&lab);
        lab.host.kill();
        lab.host.start();
        assert!(lab.host.json(&["info"])["degraded"].is_null());
    }
}

/// `all` would turn it on for every interface.
#[test]
fn the_sysctl_that_turns_ipv6_off_is_named() {
    require_root_kernel!();
    let host = Host::new(Programs::of_this_tree(), &[]);
    let mut lab = Lab {
        host,
        outside: Netns::new(),
    };
    lab.host.start();
    let set = |netns: &Netns, value| {
        netns.sh(&format!(
            "sysctl -qw net.ipv6.conf.default.disable_ipv6={value}"
        ));
    };
    set(&lab.host.netns, 1);
    let made = lab.host.tidegate(&["network", "create", "web"]);
    let on = "sysctl -w net.ipv6.conf.default.disable_ipv6=0`";
    assert!(
        made.stderr.contains("(net.ipv6.conf.default.disable_ipv6)"),
        "{made:#?}"
    );
    let refused = |words: &[&str]| {
        let refused = lab.host.tidegate(words);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stderr.contains(on), "{refused:#?}");
        assert!(!refused.stderr.contains("conf.all"), "{refused:#?}");
    };
    refused(&["network", "create", "six", "--ipv6"]);
    set(&lab.host.netns, 0);
    lab.host.ok(&["network", "create", "six", "--no-ipv4"]);
    let guest = Netns::new();
    set(&guest, 1);
    refused(&[
        "attach",
        "six",
        "--netns",
        &guest.path().display().to_string(),
    ]);
    // Only the loopback interface has none: that stops nothing.
    set(&guest, 0);
    guest.sh("sysctl -qw net.ipv6.conf.lo.disable_ipv6=1");
    lab.host.ok(&[
        "attach",
        "six",
        "--netns",
        &guest.path().display().to_string(),
    ]);
}

#[test]
fn a_kernel_without_ipv6_has_networks_of_ipv4() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", &driver]);
        // What of it a daemon can see: there is nothing of IPv6 below /proc/sys.
        host.start_by("mount -t tmpfs none /proc/sys/net/ipv6; exec \"$@\"");
        let mut lab = Lab {
            host,
            outside: Netns::new(),
        };
        ipv4_wire(&lab);
        lab.host.start();
        has_only_ipv4(&lab);
        lab.host.ok(&["network", "create", "plain", "--no-ipv6"]);
        lab.host.ok(&["network", "create", "cell", "--isolated"]);
    }
}

fn ipv4_wire(lab: &Lab) {
    let (host, outside) = (lab.host.netns.name(), lab.outside.name());
    lab.host.netns.sh(&format!(
        "ip link add wan type veth peer name wan netns {outside}
         ip addr add 192.0.2.1/24 dev wan
         ip link set wan up"
    ));
    lab.outside.sh("ip addr add 192.0.2.2/24 dev wan
                    ip link set wan up");
    assert_ne!(host, outside);
}

fn has_only_ipv4(lab: &Lab) {
    let host = &lab.host;
    let made = host.tidegate(&["network", "create", "web", "--json"]);
    assert_eq!(made.code, Some(0), "{made:#?}");
    assert!(made.stderr.contains("note: it has only IPv4"), "{made:#?}");
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(made["subnets"].as_array().unwrap().len(), 1, "{made}");
    assert!(made["notes"][0].as_str().unwrap().contains("only IPv4"));
    for by_name in [
        &["--ipv6"][..],
        &["--subnet", "fd00:1::/64"],
        &["--no-ipv4"],
        &["--mode6", "routed"],
    ] {
        let words = [&["network", "create", "six"], by_name].concat();
        let refused = host.tidegate(&words);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(
            refused.stderr.contains("turned off on the host"),
            "{refused:#?}"
        );
        assert!(refused.stderr.contains("\nhint: "), "{refused:#?}");
    }
    let front = lab.attach(
        "web",
        "front",
        &["8080:80", "127.0.0.1:8081:80", "[::]:8082:80"][..2],
    );
    let _server = Server::start(&front.netns, "front", 80);
    let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
    assert_eq!(reply.unwrap().server, "front");
    let found = host.tidegate(&["doctor"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(host.ruleset_diff(), "");
}

#[test]
fn a_network_of_both_families_works_by_ipv4_while_ipv6_is_turned_off() {
    require_root_kernel!();
    for driver in drivers() {
        let mut site = Site::new(&driver);
        let index = |host: &Host| host.netns.sh("ip -o link show dev tgb0 | cut -d: -f1");
        let before = index(&site.lab.host);
        site.meanwhile(|host| {
            host.netns.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        });
        site.is_served();
        let lacks_ipv6 = |host: &Host| {
            let fault = degraded(host, "network", "web");
            fault["down"] == false && fault["reason"].as_str().unwrap().contains("IPv6")
        };
        assert!(lacks_ipv6(&site.lab.host));
        // Nothing that works is made anew, however often it starts.
        site.meanwhile(|_| {});
        assert!(lacks_ipv6(&site.lab.host));
        assert_eq!(index(&site.lab.host), before);
        let more = site.lab.attach("web", "more", &[]);
        let _server = Server::start(&more.netns, "more", 80);
        assert!(ask_tcp(&site.lab.host.netns, more.v4(80)).is_ok());
        // Turned on, and off, and on again while the daemon runs.
        for _ in 0..2 {
            let host = &site.lab.host;
            host.netns.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=0");
            wait_until_whole(host, "network", "web");
            let gateway = host.netns.sh("ip -6 -o addr show dev tgb0 scope global");
            assert!(gateway.contains("fd74:"), "{gateway}");
            wait_until("it answers", || ask_tcp(&host.netns, more.v6(80)).is_ok());
            host.netns.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
            wait_until("it is told", || lacks_ipv6(host));
            site.is_served();
        }
        // A bridge that has to be made anew has what there is.
        site.meanwhile(|host| {
            host.netns.sh("ip link del tgb0");
        });
        assert!(lacks_ipv6(&site.lab.host));
        site.is_served();
        assert_eq!(site.front.endpoint["name"], "front");
    }
}

#[test]
fn ipv6_that_is_turned_on_for_all_interfaces_stays_off_where_a_network_has_none() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        // Without a port a bridge gets no address, of which the kernel would tell.
        host.ok(&["network", "create", "bare", "--no-ipv6"]);
        host.ok(&["network", "create", "plain", "--no-ipv6"]);
        let closed = ["--isolated", "--host-access", "none"];
        host.ok(&[&["network", "create", "cell"][..], &closed].concat());
        host.ok(&["network", "create", "both"]);
        let attached = ["plain", "cell", "both"].map(|network| lab.attach(network, network, &[]));
        let ports = attached
            .iter()
            .map(|it| it.endpoint["host-ifname"].as_str());
        let off: Vec<&str> = ports.flatten().chain(["tgb0", "tgb1", "tgb2"]).collect();
        let is_off = |ifname: &&str| {
            let path = format!("cat /proc/sys/net/ipv6/conf/{ifname}/disable_ipv6");
            host.netns.sh(&path).trim() == "1"
        };
        let set = |value: &str| {
            let set = format!("sysctl -qw net.ipv6.conf.all.disable_ipv6={value}");
            host.netns.sh(&set);
        };
        // As the hint of a network that lacks IPv6 says, and as what sets it at a boot does.
        set("1");
        for _ in 0..2 {
            set("0");
            wait_until("it is off again", || off.iter().all(is_off));
            wait_until_whole(host, "network", "both");
            assert!(!is_off(&"tgb3"));
            assert!(host.ok(&["network", "ls"]).contains("bare"));
            wait_until("all is well", || host.tidegate(&["doctor"]).code == Some(0));
        }
    }
}

#[test]
fn a_file_system_whose_server_is_gone_costs_the_endpoint_whose_path_it_holds() {
    require_root_kernel!();
    for driver in drivers() {
        let mut site = Site::new(&driver);
        let netns = Netns::new();
        let folder = site.lab.host.folder().join("mounted");
        fs::create_dir(&folder).unwrap();
        let path = folder.join("box");
        symlink(netns.path(), &path).unwrap();
        let words = [
            "attach",
            "web",
            "--name",
            "back",
            "--netns",
            path.to_str().unwrap(),
        ];
        site.lab.host.ok(&words);
        // A FUSE mount whose server has ended: every operation fails with ENOTCONN.
        let device = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/fuse");
        let Ok(device) = device else {
            return;
        };
        use std::os::fd::AsRawFd;
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0",
            device.as_raw_fd()
        );
        let options = std::ffi::CString::new(options).unwrap();
        rustix::mount::mount(
            "none",
            &folder,
            "fuse",
            rustix::mount::MountFlags::empty(),
            &*options,
        )
        .unwrap();
        drop(device);
        site.meanwhile(|_| {});
        let fault = degraded(&site.lab.host, "endpoint", "back");
        rustix::mount::unmount(&folder, rustix::mount::UnmountFlags::DETACH).unwrap();
        assert_eq!(fault["down"], false, "{fault}");
        site.is_served();
        site.lab.host.ok(&["publish", "back", "8081:80"]);
        assert!(degraded(&site.lab.host, "endpoint", "back").is_null());
    }
}
