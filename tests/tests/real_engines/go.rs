//! The program that runs CNI's plugins with Debian's libcni. It is built in the root that has the Go compiler and libcni.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const SOURCE: &str = include_str!("scripts/libcni.go");

/// The program. It is built once and kept beside the root.
pub(crate) fn program(root: &Path) -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        SOURCE.hash(&mut hasher);
        let program = root.with_extension(format!("libcni-{:016x}", hasher.finish()));
        if !program.exists() {
            build(root, &program);
        }
        program
    })
}

fn build(root: &Path, program: &Path) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--net", "--propagation", "private"])
        .args(["sh", "-c", include_str!("scripts/build.sh")])
        .env("FOLDER", folder.path())
        .env("LOWER", root)
        .env("SOURCE", SOURCE)
        .env("PROGRAM", program)
        .stdin(Stdio::null());
    let output = command.output().expect("unshare can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the Go program: {stderr}");
}
