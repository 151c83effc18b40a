//! A host with container engines: a root of a Debian release in namespaces of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tidegate_tests::{Output, Programs, System};

use crate::column::Column;
use crate::go;

/// A Debian release with its engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// podman 4.3, docker.io 20.10, containerd 1.6, CNI plugins 1.1.
    Debian12,
    /// podman 5.4 with netavark 1.14, docker.io 26.1, containerd 1.7.
    Debian13,
    /// containerd 1.7, libcni 1.1, CNI plugins 1.1.
    Debian13WithCni,
}

impl Release {
    const fn system(self) -> System {
        let (name, suite, packages) = match self {
            Self::Debian12 => (
                "bookworm-engines",
                "bookworm",
                "podman,containernetworking-plugins,golang-github-containernetworking-plugin-dnsname,docker.io,containerd,\
                 runc,conmon,catatonit,iptables,nftables,iproute2,procps,busybox,ca-certificates,libnftables1,dnsmasq-base",
            ),
            Self::Debian13 => (
                "trixie-engines",
                "trixie",
                "podman,netavark,aardvark-dns,docker.io,docker-cli,containerd,containernetworking-plugins,\
                 runc,conmon,catatonit,iptables,nftables,iproute2,procps,busybox,ca-certificates,libnftables1,dnsmasq-base",
            ),
            Self::Debian13WithCni => (
                "trixie-cni",
                "trixie",
                "containerd,runc,containernetworking-plugins,golang-go,golang-github-appc-cni-dev,python3-grpcio,\
                 catatonit,iptables,nftables,iproute2,procps,busybox,ca-certificates,libnftables1,dnsmasq-base",
            ),
        };
        System {
            name,
            suite,
            variant: "minbase",
            packages,
        }
    }
}

/// A host. Everything in it is killed with it.
#[derive(Debug)]
pub(crate) struct Host {
    /// unshare(1): its end kills the init process of the host, and this kills all others.
    unshare: Child,
    init: String,
    _folder: TempDir,
}

/// How long one command in a host may take: far longer than it does, and only there so that a test that cannot pass ends.
const SECONDS: &str = "180";

impl Host {
    /// A new host with an outside world, a container image and configured engines.
    pub(crate) fn new(release: Release, network_backend: &str, column: Column) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let unshare = [
            "--net",
            "--mount",
            "--pid",
            "--ipc",
            "--uts",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        ];
        // A test that is killed takes its hosts with it.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "unshare"])
            .args(unshare)
            .args(["sh", "-c", include_str!("scripts/box.sh")])
            .env("FOLDER", folder.path())
            .env("LOWER", release.system().folder())
            .env("PROGRAMS", programs(release, column))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut unshare = command.spawn().expect("unshare can be started");
        let stdout = unshare.stdout.take().expect("it is piped");
        let mut init = String::new();
        let read = BufReader::new(stdout).read_line(&mut init);
        read.expect("the host tells its init process");
        assert!(!init.is_empty(), "the host does not start");
        let host = Self {
            unshare,
            init: init.trim_end().to_owned(),
            _folder: folder,
        };
        for (path, text) in [
            ("/serve.pl", include_str!("scripts/serve.pl")),
            ("/ask.pl", include_str!("scripts/ask.pl")),
            ("/cri.py", include_str!("scripts/cri.py")),
        ] {
            host.write(path, text);
        }
        let prepare = format!(
            "NETWORK_BACKEND={network_backend}\n{}",
            include_str!("scripts/prepare.sh")
        );
        host.sh(&prepare).success();
        host
    }

    /// Runs a shell script on the host.
    pub(crate) fn sh(&self, script: &str) -> Output {
        let mut command = Command::new("nsenter");
        command.args([
            "--target", &self.init, "--net", "--mount", "--pid", "--ipc", "--uts", "--root", "--wd",
        ]);
        command.args([
            "--",
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "PODMAN_IGNORE_CGROUPSV1_WARNING=1",
        ]);
        command.args(["timeout", "--kill-after=5", SECONDS, "sh", "-euc", script]);
        let output = command.stdin(Stdio::null()).output();
        let output = output.expect("nsenter can be started");
        Output {
            command: script.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Writes a file of the host.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let script = format!(
            "cat >{path} <<'END_OF_FILE'
{text}
END_OF_FILE"
        );
        self.sh(&script).success();
    }

    /// Starts a program that stays when the script ends. Its output goes to a file in `/var/log`.
    pub(crate) fn start(&self, name: &str, command: &str) {
        let script = format!("setsid {command} </dev/null >>/var/log/{name}.log 2>&1 &");
        self.sh(&script).success();
    }

    /// Starts Tidegate's daemon, and waits until it answers.
    pub(crate) fn start_daemon(&self) {
        self.start("tidegated", "tidegated");
        let wait = "for try in $(seq 600); do if tidegate info >/dev/null 2>&1; then exit 0; fi; sleep 0.1; done; \
                    cat /var/log/tidegated.log >&2; exit 1";
        self.sh(wait).success();
    }

    /// Ends Tidegate's daemon by a signal.
    pub(crate) fn stop_daemon(&self, signal: &str) {
        let script = format!(
            "pid=$(pgrep -o -x tidegated); kill -{signal} $pid; \
             for try in $(seq 600); do if ! kill -0 $pid 2>/dev/null; then exit 0; fi; sleep 0.1; done; exit 1"
        );
        self.sh(&script).success();
    }

    /// The networks and endpoints that Tidegate has, or "nothing".
    pub(crate) fn left(&self) -> String {
        let output = self
            .sh("tidegate network ls --json; tidegate endpoint ls --json")
            .success();
        let left: String = output.split_whitespace().collect();
        match left.as_str() {
            "[][]" => "nothing".to_owned(),
            _ => left,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Its children go with it (`--kill-child`), and the mounts with the last of them.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

/// Files of the machine that a host with Tidegate has, and their paths there.
fn programs(release: Release, column: Column) -> String {
    let mut files = Vec::new();
    if release == Release::Debian13WithCni {
        let root = release.system().folder();
        files.push((go::program(&root).to_owned(), "/usr/bin/libcni"));
    }
    if column == Column::Tidegate {
        let programs = Programs::of_this_tree();
        files.extend([
            (programs.tidegated.clone(), "/usr/sbin/tidegated"),
            (programs.tidegate.clone(), "/usr/bin/tidegate"),
            (programs.plugin(), "/usr/lib/cni/tidegate"),
            (programs.plugin(), "/usr/lib/netavark/tidegate"),
        ]);
    }
    let lines = files.iter();
    let lines = lines.map(|(file, path)| format!("{} {path}\n", file.display()));
    lines.collect()
}
