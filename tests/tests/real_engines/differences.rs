//! Answers that differ from what a user would want, each with its reason. docs/engines/differences.md has them too.
//!
//! A line that is not true any more fails the test, as a missing one does.

use crate::column::Column::{self, Own, Tidegate};
use crate::engine::Engine;

/// An answer that is not the wanted one.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The beginnings of the engines' names.
    pub(crate) engines: &'static [&'static str],
    pub(crate) columns: &'static [Column],
    /// The cases.
    pub(crate) cases: &'static [&'static str],
    /// The questions.
    pub(crate) questions: &'static [&'static str],
    /// What is answered.
    pub(crate) answer: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

const UDP_INSIDE: &[&str] = &[
    "udp from a container of the network",
    "udp from a container of another network",
    "udp from the container itself",
];

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        engines: &["Docker"],
        columns: &[Own],
        cases: &["one published port"],
        questions: UDP_INSIDE,
        answer: "nothing",
        reason: "docker-proxy answers from another address than was asked",
    },
    Difference {
        engines: &["podman"],
        columns: &[Own],
        cases: &["a port over IPv6"],
        questions: &["from the host, at ::1", "published at ::1, from the host"],
        answer: "nothing",
        reason: "the kernel forwards nothing from ::1, and podman has no relay",
    },
    Difference {
        engines: &["podman"],
        columns: &[Tidegate],
        cases: &["a port over IPv6"],
        questions: &["published at ::1, from the host"],
        answer: "nothing",
        reason: "podman binds the port itself, and Tidegate's relay for ::1 would need it",
    },
    Difference {
        engines: &["podman 4.3"],
        columns: &[Own],
        cases: &["an internal network"],
        questions: &["a container of the network"],
        answer: "unknown name",
        reason: "podman gives internal networks no plugin for names",
    },
    Difference {
        engines: &["podman 4.3"],
        columns: &[Own],
        cases: &["an internal network"],
        questions: &["the address, from the host"],
        answer: "nothing",
        reason: "the host has no address on an internal network",
    },
    Difference {
        engines: &["podman"],
        columns: &[Own],
        cases: &["several networks"],
        questions: &["from one network to the other"],
        answer: "in-south",
        reason: "podman isolates only networks with the option `isolate`",
    },
    Difference {
        engines: &["podman 5.4"],
        columns: &[Own],
        cases: &["one published port"],
        questions: &[
            "tcp from the container itself",
            "udp from the container itself",
        ],
        answer: "nothing",
        reason: "netavark does not bring a container's packets back to the container",
    },
    Difference {
        engines: &["containerd"],
        columns: &[Own],
        cases: &["ctr run --cni"],
        questions: &["a container, from outside"],
        answer: "web",
        reason: "CNI's plugins bridge and firewall let everybody in who has a route",
    },
    Difference {
        engines: &["containerd 1.7"],
        columns: &[Own],
        cases: &["pods"],
        questions: &["a pod with a port of another"],
        answer: "done",
        reason: "CNI's plugin portmap does not bind the port, and the later rule is without effect",
    },
    Difference {
        engines: &["containerd 1.7"],
        columns: &[Tidegate],
        cases: &["pods"],
        questions: &["stopped while the daemon does not run"],
        answer: "refused",
        reason: "DEL fails with code 11, and kubelet stops the pod again later",
    },
    Difference {
        engines: &["libcni"],
        columns: &[Own],
        cases: &[
            "the steps of cnitool",
            "tuning, bandwidth and firewall behind",
        ],
        questions: &["CHECK", "CHECK after a restart"],
        answer: "refused",
        reason: "CNI's plugin portmap looks for rules of IPv6, which the container does not have",
    },
    Difference {
        engines: &["libcni"],
        columns: &[Tidegate],
        cases: &["bandwidth for both directions"],
        questions: &["ADD"],
        answer: "refused",
        reason: "CNI's plugin bandwidth limits what a container sends by a queueing discipline, of which a port has one: Tidegate's",
    },
];

/// The line about an answer.
pub(crate) fn find(
    engine: &Engine,
    column: Column,
    case: &str,
    question: &str,
) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|line| {
        line.engines
            .iter()
            .any(|name| engine.name.starts_with(name))
            && line.columns.contains(&column)
            && line.cases.contains(&case)
            && line.questions.contains(&question)
    })
}
