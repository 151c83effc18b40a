//! The kernel's links.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use netlink_sys::protocols::NETLINK_ROUTE;
use tidegate_model::links::{GROUP, Link, LinkStep, NetnsFacts, Route, Sysctl};
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{IfName, NetnsId, Protocol};

use crate::batch::{What, send_one};
use crate::conntrack::Conntrack;
use crate::decode::LinkRecord;
use crate::error::{Cause, ErrorKind, LinkError};
use crate::netlink::Socket;
use crate::netns::Netns;
use crate::occupied::Occupied;
use crate::open_namespaces::OpenNamespaces;
use crate::ports::{self, Ports};
use crate::procfs::Procfs;
use crate::remover::Remover;
use crate::sysctl::Sysctls;
use crate::{Connections, Links, bridge, find, guard, message, port, retire, survey, veth};

/// Which network namespace is the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// That of the thread which opens the links.
    Current,
    /// The one at this path.
    Netns(PathBuf),
}

/// The links of the running kernel, over rtnetlink(7). It needs CAP_NET_ADMIN, and CAP_SYS_ADMIN
/// to enter the namespaces of endpoints (setns(2)). Any thread may use it, whatever namespace
/// that thread is in.
pub struct Rtnetlink {
    pub(crate) home: Arc<Netns>,
    pub(crate) socket: Socket,
    conntrack: Conntrack,
    occupied: Occupied,
    sysctls: Sysctls,
    pub(crate) procfs: Procfs,
    ports: Ports,
    pub(crate) remover: Remover,
    namespaces: OpenNamespaces,
}

impl Rtnetlink {
    /// Opens the links of a network namespace, and keeps the namespace and the socket.
    ///
    /// # Errors
    /// When the namespace cannot be opened or entered, or netlink is not to be had.
    pub fn open(location: &Location) -> Result<Self, LinkError> {
        let opened = match location {
            Location::Current => Netns::current(),
            Location::Netns(path) => Netns::open(path).map_err(Cause::from),
        };
        let open = || -> Result<Self, Cause> {
            let home = Arc::new(opened?);
            let socket = || home.run(|| Socket::open(NETLINK_ROUTE));
            let (socket, removers) = (socket()??, socket()??);
            Ok(Self {
                occupied: home.run(Occupied::open)??,
                conntrack: Conntrack::new(Arc::clone(&home)),
                home,
                socket,
                sysctls: Sysctls::default(),
                procfs: Procfs::default(),
                ports: Ports::default(),
                remover: Remover::start(removers)?,
                namespaces: OpenNamespaces::default(),
            })
        };
        open().map_err(|cause| match location {
            Location::Current => LinkError::new("open the links of the host", cause),
            Location::Netns(path) => {
                LinkError::new(format_args!("open the links of {}", path.display()), cause)
            }
        })
    }

    /// The namespace at a path; the host's own is refused.
    pub(crate) fn guest(&self, path: &Path) -> Result<Arc<Netns>, Cause> {
        survey::guest(&self.home, self.namespaces.get(path)?)
    }

    /// The link of that name; none if there is none.
    pub(crate) fn find(&mut self, ifname: &IfName) -> Result<Option<LinkRecord>, LinkError> {
        match find::link(&mut self.socket, ifname) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    /// The index of our link of that name. A link of another's by that name is let be: ours is gone.
    pub(crate) fn find_ours(&mut self, ifname: &IfName) -> Result<Option<u32>, LinkError> {
        match self.find(ifname)? {
            None => Ok(None),
            Some(link) if link.group == GROUP => Ok(Some(link.index)),
            Some(link) => {
                let group = link.group;
                tracing::warn!(%ifname, group, "interface is not ours: it is not removed");
                Ok(None)
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

    /// Removes the link of that index; fine if it is gone. A veth takes its other end with it.
    pub(crate) fn delete(&mut self, index: u32, ifname: &IfName) -> Result<(), LinkError> {
        let request = message::delete_link(index);
        match send_one(&mut self.socket, What::Delete(ifname), request) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done.map(drop),
        }
    }

    /// Sets sysctls of the host's namespace, whichever namespace the calling thread is in.
    pub(crate) fn set_sysctls(
        &mut self,
        sysctls: &[Sysctl],
        set: impl Fn(&mut Sysctls, &Sysctl) -> Result<(), LinkError> + Send,
    ) -> Result<(), LinkError> {
        let Some(first) = sysctls.first() else {
            return Ok(());
        };
        let Self {
            home, sysctls: own, ..
        } = self;
        let done = home.run(move || sysctls.iter().try_for_each(|sysctl| set(own, sysctl)));
        done.map_err(|cause| LinkError::new(format_args!("set sysctl {}", first.path), cause))?
    }

    fn carry_out(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        match step {
            LinkStep::SetSysctl(wanted) => {
                self.set_sysctls(std::slice::from_ref(wanted), Sysctls::set)
            }
            LinkStep::AddBridge(bridge) => bridge::add(self, bridge),
            LinkStep::KeepBridge(bridge) => bridge::keep(self, bridge),
            LinkStep::MendBridge(bridge) => bridge::mend(self, bridge),
            LinkStep::DeleteBridge(bridge) => retire::bridge(self, bridge),
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
}

impl Links for Rtnetlink {
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        self.remover.touch();
        self.occupied.before(step);
        let done = self.carry_out(step);
        self.occupied.after(step, done.is_ok());
        done
    }

    fn links(&mut self) -> Result<Vec<Link>, LinkError> {
        let links = survey::links(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's interfaces", cause))?;
        self.occupied.recognize(&links);
        Ok(links)
    }

    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError> {
        guard::unguarded(&mut self.socket)
            .map_err(|cause| LinkError::new("look for the filters of bridge ports", cause))
    }

    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError> {
        self.occupied
            .list(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's routes", cause))
    }

    fn routes(&mut self) -> Result<Vec<Route>, LinkError> {
        survey::routes(&mut self.socket)
            .map_err(|cause| LinkError::new("list the host's routes", cause))
    }

    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError> {
        self.conntrack.traffic()
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

    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError> {
        let netns = self.guest(path);
        netns
            .and_then(|netns| survey::netns(&netns))
            .map_err(|cause| unseen(path, cause))
    }

    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError> {
        let netns = self.guest(path).map_err(|cause| unseen(path, cause))?;
        Ok(netns.id())
    }
}

fn unseen(path: &Path, cause: Cause) -> LinkError {
    LinkError::new(format_args!("look at namespace {}", path.display()), cause)
}
