//! A system that is a folder, booted or entered.

use std::path::Path;

use super::tree::Tree;
use crate::Place;
use plimsoll_build::engine::Stage;
use plimsoll_probe::Command;

/// Runs outside of the system, in a mount namespace of its own.
const LIVE: &str = include_str!("live.sh");

/// How long a phase may take, in seconds. The longest, of a package with a dozen dependencies over a slow network, take five
/// minutes.
pub(super) const LIMIT: u32 = 600;

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
        LIMIT.to_string(),
    ]);
    args.extend(phases.iter().map(|phase| phase.as_str().to_owned()));
    let words: Vec<&str> = phases.iter().map(|phase| phase.as_str()).collect();
    let name = format!("{} in a {place} system", words.join(", "));
    Stage::new(name, Command::new("unshare", args))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{Check, life};

    /// Boots a system in which a unit hangs while it is installed: systemd-nspawn(1) is a script here, which begins the life and then
    /// does not end. Returns whether the stage ended well, and what was seen. None without root.
    fn hung(nspawn: &str) -> Option<(bool, life::Life)> {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["tree/etc/systemd/system", "mnt", "work", "bin"] {
            fs::create_dir_all(at(name)).expect("made");
        }
        fs::write(at("work/log"), "").expect("written");
        let program = at("bin/systemd-nspawn");
        fs::write(&program, format!("#!/bin/sh\n{nspawn}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
        let tree = Tree {
            folder: at("tree"),
            spec: plimsoll_build::engine::root::RootSpec {
                suite: String::new(),
                architecture: String::new(),
                packages: Vec::new(),
                wished: Vec::new(),
            },
        };
        let phases = [Phase::Live];
        let stage = stage(
            &tree,
            &at("mnt"),
            &at("work"),
            Place::Booted,
            "deb.sh",
            &phases,
        );
        let mut call = stage.call;
        for word in &mut call.args {
            if *word == LIMIT.to_string() {
                "1".clone_into(word);
            }
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", at("bin").display());
        let work = at("work").display().to_string();
        let call = call
            .with_env("PATH", path)
            .with_env("LOG", format!("{work}/log"));
        let unshare = Command::new("unshare", ["--mount", "true"]).output();
        if !unshare.is_ok_and(|output| output.success()) {
            return None;
        }
        let output = call.output().expect("it ran");
        let log = fs::read_to_string(at("work/log")).expect("a log");
        Some((output.success(), life::read(&log)))
    }

    #[test]
    fn a_booted_system_that_hangs_is_ended_and_its_report_names_the_phase() {
        let life = "printf '::accepted\\n::passed install\\n::begin service\\nStarting x\\n' >>$LOG; exec sleep 60";
        let Some((is_well, life)) = hung(life) else {
            return;
        };
        assert!(is_well, "the log is read all the same");
        let outcome = life.outcome(Check::Service);
        let text = outcome.text();
        assert_eq!(outcome.word(), "FAILED");
        assert!(text.starts_with("it did not end within 1 s: "), "{text}");
        assert!(text.ends_with("::begin service | Starting x"), "{text}");
        let text = life.outcome(Check::Upgrade).text();
        assert_eq!(text, "the system did not end within 1 s");
    }

    #[test]
    fn a_system_that_cannot_be_booted_is_an_error_and_no_hang() {
        let Some((is_well, life)) = hung("echo Failed to create a directory >&2; exit 1") else {
            return;
        };
        assert!(!is_well);
        assert_eq!(life.hung, None);
    }
}
