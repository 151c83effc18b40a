//! What an endpoint can ask for.

use tidegate_tests::traffic::{Connection, Server, ask_tcp};
use tidegate_tests::{Lab, Netns, require_root_kernel};

use crate::drivers;

fn attach(lab: &Lab, name: &str, netns: &Netns, flags: &str) {
    let fixed = ["attach", "web", "--netns", netns.name(), "--name", name];
    let flags: Vec<&str> = flags.split_whitespace().collect();
    lab.host.ok(&[&fixed[..], &flags].concat());
}

#[test]
fn an_endpoint_has_the_addresses_and_the_name_that_it_asks_for() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let side = lab.attach("web", "side", &[]);
        let netns = Netns::new();
        attach(
            &lab,
            "front",
            &netns,
            "--ip 10.208.0.20 --ip6 fd74:6964:6567::20 --mac 02:00:00:00:00:20 --ifname web0 \
             --sysctl net.ipv4.conf.IFNAME.arp_ignore=1",
        );
        let link = netns.sh("ip -o link show web0");
        assert!(link.contains("02:00:00:00:00:20"), "{link}");
        let arp_ignore = netns.sh("cat /proc/sys/net/ipv4/conf/web0/arp_ignore");
        assert_eq!(arp_ignore.trim(), "1");
        let _server = Server::start(&netns, "front", 80);
        for to in ["10.208.0.20:80", "[fd74:6964:6567::20]:80"] {
            let reply = ask_tcp(&side.netns, to.parse().unwrap()).unwrap();
            assert_eq!(reply.server, "front", "{driver}");
        }
        let other = Netns::new();
        let before = lab.host.snapshot();
        let taken = [
            "attach",
            "web",
            "--netns",
            other.name(),
            "--ip",
            "10.208.0.20",
        ];
        let refused = lab.host.tidegate(&taken);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert_eq!(lab.host.snapshot(), before);
    }
}

#[test]
fn an_endpoint_can_have_several_addresses_and_routes_and_no_default_route() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.set_br_netfilter(0);
        lab.host.ok(&["network", "create", "web"]);
        let router = lab.attach("web", "router", &[]);
        let netns = Netns::new();
        let next = router.v4(0).ip().to_string();
        attach(
            &lab,
            "front",
            &netns,
            &format!(
                "--ip 10.208.0.20 --ip 10.208.0.21 --ip fd74:6964:6567::20 --ip fd74:6964:6567::21 -p 8080:80 \
                 --no-default-route --route 198.51.100.0/24={next} --route fd09::/32"
            ),
        );
        let _server = Server::start(&netns, "front", 80);
        for ip in [
            "10.208.0.20",
            "10.208.0.21",
            "[fd74:6964:6567::20]",
            "[fd74:6964:6567::21]",
        ] {
            let reply = ask_tcp(&router.netns, format!("{ip}:80").parse().unwrap()).unwrap();
            assert_eq!(reply.server, "front", "{driver}");
        }
        // The metric of the routes to the DNS server follows from the number of the endpoint.
        let all_routes = || netns.sh("(ip route; ip -6 route) | sed 's/ metric [0-9]*//'");
        let routes = all_routes();
        assert!(
            routes.contains(&format!("198.51.100.0/24 via {next}")),
            "{routes}"
        );
        assert!(routes.contains("fd09::/32 dev eth0"), "{routes}");
        assert!(!routes.contains("default"), "{routes}");
        // By the static route to the router, which has the address.
        router.netns.sh("ip addr add 198.51.100.1/24 dev lo");
        let _other = Server::start(&router.netns, "router", 81);
        let reply = ask_tcp(&netns, "198.51.100.1:81".parse().unwrap()).unwrap();
        assert_eq!(reply.server, "router", "{driver}");
        let explained = lab
            .host
            .tidegate(&["explain", "front", "198.51.100.1:81/tcp"]);
        assert!(
            explained.stdout.contains("to endpoint router"),
            "{explained:#?}"
        );
        // The host reaches the published port, and nobody whose answer needs a default route.
        let to = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(
            ask_tcp(&lab.host.netns, to).unwrap().server,
            "front",
            "{driver}"
        );
        let exported = lab.host.json(&["export"]);
        lab.host.ok(&["detach", "front"]);
        let mut again = exported.clone();
        again["networks"] = serde_json::json!([]);
        let is_front = |it: &serde_json::Value| it["attach"]["name"] == "front";
        let endpoints = exported["endpoints"].as_array().unwrap();
        let front: Vec<_> = endpoints
            .iter()
            .filter(|it| is_front(it))
            .cloned()
            .collect();
        again["endpoints"] = front.into();
        let file = lab.host.folder().join("again.json");
        std::fs::write(&file, again.to_string()).unwrap();
        lab.host.ok(&["import", file.to_str().unwrap()]);
        assert_eq!(all_routes(), routes, "{driver}");
        lab.host.kill();
        lab.host.start();
        assert_eq!(lab.host.json(&["export"]), exported, "{driver}");
    }
}

#[test]
fn a_neighbour_learns_at_once_that_an_address_has_moved() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let side = lab.attach("web", "side", &[]);
        let (old, new) = (Netns::new(), Netns::new());
        let _servers = [
            Server::start(&old, "old", 80),
            Server::start(&new, "new", 80),
        ];
        let addresses = "--ip 10.208.0.20 --ip6 fd74:6964:6567::20";
        attach(
            &lab,
            "old",
            &old,
            &format!("{addresses} --mac 02:00:00:00:00:21"),
        );
        let targets = ["10.208.0.20:80", "[fd74:6964:6567::20]:80"].map(|to| to.parse().unwrap());
        for to in targets {
            // Two ways, so that the neighbour is known to be reachable.
            Connection::open(&side.netns, to).echo("hello").unwrap();
        }
        lab.host.ok(&["detach", "old"]);
        attach(
            &lab,
            "new",
            &new,
            &format!("{addresses} --mac 02:00:00:00:00:22"),
        );
        let known = || side.netns.sh("ip neigh show");
        let is_told = |known: &str| {
            ["10.208.0.20 ", "fd74:6964:6567::20 "].iter().all(|ip| {
                let mut lines = known.lines();
                lines.any(|line| line.starts_with(ip) && line.contains("02:00:00:00:00:22"))
            })
        };
        let told = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            is_told(&known())
        });
        assert!(told, "{driver}: nobody said it:\n{}", known());
        for to in targets {
            assert_eq!(ask_tcp(&side.netns, to).unwrap().server, "new", "{driver}");
        }
    }
}

#[test]
fn an_endpoint_whose_namespace_has_no_path_any_more_can_be_detached() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let before = lab.host.ok(&["ruleset", "--live"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        // What still holds it open keeps its link, so that the daemon has not removed it by itself.
        let held = std::fs::File::open(front.netns.path()).unwrap();
        drop(front);
        lab.host.ok(&["detach", "front"]);
        drop(held);
        assert_eq!(lab.host.ok(&["ruleset", "--live"]), before);
        assert_eq!(lab.host.json(&["endpoint", "ls"]), serde_json::json!([]));
    }
}
