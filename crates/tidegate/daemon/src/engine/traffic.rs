//! Traffic of published ports.

use error_hint::causes;
use tidegate_api::traffic::Traffic;
use tidegate_link::Ended;

use super::{Engine, EngineError};
use crate::metrics::PortSamples;

/// Whether the kernel counts packets and bytes of tracked connections (nf_conntrack-sysctl, kernel
/// documentation).
const ACCOUNTING: &str = "net/netfilter/nf_conntrack_acct";

impl Engine {
    /// Traffic of published ports, counted from the connections that the kernel tracks now.
    ///
    /// # Errors
    /// If these cannot be listed.
    pub fn traffic(&self) -> Result<Traffic, EngineError> {
        let courses = self.port_counters.connections().traffic()?;
        Ok(Traffic {
            counted: is_counted(),
            ports: tidegate_plan::traffic(&self.state(), &courses),
        })
    }

    /// Adds connections that ended to the counters of published ports.
    pub(crate) fn count_ended(&self, ended: &Ended) {
        self.port_counters.add(&self.state(), ended);
    }

    /// The counters of published ports since the daemon started. None, with an error in the log, if the tracked
    /// connections cannot be listed.
    pub(super) fn port_samples(&self) -> Option<PortSamples> {
        // Before the open ones: a connection that ends meanwhile must not count twice.
        let ended = self.port_counters.ended();
        let open = self.port_counters.connections().traffic();
        match open {
            Ok(open) => {
                Some(
                    self.port_counters
                        .samples(&self.state(), &ended, &open, is_counted()),
                )
            }
            Err(error) => {
                tracing::error!(causes = ?causes(&error), "no metrics of published ports: {error}");
                None
            }
        }
    }
}

/// Whether the kernel counts packets and bytes.
fn is_counted() -> bool {
    tidegate_link::sysctl(ACCOUNTING).as_deref() == Some("1")
}
