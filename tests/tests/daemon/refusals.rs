//! A command that is refused says why, and leaves everything as it was.

use tidegate_tests::{Host, Lab, Netns, Programs, links_in, require_root_kernel};

use crate::drivers;

/// Runs a command that must be refused: with this status, these words on standard error, and
/// nothing changed.
fn refuse(host: &Host, status: i32, words: &str, arguments: &[&str]) {
    let before = host.snapshot();
    let output = host.tidegate(arguments);
    assert_eq!(output.code, Some(status), "{output:#?}");
    assert!(output.stderr.starts_with("error: "), "{output:#?}");
    assert!(output.stderr.contains(words), "{output:#?}");
    assert!(
        output.stdout.is_empty() || output.stdout == "[]\n",
        "{output:#?}"
    );
    before.assert_unchanged(&host.snapshot(), &format!("{arguments:?}"));
}

#[test]
fn a_refused_network_changes_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let host = Host::with_driver(&driver);
        host.ok(&[
            "network",
            "create",
            "web",
            "--subnet",
            "10.9.0.0/24",
            "--no-ipv6",
        ]);
        host.netns.sh("ip link add wan type bridge
                       ip addr add 10.8.0.1/24 dev wan
                       ip link set wan up");
        for (words, line) in [
            ("network web exists already", "network create web"),
            (
                "overlaps 10.9.0.0/24 of network web",
                "network create a --subnet 10.9.0.128/25",
            ),
            (
                "overlaps the host's route to 10.8.0.0/24",
                "network create a --subnet 10.8.0.0/16",
            ),
            ("it has host bits", "network create a --subnet 10.7.0.1/24"),
            (
                "is in none of the subnets",
                "network create a --gateway 10.7.0.1",
            ),
            ("is outside 1280 to 65535", "network create a --mtu 500"),
            ("network nowhere does not exist", "network rm nowhere"),
            ("network nowhere does not exist", "network inspect nowhere"),
            ("endpoint nowhere does not exist", "detach nowhere"),
            (
                "endpoint nowhere does not exist",
                "endpoint inspect nowhere",
            ),
        ] {
            refuse(&host, 1, words, &line.split(' ').collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_refused_attach_changes_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let other = Netns::new();
        let (other, own) = (other.name(), host.netns.name());
        for (words, line) in [
            (
                "network nowhere does not exist",
                format!("attach nowhere --netns {other}"),
            ),
            (
                "endpoint front exists already",
                format!("attach web --netns {other} --name front"),
            ),
            (
                "port 8080:81/tcp is published already, by endpoint front as 8080:80/tcp",
                format!("attach web --netns {other} -p 8080:81"),
            ),
            (
                "need the same port",
                format!("attach web --netns {other} -p 1:1 -p 127.0.0.1:1:2"),
            ),
            (
                "there is no such namespace",
                "attach web --netns no-such-namespace".into(),
            ),
            (
                "is not a network namespace",
                "attach web --netns /etc/hostname".into(),
            ),
            (
                "the host's own network namespace",
                format!("attach web --netns {own}"),
            ),
            (
                "is attached to network web already, as endpoint front",
                format!("attach web --netns {}", front.netns.name()),
            ),
        ] {
            refuse(host, 1, words, &line.split(' ').collect::<Vec<_>>());
        }
        refuse(
            host,
            1,
            "network web still has the endpoint front",
            &["network", "rm", "web"],
        );
    }
}

#[test]
fn a_change_that_the_kernel_refuses_is_undone_completely() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        host.netns.sh("ip link add taken type bridge");
        let other = Netns::new();
        // The kernel says so when the pair is there.
        refuse(
            host,
            2,
            "rp_filter",
            &[
                "attach",
                "web",
                "--netns",
                other.name(),
                "-p",
                "9090:90",
                "-p",
                "99:99/udp",
                "--sysctl",
                "net.ipv4.conf.IFNAME.rp_filter=none",
            ],
        );
        refuse(
            host,
            1,
            "taken",
            &["network", "create", "db", "--bridge", "taken"],
        );
        assert_eq!(host.ruleset_diff(), "");
        host.ok(&["attach", "web", "--netns", other.name(), "-p", "9090:90"]);
        assert_eq!(host.ruleset_diff(), "");
    }
}

#[test]
fn a_disk_that_is_full_is_a_refusal_and_the_daemon_gets_over_it() {
    require_root_kernel!();
    let mut host = Host::new(Programs::of_this_tree(), &[]);
    std::fs::create_dir(host.state_dir()).unwrap();
    let state_dir = host.state_dir();
    let _mounted = Mounted::tmpfs(&state_dir, "8m");
    host.start();
    let filler = state_dir.join("filler");
    let full = std::fs::write(&filler, vec![0; 16 << 20]);
    assert!(full.is_err(), "the disk is not full");
    // One change may still fit into the database's file; thousands do not.
    let names: Vec<String> = (0..4000).map(|n| format!("n{n}")).collect();
    let refused = names.iter().find_map(|name| {
        let before = (host.netns.sh("nft list ruleset"), links_in(&host.netns));
        let output = host.tidegate(&["network", "create", name]);
        (output.code != Some(0)).then_some((name, output, before))
    });
    let (name, output, before) = refused.expect("a full disk refuses at some time");
    assert_eq!(output.code, Some(2), "{output:#?}");
    assert!(output.stderr.contains("state database"), "{output:#?}");
    assert_eq!(
        (host.netns.sh("nft list ruleset"), links_in(&host.netns)),
        before
    );
    std::fs::remove_file(filler).unwrap();
    host.ok(&["network", "create", name]);
    let listed = host.json(&["network", "ls"]);
    host.kill();
    host.start();
    assert_eq!(host.json(&["network", "ls"]), listed);
    assert_eq!(host.ruleset_diff(), "");
    host.stop();
}

/// A file system that is mounted as long as it lives.
struct Mounted<'a>(&'a std::path::Path);

impl<'a> Mounted<'a> {
    fn tmpfs(path: &'a std::path::Path, size: &str) -> Self {
        let options = format!("size={size}");
        let mut mount = std::process::Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(path);
        assert!(mount.status().unwrap().success(), "{mount:?}");
        Self(path)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // Lazily: a failed test may still have its daemon running.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.0)
            .status();
    }
}

#[test]
fn a_command_about_several_names_does_nothing_if_one_of_them_is_refused() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    for network in ["web", "db", "empty"] {
        host.ok(&["network", "create", network]);
    }
    let _one = lab.attach("web", "one", &[]);
    let _two = lab.attach("db", "two", &[]);
    for (line, errors) in [
        (
            "detach nowhere one never two",
            &[
                "error: endpoint nowhere does not exist",
                "error: endpoint never does not exist",
            ][..],
        ),
        (
            "network rm empty nowhere",
            &["error: network nowhere does not exist"],
        ),
        (
            "network rm empty web db nowhere",
            &[
                "error: network web still has endpoints: one",
                "error: network db still has endpoints: two",
                "error: network nowhere does not exist",
            ],
        ),
        (
            "network rm --force nowhere web",
            &["error: network nowhere does not exist"],
        ),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        refuse(host, 1, errors[0], &arguments);
        let output = host.tidegate(&arguments);
        let told: Vec<&str> = output.stderr.lines().collect();
        let told: Vec<&str> = told
            .into_iter()
            .filter(|it| it.starts_with("error"))
            .collect();
        assert_eq!(told, errors);
    }
    assert_eq!(host.ok(&["detach", "one", "two", "one"]), "one\ntwo\n");
    let removed = host.ok(&["network", "rm", "web", "empty", "web", "db"]);
    assert_eq!(removed, "web\nempty\ndb\n");
}

#[test]
fn a_client_without_a_daemon_says_how_to_start_one() {
    require_root_kernel!();
    let host = Host::new(Programs::of_this_tree(), &[]);
    let output = host.tidegate(&["network", "ls"]);
    assert_eq!(output.code, Some(2));
    assert!(
        output.stderr.starts_with("error: tidegated is not running"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("hint: start it with"), "{output:#?}");
}

#[test]
fn a_wrong_command_line_is_the_users_mistake() {
    require_root_kernel!();
    let host = Host::new(Programs::of_this_tree(), &[]);
    for line in [
        "",
        "network",
        "attach web",
        "network create a/b",
        "attach web --netns a -p 80:x",
    ] {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(host.tidegate(&arguments).code, Some(1), "{line:?}");
    }
    // Variables of the environment are not in the usage: nobody wrote them.
    for line in ["attach web", "network connect web", "detach"] {
        let mut command = std::process::Command::new(&Programs::of_this_tree().tidegate);
        command.args(line.split(' '));
        command
            .env("TIDEGATE_SOCKET", "/run/t.sock")
            .env("TIDEGATE_TIMEOUT", "5");
        let told = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert!(
            told.contains("Usage: tidegate ") && !told.contains("--timeout"),
            "{told}"
        );
        assert!(!told.contains("--socket"), "{told}");
    }
    let output = host.tidegate(&["network", "create", "a b"]);
    assert!(output.stderr.contains("\nhint: use 1 to 63"), "{output:#?}");
    assert_eq!(host.tidegate(&["--help"]).code, Some(0));
}
