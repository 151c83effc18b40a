//! The links of the kernel: the sockets and files through which we access them.

use std::path::Path;
use std::sync::Arc;

use tidegate_model::links::{GROUP, Sysctl};
use tidegate_model::{IfName, StateId};
use tidegate_sys::netlink::{self, Socket};
use tidegate_sys::{Location, Netns};

use crate::batch::{What, send_one};
use crate::decode::LinkRecord;
use crate::error::{Cause, ErrorKind, LinkError};
use crate::occupied::Occupied;
use crate::open_namespaces::OpenNamespaces;
use crate::ports::Ports;
use crate::procfs::Procfs;
use crate::remover::Remover;
use crate::sysctl::Sysctls;
use crate::{cookie, find, message, survey};

/// The links of the running kernel, over rtnetlink(7). It needs CAP_NET_ADMIN, and CAP_SYS_ADMIN
/// to enter the namespaces of endpoints (setns(2)). A thread in any namespace may use it.
pub struct Rtnetlink {
    pub(crate) home: Arc<Netns>,
    pub(crate) socket: Socket,
    pub(crate) occupied: Occupied,
    pub(crate) sysctls: Sysctls,
    /// Whether the host forwards IPv6 because we had it do so.
    pub(crate) is_router_by_us: bool,
    /// The sysctls that [`routers`](crate::routers) changed, with the values that they had.
    pub(crate) changed_for_routers: Vec<Sysctl>,
    pub(crate) procfs: Procfs,
    pub(crate) ports: Ports,
    pub(crate) remover: Remover,
    pub(crate) namespaces: OpenNamespaces,
    /// The saved state that bridges are marked with.
    pub(crate) state_id: Option<StateId>,
}

impl Rtnetlink {
    /// Opens the links of a network namespace, and keeps the namespace and the socket.
    ///
    /// # Errors
    /// If the namespace cannot be opened or entered, or netlink is not available.
    pub fn open(location: &Location) -> Result<Self, LinkError> {
        let open = || -> Result<Self, Cause> {
            let home = Arc::new(Netns::open(location.path())?);
            let socket = || home.run_here(|| Socket::open(netlink::Family::Route));
            let (socket, removers) = (socket()??, socket()??);
            Ok(Self {
                occupied: home.run_here(Occupied::open)??,
                home,
                ports: Ports::of(cookie::of(&socket)),
                socket,
                sysctls: Sysctls::default(),
                is_router_by_us: false,
                changed_for_routers: Vec::new(),
                procfs: Procfs::default(),
                remover: Remover::start(removers)?,
                namespaces: OpenNamespaces::default(),
                state_id: None,
            })
        };
        open().map_err(|cause| match location {
            Location::Current => LinkError::new("open the links of the host", cause),
            Location::Path(path) => {
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

    /// The index of our link of that name. If another program has a link of that name, ours is gone, and the other is
    /// left alone.
    pub(crate) fn find_ours(&mut self, ifname: &IfName) -> Result<Option<u32>, LinkError> {
        match self.find(ifname)? {
            None => Ok(None),
            Some(link) if link.group == GROUP => Ok(Some(link.index)),
            Some(link) => {
                let group = link.group;
                tracing::warn!(%ifname, group, "not removing an interface that is not Tidegate's");
                Ok(None)
            }
        }
    }

    /// Deletes the link of that index; succeeds if it is gone. Deleting a veth deletes its other end.
    pub(crate) fn delete(&mut self, index: u32, ifname: &IfName) -> Result<(), LinkError> {
        let request = message::delete_link(index);
        match send_one(&mut self.socket, What::Delete(ifname), request) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done.map(drop),
        }
    }

    /// Adds what turns IPv6 off to a failure for that reason: for this interface, or for new ones of the host.
    pub(crate) fn with_ipv6_off(&mut self, ifname: Option<&IfName>, error: LinkError) -> LinkError {
        if error.kind() != ErrorKind::Ipv6Off {
            return error;
        }
        let Self { home, sysctls, .. } = self;
        match home.run_here(move || sysctls.ipv6_off(ifname)) {
            Ok(Some(off)) => error.with_ipv6_off(off),
            Ok(None) | Err(_) => error,
        }
    }

    /// Sets sysctls of the host's namespace. The calling thread may be in any namespace.
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
        let done = home.run_here(move || sysctls.iter().try_for_each(|sysctl| set(own, sysctl)));
        done.map_err(|cause| LinkError::new(format_args!("set sysctl {}", first.path), cause))?
    }
}
