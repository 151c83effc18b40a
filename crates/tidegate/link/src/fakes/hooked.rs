//! Links in front of other links.

use std::collections::BTreeSet;
use std::path::Path;

use ipnet::IpNet;
use tidegate_model::links::{
    AnswerRouting, Inside, Link, LinkStep, NetnsFacts, PolicyRouting, Route, Sysctl,
};
use tidegate_model::{IfName, NetnsId, Protocol, StateId};

use crate::{Connections, LinkError, Links, OpenNamespaces};

/// Links of which a test carries out the steps: it may do something before or after, or let the step fail. All else is
/// passed on.
pub struct HookedLinks<F> {
    links: Box<dyn Links>,
    apply: F,
}

impl<F> HookedLinks<F>
where
    F: FnMut(&mut dyn Links, &LinkStep) -> Result<(), LinkError> + Send,
{
    /// Has `apply` carry out the steps on `links`.
    pub fn new(links: Box<dyn Links>, apply: F) -> Self {
        Self { links, apply }
    }
}

impl<F> Links for HookedLinks<F>
where
    F: FnMut(&mut dyn Links, &LinkStep) -> Result<(), LinkError> + Send,
{
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        (self.apply)(self.links.as_mut(), step)
    }

    fn mark(&mut self, state_id: StateId) {
        self.links.mark(state_id);
    }

    fn links(&mut self) -> Result<Vec<Link>, LinkError> {
        self.links.links()
    }

    fn link(&mut self, ifname: &IfName) -> Result<Option<Link>, LinkError> {
        self.links.link(ifname)
    }

    fn has_link(&mut self, ifname: &IfName) -> Result<bool, LinkError> {
        self.links.has_link(ifname)
    }

    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError> {
        self.links.unguarded()
    }

    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError> {
        self.links.occupied_subnets()
    }

    fn changed_for_routers(&mut self) -> Vec<Sysctl> {
        self.links.changed_for_routers()
    }

    fn sysctl(&mut self, path: &str) -> Option<String> {
        self.links.sysctl(path)
    }

    fn routes(&mut self) -> Result<Vec<Route>, LinkError> {
        self.links.routes()
    }

    fn policy_routing(&mut self) -> Result<PolicyRouting, LinkError> {
        self.links.policy_routing()
    }

    fn answer_routing(&mut self) -> Result<AnswerRouting, LinkError> {
        self.links.answer_routing()
    }

    fn connections(&self) -> Box<dyn Connections> {
        self.links.connections()
    }

    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError> {
        self.links.used_ports()
    }

    fn keep_open(&mut self, guests: OpenNamespaces) {
        self.links.keep_open(guests);
    }

    fn reverse_path(&mut self, path: &Path, ifname: &IfName) -> Result<Option<u32>, LinkError> {
        self.links.reverse_path(path, ifname)
    }

    fn inside(
        &mut self,
        path: &Path,
        ifname: &IfName,
        host_end: &IfName,
    ) -> Result<Inside, LinkError> {
        self.links.inside(path, ifname, host_end)
    }

    fn handed_over(&mut self, host_end: &IfName) -> Result<Inside, LinkError> {
        self.links.handed_over(host_end)
    }

    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError> {
        self.links.netns(path)
    }

    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError> {
        self.links.netns_id(path)
    }
}
