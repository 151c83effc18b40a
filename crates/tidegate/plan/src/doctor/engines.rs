//! Traps of container engines: files of CNI networks that cannot work, and host ports that two programs bind, or none.

use std::collections::BTreeMap;

use tidegate_api::CreateNetwork;
use tidegate_api::doctor::{Finding, Severity};
use tidegate_engines::cni::NetworkFile;
use tidegate_engines::{Refused, netavark};
use tidegate_model::{Endpoint, HostPorts, Network, State};

use super::{Check, Fact, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "engines",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

/// Where every runtime looks for files of networks unless it is told otherwise.
const FILES: &str = "/etc/cni/net.d";
/// Where containerd, cri-o and nerdctl look for plugins.
const RUNTIMES: &str = "/opt/cni/bin";
/// Where podman 4 also looks for them.
const PODMANS: [&str; 4] = [
    "/usr/local/libexec/cni",
    "/usr/libexec/cni",
    "/usr/local/lib/cni",
    "/usr/lib/cni",
];
/// Files of podman's settings; what a later one says counts.
const SETTINGS: [&str; 2] = [
    "/usr/share/containers/containers.conf",
    "/etc/containers/containers.conf",
];
const PLUGIN: &str = "tidegate";
/// The most files that are read.
const MOST: usize = 64;

fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let folders = [FILES, RUNTIMES].into_iter().chain(PODMANS);
    let folders = folders.map(|folder| Fact::Folder(folder.to_owned()));
    let settings = SETTINGS.map(|path| Fact::SmallFile(path.to_owned()));
    let files = names(symptoms, FILES).into_iter().take(MOST);
    let files = files.map(|name| Fact::SmallFile(format!("{FILES}/{name}")));
    folders.chain(settings).chain(files).collect()
}

/// The names of the files in a folder that runtimes read.
fn names(symptoms: &Symptoms, folder: &str) -> Vec<String> {
    let fact = Fact::Folder(folder.to_owned());
    let listed = symptoms.facts.get(&fact).and_then(|it| it.as_ref().ok());
    let names = listed.map(String::as_str).unwrap_or_default().lines();
    let is_read = |name: &&str| {
        let mut endings = [".conflist", ".conf", ".json"].into_iter();
        endings.any(|ending| name.ends_with(ending))
    };
    names.filter(is_read).map(str::to_owned).collect()
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let unread = |fact: &Fact, reason: &String| {
        let (Fact::Folder(path) | Fact::SmallFile(path)) = fact else {
            return None;
        };
        let what = format!("cannot read {path}: {reason}");
        Some(finding(
            Severity::CouldNotTell,
            what,
            format!("`ls -l {path}` shows who may"),
        ))
    };
    let known = facts(symptoms).into_iter();
    let known: Vec<(Fact, &Result<String, String>)> = known
        .filter_map(|fact| Some((fact.clone(), symptoms.facts.get(&fact)?)))
        .collect();
    let mut found: Vec<Finding> = Vec::new();
    let mut files: Vec<(String, NetworkFile)> = Vec::new();
    for (fact, text) in &known {
        match (fact, text) {
            (_, Err(reason)) => found.extend(unread(fact, reason)),
            (Fact::SmallFile(path), Ok(text)) if path.starts_with(FILES) => {
                match NetworkFile::read(text) {
                    Ok(file) => files.extend(file.map(|file| (path.clone(), file))),
                    Err(refused) if text.contains(PLUGIN) => {
                        found.push(of_refusal(path, &refused));
                    }
                    // Not ours.
                    Err(_) => {}
                }
            }
            _ => {}
        }
    }
    let count = names(symptoms, FILES).len();
    if count > MOST {
        let what = format!("{FILES} has {count} files, of which the first {MOST} were read");
        found.push(finding(
            Severity::CouldNotTell,
            what,
            "remove files that nothing uses",
        ));
    }
    for (path, file) in &files {
        found.extend(of_file(state, path, file));
    }
    found.extend(same_names(&files));
    found.extend(plugin_is_missing(symptoms, &files));
    found.extend(of_ports(state, symptoms, &files));
    found
}

/// What every runtime would be told instead of an endpoint.
fn of_refusal(path: &str, refused: &Refused) -> Finding {
    let what = format!(
        "containers of the network in {path} fail: {}",
        refused.message
    );
    let hint = refused.hint.clone();
    let advice = hint.unwrap_or_else(|| "docs/engines/cni.md shows a file that works".to_owned());
    finding(Severity::Fault, what, advice)
}

fn of_file(state: &State, path: &str, file: &NetworkFile) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(refused) = &file.version {
        found.push(of_refusal(path, refused));
    }
    if file.place > 0 {
        let what = format!(
            "plugin tidegate is not the first of the list in {path}: if one before it makes the interface, containers of \
             the network fail"
        );
        let advice = "make it the first plugin of the list";
        found.push(finding(Severity::Warning, what, advice));
    }
    if file.limits_sending {
        let what = format!(
            "containers of the network in {path} fail: plugin bandwidth cannot limit what they send, because a port has \
             only one ingress queueing discipline, and Tidegate's filters use it"
        );
        let advice = "leave out egressRate and egressBurst";
        found.push(finding(Severity::Fault, what, advice));
    }
    match &file.asked {
        Err(refused) => found.push(of_refusal(path, refused)),
        Ok((asked, _)) => {
            let network = state.network(&asked.name);
            found.extend(network.and_then(|network| of_network(path, asked, network)));
        }
    }
    found
}

/// The settings of a network that exists count, not those of the file.
fn of_network(path: &str, asked: &CreateNetwork, network: &Network) -> Option<Finding> {
    let name = &network.name;
    let mut has = network.subnets.iter().map(|subnet| subnet.net);
    let lost = asked.subnets.iter().find(|net| !has.any(|it| it == **net));
    let subnet = lost.map(|net| format!("subnet {net}"));
    let mtu = asked.mtu.filter(|mtu| network.mtu != Some(*mtu));
    let lost = subnet.or_else(|| mtu.map(|mtu| format!("MTU {mtu}")))?;
    let what = format!(
        "{path} gives network {name} the {lost}, which it has not: the network was made before, and its settings count"
    );
    let advice = format!(
        "change the file as `tidegate network inspect {name}` shows; or stop the network's containers, and if it is \
         still there, `tidegate network rm {name}`: the next container makes it anew"
    );
    Some(finding(Severity::Warning, what, advice))
}

/// Runtimes take the first file of a name.
fn same_names(files: &[(String, NetworkFile)]) -> Vec<Finding> {
    let mut of_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, file) in files {
        of_name.entry(&file.name).or_default().push(path);
    }
    let several = of_name.into_iter().filter(|(_, paths)| paths.len() > 1);
    let several = several.map(|(name, paths)| {
        let what = format!("{} name the same network {name}", paths.join(" and "));
        let advice = format!("remove all but one: runtimes take {}", paths[0]);
        finding(Severity::Warning, what, advice)
    });
    several.collect()
}

fn plugin_is_missing(symptoms: &Symptoms, files: &[(String, NetworkFile)]) -> Option<Finding> {
    let (path, _) = files.first()?;
    let has = |folder: &str| {
        let listed = symptoms.facts.get(&Fact::Folder(folder.to_owned()));
        // What cannot be read is told by itself.
        listed.is_none_or(|it| {
            it.as_ref()
                .is_ok_and(|names| names.lines().any(|it| it == PLUGIN))
                || it.is_err()
        })
    };
    let source = "/usr/libexec/tidegate/tidegate-plugin";
    let advice = format!(
        "`mkdir -p {RUNTIMES} && ln -s {source} {RUNTIMES}/{PLUGIN}`, or change nothing if its settings name another folder"
    );
    if !has(RUNTIMES) && !PODMANS.into_iter().any(has) {
        let what = format!(
            "{path} names plugin tidegate, which is in none of the folders where runtimes look: {RUNTIMES}, {}",
            PODMANS.join(", ")
        );
        return Some(finding(Severity::Fault, what, advice));
    }
    (!has(RUNTIMES)).then(|| {
        let what = format!(
            "{path} names plugin tidegate, which is not in {RUNTIMES}: only podman finds it, not containerd, cri-o and nerdctl"
        );
        finding(Severity::Warning, what, advice)
    })
}

/// podman and nerdctl bind host ports themselves; podman does not if it is told so.
fn of_ports(state: &State, symptoms: &Symptoms, files: &[(String, NetworkFile)]) -> Vec<Finding> {
    let is_reserving = is_reserving(symptoms);
    let is_of_podman = |endpoint: &&Endpoint| {
        let owner = endpoint.owner.as_ref();
        owner.is_some_and(|owner| owner.engine.as_str() == netavark::ENGINE)
    };
    let is_held_by_engine = |endpoint: &&Endpoint| {
        endpoint.host_ports == HostPorts::Engine && !endpoint.ports.is_empty()
    };
    let endpoints = state.endpoints.values().filter(is_of_podman);
    let unheld = endpoints.filter(is_held_by_engine).find(|_| !is_reserving);
    let unheld = unheld.map(|endpoint| {
        let (name, network) = (&endpoint.name, &endpoint.network);
        let what = format!(
            "no program holds the host ports of endpoint {name}: podman does not bind them (enable_port_reservation = \
             false), and leaves them to Tidegate, which leaves them to podman; another program can take them"
        );
        let advice = format!(
            "remove that line from {}, or create network {network} in podman with `-o host-ports=daemon`",
            SETTINGS[1]
        );
        finding(Severity::Warning, what, advice)
    });
    let asks = |(_, file): &&(String, NetworkFile)| {
        matches!(&file.asked, Ok((_, Some(HostPorts::Daemon))))
    };
    let twice = files.iter().filter(asks).filter(|_| is_reserving);
    let twice = twice.map(|(path, _)| {
        let what = format!(
            "{path} has Tidegate bind host ports (host-ports: daemon), which podman and nerdctl bind too: their \
             containers with published ports fail"
        );
        let advice = format!(
            "nothing, if only the runtimes of Kubernetes use it; otherwise leave out host-ports in {path}, so that the plugin \
             does as the engine needs"
        );
        finding(Severity::Warning, what, advice)
    });
    unheld.into_iter().chain(twice).collect()
}

/// Whether podman binds published ports itself (containers.conf(5), `enable_port_reservation`).
fn is_reserving(symptoms: &Symptoms) -> bool {
    let texts = SETTINGS.into_iter().filter_map(|path| {
        let text = symptoms.facts.get(&Fact::SmallFile(path.to_owned()))?;
        text.as_deref().ok()
    });
    let lines = texts.flat_map(str::lines);
    let mut values = lines.filter_map(|line| {
        let (key, value) = line.split('#').next()?.split_once('=')?;
        (key.trim() == "enable_port_reservation").then(|| value.trim() != "false")
    });
    values.next_back().unwrap_or(true)
}
