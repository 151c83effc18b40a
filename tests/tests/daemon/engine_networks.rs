//! Networks of container engines become Tidegate's: `tidegate import docker|podman|cni`.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidegate_tests::{Host, Lab, Netns, Output, finished, require_root_kernel};

use crate::drivers;

fn lab() -> Lab {
    Lab::with_driver(&drivers().remove(0))
}

/// A folder with these files.
fn folder(host: &Host, name: &str, files: &[(&str, Value)]) -> PathBuf {
    let folder = host.folder().join(name);
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        fs::write(folder.join(file), text.to_string()).unwrap();
    }
    folder
}

/// A folder with a program `docker` that prints these networks.
fn docker(host: &Host, networks: &Value) -> PathBuf {
    let folder = folder(host, "bin", &[("networks", networks.clone())]);
    let program = folder.join("docker");
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2 $3\" in\n'network ls --quiet') echo 8b 9b;;\n'network inspect 8b') cat {}/networks;;\n\
         *) echo \"docker: unknown: $*\" >&2; exit 1;;\nesac\n",
        folder.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs the client with the programs of a folder before all others.
fn with_programs(host: &Host, folder: &Path, arguments: &[&str]) -> Output {
    let path = env::var("PATH").unwrap();
    let mut command = host.client_command(arguments);
    command.env("PATH", format!("{}:{path}", folder.display()));
    finished(command)
}

/// An endpoint on a network: its addresses and gateways.
fn attached(host: &Host, network: &str) -> Value {
    let netns = Netns::new();
    let made = host.json(&[
        "attach",
        network,
        "--netns",
        netns.name(),
        "--name",
        network,
    ]);
    host.ok(&["detach", network]);
    json!([made["addresses"], made["gateways"]])
}

#[test]
fn networks_of_podman_are_made_once_with_their_addresses() {
    require_root_kernel!();
    let lab = lab();
    let host = &lab.host;
    let web = json!({
        "name": "web", "id": "0b", "driver": "bridge", "network_interface": "podman1",
        "subnets": [
            { "subnet": "10.89.7.0/24", "gateway": "10.89.7.254",
              "lease_range": { "start_ip": "10.89.7.129", "end_ip": "10.89.7.255" } },
            { "subnet": "fd89:7::/64", "gateway": "fd89:7::9" }
        ],
        "ipv6_enabled": true, "internal": false, "dns_enabled": true, "labels": { "team": "shop" },
        "options": { "mtu": "1400", "isolate": "true" }, "ipam_options": { "driver": "host-local" }
    });
    let lan =
        json!({ "name": "lan", "id": "0c", "driver": "macvlan", "network_interface": "eth0" });
    let networks = folder(host, "networks", &[("web.json", web), ("lan.json", lan)]);
    let from = networks.to_str().unwrap();

    let before = host.snapshot();
    let dry = host.tidegate(&["import", "podman", "--from", from, "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:#?}");
    let left = "note: network lan is left: its driver is macvlan";
    assert!(dry.stderr.contains(left), "{dry:#?}");
    for line in [
        "web      open    10.89.7.0/24,fd89:7::/64  10.89.7.254,fd89:7::9  10.89.7.128/25",
        &format!(
            "\n  tidegate import podman --from {from} --dry-run --json > networks.json\n  podman network rm web\n"
        ),
        "\n  tidegate import networks.json\n  podman network create -d tidegate --subnet 10.89.7.0/24",
    ] {
        assert!(dry.stdout.contains(line), "{line}: {dry:#?}");
    }
    let document = host.json(&["import", "podman", "--from", from, "--dry-run"]);
    assert_eq!(document["networks"][0]["name"], "web");
    before.assert_unchanged(&host.snapshot(), "a dry run");

    let made = host.json(&["import", "podman", "--from", from]);
    assert_eq!(made["networks"], json!(["web"]));
    assert_eq!(made["left"][0]["name"], "lan");
    let network = host.json(&["network", "inspect", "web"]);
    assert_eq!(network["mtu"], 1400);
    assert_eq!(network["labels"], json!({ "team": "shop" }));

    let before = host.snapshot();
    let again = host.tidegate(&["import", "podman", "--from", from, "web"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert_eq!(
        again.stdout,
        "networks       -\nalready there  web\nleft           -\n"
    );
    before.assert_unchanged(&host.snapshot(), "a second import");
    let expected = json!([
        ["10.89.7.128/24", "fd89:7::1/64"],
        ["10.89.7.254", "fd89:7::9"]
    ]);
    assert_eq!(attached(host, "web"), expected);

    let refused = host.tidegate(&["import", "podman", "--from", from, "web", "lan"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(
        refused
            .stderr
            .contains("network lan cannot be moved: its driver is macvlan"),
        "{refused:#?}"
    );
}

#[test]
fn networks_of_docker_are_made_after_docker_has_lost_them() {
    require_root_kernel!();
    let lab = lab();
    let host = &lab.host;
    let networks = json!([
        { "Name": "bridge", "Id": "8b", "Driver": "bridge", "IPAM": { "Config": [{ "Subnet": "172.17.0.0/16" }] } },
        {
            "Name": "edge", "Id": "9b", "Scope": "local", "Driver": "bridge", "EnableIPv6": false,
            "IPAM": { "Driver": "default", "Options": null, "Config": [
                { "Subnet": "172.30.0.0/16", "IPRange": "172.30.5.0/24", "Gateway": "172.30.5.1",
                  "AuxiliaryAddresses": { "printer": "172.30.5.2" } } ] },
            "Internal": false, "Options": { "com.docker.network.bridge.enable_icc": "false" }, "Labels": {}
        }
    ]);
    let programs = docker(host, &networks);
    // Docker's own bridge.
    host.netns.sh(
        "ip link add br-9b type bridge; ip addr add 172.30.5.1/16 dev br-9b; ip link set br-9b up",
    );

    let before = host.snapshot();
    let refused = with_programs(host, &programs, &["import", "docker"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    for text in [
        "note: network bridge is left: it is Docker's own network",
        "error: nothing was imported: ",
        "172.30.0.0/16",
        "hint: the engine may still have the subnets: `tidegate import docker --dry-run` shows",
    ] {
        assert!(refused.stderr.contains(text), "{text}: {refused:#?}");
    }
    let dry = with_programs(
        host,
        &programs,
        &["import", "docker", "edge", "--dry-run", "--json"],
    );
    assert_eq!(dry.code, Some(0), "{dry:#?}");
    assert!(
        dry.stderr
            .contains("warning: as the host is now, it would be refused: network edge: "),
        "{dry:#?}"
    );
    before.assert_unchanged(&host.snapshot(), "a refused import and a dry run");

    let document = host.folder().join("networks.json");
    fs::write(&document, &dry.stdout).unwrap();
    let document = document.to_str().unwrap();
    host.netns.sh("ip link delete br-9b");
    let before = host.snapshot();
    let would = host.json(&["import", document, "--dry-run"]);
    assert_eq!(would["networks"], json!(["edge"]));
    before.assert_unchanged(&host.snapshot(), "a dry run of a document");
    host.ok(&["import", document]);
    let expected = json!([["172.30.5.0/16"], ["172.30.5.1"]]);
    let network = host.json(&["network", "inspect", "edge"]);
    assert_eq!(network["policy"]["icc"], false);
    assert_eq!(attached(host, "edge"), expected);
    let again = with_programs(host, &programs, &["import", "docker"]);
    assert_eq!(
        again.stdout,
        "networks       -\nalready there  edge\nleft           bridge\n"
    );
}

#[test]
fn networks_of_cni_are_read_from_files_and_standard_input() {
    require_root_kernel!();
    let lab = lab();
    let host = &lab.host;
    let pods = json!({
        "cniVersion": "1.0.0", "name": "pods", "plugins": [
            { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
              "ipam": { "type": "host-local", "routes": [{ "dst": "0.0.0.0/0" }],
                        "ranges": [[{ "subnet": "10.244.3.0/24", "rangeStart": "10.244.3.64", "rangeEnd": "10.244.3.127" }]] } },
            { "type": "portmap", "capabilities": { "portMappings": true } }
        ]
    });
    let folder = folder(
        host,
        "net.d",
        &[
            ("10-pods.conflist", pods),
            ("notes.txt", json!("no network")),
        ],
    );
    host.ok(&["import", "cni", "--from", folder.to_str().unwrap()]);
    let expected = json!([["10.244.3.64/24"], ["10.244.3.1"]]);
    assert_eq!(attached(host, "pods"), expected);

    let file = host.folder().join("pods.json");
    fs::write(&file, "{}").unwrap();
    let refused = host.tidegate(&["import", file.to_str().unwrap(), "pods"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("cannot import a part of "),
        "{refused:#?}"
    );
}

#[test]
fn an_engine_that_tells_nothing_is_named() {
    require_root_kernel!();
    let lab = lab();
    let host = &lab.host;
    let programs = docker(host, &json!([]));
    fs::write(
        programs.join("docker"),
        "#!/bin/sh\necho 'cannot connect' >&2\nexit 1\n",
    )
    .unwrap();
    let failed = with_programs(host, &programs, &["import", "docker"]);
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    let error = "error: cannot run docker network ls: exit status: 1: cannot connect\nhint: where Docker runs";
    assert!(failed.stderr.starts_with(error), "{failed:#?}");
    let failed = host.tidegate(&["import", "podman", "--from", "/nowhere"]);
    assert!(
        failed.stderr.contains("cannot read /nowhere"),
        "{failed:#?}"
    );
}
