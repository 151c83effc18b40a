//! The end of a daemon that was told to stop, whatever still keeps it.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// How long what was begun may take after a stop: what waits for programs and for the kernel is given up before.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Ends the process in a while, unless it ends by itself before. What it was doing is put right by the next start.
pub(crate) fn resort() {
    let resort = || -> () {
        thread::sleep(TIME_LIMIT);
        tracing::error!("stopping: some work did not end within {TIME_LIMIT:?}");
        // A child that is stopped would not hear of it, and keep the next daemon out.
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
    fn children_are_found_whichever_thread_started_them() {
        let start = || Command::new("sleep").arg("100").spawn().unwrap();
        let mut child = thread::spawn(start).join().unwrap();
        let pid = Pid::from_child(&child);
        assert!(children().any(|found| found == pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
