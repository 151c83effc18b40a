//! Whether the daemon turns on IP forwarding.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;
use crate::serde_as_text;

/// Whether the daemon turns on IP forwarding: `net.ipv4.ip_forward` and `net.ipv6.conf.all.forwarding` (ip-sysctl of
/// the kernel's documentation). These sysctls make the whole host a router, also between its own interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum Forwarding {
    /// The daemon turns it on for the families that a network needs.
    #[default]
    Set,
    /// The daemon leaves the sysctls alone.
    Leave,
}

impl Forwarding {
    /// `set` or `leave`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Leave => "leave",
        }
    }
}

impl FromStr for Forwarding {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Set, Self::Leave];
        let found = all.into_iter().find(|each| each.as_str() == text);
        found.ok_or_else(|| Invalid::new("forwarding", text, "it is not known", "use set or leave"))
    }
}

impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

serde_as_text!(Forwarding);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_reads_back_as_it_was_written() {
        for (text, forwarding) in [("set", Forwarding::Set), ("leave", Forwarding::Leave)] {
            assert_eq!(text.parse(), Ok(forwarding));
            assert_eq!(forwarding.to_string(), text);
        }
        assert!("keep".parse::<Forwarding>().is_err());
    }
}
