//! A host: a network namespace with a daemon in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use test_support::{Netns, Output};

use crate::Programs;

/// How long a daemon may take to answer or to end: far longer than it does, and only there so
/// that a test that cannot pass ends.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A network namespace with a daemon in it, which has a socket and a state folder of its own.
/// The daemon is killed with it.
#[derive(Debug)]
pub struct Host {
    /// The namespace.
    pub netns: Netns,
    folder: TempDir,
    programs: Programs,
    /// Arguments of the daemon besides its socket and state folder.
    arguments: Vec<String>,
    /// What starts the daemon: a program and its arguments, before the daemon's own.
    launcher: Vec<String>,
    daemon: Option<Child>,
    /// Whether the daemon has the default pool of IPv6 subnets, which is another one on each host.
    has_own_pool: bool,
}

/// The pool of IPv6 subnets of all hosts but those that have their own: tests name its addresses.
const POOL: (&str, &str) = ("TIDEGATE_IPV6_POOLS", "fd74:6964:6567::/48:64");

impl Host {
    /// A host whose daemon is not started yet.
    pub fn new(programs: &Programs, arguments: &[&str]) -> Self {
        Self {
            netns: Netns::new(),
            folder: tempfile::tempdir().expect("a folder can be made"),
            programs: programs.clone(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            launcher: Vec::new(),
            daemon: None,
            has_own_pool: false,
        }
    }

    /// The host, whose daemon takes IPv6 subnets from the pools that its configuration says, or from the host's own.
    #[must_use]
    pub fn with_own_pool(mut self) -> Self {
        self.has_own_pool = true;
        self
    }

    /// A host with a daemon of this source tree that uses a driver.
    pub fn with_driver(driver: &str) -> Self {
        let mut host = Self::new(Programs::of_this_tree(), &["--nft-driver", driver]);
        host.start();
        host
    }

    /// Adds arguments for the daemon's next start.
    pub fn add_arguments(&mut self, arguments: &[&str]) {
        let arguments = arguments.iter().map(ToString::to_string);
        self.arguments.extend(arguments);
    }

    /// Has the daemon use another driver from its next start on.
    pub fn use_driver(&mut self, driver: &str) {
        let option = "--nft-driver";
        if let Some(at) = self.arguments.iter().position(|word| word == option) {
            self.arguments.drain(at..(at + 2).min(self.arguments.len()));
        }
        self.add_arguments(&[option, driver]);
    }

    /// Has other programs run from the daemon's next start on.
    pub fn use_programs(&mut self, programs: &Programs) {
        self.programs = programs.clone();
    }

    /// Gives the daemon an `/etc` of its own from its next start on, a copy of the machine's. Returns the copy.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn give_own_etc(&mut self) -> PathBuf {
        let etc = self.folder.path().join("etc");
        let copied = Command::new("cp").arg("-a").arg("/etc").arg(&etc).status();
        assert!(
            copied.expect("cp can be started").success(),
            "/etc can be copied"
        );
        self.start_by(&format!("mount --bind {} /etc; exec \"$@\"", etc.display()));
        etc
    }

    /// Takes the arguments back, and gives the daemon's next start others.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
    }

    /// Has the daemon started by a script, which is to end with `exec "$@"`, in a mount namespace of
    /// its own.
    pub fn start_by(&mut self, script: &str) {
        // Names that namespaces get on the host later are still seen inside.
        let unshare = ["unshare", "--mount", "--propagation", "slave"];
        let launcher = [&unshare[..], &["sh", "-e", "-c", script, "sh"]].concat();
        self.launcher = launcher.into_iter().map(str::to_owned).collect();
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("tidegated.sock")
    }

    /// The daemon's state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A folder for what a test needs besides.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command that runs the daemon.
    pub fn daemon_command(&self) -> Command {
        let daemon = self.programs.tidegated.as_os_str();
        let words = self.launcher.iter().map(OsStr::new).chain([daemon]);
        let mut words = words.collect::<Vec<_>>().into_iter();
        let mut command = self.netns.command(words.next().unwrap_or(daemon));
        command
            .args(words)
            .arg("--socket")
            .arg(self.socket())
            .arg("--state-dir")
            .arg(self.state_dir());
        command.args(&self.arguments).stdin(Stdio::null());
        if !self.has_own_pool {
            command.env(POOL.0, POOL.1);
        }
        command
    }

    /// Starts the daemon and waits until it answers.
    ///
    /// # Panics
    /// When it ends instead, with what it logged.
    pub fn start(&mut self) {
        let log = File::create(self.log_path()).expect("a log can be made");
        let started = self
            .daemon_command()
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut daemon = started.expect("the daemon can be started");
        let since = Instant::now();
        while !self.is_listening(Pid::from_child(&daemon)) {
            let ended = daemon.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none(),
                "the daemon ended with {ended:?}:\n{}",
                self.log()
            );
            assert!(
                since.elapsed() < TIME_LIMIT,
                "the daemon does not listen:\n{}",
                self.log()
            );
            sleep(Duration::from_millis(5));
        }
        self.daemon = Some(daemon);
        // The daemon accepts connections before the host matches the saved state; it answers only after that.
        self.ok(&["info"]);
    }

    /// Whether a process listens on the socket. That of a daemon that was killed may take a connection for a moment
    /// yet: a process that it was just starting still has its descriptors.
    fn is_listening(&self, process: Pid) -> bool {
        let stream = UnixStream::connect(self.socket());
        let listener = stream.and_then(|stream| Ok(socket_peercred(stream)?.pid));
        listener.is_ok_and(|pid| pid == process)
    }

    /// Runs the daemon when it is expected to end by itself.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_to_end(&self) -> Output {
        finished(self.daemon_command())
    }

    /// Ends the daemon as a crash would (SIGKILL).
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// Asks the daemon to stop (SIGTERM).
    ///
    /// # Panics
    /// When it ends with a failure.
    pub fn stop(&mut self) {
        let status = self.end(Signal::TERM);
        assert!(
            status.is_none_or(|s| s.success()),
            "{status:?}:\n{}",
            self.log()
        );
    }

    /// Asks the daemon to stop (SIGTERM), and gives how it ended.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop_with_status(&mut self) -> ExitStatus {
        self.end(Signal::TERM).expect("the daemon runs")
    }

    /// Waits for a daemon that ends by itself, and gives how it ended.
    ///
    /// # Panics
    /// When it does not run.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("the daemon runs");
        daemon.wait().expect("a child can be waited for")
    }

    fn end(&mut self, signal: Signal) -> Option<ExitStatus> {
        let mut daemon = self.daemon.take()?;
        let pid = Pid::from_child(&daemon);
        kill_process(pid, signal).expect("our own child can be sent a signal");
        Some(daemon.wait().expect("a child can be waited for"))
    }

    /// The daemon's process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Child::id)
    }

    /// What the daemon logged since its last start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A command that runs the client.
    pub fn client_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.tidegate);
        command.args(arguments).arg("--socket").arg(self.socket());
        command
    }

    /// A command that runs the plugin for container engines, as an engine on the host does.
    pub fn plugin_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.netns.command(self.programs.plugin());
        command
            .args(arguments)
            .env("TIDEGATE_SOCKET", self.socket());
        command
    }

    /// Runs the client.
    pub fn tidegate(&self, arguments: &[&str]) -> Output {
        finished(self.client_command(arguments))
    }

    /// Runs the client, which must succeed, and gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.tidegate(arguments);
        assert_eq!(output.code, Some(0), "{output:#?}\n{}", self.log());
        output.stdout
    }

    /// Runs the client with `--json`, and gives the answer.
    ///
    /// # Panics
    /// When it fails.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("not JSON: {e}: {text}"))
    }

    /// The differences between the planned ruleset and the kernel's.
    pub fn ruleset_diff(&self) -> String {
        self.ok(&["ruleset", "--diff"])
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // It may have ended by itself.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        if std::thread::panicking() {
            #[expect(
                clippy::print_stderr,
                reason = "a failed test shows what the daemon said"
            )]
            {
                eprintln!("the daemon logged:\n{}", self.log());
            }
        }
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
pub fn finished(mut command: Command) -> Output {
    let line = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| panic!("{line} did not start: {e}"));
    Output {
        command: line,
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
