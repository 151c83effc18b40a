//! Paths of namespaces that lead to a file system which does not answer.

use std::path::Path;
use std::process::Stdio;

use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Attached, DeadMount, Host, Lab, Netns, require_root_kernel, wait_until};

use crate::drivers;

/// A namespace of which a path of our own is known, that can be replaced.
fn bound(host: &Host, name: &str) -> (Netns, std::path::PathBuf) {
    let netns = Netns::new();
    let path = host.folder().join(name);
    let target = Path::new("/run/netns").join(netns.name());
    std::os::unix::fs::symlink(target, &path).unwrap();
    (netns, path)
}

fn put_back(host: &Host) -> usize {
    host.log().matches("put back").count()
}

#[test]
fn an_attach_of_a_path_that_hangs_is_refused_and_delays_nobody() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let dead = DeadMount::new();
        let hanging = dead.path("box").display().to_string();
        let mut stuck = lab
            .host
            .client_command(&["attach", "web", "--netns", &hanging]);
        let mut stuck = stuck
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let front = lab.attach("web", "front", &["8080:80"]);
        lab.host.ok(&["endpoint", "inspect", "front"]);
        lab.host.ok(&["detach", "front"]);
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || put_back(&lab.host) > 0);
        lab.host.ok(&["doctor"]);
        drop(front);
        let status = stuck.wait().unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(stuck.stderr.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains("file system did not answer"), "{said}");
        assert!(said.contains("hint: "), "{said}");
        lab.host.stop();
    }
}

#[test]
fn a_hundred_attaches_of_paths_that_hang_leave_room_for_others() {
    require_root_kernel!();
    let mut lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let dead = DeadMount::new();
    let stuck: Vec<_> = (0..100)
        .map(|n| {
            let path = dead.path(&format!("box{n}")).display().to_string();
            let mut command = lab
                .host
                .client_command(&["attach", "web", "--netns", &path]);
            command
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let Attached { netns, .. } = lab.attach("web", "front", &[]);
    let pid = netns.command("sleep").arg("1000").spawn();
    lab.host.ok(&["detach", "front"]);
    let mut sleeper = pid.unwrap();
    lab.host
        .ok(&["attach", "web", "--pid", &sleeper.id().to_string()]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    for mut stuck in stuck {
        assert_eq!(stuck.wait().unwrap().code(), Some(2));
    }
    lab.host.stop();
}

#[test]
fn an_endpoint_whose_path_came_to_hang_is_detached_and_so_is_its_network() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.ok(&["network", "create", "web"]);
        let dead = DeadMount::new();
        let [(_one, one), (_other, other)] = ["one", "other"].map(|name| bound(&host, name));
        for (name, path) in [("one", &one), ("other", &other)] {
            let path = path.display().to_string();
            host.ok(&["attach", "web", "--netns", &path, "--name", name]);
        }
        dead.link(&one);
        host.ok(&["gc"]);
        host.ok(&["detach", "one"]);
        assert_eq!(host.json(&["endpoint", "ls"]).as_array().unwrap().len(), 1);
        dead.link(&other);
        host.ok(&["network", "rm", "web", "--force"]);
        host.stop();
    }
}

/// Has a path lead to a namespace again.
fn answers_again(path: &Path, netns: &Netns) {
    let made = path.with_extension("again");
    std::os::unix::fs::symlink(netns.path(), &made).unwrap();
    std::fs::rename(&made, path).unwrap();
}

fn degraded(host: &Host, name: &str) -> serde_json::Value {
    host.json(&["endpoint", "inspect", name])["degraded"].clone()
}

#[test]
fn a_path_that_hangs_costs_its_endpoint_alone_at_a_start_until_it_answers_again() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let _front = Server::start(&front.netns, "front", 80);
        let served = |lab: &Lab, port: u16| {
            let reply = ask_tcp(&lab.outside, ([192, 0, 2, 1], port).into());
            reply.ok().map(|reply| reply.server)
        };
        let [(kept, kept_path), (lost, lost_path)] =
            ["kept", "lost"].map(|name| bound(&lab.host, name));
        for (name, path, port) in [
            ("kept", &kept_path, "8081:80"),
            ("lost", &lost_path, "8082:80"),
        ] {
            let path = path.display().to_string();
            let attach = ["attach", "web", "--netns", &path, "--name", name];
            lab.host.ok(&[&attach[..], &["-p", port]].concat());
        }
        let _kept = Server::start(&kept, "kept", 80);
        let _lost = Server::start(&lost, "lost", 80);
        let end = lab.host.json(&["endpoint", "inspect", "lost"])["host-ifname"].clone();
        lab.host.stop();
        // The pair of one is there, as after a stop; that of the other is not, as after a boot.
        let end = end.as_str().unwrap();
        lab.host.netns.sh(&format!("ip link del {end}"));
        let dead = DeadMount::new();
        for path in [&kept_path, &lost_path] {
            dead.link(path);
        }
        lab.host.start();
        for (name, down) in [("kept", false), ("lost", true)] {
            let fault = degraded(&lab.host, name);
            let reason = fault["reason"].as_str().unwrap_or_default();
            assert!(
                reason.contains("file system did not answer"),
                "{name}: {fault}"
            );
            assert_eq!(fault["down"], down, "{name}: {fault}");
        }
        let listed = lab.host.ok(&["endpoint", "ls"]);
        assert_eq!(listed.matches("file system did not answer").count(), 2);
        let info = lab.host.ok(&["info"]);
        assert!(info.contains("endpoint kept,endpoint lost"), "{info}");
        let found = lab.host.tidegate(&["doctor"]);
        assert_eq!(found.code, Some(1), "{found:#?}");
        assert!(
            found.stdout.contains("degraded: endpoint lost"),
            "{found:#?}"
        );
        assert_eq!(lab.host.ruleset_diff(), "");
        // The others know nothing of it, nor does one that has all it had.
        assert!(degraded(&lab.host, "front").is_null());
        assert_eq!(served(&lab, 8080).as_deref(), Some("front"));
        assert_eq!(served(&lab, 8081).as_deref(), Some("kept"));
        assert!(is_closed_tcp(&lab.outside, ([192, 0, 2, 1], 8082).into()));
        let more = lab.attach("web", "more", &["8083:80"]);
        let _more = Server::start(&more.netns, "more", 80);
        assert_eq!(served(&lab, 8083).as_deref(), Some("more"));
        // One answers by itself after a while, of which nobody tells: a link that comes has it looked at.
        answers_again(&kept_path, &kept);
        answers_again(&lost_path, &lost);
        lab.host.netns.sh("ip link add news type bridge");
        for name in ["kept", "lost"] {
            wait_until("it is whole again", || degraded(&lab.host, name).is_null());
        }
        for (port, name) in [(8080, "front"), (8081, "kept"), (8082, "lost")] {
            assert_eq!(served(&lab, port).as_deref(), Some(name));
        }
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.stop();
    }
}

#[test]
fn a_stop_does_not_wait_for_a_path() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.ok(&["network", "create", "web"]);
        let dead = DeadMount::new();
        let path = dead.path("box").display().to_string();
        let mut command = host.client_command(&["attach", "web", "--netns", &path]);
        let mut stuck = command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the daemon looks at the path", || {
            let pid = host.pid().unwrap();
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
            let names = threads
                .flatten()
                .map(|thread| std::fs::read_to_string(thread.path().join("comm")));
            names.flatten().any(|name| name.trim() == "abroad")
        });
        host.stop();
        stuck.wait().unwrap();
    }
}
