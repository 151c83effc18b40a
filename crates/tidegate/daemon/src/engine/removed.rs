//! Creates links of ours again that another program removed.

use std::collections::BTreeSet;

use error_hint::causes;
use tidegate_link::{Gone, OpenNamespaces};
use tidegate_model::links::Link;
use tidegate_model::{Fault, IfName, Name, State};
use tidegate_plan::StaleConnections;

use super::degraded::{fault_of, is_foreign, nothing_of_its_network, partly};
use super::links_fight::InterfaceRepair;
use super::start::ours;
use super::{Backends, Engine, EngineError, path_of};

/// Networks without their bridge, and endpoints without their pair or on such a network.
#[derive(Debug, Default)]
struct Lost {
    networks: Vec<Name>,
    endpoints: BTreeSet<Name>,
}

impl Lost {
    /// The healthy objects among the deleted links: degraded ones are tried again anyway.
    fn among(state: &State, gone: &Gone, present: &BTreeSet<IfName>) -> Self {
        let is_lost = |ifname: &IfName| {
            let went = match gone {
                Gone::Any => true,
                Gone::Links(links) => links.contains(ifname),
            };
            went && !present.contains(ifname)
        };
        let degraded = &state.degraded;
        let networks = state.networks.values();
        let networks = networks
            .filter(|it| is_lost(&it.bridge) && degraded.down_network(&it.name).is_none())
            .map(|it| it.name.clone());
        let networks: Vec<Name> = networks.collect();
        let endpoints = state.endpoints.values();
        let endpoints = endpoints
            .filter(|it| is_lost(&it.host_ifname) || networks.contains(&it.network))
            .filter(|it| degraded.down_endpoint(&it.name).is_none())
            .map(|it| it.name.clone());
        Self {
            endpoints: endpoints.collect(),
            networks,
        }
    }

    fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.endpoints.is_empty()
    }
}

impl Engine {
    /// Creates deleted bridges again with their ports, and pairs of endpoints whose namespaces live. An object that
    /// cannot be created becomes degraded. Returns whether anything was missing.
    ///
    /// # Errors
    /// If the host's links cannot be listed.
    pub(crate) fn make_again(&self, gone: &Gone) -> Result<bool, EngineError> {
        if let Gone::Links(links) = gone
            && !self.has_any(links)
        {
            return Ok(false);
        }
        let present = ours(&self.backends().links.links()?);
        let lost = Lost::among(&self.state(), gone, &present);
        if lost.is_empty() {
            return Ok(false);
        }
        let namespaces = self.namespaces(|state| {
            let endpoints = lost.endpoints.iter();
            let endpoints = endpoints.filter_map(|name| state.endpoints.get(name));
            endpoints.filter_map(path_of).collect()
        });
        let mut backends = self.backends();
        let passed = self.past.count();
        backends.links.keep_open(namespaces);
        let before = self.degraded();
        let made = self.make_lost(&mut backends, gone);
        backends.links.keep_open(OpenNamespaces::default());
        self.catch_up(&mut backends, self.past.change_state(passed, || ()));
        if before != self.degraded() {
            self.sweeps.note(StaleConnections::after_mending());
        }
        self.tell_of_degraded(&before);
        self.note_interfaces(made?);
        Ok(true)
    }

    fn has_any(&self, links: &BTreeSet<IfName>) -> bool {
        let state = self.state();
        let mut bridges = state.networks.values().map(|it| &it.bridge);
        let mut ports = state.endpoints.values().map(|it| &it.host_ifname);
        bridges.any(|it| links.contains(it)) || ports.any(|it| links.contains(it))
    }

    /// Creates the links that are still missing: a command may have been faster. Returns those that were created.
    fn make_lost(
        &self,
        backends: &mut Backends,
        gone: &Gone,
    ) -> Result<Vec<InterfaceRepair>, EngineError> {
        let links = backends.links.links()?;
        let lost = Lost::among(&self.state(), gone, &ours(&links));
        let mut made = Vec::new();
        for name in &lost.networks {
            self.make_bridge(backends, name, &links);
            made.extend(self.bridge_of(name));
        }
        let links = backends.links.links()?;
        let had_pair = ours(&links);
        for name in &lost.endpoints {
            if self.state().degraded.down_endpoint(name).is_some() {
                continue;
            }
            tracing::warn!(endpoint = %name, "its interface or its bridge was removed: it is created again");
            let reason = "its interface was removed".to_owned();
            let (down, hint) = (false, None);
            self.set_endpoint(name, Some(Fault { down, reason, hint }));
            self.revive_endpoint(backends, name, &links);
            made.extend(self.port_of(name, &had_pair));
        }
        let made = made.into_iter();
        Ok(made
            .map(|(ifname, what)| (ifname, vec![what.to_owned()]))
            .collect())
    }

    /// The bridge of a network, if it was created again.
    fn bridge_of(&self, network: &Name) -> Option<(IfName, &'static str)> {
        let state = self.state();
        let bridge = state.networks.get(network)?.bridge.clone();
        let is_down = state.degraded.down_network(network).is_some();
        (!is_down).then_some((bridge, "created again"))
    }

    /// The port of an endpoint, if it was created or made a port again.
    fn port_of(
        &self,
        endpoint: &Name,
        had_pair: &BTreeSet<IfName>,
    ) -> Option<(IfName, &'static str)> {
        let state = self.state();
        let port = state.endpoints.get(endpoint)?.host_ifname.clone();
        let what = match had_pair.contains(&port) {
            true => "made a port of its bridge again",
            false => "created again",
        };
        let is_degraded = state.degraded.endpoints.contains_key(endpoint);
        (!is_degraded).then_some((port, what))
    }

    fn make_bridge(&self, backends: &mut Backends, name: &Name, links: &[Link]) {
        let fault = {
            let state = self.state();
            let Some(network) = state.networks.get(name) else {
                return;
            };
            let bridge = &network.bridge;
            tracing::warn!(network = %name, %bridge, "its bridge was removed: it is created again");
            if is_foreign(network, links) {
                Some(Fault {
                    down: true,
                    reason: format!(
                        "its bridge {bridge} was removed, and another interface has that name"
                    ),
                    hint: Some(format!("rename or remove interface {bridge}")),
                })
            } else {
                let Some(plan) = tidegate_plan::revive_network(&state, name, links) else {
                    return;
                };
                match backends.carry_out_or_ipv4(&state, plan) {
                    Ok(lacks) => lacks.map(|error| partly(&error)),
                    Err(error) => Some(fault_of(&error)),
                }
            }
        };
        match fault {
            Some(fault) if fault.down => self.put_down(backends, name, fault),
            fault => self.set_network(name, fault),
        }
    }

    /// Removes all elements of a network, because the name of its bridge may belong to somebody else. Then it marks the network and
    /// its endpoints: what is said to be down has no elements.
    fn put_down(&self, backends: &mut Backends, network: &Name, fault: Fault) {
        let mut without = self.state().clone();
        let endpoints = without.endpoints_of(network);
        let endpoints: Vec<Name> = endpoints.map(|it| it.name.clone()).collect();
        let faults = endpoints.into_iter();
        let faults = faults.map(|name| (name, nothing_of_its_network(network)));
        without.degraded.endpoints.extend(faults);
        without.degraded.networks.insert(network.clone(), fault);
        if let Err(error) = backends.restore(&without) {
            tracing::error!(causes = ?causes(&error), "the table has elements of objects that are not on the host: {error}");
        }
        self.state_mut().degraded = without.degraded;
    }
}
