//! A system of its own for one test: a layer over an image, or a folder with next to nothing.
//!
//! Each command gets a mount namespace in which the root is put together, and which ends with it:
//! nothing is ever mounted in the host's namespace, and nothing is left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tidegate_tests::{Output, Programs};

use crate::image::Image;

/// A root folder that commands run in.
#[derive(Debug)]
pub(crate) struct Root {
    image: Option<PathBuf>,
    folder: TempDir,
    binds: Vec<PathBuf>,
}

impl Root {
    /// A layer over an image.
    pub(crate) fn over(image: Image) -> Self {
        Self::new(Some(image.folder()))
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self::new(None)
    }

    fn new(image: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        for name in ["layer", "work", "root", "bin"] {
            fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        }
        Self {
            image,
            folder,
            binds: Vec::new(),
        }
    }

    /// Shows a folder of the host at the same path in the root.
    pub(crate) fn bind(mut self, folder: impl Into<PathBuf>) -> Self {
        self.binds.push(folder.into());
        self
    }

    /// Where changes to the root are, seen from the host.
    pub(crate) fn layer(&self) -> PathBuf {
        self.folder.path().join("layer")
    }

    /// Copies a file of the host into the root.
    pub(crate) fn put(&self, file: &Path, path: &str) {
        let to = self.layer().join(path.trim_start_matches('/'));
        fs::create_dir_all(to.parent().expect("a path in the root")).expect("a folder");
        fs::copy(file, &to).unwrap_or_else(|e| panic!("{} to {}: {e}", file.display(), path));
    }

    /// Runs a shell script in the root.
    pub(crate) fn sh(&self, script: &str) -> Output {
        let mut command = self.command(&self.chroot("/bin/sh -euc \"$1\""));
        command.arg(script);
        finished(command)
    }

    /// Runs a shell script on the host, which finds the root at `$ROOT`.
    pub(crate) fn outside(&self, script: &str) -> Output {
        finished(self.command(script))
    }

    /// Programs that run those of the root, with `/tmp` and the network namespaces of the host.
    pub(crate) fn programs(&self, tidegated: &str, tidegate: &str) -> Programs {
        for (name, path) in [("tidegated", tidegated), ("tidegate", tidegate)] {
            let script = self.folder.path().join("bin").join(name);
            let inside = self.mounts() + &self.chroot(&format!("{path} \"$@\""));
            let inside = inside.replace('\'', r"'\''");
            let text = format!(
                "#!/bin/sh\nexec unshare --mount --propagation slave sh -euc '{inside}' sh \"$@\"\n"
            );
            fs::write(&script, text).expect("a script can be written");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        Programs::in_folder(&self.folder.path().join("bin"))
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "slave", "sh", "-euc"]);
        command.arg(self.mounts() + script).arg("sh");
        command
    }

    fn chroot(&self, command: &str) -> String {
        format!("exec env PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot \"$ROOT\" {command}")
    }

    /// Puts the root together at `$ROOT`.
    fn mounts(&self) -> String {
        let folder = self.folder.path().display();
        let mut script = match &self.image {
            Some(image) => format!(
                "ROOT={folder}/root\nmount -t overlay overlay -o \
                 lowerdir={},upperdir={folder}/layer,workdir={folder}/work \"$ROOT\"\n",
                image.display()
            ),
            None => format!("ROOT={folder}/layer\n"),
        };
        // Namespaces that are made later must show up as well: slave propagation brings them.
        let binds = ["/proc", "/sys", "/dev", "/tmp", "/run/netns"].map(PathBuf::from);
        for path in binds.iter().chain(&self.binds).filter(|path| path.exists()) {
            let path = path.display();
            script += &format!("mkdir -p \"$ROOT{path}\"; mount --rbind {path} \"$ROOT{path}\"\n");
        }
        if self.image.is_some() {
            script += "cp /etc/resolv.conf \"$ROOT/etc/resolv.conf\" || :\n";
        }
        script + "export ROOT\n"
    }
}

fn finished(mut command: Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} did not start: {e}"));
    Output {
        command: format!("{command:?}"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
