//! The engines, and how each gets a network of its own driver or of Tidegate.

use crate::column::Column;
use crate::host::{Host, Release};

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// podman whose networks are files for CNI plugins.
    PodmanWithCni,
    /// podman with netavark.
    Podman,
    /// dockerd.
    Docker,
    /// containerd with its own client.
    Containerd,
}

/// An engine of a Debian release.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Its name and version.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    release: Release,
}

/// All engines, in the order of the table.
pub(crate) const ENGINES: [Engine; 5] = [
    Engine {
        name: "podman 4.3 (CNI)",
        kind: Kind::PodmanWithCni,
        release: Release::Debian12,
    },
    Engine {
        name: "podman 5.4 (netavark)",
        kind: Kind::Podman,
        release: Release::Debian13,
    },
    Engine {
        name: "Docker 20.10",
        kind: Kind::Docker,
        release: Release::Debian12,
    },
    Engine {
        name: "Docker 26.1",
        kind: Kind::Docker,
        release: Release::Debian13,
    },
    Engine {
        name: "containerd 1.6 (ctr)",
        kind: Kind::Containerd,
        release: Release::Debian12,
    },
];

impl Engine {
    /// A host on which it runs and has the image.
    pub(crate) fn host(&self, column: Column) -> Host {
        let backend = match self.kind {
            Kind::PodmanWithCni => "cni",
            Kind::Podman | Kind::Docker | Kind::Containerd => "netavark",
        };
        let host = Host::new(self.release, backend, column);
        if column == Column::Tidegate {
            host.start_daemon();
        }
        self.start(&host);
        let import = match self.kind {
            Kind::PodmanWithCni | Kind::Podman => {
                "podman import --quiet /image.tar localhost/image:1"
            }
            Kind::Docker => "docker import /image.tar localhost/image:1",
            Kind::Containerd => include_str!("scripts/oci.sh"),
        };
        host.sh(import).success();
        host
    }

    /// Its columns. Docker is tried with its own driver alone.
    pub(crate) const fn columns(&self) -> &'static [Column] {
        match self.kind {
            Kind::PodmanWithCni | Kind::Podman | Kind::Containerd => {
                &[Column::Own, Column::Tidegate]
            }
            Kind::Docker => &[Column::Own],
        }
    }

    /// Starts its daemon, if it has one, and waits until it answers.
    pub(crate) fn start(&self, host: &Host) {
        let (name, command, answers) = match self.kind {
            Kind::PodmanWithCni | Kind::Podman => return,
            // The older release does IPv6 only as an experiment.
            Kind::Docker => (
                "dockerd",
                "dockerd --experimental --ip6tables --storage-driver overlay2 --shutdown-timeout 5",
                "docker info",
            ),
            Kind::Containerd => ("containerd", "containerd", "ctr version"),
        };
        host.start(name, command);
        let wait = format!(
            "for try in $(seq 600); do if {answers} >/dev/null 2>&1; then exit 0; fi; sleep 0.1; done; \
             cat /var/log/{name}.log >&2; exit 1"
        );
        host.sh(&wait).success();
    }

    /// The program that a user types.
    pub(crate) const fn program(&self) -> &'static str {
        match self.kind {
            Kind::PodmanWithCni | Kind::Podman => "podman",
            Kind::Docker => "docker",
            Kind::Containerd => "ctr",
        }
    }

    /// The command that makes a network. The options are those that podman and Docker share: `--subnet`, `--ipv6` and
    /// `--internal`.
    pub(crate) fn network_create(&self, column: Column, name: &str, options: &str) -> String {
        match (self.kind, column) {
            (Kind::PodmanWithCni | Kind::Podman | Kind::Docker, Column::Own) => {
                format!("{} network create {options} {name}", self.program())
            }
            (Kind::Podman | Kind::Docker, Column::Tidegate) => {
                format!(
                    "{} network create --driver tidegate {options} {name}",
                    self.program()
                )
            }
            (Kind::Containerd, Column::Own) => conflist(name, &own_plugins(options)),
            (Kind::PodmanWithCni | Kind::Containerd, Column::Tidegate) => {
                conflist(name, &tidegate_plugin(options))
            }
        }
    }

    /// Removes all containers and networks, and prints nothing.
    pub(crate) fn clear(&self) -> &'static str {
        match self.kind {
            Kind::PodmanWithCni => {
                "podman rm --all --force --time 0 >/dev/null; podman network prune --force >/dev/null; rm -f /etc/cni/net.d/north.conflist /etc/cni/net.d/south.conflist"
            }
            Kind::Podman => {
                "podman rm --all --force --time 0 >/dev/null; podman network prune --force >/dev/null"
            }
            Kind::Docker => {
                "all=$(docker ps --all --quiet); [ -z \"$all\" ] || docker rm --force $all >/dev/null; docker network prune --force >/dev/null"
            }
            Kind::Containerd => {
                "for task in $(ctr task ls -q); do ctr task kill -s KILL $task; done; \
                 for try in $(seq 300); do [ -n \"$(ctr container ls -q)\" ] || break; sleep 0.1; done; rm -f /etc/cni/net.d/*"
            }
        }
    }
}

fn conflist(name: &str, plugins: &str) -> String {
    format!(
        "cat >/etc/cni/net.d/{name}.conflist <<'END'\n\
         {{\"cniVersion\": \"0.4.0\", \"name\": \"{name}\", \"plugins\": [{plugins}]}}\nEND"
    )
}

/// A value of an option that may be there several times.
fn values<'a>(options: &'a str, name: &str) -> Vec<&'a str> {
    let words: Vec<&str> = options.split_whitespace().collect();
    words
        .windows(2)
        .filter_map(|pair| match pair {
            [option, value] if *option == name => Some(*value),
            _ => None,
        })
        .collect()
}

/// CNI's own bridge and firewall plugins.
fn own_plugins(options: &str) -> String {
    let subnets = values(options, "--subnet");
    let ranges: Vec<String> = subnets
        .iter()
        .map(|subnet| format!("[{{\"subnet\": \"{subnet}\"}}]"))
        .collect();
    format!(
        "{{\"type\": \"bridge\", \"bridge\": \"cni-own\", \"isGateway\": true, \"ipMasq\": true, \"ipam\": {{\"type\": \"host-local\", \
         \"ranges\": [{}], \"routes\": [{{\"dst\": \"0.0.0.0/0\"}}]}}}}, {{\"type\": \"firewall\"}}",
        ranges.join(", ")
    )
}

fn tidegate_plugin(options: &str) -> String {
    let subnets = values(options, "--subnet");
    let subnets: Vec<String> = subnets
        .iter()
        .map(|subnet| format!("\"{subnet}\""))
        .collect();
    let access = match options.contains("--internal") {
        true => "internal",
        false => "open",
    };
    // The engines' own networks have IPv6 only where it is asked for.
    format!(
        "{{\"type\": \"tidegate\", \"network\": {{\"subnets\": [{}], \"ipv6\": {}, \"policy\": {{\"access\": \"{access}\"}}}}, \
         \"capabilities\": {{\"portMappings\": true, \"ips\": true, \"mac\": true, \"aliases\": true, \"dns\": true}}}}",
        subnets.join(", "),
        options.contains("--ipv6"),
    )
}
