//! Traffic of published ports.

use tidegate_api::traffic::Traffic;

use super::{Engine, EngineError};

/// Whether the kernel counts packets and bytes of tracked connections (nf_conntrack-sysctl, kernel
/// documentation).
const ACCOUNTING: &str = "net/netfilter/nf_conntrack_acct";

impl Engine {
    /// Traffic of published ports, counted from the connections that the kernel tracks now.
    ///
    /// # Errors
    /// If these cannot be listed.
    pub fn traffic(&self) -> Result<Traffic, EngineError> {
        let courses = self.backends().links.traffic()?;
        Ok(Traffic {
            counted: tidegate_link::sysctl(ACCOUNTING).as_deref() == Some("1"),
            ports: tidegate_plan::traffic(&self.state(), &courses),
        })
    }
}
