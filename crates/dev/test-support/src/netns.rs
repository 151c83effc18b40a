//! A network namespace that lives as long as its guard.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::need::{find_program, search_path};
use crate::script::{Output, run};

/// Where `ip netns` keeps named namespaces (ip-netns(8)).
const FOLDER: &str = "/run/netns";
/// Starts the name of every namespace made here; the process id follows.
const PREFIX: &str = "tgtest-";

static NEXT: AtomicU32 = AtomicU32::new(0);
static SWEEP: Once = Once::new();

/// A fresh, named network namespace with its loopback up. Removed when dropped.
///
/// Namespaces of test processes that were killed are removed by the next one that makes any.
#[derive(Debug)]
pub struct Netns {
    name: String,
    handle: tidegate_sys::Netns,
}

impl Netns {
    /// Makes a namespace called `tgtest-<pid>-<n>` and brings `lo` up in it.
    ///
    /// # Panics
    /// When the kernel or `ip` refuses; guard tests with [`require_root_kernel!`](crate::require_root_kernel).
    #[must_use]
    pub fn new() -> Self {
        SWEEP.call_once(sweep);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        ip(&["netns", "add", &name]).success();
        let path = Path::new(FOLDER).join(&name);
        let handle = tidegate_sys::Netns::open(&path).expect("namespace was just made");
        let netns = Self { name, handle };
        netns.sh("ip link set lo up");
        netns
    }

    /// Its name, as `ip netns exec` and `--netns` take it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that names it, as `setns(2)` takes it once opened.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        Path::new(FOLDER).join(&self.name)
    }

    /// Runs `work` on a thread of its own inside the namespace. The thread ends with `work`, so no
    /// other test ever runs on a thread whose namespace was changed.
    ///
    /// # Panics
    /// With the panic of `work`, or when the kernel refuses the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let done = self.handle.run_on_thread(work);
        done.expect("the namespace can be entered")
    }

    /// A command that will run inside the namespace (through nsenter(1)).
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let nsenter = find_program("nsenter").unwrap_or_else(|| "nsenter".into());
        let mut command = Command::new(nsenter);
        command
            .arg(format!("--net={}", self.path().display()))
            .arg("--")
            .arg(program);
        command.env("PATH", search_path());
        command
    }

    /// Runs a shell script inside the namespace with `set -e` and gives back its stdout.
    ///
    /// # Panics
    /// When it fails, with its stderr.
    pub fn sh(&self, script: &str) -> String {
        self.try_sh(script).success()
    }

    /// As [`sh`](Self::sh), but a failure is a value.
    ///
    /// # Panics
    /// When the shell does not start.
    pub fn try_sh(&self, script: &str) -> Output {
        let mut command = self.command("sh");
        command.args(["-e", "-c", script]);
        run(command)
    }
}

impl Default for Netns {
    fn default() -> Self {
        Self::new()
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let removed = ip(&["netns", "del", &self.name]);
        if !std::thread::panicking() {
            removed.success();
        }
    }
}

fn ip(args: &[&str]) -> Output {
    let mut command = Command::new(find_program("ip").unwrap_or_else(|| "ip".into()));
    command.args(args);
    run(command)
}

/// Removes what test processes that no longer run have left.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(FOLDER) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if owner(&name).is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test process may have deleted it in the meantime.
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

/// The process id in the name of a namespace made here.
fn owner(name: &str) -> Option<&str> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    (!pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::require_root_kernel;

    fn inode(path: &str) -> String {
        let link = std::fs::read_link(path).expect("procfs is mounted");
        link.to_string_lossy().into_owned()
    }

    #[test]
    fn work_runs_inside_and_the_caller_stays_outside() {
        require_root_kernel!();
        let netns = Netns::new();
        let before = inode("/proc/thread-self/ns/net");
        let inside = netns.run(|| inode("/proc/thread-self/ns/net"));
        assert_ne!(before, inside);
        assert_eq!(before, inode("/proc/thread-self/ns/net"));
        assert_eq!(netns.sh("readlink /proc/self/ns/net").trim(), inside);
    }

    #[test]
    fn a_dropped_guard_leaves_nothing() {
        require_root_kernel!();
        let netns = Netns::new();
        let path = netns.path();
        assert!(path.exists());
        drop(netns);
        assert!(!path.exists());
    }

    #[test]
    fn only_names_made_here_have_an_owner() {
        assert_eq!(owner("tgtest-42-0"), Some("42"));
        assert_eq!(owner("tgtest-x-0"), None);
        assert_eq!(owner("tgtest--0"), None);
        assert_eq!(owner("production"), None);
    }
}
