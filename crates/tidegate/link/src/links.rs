//! How the steps and questions of [`Links`] reach the kernel.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use tidegate_model::links::{
    AnswerRouting, Inside, Link, LinkStep, NetnsFacts, PolicyRouting, Route, Sysctl,
};
use tidegate_model::{IfName, NetnsId, Protocol, StateId};

use crate::batch::What;
use crate::conntrack::Conntrack;
use crate::error::{Cause, ErrorKind, LinkError, NetnsFault};
use crate::open_namespaces::OpenNamespaces;
use crate::rtnetlink::Rtnetlink;
use crate::sysctl::{self, Sysctls};
use crate::{
    Connections, Links, answers, bridge, guard, inside, lacking, port, ports, reclaim, retire,
    routers, survey, veth,
};

impl Rtnetlink {
    fn carry_out(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        match step {
            LinkStep::SetSysctl(wanted) => {
                self.set_sysctls(std::slice::from_ref(wanted), Sysctls::set)
            }
            LinkStep::KeepRouters => routers::keep(self),
            LinkStep::AddBridge(bridge) => bridge::add(self, bridge),
            LinkStep::KeepBridge(bridge) => bridge::keep(self, bridge),
            LinkStep::MendBridge(bridge) => bridge::mend(self, bridge),
            LinkStep::MendVeth(veth) => port::mend(self, veth),
            LinkStep::Reclaim(reclaim) => reclaim::reclaim(self, reclaim),
            LinkStep::DeleteBridge(bridge) => retire::bridge(self, bridge),
            LinkStep::EndAnswers => answers::end(&mut self.socket),
            LinkStep::GuardPorts(bridge) => guard::bridge(self, bridge),
            LinkStep::AddVeth(veth) => veth::add(self, veth),
            LinkStep::KeepVeths(veths) => port::keep(self, veths),
            LinkStep::DeleteVeth(veth) => retire::pair(self, veth),
            LinkStep::DeleteLink(ifname) => self.delete_named(ifname),
            LinkStep::HoldPorts(holds) => self.ports.hold(&self.home, holds),
            LinkStep::ReleasePorts(holds) => {
                self.ports.release(holds);
                Ok(())
            }
        }
    }

    /// Removes our link of that name, and waits until the kernel is done with it.
    fn delete_named(&mut self, ifname: &IfName) -> Result<(), LinkError> {
        match self.find_ours(ifname)? {
            None => Ok(()),
            Some(index) => self.delete(index, ifname),
        }
    }
}

impl Links for Rtnetlink {
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        self.remover.touch();
        self.occupied.before(step);
        let done = self.carry_out(step);
        self.occupied.after(step, done.is_ok());
        done
    }

    fn mark(&mut self, state_id: StateId) {
        self.state_id = Some(state_id);
    }

    fn links(&mut self) -> Result<Vec<Link>, LinkError> {
        let links = survey::links(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's interfaces", cause))?;
        self.occupied.recognize(&links);
        Ok(links)
    }

    fn link(&mut self, ifname: &IfName) -> Result<Option<Link>, LinkError> {
        survey::link(&mut self.socket, ifname)
            .map_err(|cause| LinkError::new(What::Find(ifname), cause))
    }

    fn has_link(&mut self, ifname: &IfName) -> Result<bool, LinkError> {
        lacking::has_link(&self.socket, ifname)
    }

    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError> {
        guard::unguarded(&mut self.socket)
            .map_err(|cause| LinkError::new("list the filters of bridge ports", cause))
    }

    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError> {
        self.occupied
            .list(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's routes", cause))
    }

    fn changed_for_routers(&mut self) -> Vec<Sysctl> {
        std::mem::take(&mut self.changed_for_routers)
    }

    fn sysctl(&mut self, path: &str) -> Option<String> {
        self.home.run_here(|| crate::sysctl::get(path)).ok()?
    }

    fn routes(&mut self) -> Result<Vec<Route>, LinkError> {
        survey::routes(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's routes", cause))
    }

    fn policy_routing(&mut self) -> Result<PolicyRouting, LinkError> {
        survey::policy(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's routing rules", cause))
    }

    fn answer_routing(&mut self) -> Result<AnswerRouting, LinkError> {
        answers::found(&mut self.socket)
            .map_err(|cause| LinkError::new("list the rules of the DNS server's answers", cause))
    }

    fn connections(&self) -> Box<dyn Connections> {
        Box::new(Conntrack::new(Arc::clone(&self.home)))
    }

    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError> {
        ports::used(&self.home)
            .map_err(|cause| LinkError::new("list the ports that the host listens on", cause))
    }

    fn keep_open(&mut self, namespaces: OpenNamespaces) {
        self.namespaces = namespaces;
    }

    fn reverse_path(&mut self, path: &Path, ifname: &IfName) -> Result<Option<u32>, LinkError> {
        let sysctls = self.procfs.sysctls();
        let netns = self.guest(path).map_err(|cause| unseen(path, cause))?;
        let found = netns.run_here(|| sysctl::reverse_path(sysctls, ifname));
        found.map_err(|cause| unseen(path, cause.into()))
    }

    fn inside(
        &mut self,
        path: &Path,
        ifname: &IfName,
        host_end: &IfName,
    ) -> Result<Inside, LinkError> {
        let host_end = self.find(host_end)?.map(|link| link.index);
        let netns = self.guest(path);
        netns
            .and_then(|netns| inside::look(&netns, ifname, host_end))
            .map_err(|cause| unseen(path, cause))
    }

    fn handed_over(&mut self, host_end: &IfName) -> Result<Inside, LinkError> {
        inside::look_handed_over(&mut self.socket, &self.home, host_end).map_err(|cause| {
            LinkError::new(format_args!("look at the other end of {host_end}"), cause)
        })
    }

    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError> {
        let netns = self.guest(path);
        netns
            .and_then(|netns| survey::netns(&netns))
            .map_err(|cause| unseen(path, cause))
    }

    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError> {
        let netns = self.guest(path).map_err(|cause| unseen(path, cause))?;
        Ok(survey::id_of(&netns))
    }
}

fn unseen(path: &Path, cause: Cause) -> LinkError {
    let error = LinkError::new(format_args!("look at namespace {}", path.display()), cause);
    match is_of_process(path) && error.kind() == ErrorKind::Netns(NetnsFault::Gone) {
        true => error.with_hint(|_| Some(NO_PROCESS.to_owned())),
        false => error,
    }
}

/// What to do where a process is gone.
const NO_PROCESS: &str = "give the id of a running process: `lsns --type net` lists namespaces, each with one of its processes";

/// Whether a path is that of a process's namespace, /proc/PID/ns/net (proc_pid_ns(5)).
fn is_of_process(path: &Path) -> bool {
    let rest = path.strip_prefix("/proc").ok();
    let first = rest.and_then(|rest| rest.components().next());
    let first = first.map(|part| part.as_os_str().as_encoded_bytes());
    first.is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
}
