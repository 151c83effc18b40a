//! Saying what becomes of a packet.

use tidegate_api::explain::{Explanation, Question};
use tidegate_plan::{HostRouting, SYSCTLS_OF_PATHS};

use super::{Engine, EngineError};

impl Engine {
    /// Says what becomes of a packet, and by which rule and element. It changes nothing.
    ///
    /// # Errors
    /// When there is no answer, or the host's links or routes cannot be listed.
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
