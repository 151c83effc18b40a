//! A file system that never answers, as NFS whose server is gone.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

/// A mounted file system of which every look waits for an answer (fuse(4), without a program that reads what it is
/// asked). Those who wait are let go when this goes.
#[derive(Debug)]
pub struct DeadMount {
    folder: TempDir,
    /// Closed, it ends the file system, and with it every wait.
    connection: Option<File>,
}

impl DeadMount {
    /// Mounts one in a fresh folder.
    ///
    /// # Panics
    /// When the kernel has no FUSE, or refuses.
    #[expect(clippy::new_without_default, reason = "it mounts")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let connection = OpenOptions::new().read(true).write(true).open("/dev/fuse");
        let connection = connection.expect("the kernel has FUSE");
        let fd = connection.as_raw_fd();
        let options = format!("fd={fd},rootmode=40000,user_id=0,group_id=0");
        let options = std::ffi::CString::new(options).expect("no zero in it");
        let at = Self::at(&folder);
        fs::create_dir(&at).expect("a folder can be made");
        mount("dead", &at, "fuse", MountFlags::empty(), Some(&*options)).expect("FUSE mounts");
        Self {
            folder,
            connection: Some(connection),
        }
    }

    fn at(folder: &TempDir) -> PathBuf {
        folder.path().join("dead")
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        Self::at(&self.folder).join(name)
    }

    /// Replaces `from` by a symbolic link to a path in it.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn link(&self, from: &Path) {
        let made = from.with_extension("new");
        std::os::unix::fs::symlink(self.path("box"), &made).expect("a link can be made");
        fs::rename(&made, from).expect("a file can be replaced");
    }
}

impl Drop for DeadMount {
    fn drop(&mut self) {
        self.connection = None;
        // What cannot be unmounted is in nobody's way: it answers with an error now.
        let _ = unmount(Self::at(&self.folder), UnmountFlags::DETACH);
    }
}
