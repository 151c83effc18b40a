//! Endpoints of container engines: owners, networks that come and go with endpoints, and stale endpoints.

use std::sync::Barrier;

use tidegate_client::ClientError;
use tidegate_client::api::calls::{
    AddEndpoint, CollectOwned, DeleteEndpoint, DetachOwned, ProposeFreeSubnets,
};
use tidegate_client::api::{
    Attach, Body, CreateNetwork, OwnedEndpoints, ProposeSubnets, Query, RefusalCode,
    RemoveEndpoint, UnusedEndpoints,
};
use tidegate_client::blocking::Client;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, Netns, links_in, require_root_kernel};

use crate::agreement::{assert_agreement, links, names};
use crate::drivers;

fn client(host: &Host) -> Client {
    Client::new(host.socket()).unwrap()
}

/// An endpoint of an owner, whose network is made if it is missing, and goes with it.
fn owned(netns: &Netns, owner: &str) -> Attach {
    let network = CreateNetwork {
        remove_when_unused: true,
        ..CreateNetwork::new("web".parse().unwrap())
    };
    let owner: tidegate_client::api::Owner = {
        let (engine, id) = owner.split_once('/').unwrap();
        serde_json::from_value(serde_json::json!({ "engine": engine, "id": id })).unwrap()
    };
    Attach {
        owner: Some(owner),
        labels: [("pod".parse().unwrap(), "shop".to_owned())].into(),
        network_if_missing: Some(network),
        ..Attach::new("web".parse().unwrap(), netns.path())
    }
}

fn code(refused: Result<impl std::fmt::Debug, ClientError>) -> RefusalCode {
    match refused.unwrap_err() {
        ClientError::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// Interfaces and rules, without what only counts up.
fn host_of(host: &Host) -> (Vec<String>, String) {
    let links = links(host).into_iter().collect();
    (links, host.netns.sh("nft list ruleset"))
}

#[test]
fn a_network_comes_with_its_first_endpoint_and_goes_with_its_last() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let before = host_of(&lab.host);
        let client = client(&lab.host);
        let (one, two) = (Netns::new(), Netns::new());
        let request = Attach {
            ports: vec!["8080:80".parse().unwrap()],
            ..owned(&one, "cni/1/eth0")
        };
        let made = client.call::<AddEndpoint>(Body(request)).unwrap();
        let bridge = made.bridge.unwrap();
        let bridge_has = lab
            .host
            .netns
            .sh(&format!("ip link show {}", bridge.ifname));
        assert!(bridge_has.contains(&bridge.mac.to_string()), "{bridge_has}");
        assert_eq!(made.network_gateways.len(), 2);
        let second = owned(&two, "cni/2/eth0");
        let second = client.call::<AddEndpoint>(Body(second)).unwrap();
        let _server = Server::start(&one, "one", 80);
        let to = "192.0.2.1:8080".parse().unwrap();
        assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, "one");
        let shown = lab
            .host
            .ok(&["endpoint", "inspect", made.endpoint.name.as_str()]);
        for text in ["cni/1/eth0", "pod=shop", bridge.ifname.as_str()] {
            assert!(shown.contains(text), "{shown}");
        }
        assert_agreement(&mut lab.host);
        let all = OwnedEndpoints {
            owner: made.endpoint.owner.unwrap(),
            network: None,
        };
        let gone = client.call::<DetachOwned>(Body(all.clone())).unwrap();
        assert_eq!(gone.len(), 1);
        assert_eq!(client.call::<DetachOwned>(Body(all)).unwrap(), []);
        assert_eq!(names(&lab.host.json(&["network", "ls"])).len(), 1);
        lab.host.ok(&["detach", second.endpoint.name.as_str()]);
        assert_eq!(lab.host.json(&["network", "ls"]), serde_json::json!([]));
        assert_eq!(host_of(&lab.host), before, "{driver}");
        assert_agreement(&mut lab.host);
    }
}

#[test]
fn a_network_goes_when_its_last_namespace_ends_with_and_without_a_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        for is_running in [true, false] {
            let netns = Netns::new();
            let request = owned(&netns, "cni/1/eth0");
            client(&host).call::<AddEndpoint>(Body(request)).unwrap();
            match is_running {
                true => {
                    drop(netns);
                    tidegate_tests::wait_until("the network is gone", || {
                        host.json(&["network", "ls"]) == serde_json::json!([])
                    });
                }
                false => {
                    host.kill();
                    drop(netns);
                    host.start();
                    assert_eq!(host.json(&["network", "ls"]), serde_json::json!([]));
                }
            }
            assert_agreement(&mut host);
        }
    }
}

/// The kernel has no such sysctl, so the last step of the command fails.
const PLANTED: &str = "net.ipv4.conf.IFNAME.planted=1";

#[test]
fn a_command_that_fails_at_its_last_step_leaves_everything_as_it_was() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let client = client(&lab.host);
        let (one, two) = (Netns::new(), Netns::new());
        let before = host_of(&lab.host);
        let planted = |request: Attach| Attach {
            sysctls: vec![PLANTED.parse().unwrap()],
            ports: vec!["8080:80".parse().unwrap()],
            ..request
        };
        let failed = client.call::<AddEndpoint>(Body(planted(owned(&one, "docker/1"))));
        assert_eq!(code(failed), RefusalCode::Failed);
        assert_eq!(host_of(&lab.host), before, "{driver}");
        assert_eq!(lab.host.json(&["network", "ls"]), serde_json::json!([]));
        let stale = Attach {
            ports: vec!["8080:80".parse().unwrap()],
            ..owned(&one, "docker/1")
        };
        client.call::<AddEndpoint>(Body(stale)).unwrap();
        let _server = Server::start(&one, "one", 80);
        let (before, listed) = (host_of(&lab.host), lab.host.json(&["endpoint", "ls"]));
        let replacing = Attach {
            replace: true,
            ..owned(&two, "docker/1")
        };
        let failed = client.call::<AddEndpoint>(Body(planted(replacing)));
        assert_eq!(code(failed), RefusalCode::Failed);
        assert_eq!(host_of(&lab.host), before, "{driver}");
        assert_eq!(lab.host.json(&["endpoint", "ls"]), listed);
        let to = "192.0.2.1:8080".parse().unwrap();
        assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, "one", "{driver}");
        assert!(!lab.host.log().contains("could not be undone"));
    }
}

#[test]
fn a_stale_endpoint_gives_its_address_and_its_port_to_the_next() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let client = client(&lab.host);
        let (old, new) = (Netns::new(), Netns::new());
        let asking = |netns: &Netns, owner: &str, replace| Attach {
            addresses: vec!["10.208.0.9".parse().unwrap()],
            ports: vec!["8080:80".parse().unwrap()],
            replace,
            ..owned(netns, owner)
        };
        client
            .call::<AddEndpoint>(Body(asking(&old, "docker/1", false)))
            .unwrap();
        // The engine was killed: it knows nothing of its old endpoint, whose process still runs.
        let refused = client.call::<AddEndpoint>(Body(asking(&new, "docker/2", false)));
        assert_eq!(code(refused), RefusalCode::AddressTaken);
        let refused = client.call::<AddEndpoint>(Body(asking(&new, "podman/2", true)));
        assert_eq!(code(refused), RefusalCode::AddressTaken);
        let request = asking(&new, "docker/2", true);
        let made = client.call::<AddEndpoint>(Body(request)).unwrap();
        let _server = Server::start(&new, "new", 80);
        let to = "192.0.2.1:8080".parse().unwrap();
        assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, "new", "{driver}");
        let left = links_in(&old);
        assert_eq!(left.lines().count(), 1, "only loopback is left: {left}");
        assert_agreement(&mut lab.host);
        // The same namespace again, as after `podman network reload`, by the command line.
        let words = [
            "attach",
            "web",
            "--netns",
            new.name(),
            "--owner",
            "docker/2",
        ];
        let again = lab.host.tidegate(&words);
        assert_eq!(again.code, Some(1), "{again:#?}");
        assert!(again.stderr.contains("--replace"), "{again:#?}");
        let words = [
            &words[..],
            &["--replace", "-p", "8080:80", "--ip", "10.208.0.9"],
        ]
        .concat();
        lab.host.ok(&words);
        assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, "new", "{driver}");
        assert_agreement(&mut lab.host);
        let given = |if_exists| {
            (
                made.endpoint.name.clone(),
                Query(RemoveEndpoint { if_exists }),
            )
        };
        let refused = client.call::<DeleteEndpoint>(given(false));
        assert_eq!(code(refused), RefusalCode::NoSuchEndpoint);
        assert_eq!(client.call::<DeleteEndpoint>(given(true)).unwrap(), None);
    }
}

#[test]
fn of_two_attachments_of_an_owner_at_once_one_is_made_and_the_last_replaces() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        for replace in [false, true] {
            let boxes = [Netns::new(), Netns::new()];
            let barrier = Barrier::new(boxes.len());
            let attach = |netns: &Netns| {
                let request = Attach {
                    replace,
                    ..owned(netns, "cni/1/eth0")
                };
                let client = client(&host);
                barrier.wait();
                client.call::<AddEndpoint>(Body(request))
            };
            let done = std::thread::scope(|scope| {
                let begun = boxes.each_ref().map(|netns| scope.spawn(|| attach(netns)));
                begun.map(|thread| thread.join().unwrap())
            });
            let (made, refused): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
            assert_eq!(
                (made.len(), refused.len()),
                if replace { (2, 0) } else { (1, 1) }
            );
            for refused in refused {
                assert_eq!(code(refused), RefusalCode::OwnerAttached);
            }
            assert_eq!(names(&host.json(&["endpoint", "ls"])).len(), 1);
            assert_agreement(&mut host);
            assert_eq!(host.ok(&["endpoint", "gc", "other"]), "");
            host.ok(&["endpoint", "gc", "cni"]);
            assert_eq!(host.json(&["network", "ls"]), serde_json::json!([]));
        }
    }
}

#[test]
fn what_an_engine_does_not_use_is_collected_and_proposed_subnets_are_free() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        let client = client(&host);
        let boxes: Vec<Netns> = (0..3).map(|_| Netns::new()).collect();
        for (index, netns) in boxes.iter().enumerate() {
            let request = owned(netns, &format!("cni/{index}/eth0"));
            client.call::<AddEndpoint>(Body(request)).unwrap();
        }
        host.ok(&["network", "create", "other"]);
        let wanted = ProposeSubnets::default();
        let proposed = client.call::<ProposeFreeSubnets>(Body(wanted)).unwrap();
        let nets: Vec<String> = proposed
            .subnets
            .iter()
            .map(|it| it.net.to_string())
            .collect();
        assert_eq!(nets, ["10.208.2.0/24", "fd74:6964:6567:2::/64"]);
        let unused = |keep: &[&str]| UnusedEndpoints {
            engine: "cni".parse().unwrap(),
            network: None,
            keep: keep.iter().map(|id| id.parse().unwrap()).collect(),
        };
        let removed = client
            .call::<CollectOwned>(Body(unused(&["1/eth0"])))
            .unwrap();
        assert_eq!(removed.len(), 2);
        assert_agreement(&mut host);
        let removed = client.call::<CollectOwned>(Body(unused(&[]))).unwrap();
        assert_eq!(removed.len(), 1);
        let left = names(&host.json(&["network", "ls"]));
        assert_eq!(left, ["other".to_owned()].into());
        assert_agreement(&mut host);
    }
}
