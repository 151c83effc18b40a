//! Findings about container engines' files.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{HostPorts, Owner, State};
use tidegate_plan::{Symptoms, unknown_facts};

use super::{Fact, healthy, of_check};
use crate::values::{attach, state_with};

const FILES: &str = "/etc/cni/net.d";
const GOOD: &str = r#"{"cniVersion": "1.0.0", "name": "web", "plugins": [{"type": "tidegate"}]}"#;

fn folder(path: &str, names: &str) -> (Fact, Result<String, String>) {
    (Fact::Folder(path.to_owned()), Ok(names.to_owned()))
}

fn file(path: &str, text: &str) -> (Fact, Result<String, String>) {
    (Fact::SmallFile(path.to_owned()), Ok(text.to_owned()))
}

/// A host with the plugin, and with these files of networks.
fn host(files: &[(&str, &str)]) -> Symptoms {
    let mut host = healthy();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    host.facts.extend([
        folder("/opt/cni/bin", "bridge\ntidegate"),
        folder(FILES, &names.join("\n")),
    ]);
    let texts = files
        .iter()
        .map(|(name, text)| file(&format!("{FILES}/{name}"), text));
    host.facts.extend(texts);
    host
}

fn found(host: &Symptoms) -> Vec<Finding> {
    of_check(&state_with(&["web"]), host, "engines")
}

fn only(files: &[(&str, &str)]) -> Finding {
    let found = found(&host(files));
    let [finding] = <[Finding; 1]>::try_from(found).unwrap();
    finding
}

#[test]
fn files_of_networks_are_asked_for_and_a_good_one_has_no_finding() {
    let mut host = healthy();
    let state = state_with(&["web"]);
    let ask = |host: &Symptoms| unknown_facts(&state, host);
    assert!(ask(&host).contains(&Fact::Folder(FILES.to_owned())));
    host.facts.insert(
        Fact::Folder(FILES.to_owned()),
        Ok("a.conflist\nREADME".into()),
    );
    assert!(ask(&host).contains(&Fact::SmallFile(format!("{FILES}/a.conflist"))));
    assert!(!ask(&host).contains(&Fact::SmallFile(format!("{FILES}/README"))));
    assert_eq!(found(&self::host(&[("a.conflist", GOOD)])), []);
    // What is another program's is not judged.
    let other = r#"{"name": "x", "plugins": [{"type": "bridge"}]}"#;
    assert_eq!(
        found(&self::host(&[("a.conflist", other), ("b.conf", "{")])),
        []
    );
}

#[test]
fn a_file_with_which_containers_fail_is_a_fault_with_the_plugins_own_words() {
    for (text, what, advice) in [
        (
            GOOD.replace("1.0.0", "0.2.0"),
            "version \"0.2.0\" of the specification is not supported",
            "set cniVersion of the network's file to one of 0.3.1, 0.4.0, 1.0.0, 1.1.0",
        ),
        (
            GOOD.replace(
                "\"tidegate\"",
                "\"tidegate\", \"ipam\": {\"type\": \"host-local\"}",
            ),
            "the key \"ipam\" is not supported",
            "leave it out",
        ),
        (
            GOOD.replace("}]", "}, {\"type\": \"bandwidth\", \"egressRate\": 8000}]"),
            "plugin bandwidth cannot limit what they send",
            "leave out egressRate and egressBurst",
        ),
        (
            GOOD.replace("]}", ""),
            "cannot parse the configuration",
            "docs/engines/cni.md",
        ),
    ] {
        let finding = only(&[("a.conflist", &text)]);
        assert_eq!(finding.severity, Severity::Fault, "{finding:?}");
        let begin = "containers of the network in /etc/cni/net.d/a.conflist fail: ";
        assert!(finding.what.starts_with(begin), "{finding:?}");
        assert!(finding.what.contains(what), "{finding:?}");
        assert!(finding.advice.contains(advice), "{finding:?}");
    }
}

#[test]
fn what_a_file_says_in_vain_is_warned_about() {
    let network = |text: &str| GOOD.replace("\"tidegate\"", &format!("\"tidegate\", {text}"));
    for (files, what, advice) in [
        (
            vec![(
                "a.conflist",
                network(r#""network": {"subnets": ["10.208.0.0/24"], "mtu": 1400}"#),
            )],
            "a.conflist gives network web the MTU 1400, which it has not",
            "`tidegate network inspect web`",
        ),
        (
            vec![(
                "a.conflist",
                network(r#""network": {"subnets": ["10.9.0.0/24"]}"#),
            )],
            "a.conflist gives network web the subnet 10.9.0.0/24, which it has not",
            "`tidegate network rm web`",
        ),
        (
            vec![
                ("a.conflist", GOOD.to_owned()),
                ("b.conflist", GOOD.to_owned()),
            ],
            "/etc/cni/net.d/a.conflist and /etc/cni/net.d/b.conflist name the same network web",
            "remove all but one: runtimes take /etc/cni/net.d/a.conflist",
        ),
        (
            vec![(
                "a.conflist",
                GOOD.replace("[{", "[{\"type\": \"tuning\"}, {"),
            )],
            "plugin tidegate is not the first of the list in /etc/cni/net.d/a.conflist",
            "make it the first plugin",
        ),
        (
            vec![("a.conflist", network(r#""host-ports": "daemon""#))],
            "(host-ports: daemon), which podman and nerdctl bind too",
            "leave out host-ports",
        ),
    ] {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let finding = only(&files);
        assert_eq!(finding.severity, Severity::Warning, "{finding:?}");
        assert!(finding.what.contains(what), "{finding:?}");
        assert!(finding.advice.contains(advice), "{finding:?}");
    }
    // podman was told to leave the ports alone.
    let mut told = host(&[("a.conflist", &network(r#""host-ports": "daemon""#))]);
    let settings = "[engine]\n#enable_port_reservation = true\n enable_port_reservation = false # for Tidegate\n";
    told.facts
        .extend([file("/etc/containers/containers.conf", settings)]);
    assert_eq!(found(&told), []);
}

#[test]
fn a_plugin_that_is_not_where_runtimes_look_is_found() {
    for (folders, severity) in [
        (vec![("/opt/cni/bin", "bridge")], Severity::Fault),
        (
            vec![("/opt/cni/bin", ""), ("/usr/lib/cni", "tidegate")],
            Severity::Warning,
        ),
    ] {
        let mut host = host(&[("a.conflist", GOOD)]);
        for name in [
            "/usr/local/libexec/cni",
            "/usr/libexec/cni",
            "/usr/local/lib/cni",
            "/usr/lib/cni",
        ] {
            host.facts.extend([folder(name, "")]);
        }
        host.facts
            .extend(folders.into_iter().map(|(path, names)| folder(path, names)));
        let [finding] = <[Finding; 1]>::try_from(found(&host)).unwrap();
        assert_eq!(finding.severity, severity, "{finding:?}");
        assert!(
            finding.advice.starts_with(
                "`mkdir -p /opt/cni/bin && ln -s /usr/libexec/tidegate/tidegate-plugin"
            ),
            "{finding:?}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let mut host = host(&[("a.conflist", GOOD)]);
    let path = format!("{FILES}/a.conflist");
    host.facts.insert(
        Fact::SmallFile(path.clone()),
        Err("Permission denied".into()),
    );
    host.facts.insert(
        Fact::Folder("/usr/lib/cni".into()),
        Err("Input/output error".into()),
    );
    let found = found(&host);
    assert_eq!(found.len(), 2, "{found:?}");
    for finding in &found {
        assert_eq!(finding.severity, Severity::CouldNotTell);
    }
    let told = format!("cannot read {path}: Permission denied");
    assert!(found.iter().any(|it| it.what == told), "{found:?}");
}

/// podman binds the ports that it publishes unless it is told not to, and the plugin leaves them to it.
#[test]
fn ports_that_nobody_holds_are_found() {
    let mut state: State = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8080:80"]);
    let mut endpoint = state.endpoints.values().next().unwrap().clone();
    endpoint.host_ports = HostPorts::Engine;
    endpoint.owner = Some(Owner {
        engine: "netavark".parse().unwrap(),
        id: "3f2a".parse().unwrap(),
    });
    state.endpoints.insert(endpoint);
    let mut host = host(&[]);
    assert_eq!(of_check(&state, &host, "engines"), []);
    let settings = "[engine]\nenable_port_reservation = false\n";
    host.facts
        .extend([file("/etc/containers/containers.conf", settings)]);
    let [finding] = <[Finding; 1]>::try_from(of_check(&state, &host, "engines")).unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(
        finding.what.starts_with(
            "no program holds the host ports of endpoint ep-1: podman does not bind them"
        ),
        "{finding:?}"
    );
    assert!(
        finding.advice.contains("`-o host-ports=daemon`"),
        "{finding:?}"
    );
}
