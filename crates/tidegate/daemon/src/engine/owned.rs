//! Endpoints by their owners, and subnets for networks that a caller makes later.

use std::borrow::Cow;

use tidegate_api::{Attach, OwnedEndpoints, ProposeSubnets, ProposedSubnets, UnusedEndpoints};
use tidegate_model::links::NetnsFacts;
use tidegate_model::{Endpoint, Ipv6Off, Name, Owner, State};
use tidegate_plan::{Attached, HostFacts, Plan, PortFacts};

use super::{Backends, Engine, EngineError, path_of};
use crate::timing::{Stage, timed};

impl Engine {
    /// Removes the endpoints of an owner, all or none, and returns them.
    ///
    /// # Errors
    /// If the host refuses. Then nothing was changed.
    pub fn detach_owned(&self, wanted: &OwnedEndpoints) -> Result<Vec<Endpoint>, EngineError> {
        let owner = Owner::from(wanted.owner.clone());
        let network = wanted.network.as_ref();
        let done = self.detach_chosen(|state| {
            let chosen = tidegate_plan::of_owner(state, &owner, network);
            chosen.cloned().collect()
        })?;
        tracing::info!(%owner, endpoints = done.len(), "detached the endpoints of an owner");
        Ok(done)
    }

    /// Removes the endpoints of an engine that are not in use, all or none, and returns them.
    ///
    /// # Errors
    /// As [`Self::detach_owned`].
    pub fn collect_owned(&self, wanted: &UnusedEndpoints) -> Result<Vec<Endpoint>, EngineError> {
        let UnusedEndpoints {
            engine,
            network,
            keep,
        } = wanted;
        let done = self.detach_chosen(|state| {
            let network = network.as_ref();
            let chosen = tidegate_plan::of_engine_but(state, engine, network, keep);
            chosen.cloned().collect()
        })?;
        tracing::info!(%engine, endpoints = done.len(), "detached the unused endpoints of an engine");
        Ok(done)
    }

    fn detach_chosen(
        &self,
        chosen: impl Fn(&State) -> Vec<Endpoint>,
    ) -> Result<Vec<Endpoint>, EngineError> {
        let namespaces = self.namespaces(|state| {
            let chosen = chosen(state).into_iter();
            chosen.filter_map(|endpoint| path_of(&endpoint)).collect()
        });
        let done = self.run(namespaces, |_, state| {
            let chosen = chosen(state).into_iter();
            let names: Vec<Name> = chosen.map(|endpoint| endpoint.name).collect();
            Ok(tidegate_plan::detach_all(state, &names)?)
        });
        self.counted(done)
    }

    /// The subnets that a network created now would get.
    ///
    /// # Errors
    /// If the pools have none, or the host's routes cannot be read.
    pub fn propose_subnets(&self, wanted: &ProposeSubnets) -> Result<ProposedSubnets, EngineError> {
        let routes = timed(Stage::Netlink, || self.backends().links.occupied_subnets())?;
        let (defaults, state) = (self.defaults(), self.state());
        let subnets = tidegate_plan::propose_subnets(&state, wanted, &routes, &defaults.pools)?;
        let subnets = subnets.into_iter().map(Into::into).collect();
        Ok(ProposedSubnets { subnets })
    }

    /// The plan of an endpoint with what its request implies. `is_ipv6_off` says that a first attempt met an interface
    /// without IPv6: then a network that is made has only IPv4 if the host has no IPv6.
    pub(super) fn plan_attach(
        &self,
        backends: &mut Backends,
        state: &State,
        request: &Attach,
        netns: &NetnsFacts,
        ports: &PortFacts,
        is_ipv6_off: bool,
    ) -> Result<Plan<Attached>, EngineError> {
        let mut request = Cow::Borrowed(request);
        let mut host = HostFacts::default();
        if let Some(missing) = tidegate_plan::missing_network(state, &request)? {
            host = backends.facts_for_network(state)?;
            let off = Ipv6Off::find(None, |path| backends.links.sysctl(path));
            if let Some(off) = off.filter(|_| is_ipv6_off) {
                let ipv4_alone = tidegate_plan::without_ipv6(missing, off)?;
                request.to_mut().network_if_missing = Some(ipv4_alone);
            }
        }
        let made = (&host, &self.defaults().pools);
        Ok(tidegate_plan::attach_with_network(
            state, &request, netns, ports, made,
        )?)
    }
}

impl Backends {
    /// Facts of the host that a new network depends on.
    pub(super) fn facts_for_network(&mut self, state: &State) -> Result<HostFacts, EngineError> {
        Ok(HostFacts {
            routes: timed(Stage::Netlink, || self.links.occupied_subnets())?,
            taken: self.taken(tidegate_plan::bridge_names(state))?,
        })
    }
}
