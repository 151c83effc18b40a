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
    /// containerd with a client of its CRI.
    Cri,
    /// Debian's libcni with a program of our own. Containers are network namespaces.
    Libcni,
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
pub(crate) const ENGINES: [Engine; 7] = [
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
    Engine {
        name: "containerd 1.7 (CRI)",
        kind: Kind::Cri,
        release: Release::Debian13WithCni,
    },
    Engine {
        name: "libcni 1.1",
        kind: Kind::Libcni,
        release: Release::Debian13WithCni,
    },
];

impl Engine {
    /// A host on which it runs and has the image.
    pub(crate) fn host(&self, column: Column) -> Host {
        let backend = match self.kind {
            Kind::PodmanWithCni => "cni",
            Kind::Podman | Kind::Docker | Kind::Containerd | Kind::Cri | Kind::Libcni => "netavark",
        };
        let host = Host::new(self.release, backend, column);
        if column == Column::Tidegate {
            host.start_daemon();
        }
        if self.kind == Kind::Cri {
            let configuration = include_str!("scripts/containerd.toml");
            host.write("/etc/containerd/config.toml", configuration);
        }
        self.start(&host);
        let import = match self.kind {
            Kind::PodmanWithCni | Kind::Podman => {
                "podman import --quiet /image.tar localhost/image:1"
            }
            Kind::Docker => "docker import /image.tar localhost/image:1",
            Kind::Containerd => include_str!("scripts/oci.sh"),
            Kind::Cri => concat!(
                "export CONTAINERD_NAMESPACE=k8s.io\n",
                include_str!("scripts/oci.sh")
            ),
            Kind::Libcni => "rm -f /etc/cni/net.d/*",
        };
        host.sh(import).success();
        host
    }

    /// Its columns. Docker is tried with its own driver alone.
    pub(crate) const fn columns(&self) -> &'static [Column] {
        match self.kind {
            Kind::Docker => &[Column::Own],
            Kind::PodmanWithCni | Kind::Podman | Kind::Containerd | Kind::Cri | Kind::Libcni => {
                &[Column::Own, Column::Tidegate]
            }
        }
    }

    /// Starts its daemon, if it has one, and waits until it answers.
    pub(crate) fn start(&self, host: &Host) {
        let (name, command, answers) = match self.kind {
            Kind::PodmanWithCni | Kind::Podman | Kind::Libcni => return,
            // The older release does IPv6 only as an experiment.
            Kind::Docker => (
                "dockerd",
                "dockerd --experimental --ip6tables --storage-driver overlay2 --shutdown-timeout 5",
                "docker info",
            ),
            Kind::Containerd | Kind::Cri => ("containerd", "containerd", "ctr version"),
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
            Kind::Containerd | Kind::Cri => "ctr",
            Kind::Libcni => "libcni",
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
            (Kind::PodmanWithCni, Column::Tidegate) => {
                conflist("0.4.0", name, &tidegate_plugin(options))
            }
            (Kind::Containerd | Kind::Cri | Kind::Libcni, _) => {
                let firewall = match column {
                    Column::Own => ", {\"type\": \"firewall\"}",
                    Column::Tidegate => "",
                };
                conflist("0.4.0", name, &(plugins(column, options) + firewall))
            }
        }
    }

    /// The command that makes a network of CNI's plugins, with others before and behind those that make the interface.
    pub(crate) fn chain(column: Column, name: &str, before: &[&str], behind: &[&str]) -> String {
        let plugins = plugins(column, "--subnet 10.7.0.0/24");
        let parts = [before, &[plugins.as_str()], behind].concat();
        conflist("1.0.0", name, &parts.join(", "))
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
            Kind::Cri => {
                "for pod in $(ctr -n k8s.io container ls -q); do python3 /cri.py stop $pod; python3 /cri.py remove $pod; done; rm -f /etc/cni/net.d/*"
            }
            Kind::Libcni => {
                "for list in /etc/cni/net.d/*; do for path in /run/netns/*; do network=$(basename $list .conflist); \
                 [ $path = /run/netns/outside ] || libcni del $network $path; done; done; \
                 for path in /run/netns/*; do name=${path##*/}; \
                 [ $name = outside ] || { kill -KILL $(ip netns pids $name) 2>/dev/null || true; ip netns del $name; }; done; \
                 rm -f /etc/cni/net.d/*"
            }
        }
    }
}

fn conflist(version: &str, name: &str, plugins: &str) -> String {
    format!(
        "cat >/etc/cni/net.d/{name}.conflist <<'END'\n\
         {{\"cniVersion\": \"{version}\", \"name\": \"{name}\", \"plugins\": [{plugins}]}}\nEND"
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

/// The plugins that make the interface and publish ports.
fn plugins(column: Column, options: &str) -> String {
    match column {
        Column::Own => own_plugins(options),
        Column::Tidegate => tidegate_plugin(options),
    }
}

/// CNI's own plugins bridge and portmap.
fn own_plugins(options: &str) -> String {
    let subnets = values(options, "--subnet");
    let ranges: Vec<String> = subnets
        .iter()
        .map(|subnet| format!("[{{\"subnet\": \"{subnet}\"}}]"))
        .collect();
    format!(
        "{{\"type\": \"bridge\", \"bridge\": \"cni-own\", \"isGateway\": true, \"hairpinMode\": true, \"ipMasq\": true, \"ipam\": {{\"type\": \"host-local\", \
         \"ranges\": [{}], \"routes\": [{{\"dst\": \"0.0.0.0/0\"}}]}}}}, {{\"type\": \"portmap\", \"capabilities\": {{\"portMappings\": true}}}}",
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
