//! Sysctls of endpoints' namespaces, without a look for them among those of all others.
//!
//! A proc file system has the folders of all namespaces that were looked at through it under one name (`net/ipv6`), and
//! compares with each of them in turn (`proc_sys_compare`): among 10,000 namespaces that takes milliseconds. One that is
//! mounted anew knows none of them. So endpoints' sysctls are looked at through one of our own, which no path leads to,
//! and which is replaced when it has seen some. Making one takes some 20 µs, its end some 50.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use crate::sysctl::Sysctls;

/// How many namespaces are looked at through one.
const LOOKS: u32 = 64;

/// A proc file system of our own. Where none is to be had (a kernel before 5.8, a service that may not mount), that of
/// everybody serves, and takes its time.
#[derive(Debug, Default)]
pub(crate) struct Procfs {
    mount: Option<OwnedFd>,
    looks: u32,
}

impl Procfs {
    /// Sysctls of one namespace: of the thread that uses them first.
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
