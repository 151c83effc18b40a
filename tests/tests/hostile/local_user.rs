//! A user of the host without privileges, who takes names and ports before the daemon does, and while it is away.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use tidegate_tests::names::ask_udp;
use tidegate_tests::user::{NOBODY, Squat, Waiting, as_user};
use tidegate_tests::{Host, Lab, Netns, Programs, links_in, require_root_kernel};

use crate::drivers;

/// The name of the claim on a network namespace.
const CLAIM: &str = "tidegated";
const GATEWAY: &str = "10.208.0.1";

fn unstarted(arguments: &[&str]) -> Host {
    Host::new(Programs::of_this_tree(), arguments)
}

/// A daemon in the same namespace, with a socket and a state of its own.
fn second(host: &Host, folder: &Path) -> Command {
    let mut second = host.netns.command(&Programs::of_this_tree().tidegated);
    second.arg("--socket").arg(folder.join("socket"));
    second.arg("--state-dir").arg(folder);
    second
}

fn refuse_second(host: &Host) {
    let folder = tempfile::tempdir().unwrap();
    let output = second(host, folder.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: another tidegated"), "{stderr}");
    assert!(stderr.contains("\nhint: "), "{stderr}");
}

#[test]
fn a_user_who_squats_on_the_claim_stops_no_start_and_lets_in_no_second_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = unstarted(&["--nft-driver", &driver]);
        let names = [CLAIM, "tidegated.", "tidegated.0000000000000000"];
        let squats = names.map(|name| Squat::on(&host.netns, NOBODY, name));
        host.start();
        assert!(
            host.log().contains("belong to other users"),
            "{}",
            host.log()
        );
        host.ok(&["network", "create", "web"]);
        refuse_second(&host);
        // That the squatter goes away makes no difference to who was first.
        drop(squats);
        refuse_second(&host);
        host.kill();
        host.start();
        refuse_second(&host);
        assert_eq!(host.ruleset_diff(), "");
    }
}

#[test]
fn a_user_who_fills_the_queue_of_the_claim_stops_no_start_and_lets_in_no_second_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = unstarted(&["--nft-driver", &driver]);
        host.start();
        host.ok(&["network", "create", "web"]);
        let waiting = Waiting::at(&host.netns, NOBODY, CLAIM);
        refuse_second(&host);
        host.kill();
        host.start();
        drop(waiting);
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// What becomes of a user who wants the port for names, at each protocol and family.
fn take(host: &Host, port: u16) -> Vec<Result<(), ErrorKind>> {
    as_user(&host.netns, NOBODY, || {
        let any = [
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
        ];
        let udp = any.map(|at| UdpSocket::bind(at).map(drop).map_err(|error| error.kind()));
        let tcp = any.map(|at| {
            TcpListener::bind(at)
                .map(drop)
                .map_err(|error| error.kind())
        });
        [udp, tcp].concat()
    })
}

#[test]
fn nobody_takes_the_port_for_names_while_no_daemon_runs() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = unstarted(&["--nft-driver", &driver]);
        // As many as a user can take before the daemon starts.
        let taken = as_user(&host.netns, NOBODY, || {
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 20053)).unwrap()
        });
        host.start();
        let mut lab = Lab::of(host);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &[]);
        let own = front.v4(1).ip().to_string();
        let ask = || ask_udp(&front.netns, GATEWAY.parse().unwrap(), "front", "A");
        assert_eq!(ask().unwrap().data, [own.as_str()]);
        drop(taken);
        let port = lab.host.json(&["info"])["names"]["port"].as_u64().unwrap();
        let port = u16::try_from(port).unwrap();
        assert!(port < 1024, "{port}");
        for end in [Host::kill, Host::stop] {
            end(&mut lab.host);
            let denied = Err(ErrorKind::PermissionDenied);
            assert_eq!(take(&lab.host, port), [denied; 4]);
            lab.host.start();
            assert_eq!(ask().unwrap().data, [own.as_str()]);
        }
        assert!(!lab.host.ok(&["doctor"]).contains("names:"));
    }
}

#[test]
fn a_port_for_names_that_any_user_can_take_is_warned_of_and_left_at_a_stop() {
    require_root_kernel!();
    for driver in drivers() {
        for (arguments, sysctl, port) in [
            (&["--dns-port", "20053"][..], "1024", "20053"),
            (&[], "0", "299"),
        ] {
            let mut host = unstarted(&["--nft-driver", &driver]);
            host.add_arguments(arguments);
            host.netns.sh(&format!(
                "sysctl -qw net.ipv4.ip_unprivileged_port_start={sysctl}"
            ));
            host.start();
            let warning = "any user of the host can take the DNS port";
            assert!(host.log().contains(warning), "{}", host.log());
            host.ok(&["network", "create", "web"]);
            let found = host.tidegate(&["doctor"]).stdout;
            assert!(found.contains("answer DNS queries"), "{found}");
            let sends_on = |host: &Host| {
                let table = host.netns.sh("nft -n list table inet tidegate");
                table.contains(&format!(". 53 : {GATEWAY} . {port}"))
            };
            assert!(
                sends_on(&host),
                "{}",
                host.netns.sh("nft -n list table inet tidegate")
            );
            host.stop();
            assert!(
                !sends_on(&host),
                "{}",
                host.netns.sh("nft -n list table inet tidegate")
            );
            host.start();
            assert!(sends_on(&host));
            assert_eq!(host.ruleset_diff(), "");
        }
    }
}

#[test]
fn a_user_who_owns_the_folder_of_a_namespaces_path_affects_only_that_endpoint() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let honest = lab.attach("web", "honest", &["8080:80"]);
        let (own, other) = (Netns::new(), Netns::new());
        let theirs = tempfile::tempdir().unwrap();
        chown(theirs.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let path = theirs.path().join("netns");
        let put = |words: &str| {
            as_user(&own, NOBODY, || {
                // The first time, there is none.
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
                let path = path.to_str().unwrap();
                let status = Command::new("sh")
                    .args(["-c", &words.replace("PATH", path)])
                    .status();
                assert!(status.unwrap().success(), "{words}");
            });
        };
        for words in [
            &format!("ln -s {} PATH", other.path().display())[..],
            &format!("ln -s {} PATH", honest.netns.path().display()),
            &format!("ln -s {} PATH", lab.host.netns.path().display()),
            "mkfifo PATH",
            "ln -s /dev/ptmx PATH",
            "ln -s PATH PATH",
            "mkdir PATH && chmod 0 PATH",
            "true",
        ] {
            put(&format!("ln -s {} PATH", own.path().display()));
            lab.host.ok(&[
                "attach",
                "web",
                "--netns",
                path.to_str().unwrap(),
                "--name",
                "theirs",
            ]);
            lab.host.kill();
            put(words);
            let before = [&other, &honest.netns].map(links_in);
            lab.host.start();
            assert_eq!([&other, &honest.netns].map(links_in), before, "{words}");
            let found = lab.host.json(&["endpoint", "inspect", "honest"]);
            assert_eq!(found["ports"], honest.endpoint["ports"], "{words}");
            // It is gone, or said to be broken.
            let _ = lab.host.tidegate(&["detach", "theirs"]);
            assert_eq!(lab.host.ruleset_diff(), "");
        }
    }
}
