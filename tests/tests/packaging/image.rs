//! Systems of Debian 12, made once and never changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What an image has besides Debian's essential packages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Image {
    /// Nothing: what `apt-get install` has to do is all to be seen.
    Minimal,
    /// What building takes, but for libnftables' development package.
    Build,
}

impl Image {
    fn name(self) -> &'static str {
        match self {
            Self::Minimal => "bookworm-minimal",
            Self::Build => "bookworm-build",
        }
    }

    fn packages(self) -> &'static str {
        match self {
            Self::Minimal => "ca-certificates",
            Self::Build => "build-essential,pkg-config,rpm",
        }
    }

    /// The folder of the image, which is made first where it is missing.
    ///
    /// # Panics
    /// When it cannot be made.
    pub(crate) fn folder(self) -> PathBuf {
        let roots = workspace().join("target/roots");
        fs::create_dir_all(&roots).expect("the folder of the roots can be made");
        let folder = roots.join(self.name());
        // Tests of one process, and processes side by side, make it once.
        let lock = File::create(roots.join(format!("{}.lock", self.name()))).expect("a lock");
        lock.lock().expect("the lock can be taken");
        if !folder.exists() {
            self.make(&folder);
        }
        folder
    }

    fn make(self, folder: &Path) {
        let unfinished = folder.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).expect("an unfinished root can be removed");
        }
        let mut command = Command::new("mmdebstrap");
        command.args(["--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"]);
        // Package lists stay, so that a test can install; a mirror's snapshot may be "expired".
        command.args([
            "--skip=cleanup/apt/lists",
            "--aptopt=Acquire::Check-Valid-Until \"false\"",
        ]);
        command.arg(format!("--include={}", self.packages()));
        command.arg("bookworm").arg(&unfinished);
        if let Some(mirror) = std::env::var_os("TIDEGATE_TEST_MIRROR") {
            command.arg(mirror);
        }
        let output = command.output().expect("mmdebstrap can be started");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {stderr}");
        fs::rename(&unfinished, folder).expect("the finished root can be renamed");
    }
}

/// The workspace's root.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}
