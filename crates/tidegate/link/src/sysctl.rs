//! Sysctls below /proc/sys. Those below `net` belong to the network namespace of the calling thread
//! (network_namespaces(7)).

use std::collections::btree_map::{BTreeMap, Entry};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use tidegate_model::{IfName, Ipv6Off};

use rustix::fs::{Mode, OFlags, openat};
use tidegate_model::links::Sysctl;

use crate::error::{Cause, ErrorKind, LinkError};

const ROOT: &str = "/proc/sys";
/// A directory that exists if the kernel has IPv6.
const OF_IPV6: &str = "net/ipv6/conf/all";

/// The sysctls of one network namespace: that of the thread that uses this first.
///
/// A directory below `net` is opened once. The kernel has the directories of all namespaces under one name, so each
/// lookup takes longer with every namespace (`proc_sys_compare`).
#[derive(Debug)]
pub(crate) struct Sysctls {
    root: PathBuf,
    folders: BTreeMap<PathBuf, OwnedFd>,
}

impl Default for Sysctls {
    fn default() -> Self {
        Self::below(ROOT)
    }
}

impl Sysctls {
    pub(crate) fn below(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            folders: BTreeMap::new(),
        }
    }

    /// Sets a sysctl unless it has the value already. So a read-only /proc/sys does not matter if nothing must
    /// change.
    ///
    /// On a kernel without IPv6, turning it off succeeds, and all other IPv6 sysctls fail as if it were turned off.
    pub(crate) fn set(&mut self, sysctl: &Sysctl) -> Result<(), LinkError> {
        self.put(sysctl).or_else(|cause| {
            let Sysctl { path, value } = sysctl;
            let lacks_ipv6 = cause.kind() == ErrorKind::NotFound
                && sysctl.is_of_ipv6()
                && !self.root.join(OF_IPV6).exists();
            if lacks_ipv6 && path.ends_with("/disable_ipv6") && value == "1" {
                return Ok(());
            }
            let error = LinkError::new(format_args!("set sysctl {path} to {value:?}"), cause)
                .with_hint(|kind| hint(kind, sysctl));
            Err(match lacks_ipv6 {
                true => error.with_ipv6_off(Ipv6Off::Kernel),
                false => error,
            })
        })
    }

    /// The value of a sysctl, without surrounding space; none if it does not exist.
    pub(crate) fn read(&mut self, path: &str) -> Option<String> {
        let mut text = String::new();
        let mut file = self.open(path, OFlags::RDONLY).ok()?;
        file.read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned())
    }

    /// What turns IPv6 off: for this interface, or for new ones of the namespace. None if it is on.
    pub(crate) fn ipv6_off(&mut self, ifname: Option<&IfName>) -> Option<Ipv6Off> {
        Ipv6Off::find(ifname, |path| self.read(path))
    }

    /// Like [`set`](Self::set), but does nothing if the sysctl does not exist: then the kernel lacks the feature.
    pub(crate) fn set_if_there(&mut self, sysctl: &Sysctl) -> Result<(), LinkError> {
        match self.set(sysctl) {
            // A kernel without IPv6 has none of its sysctls.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    || error.ipv6_off() == Some(Ipv6Off::Kernel) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    fn put(&mut self, sysctl: &Sysctl) -> Result<(), Cause> {
        let opened = self.open(&sysctl.path, OFlags::RDWR);
        let mut file = match &opened {
            Ok(file) => file,
            Err(_) => &self.open(&sysctl.path, OFlags::RDONLY)?,
        };
        let mut found = String::new();
        file.read_to_string(&mut found)?;
        if found.split_whitespace().eq(sysctl.value.split_whitespace()) {
            return Ok(());
        }
        let file = opened?;
        file.set_len(0)?;
        // The kernel accepts a value only at offset 0 (sysctl/kernel.rst, "sysctl_writes_strict").
        Ok(file.write_all_at(sysctl.value.as_bytes(), 0)?)
    }

    fn open(&mut self, path: &str, flags: OFlags) -> Result<File, Cause> {
        let path = checked(path)?;
        let folder: PathBuf = path.components().take(2).collect();
        let (folder, rest) = match path.strip_prefix(&folder) {
            Ok(rest) if !rest.as_os_str().is_empty() => (folder, rest),
            _ => (PathBuf::new(), path),
        };
        let folder = match self.folders.entry(folder) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(unopened) => {
                let path = self.root.join(unopened.key());
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                unopened.insert(rustix::fs::open(path, flags, Mode::empty())?)
            }
        };
        Ok(openat(folder, rest, flags | OFlags::CLOEXEC, Mode::empty())?.into())
    }
}

/// The value of a sysctl by its path below /proc/sys, without surrounding space; none if it does not exist.
pub fn get(path: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new(ROOT).join(path)).ok()?;
    Some(text.trim().to_owned())
}

/// The greater of the filters of an interface and of `all`, which counts; none if there is no such interface.
pub(crate) fn reverse_path(mut sysctls: Sysctls, ifname: &IfName) -> Option<u32> {
    let mut value = |interface: &str| -> Option<u32> {
        let path = format!("net/ipv4/conf/{interface}/rp_filter");
        sysctls.read(&path)?.parse().ok()
    };
    Some(value(ifname.as_str())?.max(value("all")?))
}

/// The path is ours, but a part of it (the name of an interface) may come from a user.
fn checked(path: &str) -> io::Result<&Path> {
    let is_below = |component| matches!(component, Component::Normal(_));
    match !path.is_empty() && Path::new(path).components().all(is_below) {
        true => Ok(Path::new(path)),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a path below /proc/sys",
        )),
    }
}

fn hint(kind: ErrorKind, sysctl: &Sysctl) -> Option<String> {
    let Sysctl { path, value } = sysctl;
    match kind {
        ErrorKind::Permission => Some(format!(
            "make /proc/sys writable for the daemon, or set it yourself: sysctl -w {path}='{value}'"
        )),
        ErrorKind::NotFound if path.starts_with("net/bridge/") => {
            Some("load the kernel module: modprobe br_netfilter".into())
        }
        ErrorKind::NotFound if path.starts_with("net/ipv6/") => {
            Some("the kernel runs without IPv6: boot it without ipv6.disable=1".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use error_hint::Hint;

    use super::*;

    fn sysctl(path: &str, value: &str) -> Sysctl {
        let (path, value) = (path.to_owned(), value.to_owned());
        Sysctl { path, value }
    }

    #[test]
    fn a_value_that_is_there_already_is_not_written() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("tcp_rmem");
        fs::write(&file, "4096\t131072\t6291456\n").unwrap();
        let mut sysctls = Sysctls::below(root.path());
        let mut set = |value| sysctls.put(&sysctl("tcp_rmem", value)).unwrap();
        set("4096 131072 6291456");
        let kept = fs::read_to_string(&file).unwrap();
        assert_eq!(kept, "4096\t131072\t6291456\n");
        set("1 2 3");
        assert_eq!(fs::read_to_string(&file).unwrap(), "1 2 3");
    }

    #[test]
    fn a_path_cannot_leave_proc_sys() {
        for path in ["", "/etc/passwd", "../etc", "net/../../etc", "./net"] {
            let error = Sysctls::below("/nowhere")
                .put(&sysctl(path, "1"))
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Other, "{path:?}");
        }
    }

    #[test]
    fn a_kernel_without_ipv6_needs_none_of_its_sysctls() {
        let root = tempfile::tempdir().unwrap();
        let mut sysctls = Sysctls::below(root.path());
        let accept_ra = sysctl("net/ipv6/conf/eth0/accept_ra", "0");
        let error = sysctls.set(&accept_ra).unwrap_err();
        assert_eq!(error.ipv6_off(), Some(Ipv6Off::Kernel));
        sysctls.set_if_there(&accept_ra).unwrap();
    }

    #[test]
    fn a_missing_sysctl_is_named_with_what_mends_it() {
        let missing = sysctl("net/bridge/no-such-sysctl", "1");
        let mut sysctls = Sysctls::default();
        let error = sysctls.set(&missing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            r#"cannot set sysctl net/bridge/no-such-sysctl to "1""#
        );
        assert_eq!(
            error.hint().as_deref(),
            Some("load the kernel module: modprobe br_netfilter")
        );
        sysctls.set_if_there(&missing).unwrap();
    }
}
