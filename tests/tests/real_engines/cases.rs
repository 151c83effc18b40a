//! What is tried with every engine.

mod addresses;
mod containerd;
mod cri;
mod libcni;
mod life;
mod names;
mod networks;
mod ports;
mod restarts;

use crate::engine::{Engine, Kind};
use crate::scene::Scene;

/// One thing that is tried.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Scene<'_>),
    pub(crate) with: With,
    /// Whether it is tried only where all cases are, because of its time.
    pub(crate) is_long: bool,
}

/// With which engines a case is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With {
    /// Docker alone.
    Docker,
    /// podman and Docker.
    PodmanAndDocker,
    /// containerd alone.
    Containerd,
    /// containerd, asked as kubelet does.
    Cri,
    /// libcni alone.
    Libcni,
}

impl Case {
    const fn new(name: &'static str, with: With, run: fn(&Scene<'_>)) -> Self {
        Self {
            name,
            run,
            with,
            is_long: false,
        }
    }

    const fn long(self) -> Self {
        Self {
            is_long: true,
            ..self
        }
    }

    /// Whether it is tried with an engine.
    pub(crate) fn applies(&self, engine: &Engine) -> bool {
        match engine.kind {
            Kind::PodmanWithCni | Kind::Podman => self.with == With::PodmanAndDocker,
            Kind::Docker => matches!(self.with, With::Docker | With::PodmanAndDocker),
            Kind::Containerd => self.with == With::Containerd,
            Kind::Cri => self.with == With::Cri,
            Kind::Libcni => self.with == With::Libcni,
        }
    }
}

/// All cases, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    let groups = [
        ports::CASES,
        names::CASES,
        addresses::CASES,
        networks::CASES,
        life::CASES,
        restarts::CASES,
        containerd::CASES,
        cri::CASES,
        libcni::CASES,
    ];
    groups.into_iter().flatten()
}
