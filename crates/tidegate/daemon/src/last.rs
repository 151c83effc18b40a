//! Ends a daemon that was told to stop, even if something still blocks it.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// Time limit of a stop. Waits for programs and for the kernel have shorter limits, and so have clients.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Ends the process after the time limit, unless it ends before. The next start repairs what it left unfinished.
pub(crate) fn resort() {
    let resort = || -> () {
        thread::sleep(TIME_LIMIT);
        tracing::error!("stopping: some work did not end within {TIME_LIMIT:?}");
        // A stopped child would not notice, and would block the next daemon.
        for child in children() {
            // It may have ended by itself.
            let _ = kill_process(child, Signal::KILL);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "what keeps destructors from running is what this is for"
        )]
        std::process::exit(2)
    };
    if let Err(error) = thread::Builder::new().name("last".into()).spawn(resort) {
        tracing::warn!(%error, "the stop has no time limit");
    }
}

/// The children of this process (proc_pid_task(5), `children`).
fn children() -> impl Iterator<Item = Pid> {
    let tasks = format!("/proc/{}/task", getpid().as_raw_nonzero());
    let tasks = fs::read_dir(tasks).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<Pid> = lists
        .flat_map(|list| {
            let pids = list
                .split_whitespace()
                .filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
            pids.collect::<Vec<_>>()
        })
        .collect();
    pids.into_iter()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn children_of_every_thread_are_found() {
        let start = || Command::new("sleep").arg("100").spawn().unwrap();
        let mut child = thread::spawn(start).join().unwrap();
        let pid = Pid::from_child(&child);
        assert!(children().any(|found| found == pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
