//! The programs of the release before this one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::Need;

use crate::{Programs, workspace};

/// A release whose hosts and stores this one takes over.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseBefore {
    /// Its version.
    pub version: &'static str,
    /// The commit that its programs are built from.
    commit: &'static str,
    /// The environment variable that names a folder with its programs; without it they are built.
    variable: &'static str,
}

/// The first release. It knows networks, endpoints and published ports.
pub const RELEASE_0_1_0: ReleaseBefore = ReleaseBefore {
    version: "0.1.0",
    commit: "63c863021da0",
    variable: "TIDEGATE_TEST_0_1_0",
};

impl ReleaseBefore {
    /// What its programs need: the commit in the history of this source tree, unless they are given.
    pub fn needs(&self) -> Vec<Need> {
        match self.given() {
            Some(_) => Vec::new(),
            None => vec![Need::Commit(self.commit)],
        }
    }

    /// Its programs, built once below `target/releases`.
    ///
    /// # Panics
    /// When they do not build.
    pub fn programs(&self) -> Programs {
        if let Some(folder) = self.given() {
            return Programs::in_folder(&folder);
        }
        let folder = workspace().join("target/releases").join(self.version);
        fs::create_dir_all(&folder).expect("the folder of the release can be made");
        // Tests side by side build it once.
        let lock = File::create(folder.join("lock")).expect("a lock");
        lock.lock().expect("the lock can be taken");
        let source = folder.join("source");
        if !source.exists() {
            self.unpack(&source);
        }
        build(&source);
        Programs::in_folder(&source.join("target/debug"))
    }

    fn given(&self) -> Option<PathBuf> {
        std::env::var_os(self.variable).map(PathBuf::from)
    }

    /// Puts its source in a folder, which then is there as a whole.
    fn unpack(&self, source: &Path) {
        let unfinished = source.with_extension("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir(&unfinished).expect("a folder for the source can be made");
        let archive = unfinished.with_extension("tar");
        let mut git = Command::new("git");
        git.args(["archive", self.commit, "--output"]).arg(&archive);
        run(git.current_dir(workspace()));
        let mut tar = Command::new("tar");
        run(tar.arg("-xf").arg(&archive).arg("-C").arg(&unfinished));
        fs::remove_file(&archive).expect("the archive can be removed");
        fs::rename(&unfinished, source).expect("the source can be renamed");
    }
}

/// Builds the programs of a source tree, with the library driver where this one's have it.
fn build(source: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--locked"]);
    command.args(["--package", "tidegated", "--package", "tidegate"]);
    if cfg!(feature = "libnftables") {
        command.args(["--features", "tidegated/libnftables"]);
    }
    // Built once and never debugged.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.env("CARGO_INCREMENTAL", "0");
    command.env_remove("CARGO_TARGET_DIR");
    run(command.current_dir(source));
}

fn run(command: &mut Command) {
    let status = command.status();
    let status = status.unwrap_or_else(|e| panic!("{command:?} did not start: {e}"));
    assert!(status.success(), "{command:?} failed: {status}");
}
