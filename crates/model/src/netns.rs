//! Which network namespace an endpoint lives in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The identity of a network namespace while it lives: device and inode of its nsfs file
/// (namespaces(7), "The /proc/pid/ns/ directory").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetnsId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number of the namespace.
    pub ino: u64,
}

/// A network namespace as it can be opened again: a path, and the identity that was found there.
/// A path that later leads to another identity is another namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetnsRef {
    /// `/run/netns/NAME`, `/proc/PID/ns/net`, or wherever the namespace is bound.
    pub path: PathBuf,
    /// What was found at the path.
    pub id: NetnsId,
}
