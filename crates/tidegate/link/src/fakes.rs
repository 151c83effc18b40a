//! A host in memory, for tests: it does what the kernel does, and refuses what the kernel would.

mod hooked;
mod host;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tidegate_model::links::{
    AnswerRouting, Inside, InsideLink, Link, LinkStep, NetnsFacts, PolicyRouting, PortHold, Route,
};
use tidegate_model::tracked::{Fate, Tracked};
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{IfName, NetnsId, NetnsRef, Protocol, RESOLVERS, StateId};

use crate::error::{Cause, ErrorKind, Holder, LinkError};
use crate::{Connections, Links, NetnsFault};
pub use hooked::HookedLinks;
use host::Host;

/// A host in memory. Clones are handles to the same host, so that a test keeps one beside the
/// one that it gives away.
#[derive(Clone, Debug, Default)]
pub struct FakeLinks {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    host: Host,
    steps: Vec<LinkStep>,
    tracked: Vec<Tracked>,
    /// How often tracked connections cannot be forgotten from now on.
    unforgettable: usize,
    held: BTreeSet<PortHold>,
    /// Paths of which nothing is told.
    dead: BTreeSet<PathBuf>,
    /// Ports that something else on the host listens on.
    used: BTreeSet<(Protocol, u16)>,
    /// Steps asked for so far, failed ones too.
    asked: usize,
    /// By the number of the step, counted from 0.
    faults: BTreeMap<usize, ErrorKind>,
}

impl FakeLinks {
    /// A host with a loopback interface and no other namespace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a namespace with a loopback interface at a path, replacing one that was there.
    pub fn add_netns(&self, path: impl Into<PathBuf>) -> NetnsRef {
        self.state().host.add_netns(path.into())
    }

    /// Ends the namespace at a path, and with it the veth pairs that reach into it.
    pub fn remove_netns(&self, path: &Path) {
        self.state().host.remove_netns(path);
    }

    /// Changes what the namespace at a path looks like, as its owner might.
    ///
    /// # Errors
    /// When there is none.
    pub fn change_netns(
        &self,
        path: &Path,
        change: impl FnOnce(&mut NetnsFacts),
    ) -> Result<(), NetnsFault> {
        change(self.state().host.netns_mut(path)?);
        Ok(())
    }

    /// Changes what the interface of an endpoint looks like in its namespace, as its owner might.
    pub fn change_inside(&self, host_end: &IfName, change: impl FnOnce(&mut InsideLink)) {
        self.state().host.change_inside(host_end, change);
    }

    /// Moves the other end of a pair that was handed over into the namespace with that number, or back, as its engine
    /// would.
    pub fn move_handed_over(&self, host_end: &IfName, netns_number: Option<i32>) {
        self.state().host.move_handed_over(host_end, netns_number);
    }

    /// Adds a link, as somebody else might.
    pub fn add_link(&self, link: Link) {
        self.state().host.add_link(link);
    }

    /// Has nothing be told of the namespace at a path, as on a mount whose server is gone, or no longer.
    pub fn fail_netns(&self, path: &Path, fails: bool) {
        let mut state = self.state();
        match fails {
            true => drop(state.dead.insert(path.to_owned())),
            false => drop(state.dead.remove(path)),
        }
    }

    /// Changes a link, as somebody else might.
    pub fn change_link(&self, ifname: &IfName, change: impl FnOnce(&mut Link)) {
        self.state().host.change_link(ifname, change);
    }

    /// Removes a link, as somebody else might.
    pub fn remove_link(&self, ifname: &IfName) {
        self.state().host.remove_link(ifname);
    }

    /// Adds a route of the host to `destination`.
    pub fn add_route(&self, destination: IpNet) {
        self.state().host.add_route(destination);
    }

    /// Makes the step fail that is asked for after `skip` others from now on, with an error of
    /// that kind. It does nothing then.
    pub fn fail_step(&self, skip: usize, kind: ErrorKind) {
        let mut state = self.state();
        let number = state.asked + skip;
        state.faults.insert(number, kind);
    }

    /// The steps that were done, in order.
    pub fn steps(&self) -> Vec<LinkStep> {
        self.state().steps.clone()
    }

    /// Has the host track a connection.
    pub fn track(&self, tracked: Tracked) {
        self.state().tracked.push(tracked);
    }

    /// The connections that the host tracks.
    pub fn tracked(&self) -> Vec<Tracked> {
        self.state().tracked.clone()
    }

    /// Makes the next attempts to forget connections fail.
    pub fn fail_forgetting(&self, times: usize) {
        self.state().unforgettable = times;
    }

    /// The ports of the host that are held.
    pub fn held(&self) -> BTreeSet<PortHold> {
        self.state().held.clone()
    }

    /// Has something else on the host listen on a port.
    pub fn use_port(&self, protocol: Protocol, port: u16) {
        self.state().used.insert((protocol, port));
    }

    /// The value that a sysctl was set to.
    pub fn sysctl(&self, path: &str) -> Option<String> {
        self.state().host.sysctl(path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        let number = self.asked;
        self.asked += 1;
        if let Some(kind) = self.faults.remove(&number) {
            let reason = format!("step {number} was made to fail: {kind:?}");
            return Err(LinkError::new(
                "carry out a step",
                Cause::Injected { kind, reason },
            ));
        }
        match step {
            LinkStep::SetSysctl(sysctl) => self.host.set_sysctl(sysctl),
            LinkStep::AddBridge(bridge) => self.host.add_bridge(bridge)?,
            LinkStep::GuardPorts(bridge) => self.host.guard_ports(bridge),
            LinkStep::MendBridge(bridge) => self.host.mend_bridge(bridge)?,
            LinkStep::MendVeth(veth) => self.host.mend_veth(veth)?,
            LinkStep::Reclaim(reclaim) => self.host.reclaim(reclaim)?,
            LinkStep::AddVeth(veth) => self.host.add_veth(veth)?,
            LinkStep::KeepRouters => {}
            LinkStep::KeepBridge(bridge) => self.host.keep_bridge(bridge)?,
            LinkStep::KeepVeths(_) | LinkStep::EndAnswers => {}
            LinkStep::DeleteBridge(bridge) => self.host.delete_ours(&bridge.ifname),
            LinkStep::DeleteVeth(veth) => self.host.delete_ours(&veth.ifname),
            LinkStep::DeleteLink(ifname) => self.host.delete_ours(ifname),
            LinkStep::HoldPorts(holds) => self.hold(holds)?,
            LinkStep::ReleasePorts(holds) => holds.iter().for_each(|hold| {
                self.held.remove(hold);
            }),
        }
        self.steps.push(step.clone());
        Ok(())
    }

    fn hold(&mut self, holds: &[PortHold]) -> Result<(), LinkError> {
        let is_used = |hold: &PortHold| self.used.contains(&(hold.protocol, hold.port));
        let is_refused = |hold: &&PortHold| is_used(hold) && !hold.optional;
        if let Some(taken) = holds.iter().find(is_refused) {
            let what = format_args!("hold port {taken} of the host");
            return Err(LinkError::new(
                what,
                Cause::PortTaken(Box::new(Holder::Unknown)),
            ));
        }
        let had = holds.iter().filter(|hold| !is_used(hold));
        let had: Vec<PortHold> = had.copied().collect();
        self.held.extend(had);
        Ok(())
    }
}

impl State {
    fn is_doomed(&self, fate: &Fate) -> bool {
        let is_hosts = |ip: &std::net::IpAddr| {
            let links = self.host.links();
            let mut addresses = links.iter().flat_map(|link| &link.addresses);
            ip.is_loopback() || addresses.any(|net| net.addr() == *ip)
        };
        match fate {
            Fate::Keep => false,
            Fate::Forget => true,
            Fate::ForgetIfHosts(ip) => is_hosts(ip),
            Fate::ForgetUnlessNear(ip, links) => {
                let mut routes = self.host.routes().into_iter();
                let is_through = |ifname: &IfName| links.contains(ifname);
                let is_way = |way: Route| {
                    way.destination.contains(ip) && way.ifname.as_ref().is_some_and(is_through)
                };
                !is_hosts(ip) && !routes.any(is_way)
            }
        }
    }
}

impl Connections for FakeLinks {
    fn forget(&mut self, fate: &dyn Fn(&Tracked) -> Fate) -> Result<usize, LinkError> {
        let mut state = self.state();
        if let Some(left) = state.unforgettable.checked_sub(1) {
            state.unforgettable = left;
            let (kind, reason) = (ErrorKind::Other, "it was made to fail".to_owned());
            let cause = Cause::Injected { kind, reason };
            return Err(LinkError::new("forget tracked connections", cause));
        }
        let (all, mut kept) = (state.tracked.clone(), Vec::new());
        kept.extend(
            all.iter()
                .filter(|one| !state.is_doomed(&fate(one)))
                .cloned(),
        );
        let forgotten = all.len() - kept.len();
        state.tracked = kept;
        Ok(forgotten)
    }

    /// Nothing passes through its connections.
    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError> {
        Ok(Vec::new())
    }
}

impl Links for FakeLinks {
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        self.state().apply(step)
    }

    fn mark(&mut self, state_id: StateId) {
        self.state().host.mark(state_id);
    }

    fn links(&mut self) -> Result<Vec<Link>, LinkError> {
        Ok(self.state().host.links())
    }

    fn link(&mut self, ifname: &IfName) -> Result<Option<Link>, LinkError> {
        let links = self.links()?;
        Ok(links.into_iter().find(|link| link.ifname == *ifname))
    }

    fn has_link(&mut self, ifname: &IfName) -> Result<bool, LinkError> {
        let links = self.state().host.links();
        Ok(links.iter().any(|link| link.ifname == *ifname))
    }

    /// Every port is guarded.
    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError> {
        Ok(BTreeSet::new())
    }

    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError> {
        Ok(self.state().host.occupied_subnets())
    }

    fn sysctl(&mut self, path: &str) -> Option<String> {
        self.state().host.sysctl(path)
    }

    fn routes(&mut self) -> Result<Vec<Route>, LinkError> {
        Ok(self.state().host.routes())
    }

    /// It has no rules of its own.
    fn policy_routing(&mut self) -> Result<PolicyRouting, LinkError> {
        Ok(PolicyRouting::default())
    }

    /// Nobody removes rules or routes from it.
    fn answer_routing(&mut self) -> Result<AnswerRouting, LinkError> {
        let state = self.state();
        let bridges = state.steps.iter().filter_map(|step| match step {
            LinkStep::AddBridge(bridge) | LinkStep::MendBridge(bridge) => Some(bridge),
            _ => None,
        });
        let routes = bridges.flat_map(|bridge| {
            let nets = bridge.answered.iter();
            nets.map(|net| (net.trunc(), bridge.ifname.clone()))
        });
        Ok(AnswerRouting {
            rules: RESOLVERS.into(),
            routes: routes.collect(),
        })
    }

    fn connections(&self) -> Box<dyn Connections> {
        Box::new(self.clone())
    }

    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError> {
        Ok(self.state().used.clone())
    }

    fn reverse_path(&mut self, _: &Path, _: &IfName) -> Result<Option<u32>, LinkError> {
        Ok(Some(2))
    }

    fn inside(&mut self, path: &Path, _: &IfName, host_end: &IfName) -> Result<Inside, LinkError> {
        let id = self.netns(path)?.id;
        Ok(self.state().host.inside(id, path, host_end))
    }

    fn handed_over(&mut self, host_end: &IfName) -> Result<Inside, LinkError> {
        Ok(self.state().host.handed_over(host_end))
    }

    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError> {
        let mut state = self.state();
        if state.dead.contains(path) {
            let what = format_args!("look at namespace {}", path.display());
            return Err(LinkError::new(what, NetnsFault::Hangs));
        }
        let found = state.host.netns_mut(path).cloned();
        found.map_err(|fault| {
            LinkError::new(format_args!("look at namespace {}", path.display()), fault)
        })
    }

    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError> {
        Ok(self.netns(path)?.id)
    }
}
