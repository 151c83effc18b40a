//! Hints that are followed as they are written: they work, and cut nobody off.

use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Lab, require_root_kernel};

use crate::drivers;

/// The commands of this program in a text, in backticks.
fn commands(text: &str) -> Vec<Vec<String>> {
    let quoted = text.split('`').skip(1).step_by(2);
    let own = quoted.filter_map(|command| command.strip_prefix("tidegate "));
    own.map(|command| command.split(' ').map(str::to_owned).collect())
        .collect()
}

/// Carries out all commands of a hint.
fn follow(lab: &Lab, text: &str) {
    let commands = commands(text);
    assert!(!commands.is_empty(), "{text}");
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        lab.host.ok(&words);
    }
}

/// The hint of a command that is refused, which is tried again once the hint has been followed.
fn refused(lab: &Lab, command: &[&str]) -> String {
    let output = lab.host.tidegate(command);
    assert_eq!(output.code, Some(1), "{output:#?}");
    let hint = output.stderr.split("hint: ").nth(1);
    hint.unwrap_or_else(|| panic!("no hint: {output:#?}"))
        .to_owned()
}

/// What `explain` advises for a packet that does not arrive.
fn advised(lab: &Lab, from: &str, to: &str) -> String {
    let output = lab.host.tidegate(&["explain", from, to]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    let advice = output.stdout.split("  do: ").nth(1);
    advice
        .unwrap_or_else(|| panic!("no advice: {output:#?}"))
        .to_owned()
}

#[test]
fn hints_about_ports_and_networks_work_as_written_and_detach_nobody() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        for network in ["web", "db"] {
            host.ok(&["network", "create", network]);
        }
        host.ok(&["network", "create", "vault", "--internal"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let store = lab.attach("db", "store", &[]);
        let _gold = lab.attach("vault", "gold", &[]);
        let _servers = [("front", &front), ("store", &store)]
            .map(|(name, at)| Server::start(&at.netns, name, 80));

        // A port that another endpoint has.
        let command = ["publish", "store", "8080:80"];
        let hint = refused(&lab, &command);
        assert!(!hint.contains("detach"), "{hint}");
        follow(&lab, &hint);
        host.ok(&command);
        let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap()).unwrap();
        assert_eq!(reply.server, "store");
        host.ok(&["unpublish", "store", "8080:80"]);

        // From one endpoint to another: no port of the host is opened.
        assert!(is_closed_tcp(&front.netns, store.v4(80)));
        follow(&lab, &advised(&lab, "front", "store:80"));
        for to in [store.v4(80), store.v6(80)] {
            assert_eq!(ask_tcp(&front.netns, to).unwrap().server, "store");
        }
        assert!(!host.ok(&["endpoint", "ls"]).contains(":80/tcp"));

        // To a network that is shut: the namespace comes onto it too.
        follow(&lab, &advised(&lab, "front", "gold:80"));
        let explained = host.tidegate(&["explain", "front", "gold:80"]);
        assert_eq!(explained.code, Some(0), "{explained:#?}");

        // From a client outside: the port is published for that client.
        follow(&lab, &advised(&lab, "192.0.2.2", "front:80"));
        let hint = advised(&lab, "192.0.2.2", "front:80");
        let at = hint.trim().rsplit(' ').next().unwrap();
        assert_eq!(host.tidegate(&["explain", "192.0.2.2", at]).code, Some(0));
        // And if another asks, for that one too.
        follow(&lab, &advised(&lab, "192.0.2.3", at));
        for from in ["192.0.2.2", "192.0.2.3"] {
            assert_eq!(host.tidegate(&["explain", from, at]).code, Some(0));
        }
        assert_eq!(host.tidegate(&["explain", "192.0.2.4", at]).code, Some(1));

        // A network in use.
        let hint = refused(&lab, &["network", "rm", "vault"]);
        follow(&lab, hint.split(';').next().unwrap());
        host.ok(&["network", "rm", "vault"]);
        let left = host.ok(&["endpoint", "ls"]);
        assert!(left.contains("front") && left.contains("store"), "{left}");
    }
}
