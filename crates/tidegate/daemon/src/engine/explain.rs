//! Explains the fate of a packet.

use tidegate_api::explain::{Explanation, Question};
use tidegate_plan::{HostRouting, SYSCTLS_OF_PATHS};

use super::{Engine, EngineError};

impl Engine {
    /// Explains the fate of a packet, with the rules and elements that decide. It changes nothing.
    ///
    /// # Errors
    /// If the packet cannot be explained, or the host's links or routes cannot be listed.
    pub fn explain(&self, question: &Question) -> Result<Explanation, EngineError> {
        let mut backends = self.backends();
        let sysctls = SYSCTLS_OF_PATHS.map(|path| (path.to_owned(), tidegate_link::sysctl(path)));
        let routing = HostRouting {
            links: backends.links.links()?,
            routes: backends.links.routes()?,
            sysctls: sysctls.into(),
        };
        Ok(tidegate_plan::explain(&self.state(), question, &routing)?)
    }
}
