//! Removes endpoints whose namespace no longer exists.

use std::collections::BTreeSet;

use tidegate_link::{Gone, OpenNamespaces};
use tidegate_model::{Endpoint, IfName, Name};
use tidegate_plan::Plan;

use super::degraded::partly;
use super::{Engine, EngineError, path_of};

impl Engine {
    /// Of the endpoints whose links were deleted, removes those without a namespace: the host's end is gone, and the
    /// path leads nowhere or to another namespace. If the path is gone but the link exists, the namespace lives on
    /// without a name, and the endpoint is kept.
    ///
    /// # Errors
    /// The first error. The other endpoints are removed nevertheless.
    pub fn collect(&self, gone: &Gone) -> Result<Vec<Endpoint>, EngineError> {
        let suspects: Vec<Name> = {
            let state = self.state();
            let is_suspect = |endpoint: &&Endpoint| match gone {
                Gone::Any => true,
                Gone::Links(links) => links.contains(&endpoint.host_ifname),
            };
            let suspects = state.endpoints.values().filter(is_suspect);
            suspects.map(|endpoint| endpoint.name.clone()).collect()
        };
        let (mut collected, mut failure) = (Vec::new(), None);
        if suspects.is_empty() {
            return Ok(collected);
        }
        let present = self.present()?;
        let namespaces = self.namespaces(|state| {
            let suspects = suspects.iter().filter_map(|name| state.endpoints.get(name));
            let lost = suspects.filter(|endpoint| !present.contains(&endpoint.host_ifname));
            lost.filter_map(path_of).collect()
        });
        for name in suspects {
            match self.collect_one(&name, &present, &namespaces) {
                Ok(endpoint) => collected.extend(endpoint),
                Err(error) => {
                    // Its link is gone, and it is unknown whether its namespace is.
                    self.mark_endpoint(&name, partly(&error));
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(collected), Err)
    }

    fn present(&self) -> Result<BTreeSet<IfName>, EngineError> {
        let links = self.backends().links.links()?;
        Ok(links.into_iter().map(|link| link.ifname).collect())
    }

    /// Removes an endpoint if its namespace is gone. If its link exists again by now, it is not.
    fn collect_one(
        &self,
        name: &Name,
        present: &BTreeSet<IfName>,
        namespaces: &OpenNamespaces,
    ) -> Result<Option<Endpoint>, EngineError> {
        let done = self.run(namespaces.clone(), |backends, state| {
            let nothing = Plan::nothing().with_outcome(None);
            let Some(endpoint) = state.endpoints.get(name) else {
                return Ok(nothing);
            };
            if present.contains(&endpoint.host_ifname) || backends.is_there(endpoint, false)? {
                return Ok(nothing);
            }
            let plan = tidegate_plan::detach(state, name)?;
            let was = Some(plan.outcome.clone());
            Ok(plan.with_outcome(was))
        });
        // Nothing was done, and there is nothing to count.
        if let Ok(None) = done {
            return Ok(None);
        }
        let endpoint = self.counted(done)?;
        if let Some(endpoint) = &endpoint {
            let netns = &endpoint.place;
            tracing::info!(endpoint = %name, %netns, "removed: its namespace is gone");
        }
        Ok(endpoint)
    }
}
