//! Bridges, veths, addresses, routes, sysctls, conntrack and the host's ports: carries out the link steps that
//! `tidegate-plan` makes, and tells what the host has.
//!
//! [`Rtnetlink`] speaks to the kernel through netlink sockets that it opens once and keeps;
//! [`fakes::FakeLinks`] keeps a host in memory and refuses what the kernel would. A step is done
//! whole or not at all: what a failing step had made is removed before the error is given.

mod announce;
mod batch;
mod bounded;
mod bridge;
mod changes;
mod conntrack;
mod cookie;
mod decode;
mod descriptors;
mod error;
pub mod fakes;
mod find;
mod guard;
mod links;
mod message;
mod named;
mod nearby;
mod netlink;
mod netns;
mod occupied;
mod open_namespaces;
mod owners;
mod port;
mod ports;
mod procfs;
mod relay;
mod remover;
mod retire;
mod rtnetlink;
mod settle;
mod survey;
mod sysctl;
mod veth;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use ipnet::IpNet;
use tidegate_model::links::{Link, LinkStep, NetnsFacts, Route};
use tidegate_model::tracked::{Fate, Tracked};
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{IfName, NetnsId, Protocol};

pub use bounded::{Hangs, TIME_LIMIT, with_time_limit};
pub use changes::{Changes, LinkChange, Told};
pub use descriptors::{Descriptors, MORE_DESCRIPTORS};
pub use error::{ErrorKind, LinkError, NetnsFault};
pub use named::{NamedListener, named_listeners};
pub use open_namespaces::OpenNamespaces;
pub use owners::{Owner, owners, owns};
pub use ports::user_of_connection;
pub use rtnetlink::{Location, Rtnetlink};
pub use sysctl::get as sysctl;
pub use watch::{Gone, Watch};

/// The links of one network namespace, "the host".
pub trait Links: Send {
    /// Carries out one step, whole or not at all. Once it returns, addresses answer and routes
    /// carry packets: no duplicate address detection is under way. A link that a step removes carries
    /// no packets any more, and its names and addresses can be given anew, even where the kernel
    /// still has it for a moment.
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError>;

    /// The host's links with their addresses, by the kernel's index, without those that were removed. A link whose name is not an
    /// [`IfName`](tidegate_model::IfName) is left out: it is none of ours.
    fn links(&mut self) -> Result<Vec<Link>, LinkError>;

    /// The ports of bridges, ours both, that do not keep their endpoints from the host's 127.0.0.0/8, and our bridges that
    /// are not sealed, whether they are to be or not.
    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError>;

    /// What a new subnet must not overlap, sorted, each once: destinations of the host's unicast
    /// routes in every table but `local`, but for default routes, and its addresses' prefixes.
    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError>;

    /// The routes of the host's main table.
    fn routes(&mut self) -> Result<Vec<Route>, LinkError>;

    /// What passes through the connections that the host tracks, by the course that they took. A kernel that
    /// tracks none has none.
    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError>;

    /// The connections that the host tracks, for a thread of their own.
    fn connections(&self) -> Box<dyn Connections>;

    /// The ports that something on the host listens on, whatever the address.
    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError>;

    /// Takes namespaces of endpoints, opened before, for what is asked next; they are let go of when others are
    /// admitted, or none. A namespace that is needed and was not admitted is opened when it is needed.
    fn keep_open(&mut self, _guests: OpenNamespaces) {}

    /// What the namespace at `path` looks like. The host's own namespace is refused.
    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError>;

    /// Which namespace is at `path`, without a look into it. The host's own namespace is refused.
    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError>;
}

/// The connections that one network namespace tracks.
pub trait Connections: Send {
    /// Goes through all of them once, and forgets those that `fate` says so of; gives back how many.
    /// A kernel that tracks none has none to forget.
    fn forget(&mut self, fate: &dyn Fn(&Tracked) -> Fate) -> Result<usize, LinkError>;
}
