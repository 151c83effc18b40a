//! Who holds the host ports of published ports.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;
use crate::serde_as_text;

/// Who binds the host ports of an endpoint's published ports, so that no other program can take them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum HostPorts {
    /// The daemon.
    #[default]
    Daemon,
    /// The container engine that asked for the endpoint. The daemon never binds them.
    Engine,
}

impl HostPorts {
    /// `daemon` or `engine`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Engine => "engine",
        }
    }

    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for HostPorts {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Daemon, Self::Engine];
        let found = all.into_iter().find(|each| each.as_str() == text);
        found.ok_or_else(|| {
            let hint = "use daemon or engine";
            Invalid::new("holder of host ports", text, "it is not known", hint)
        })
    }
}

impl fmt::Display for HostPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

serde_as_text!(HostPorts);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_reads_back_as_it_was_written() {
        for (text, holder) in [("daemon", HostPorts::Daemon), ("engine", HostPorts::Engine)] {
            assert_eq!(text.parse(), Ok(holder));
            assert_eq!(holder.to_string(), text);
        }
        assert!("podman".parse::<HostPorts>().is_err());
        assert!(HostPorts::Daemon.is_default() && !HostPorts::Engine.is_default());
    }
}
