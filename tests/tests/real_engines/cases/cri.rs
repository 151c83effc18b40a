//! containerd as kubelet asks it, through its CRI: pods, which publish ports.

use super::Case;
use super::With::Cri;
use crate::scene::From::{Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[Case::new("pods", Cri, pods)];

/// A script that runs a pod whose port is published at a port of the host, and prints `done`.
fn run(name: &str, port: u16) -> String {
    format!("python3 /cri.py run {name} {port} >/dev/null && echo done")
}

fn pods(s: &Scene<'_>) {
    s.network("north", "--subnet 10.7.0.0/24");
    let published = "tcp 192.0.2.1 8820";
    let pod = s.sh("python3 /cri.py run web 8820").success();
    s.ask("the port, from outside", Outside, published, "pod");
    s.ask("the port, from the host", Host, published, "pod");
    s.tell_of("another pod", "done", &run("other", 8821));
    s.ask("its port", Outside, "tcp 192.0.2.1 8821", "pod");
    s.tell_of(
        "a pod with a port of another",
        "refused",
        &run("third", 8821),
    );
    s.restart_engine("KILL");
    s.ask(
        "the port after containerd was killed",
        Outside,
        published,
        "pod",
    );
    s.stop_daemon("KILL");
    s.start_daemon();
    s.ask(
        "the port after the daemon was killed",
        Outside,
        published,
        "pod",
    );
    let end = |question, command| {
        let script = format!("python3 /cri.py {command} {} && echo done", pod.trim());
        s.tell_of(question, "done", &script);
    };
    s.stop_daemon("TERM");
    end("stopped while the daemon does not run", "stop");
    s.start_daemon();
    for (question, command) in [
        ("stopped", "stop"),
        ("stopped again", "stop"),
        ("removed", "remove"),
        ("removed again", "remove"),
    ] {
        end(question, command);
    }
    s.ask(
        "the port of a pod that is gone",
        Outside,
        published,
        "nothing",
    );
    s.tell_of("the port, used again", "done", &run("web", 8820));
    s.ask("the port of the new pod", Outside, published, "pod");
}
