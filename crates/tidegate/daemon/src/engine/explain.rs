//! Explains the fate of a packet.

use std::collections::BTreeMap;

use tidegate_api::explain::{Explanation, Question};
use tidegate_plan::{HostRouting, Others, SYSCTLS_OF_PATHS, table};

use super::doctor::read_all;
use super::{Engine, EngineError};

impl Engine {
    /// Explains the fate of a packet, with the rules and elements that decide. It changes nothing, and
    /// no command waits for the programs that it runs.
    ///
    /// # Errors
    /// If the packet cannot be explained, or the host's links or routes cannot be listed.
    pub fn explain(&self, question: &Question) -> Result<Explanation, EngineError> {
        let chains = self.driver.base_chains(&table());
        let mut others = Others {
            chains: chains.map_err(|error| error.to_string()),
            facts: BTreeMap::new(),
        };
        loop {
            let unknown = others.unknown_facts();
            if unknown.is_empty() {
                break;
            }
            others.facts.extend(read_all(unknown));
        }
        let mut backends = self.backends();
        let sysctls = SYSCTLS_OF_PATHS.map(|path| (path.to_owned(), tidegate_link::sysctl(path)));
        let routing = HostRouting {
            links: backends.links.links()?,
            routes: backends.links.routes()?,
            sysctls: sysctls.into(),
            others,
        };
        Ok(tidegate_plan::explain(&self.state(), question, &routing)?)
    }
}
