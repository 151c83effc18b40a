//! What the daemon is and what it works with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidegate_model::{Degraded, Forwarding};

/// What the daemon is and what it works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Info {
    /// How the daemon was built.
    pub build: Build,
    /// The nft driver in use.
    pub driver: DriverInfo,
    /// The kernel's release (`uname -r`).
    pub kernel: String,
    /// The daemon's socket.
    pub socket: PathBuf,
    /// The daemon's state folder.
    pub state_dir: PathBuf,
    /// Number of networks.
    pub networks: usize,
    /// Number of endpoints.
    pub endpoints: usize,
    /// How names of endpoints are answered.
    #[serde(default)]
    pub names: Option<NamesInfo>,
    /// Whether the host forwards, and who decides it.
    #[serde(default)]
    pub forwarding: Option<ForwardingInfo>,
    /// Who changes the table again and again; none where nobody does.
    #[serde(default)]
    pub fight: Option<Fight>,
    /// What is not on the host as it is to be.
    #[serde(default, skip_serializing_if = "Degraded::is_empty")]
    pub degraded: Degraded,
}

/// Whether the host forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ForwardingInfo {
    /// Whether the daemon turns it on.
    pub setting: Forwarding,
    /// Whether IPv4 is forwarded; none where it cannot be told.
    pub ipv4: Option<bool>,
    /// Whether IPv6 is forwarded; none where it cannot be told.
    pub ipv6: Option<bool>,
}

/// Another program changes the table again and again, and it is put back each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fight {
    /// How often it was put back, with less than a minute between.
    pub times: u32,
    /// What the thread is called that changed it last; none if it cannot be told.
    pub program: Option<String>,
    /// Its number, as the first process namespace counts; none if it cannot be told.
    pub process: Option<u32>,
}

impl std::fmt::Display for Fight {
    /// `put back 12 times in a row; changed by nft (process 4711)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = self.program.as_deref().unwrap_or("an unknown program");
        write!(
            f,
            "put back {} times in a row; changed by {program}",
            self.times
        )?;
        match self.process {
            Some(process) => write!(f, " (process {process})"),
            None => Ok(()),
        }
    }
}

/// How names of endpoints are answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NamesInfo {
    /// Whether they are, and else why not: for people.
    pub status: String,
    /// Port of the host at which questions arrive; none where none are taken.
    pub port: Option<u16>,
    /// The process that answers, while there is one.
    pub process: Option<u32>,
}

/// How a binary was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Build {
    /// Version of Tidegate.
    pub version: String,
    /// Source commit, or `unknown`.
    pub commit: String,
    /// `static`, `dynamic` or `dynamic-exec`.
    pub flavour: String,
    /// Why that flavour.
    pub reason: String,
    /// The nft drivers compiled in: `exec`, `library`.
    pub drivers: Vec<String>,
}

/// The nft driver in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DriverInfo {
    /// `library` or `exec`.
    pub name: String,
    /// How it works: a context that is kept, a long-lived child, a process for each transaction.
    pub mode: String,
    /// Version of nft or libnftables.
    pub version: String,
    /// JSON support: `yes`, `no`, or `could not tell: REASON`.
    pub json: String,
    /// Why this driver.
    pub why: String,
}
