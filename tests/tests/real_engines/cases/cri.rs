//! containerd as kubelet asks it, through its CRI: pods, which publish ports.

use super::Case;
use super::With::Cri;
use crate::scene::From::{Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[Case::new("pods", Cri, pods)];

fn pods(s: &Scene<'_>) {
    s.network("north", "--subnet 10.7.0.0/24");
    let published = "tcp 192.0.2.1 8820";
    let pod = s.sh("python3 /cri.py run web 8820").success();
    s.ask("the port, from outside", Outside, published, "pod");
    s.ask("the port, from the host", Host, published, "pod");
    s.tell_of(
        "another pod with another port",
        "64",
        "python3 /cri.py run other 8821 | tr -d '\\n' | wc -c",
    );
    s.ask("its port", Outside, "tcp 192.0.2.1 8821", "pod");
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
    let pod = pod.trim();
    for (question, command) in [
        ("stopped", "stop"),
        ("stopped again", "stop"),
        ("removed", "remove"),
        ("removed again", "remove"),
    ] {
        s.tell_of(
            question,
            "done",
            &format!("python3 /cri.py {command} {pod} && echo done"),
        );
    }
    s.ask(
        "the port of a pod that is gone",
        Outside,
        published,
        "nothing",
    );
    s.tell_of(
        "the port, used again",
        "64",
        "python3 /cri.py run web 8820 | tr -d '\\n' | wc -c",
    );
    s.ask("the port of the new pod", Outside, published, "pod");
}
