//! Bridges, veths, addresses, routes, sysctls, conntrack and the host's ports: carries out the link steps that
//! `tidegate-plan` makes, and reports the state of the host.
//!
//! [`Rtnetlink`] speaks to the kernel through netlink sockets that it opens once and keeps;
//! [`fakes::FakeLinks`] keeps a host in memory and refuses what the kernel would. A step is done
//! whole or not at all: what a failing step had made is removed before the error is given.

mod announce;
mod answers;
mod batch;
mod bounded;
mod bridge;
mod changes;
mod conntrack;
mod cookie;
mod decode;
mod descriptors;
mod ended;
mod error;
pub mod fakes;
mod find;
mod guard;
mod inside;
mod lacking;
mod links;
mod message;
mod named;
mod nearby;
mod occupied;
mod open_namespaces;
mod owners;
mod port;
mod ports;
mod procfs;
mod reclaim;
mod relay;
mod remover;
mod retire;
mod routers;
mod rtnetlink;
mod settle;
mod survey;
mod sysctl;
mod veth;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use ipnet::IpNet;
use tidegate_model::links::{
    AnswerRouting, Inside, Link, LinkStep, NetnsFacts, PolicyRouting, Route, Sysctl,
};
use tidegate_model::tracked::{Fate, Tracked};
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{IfName, NetnsId, Protocol, StateId};

pub use bounded::{Hangs, TIME_LIMIT, with_time_limit};
pub use changes::{ChangeDetails, Changes, LinkChange};
pub use descriptors::{Descriptors, MORE_DESCRIPTORS};
pub use ended::{Ended, EndedConnections};
pub use error::{ErrorKind, LinkError, NetnsFault};
pub use lacking::lacking;
pub use named::{NamedListener, named_listeners};
pub use open_namespaces::OpenNamespaces;
pub use owners::{Owner, owners, owns};
pub use ports::user_of_connection;
pub use rtnetlink::Rtnetlink;
pub use sysctl::get as sysctl;
pub use tidegate_sys::Location;
pub use watch::{Gone, Watch};

/// The links of one network namespace, "the host".
pub trait Links: Send {
    /// Carries out one step completely, or not at all. When it returns, addresses answer and routes carry packets: no
    /// duplicate address detection is pending. A removed link no longer carries packets, and its name and addresses
    /// can be reused, even if the kernel still has the link for a moment.
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError>;

    /// Names the saved state that bridges are marked with from now on, when they are created or kept.
    fn mark(&mut self, state_id: StateId);

    /// The host's links with their addresses, ordered by the kernel's index, without removed ones. Links whose name
    /// is not an [`IfName`](tidegate_model::IfName) are left out: they are not ours.
    fn links(&mut self) -> Result<Vec<Link>, LinkError>;

    /// The link of that name with its addresses; none if there is none, or if it is a removed one.
    fn link(&mut self, ifname: &IfName) -> Result<Option<Link>, LinkError>;

    /// Whether the host has a link of that name, of ours or not. An alternative name of a link counts too (ip-link(8)).
    fn has_link(&mut self, ifname: &IfName) -> Result<bool, LinkError>;

    /// Our bridge ports without the filter that protects the host's 127.0.0.0/8, and all our bridges that are not
    /// sealed, even those that need no seal.
    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError>;

    /// The prefixes that a new subnet must not overlap, sorted and without duplicates: destinations of the host's
    /// unicast routes (all tables except `local`, no default routes), and the prefixes of its addresses.
    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError>;

    /// The sysctls that `KeepRouters` steps changed since the last call, with the values that they had before.
    fn changed_for_routers(&mut self) -> Vec<Sysctl> {
        Vec::new()
    }

    /// The value of a sysctl of the host, by its path below /proc/sys; none if it does not exist.
    fn sysctl(&mut self, path: &str) -> Option<String>;

    /// The routes of the host's main table.
    fn routes(&mut self) -> Result<Vec<Route>, LinkError>;

    /// The host's routing rules, and the routes of the tables that only they use.
    fn policy_routing(&mut self) -> Result<PolicyRouting, LinkError>;

    /// What the host has of the way of the DNS server's answers to networks to which it has no route.
    fn answer_routing(&mut self) -> Result<AnswerRouting, LinkError>;

    /// The connections that the host tracks, for a thread of their own.
    fn connections(&self) -> Box<dyn Connections>;

    /// The ports that a program of the host listens on, at any address.
    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError>;

    /// Takes namespaces that were opened in advance, for the next calls. They are closed when others are admitted. A
    /// namespace that was not admitted is opened when it is needed.
    fn keep_open(&mut self, _guests: OpenNamespaces) {}

    /// The reverse path filter that counts for an interface of the namespace at `path`, as
    /// `net.ipv4.conf.INTERFACE.rp_filter` and that of `all` say; none if there is no such interface.
    fn reverse_path(&mut self, path: &Path, ifname: &IfName) -> Result<Option<u32>, LinkError>;

    /// What the namespace at `path` has of an endpoint whose interface has that name there, and `host_end` on the host.
    fn inside(
        &mut self,
        path: &Path,
        ifname: &IfName,
        host_end: &IfName,
    ) -> Result<Inside, LinkError>;

    /// The same of an endpoint whose interface was handed over, without its addresses and routes, which its engine sets.
    fn handed_over(&mut self, host_end: &IfName) -> Result<Inside, LinkError>;

    /// Facts about the namespace at `path`. Refuses the host's own namespace.
    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError>;

    /// The identity of the namespace at `path`, without entering it. Refuses the host's own namespace.
    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError>;
}

/// The connections that one network namespace tracks.
pub trait Connections: Send {
    /// Walks all entries once, and deletes those that `fate` selects. Returns how many. Does nothing if the kernel
    /// tracks none.
    fn forget(&mut self, fate: &dyn Fn(&Tracked) -> Fate) -> Result<usize, LinkError>;

    /// Their traffic, by protocol, host port and endpoint. Empty if the kernel tracks none.
    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError>;
}
