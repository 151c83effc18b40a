//! Facts of the host that are texts.

use std::collections::BTreeMap;

/// A fact of the host that is a text. A check names the facts that it reads, and the daemon reads any of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The value of a sysctl, by its path below /proc/sys.
    Sysctl(String),
    /// The content of a file, by its absolute path.
    File(&'static str),
    /// The names of what is in a folder, by its absolute path, one a line. A folder that is not there is empty.
    Folder(String),
    /// The content of a file of at most 64 KiB, by its absolute path. A file that is not there is empty.
    SmallFile(String),
    /// What a program prints on stdout: its name and arguments.
    Output(&'static [&'static str]),
}

/// Facts by what they are, or why they are unknown.
pub(crate) type Facts = BTreeMap<Fact, Result<String, String>>;
