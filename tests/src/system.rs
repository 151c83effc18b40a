//! Systems of Debian releases, as folders: made once by mmdebstrap(1), and never changed.
//!
//! `TIDEGATE_TEST_MIRROR` names the mirror.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A system of a Debian release.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// The name of its folder, below `target/roots`.
    pub name: &'static str,
    /// The release in the archive.
    pub suite: &'static str,
    /// `minbase`, a system that works; `extract`, the files of its packages, not set up.
    pub variant: &'static str,
    /// Its packages, with a comma between them.
    pub packages: &'static str,
}

impl System {
    /// The folder, which is made first where it is missing.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn folder(&self) -> PathBuf {
        let roots = workspace().join("target/roots");
        fs::create_dir_all(&roots).expect("the folder of the roots can be made");
        let folder = roots.join(self.name);
        // Tests of one process, and processes side by side, make it once.
        let lock = File::create(roots.join(format!("{}.lock", self.name))).expect("a lock");
        lock.lock().expect("the lock can be taken");
        if !folder.exists() {
            self.make(&folder);
        }
        folder
    }

    fn make(&self, folder: &Path) {
        let unfinished = folder.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).expect("an unfinished root can be removed");
        }
        let mut command = Command::new("mmdebstrap");
        command.args(["--quiet", "--dpkgopt=force-unsafe-io"]);
        command.arg(format!("--variant={}", self.variant));
        // Package lists stay, so that a test can install; a mirror's snapshot may be "expired".
        command.args([
            "--skip=cleanup/apt/lists",
            "--aptopt=Acquire::Check-Valid-Until \"false\"",
        ]);
        command.arg(format!("--include={}", self.packages));
        command.arg(self.suite).arg(&unfinished);
        command.args(mirror());
        let output = command.output().expect("mmdebstrap can be started");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {stderr}");
        fs::rename(&unfinished, folder).expect("the finished root can be renamed");
    }
}

fn mirror() -> Option<std::ffi::OsString> {
    std::env::var_os("TIDEGATE_TEST_MIRROR")
}

/// The workspace's root.
///
/// # Panics
/// Never: `tests/` is in it.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}
