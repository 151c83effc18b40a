//! A system that is a folder, booted or entered.

use std::path::Path;

use super::tree::Tree;
use crate::Place;
use plimsoll_build::engine::Stage;
use plimsoll_probe::Command;

/// Runs outside of the system, in a mount namespace of its own.
const LIVE: &str = include_str!("live.sh");

/// What is done in a system, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Asks the resolver, with a network.
    Resolve,
    /// Fetches the dependencies, with a network.
    Fetch,
    /// The package's life, without a network.
    Live,
}

impl Phase {
    /// The word that the scripts take.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Live => "live",
        }
    }
}

/// The command that goes through phases in a layer over a clean system. `work` is `/verify` there,
/// `script` one of the scripts in it, and `mount_point` an empty folder.
#[must_use]
pub fn stage(
    tree: &Tree,
    mount_point: &Path,
    work: &Path,
    place: Place,
    script: &str,
    phases: &[Phase],
) -> Stage {
    let place = if place == Place::Chroot {
        "chroot"
    } else {
        "booted"
    };
    let text = |path: &Path| path.display().to_string();
    let script = format!("/verify/{script}");
    let outer = [
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-eu",
        "-c",
        LIVE,
        "live",
    ];
    let mut args: Vec<String> = outer.map(str::to_owned).into();
    args.extend([
        text(&tree.folder),
        text(mount_point),
        text(work),
        place.to_owned(),
        script,
    ]);
    args.extend(phases.iter().map(|phase| phase.as_str().to_owned()));
    let words: Vec<&str> = phases.iter().map(|phase| phase.as_str()).collect();
    let name = format!("{} in a {place} system", words.join(", "));
    Stage::new(name, Command::new("unshare", args))
}
