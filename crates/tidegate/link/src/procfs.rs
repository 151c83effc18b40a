//! Access to sysctls of endpoints' namespaces that does not slow down with the number of namespaces.
//!
//! A proc file system keeps the directories of all namespaces that were accessed through it under one name
//! (`net/ipv6`), and compares each of them in turn (`proc_sys_compare`). With 10,000 namespaces that takes
//! milliseconds. A new mount knows none of them. So we access endpoints' sysctls through a mount of our own, without
//! a path, and replace it after some accesses. Mounting takes some 20 µs, unmounting some 50.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use crate::sysctl::Sysctls;

/// How many namespaces are accessed through one mount.
const LOOKS: u32 = 64;

/// A proc file system of our own. If it cannot be mounted (Linux before 5.8, a service that may not mount), /proc is
/// used, which is slower.
#[derive(Debug, Default)]
pub(crate) struct Procfs {
    mount: Option<OwnedFd>,
    looks: u32,
}

impl Procfs {
    /// The sysctls of one namespace: that of the thread that uses them first.
    pub(crate) fn sysctls(&mut self) -> Sysctls {
        if self.looks == 0 {
            let mounted = mount();
            if let Err(error) = &mounted {
                tracing::debug!(%error, "cannot mount a proc file system: sysctls of endpoints are set through /proc");
            }
            self.mount = mounted.ok();
        }
        self.looks = (self.looks + 1) % LOOKS;
        match &self.mount {
            Some(mount) => {
                let descriptor = mount.as_raw_fd();
                Sysctls::below(format!("/proc/self/fd/{descriptor}/sys"))
            }
            None => Sysctls::default(),
        }
    }
}

fn mount() -> Result<OwnedFd, Errno> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&context)?;
    let closed = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, closed)
}
