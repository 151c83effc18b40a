//! Explains the fate of a packet.

use std::collections::BTreeMap;

use tidegate_api::explain::{Explanation, Question};
use tidegate_plan::{HostRouting, Others, SYSCTLS_OF_PATHS, ends_of_paths, table};

use super::doctor::LOOKED_INTO;
use super::facts::read_all;
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
        let (links, routes) = {
            let mut backends = self.backends();
            (backends.links.links()?, backends.links.routes()?)
        };
        let sysctls = SYSCTLS_OF_PATHS.map(|path| (path.to_owned(), tidegate_link::sysctl(path)));
        let mut routing = HostRouting {
            links,
            routes,
            sysctls: sysctls.into(),
            others,
            namespaces: BTreeMap::new(),
        };
        let (state, _) = self.snapshot();
        let ends = ends_of_paths(&state, question, &routing)?;
        let endpoints = ends.iter().filter_map(|name| state.endpoints.get(name));
        routing.namespaces = self.look_into(endpoints.take(LOOKED_INTO));
        Ok(tidegate_plan::explain(&state, question, &routing)?)
    }
}
