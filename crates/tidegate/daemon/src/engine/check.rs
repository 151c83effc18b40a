//! Looks at one endpoint, in its namespace and on the host.

use std::collections::BTreeMap;

use error_hint::in_one_line;
use tidegate_api::EndpointCheck;
use tidegate_link::{LinkError, OpenNamespaces};
use tidegate_model::links::Inside;
use tidegate_model::{Endpoint, Name, Network};
use tidegate_plan::SeenEndpoint;

use super::{Backends, Engine, EngineError, path_of};

impl Engine {
    /// What is missing of an endpoint, or has changed. It changes nothing.
    ///
    /// # Errors
    /// If there is no endpoint of that name, or the host's links cannot be read.
    pub fn check_endpoint(&self, name: &Name) -> Result<EndpointCheck, EngineError> {
        let known = || {
            let state = self.state();
            let endpoint = state.endpoints.find(name)?.clone();
            let network = state.networks.get(&endpoint.network)?.clone();
            Some((endpoint, network))
        };
        let (endpoint, network) =
            known().ok_or_else(|| tidegate_plan::no_endpoint(&self.state(), name))?;
        let namespaces = self.namespaces_of(&endpoint.name);
        let table = self.table_differences();
        let table = table.map_err(|error| in_one_line(&error));
        let seen = {
            let mut backends = self.backends();
            backends.links.keep_open(namespaces);
            let seen = backends.look_at(&endpoint, &network);
            backends.links.keep_open(OpenNamespaces::default());
            seen?
        };
        let seen = SeenEndpoint { table, ..seen };
        Ok(tidegate_plan::check(&self.state(), name, &seen)?)
    }

    /// What the namespaces of endpoints have of them, or why nobody can tell.
    pub(super) fn look_into<'a>(
        &self,
        endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> BTreeMap<Name, Result<Inside, String>> {
        let endpoints: Vec<&Endpoint> = endpoints.collect();
        let paths = endpoints.iter().copied().filter_map(path_of);
        let namespaces = OpenNamespaces::open(paths.collect::<Vec<_>>());
        let mut backends = self.backends();
        backends.links.keep_open(namespaces);
        let looked = endpoints.into_iter().map(|endpoint| {
            let inside = backends.look_inside(endpoint);
            let inside = inside.map_err(|error| in_one_line(&error));
            (endpoint.name.clone(), inside)
        });
        let looked = looked.collect();
        backends.links.keep_open(OpenNamespaces::default());
        looked
    }
}

impl Backends {
    /// What the kernel has of an endpoint, except its rules.
    fn look_at(
        &mut self,
        endpoint: &Endpoint,
        network: &Network,
    ) -> Result<SeenEndpoint, EngineError> {
        Ok(SeenEndpoint {
            bridge: self.links.link(&network.bridge)?,
            port: self.links.link(&endpoint.host_ifname)?,
            inside: self
                .look_inside(endpoint)
                .map_err(|error| in_one_line(&error)),
            table: Ok(Vec::new()),
        })
    }

    /// What the namespace of an endpoint has of it.
    fn look_inside(&mut self, endpoint: &Endpoint) -> Result<Inside, LinkError> {
        let Endpoint {
            place,
            ifname,
            host_ifname,
            ..
        } = endpoint;
        match place.path() {
            Some(path) => self.links.inside(path, ifname, host_ifname),
            None => self.links.handed_over(host_ifname),
        }
    }
}
