//! A driver and links that end the engine's work at a chosen point, as a kill ends the daemon's: what
//! it was about to do is not done, nor is anything undone.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ipnet::IpNet;
use tidegate_link::{Connections, LinkError, Links};
use tidegate_model::links::{Link, LinkStep, NetnsFacts, Route};
use tidegate_model::traffic::{ConnectionKey, TrafficCounts};
use tidegate_model::{IfName, NetnsId, Protocol};
use tidegate_nft::{BaseChain, Description, Driver, Error, Listing, TableId, Transaction};

/// Counts the points that are passed, before and after everything that changes something.
#[derive(Clone, Debug)]
pub(crate) struct Fuse(Arc<AtomicU32>);

/// What a thread that met its end unwinds with.
pub(crate) struct Killed;

impl Fuse {
    /// One that never blows.
    pub(crate) fn endless() -> Self {
        Self(Arc::new(AtomicU32::new(u32::MAX)))
    }

    /// Blows once this many points more were passed.
    pub(crate) fn blow_after(&self, points: u32) {
        self.0.store(points, Ordering::Relaxed);
    }

    /// Passes a point. What has blown stays so: who is dead does nothing more.
    fn pass(&self) {
        let left = |points: u32| match points {
            u32::MAX => None,
            points => points.checked_sub(1),
        };
        let order = Ordering::Relaxed;
        match self.0.fetch_update(order, order, left) {
            Ok(_) | Err(u32::MAX) => {}
            Err(_) => std::panic::resume_unwind(Box::new(Killed)),
        }
    }
}

/// A driver with points before and after each transaction.
pub(crate) struct FusedDriver(pub(crate) Box<dyn Driver>, pub(crate) Fuse);

impl Driver for FusedDriver {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        self.1.pass();
        let applied = self.0.apply(transaction);
        self.1.pass();
        applied
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.0.check(transaction)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.0.list(table)
    }

    fn base_chains(&self) -> Result<Vec<BaseChain>, Error> {
        self.0.base_chains()
    }

    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn close(&self) -> Result<(), Error> {
        self.0.close()
    }
}

/// Links with points before and after each step.
pub(crate) struct FusedLinks(pub(crate) Box<dyn Links>, pub(crate) Fuse);

impl Links for FusedLinks {
    fn apply(&mut self, step: &LinkStep) -> Result<(), LinkError> {
        self.1.pass();
        let applied = self.0.apply(step);
        self.1.pass();
        applied
    }

    fn links(&mut self) -> Result<Vec<Link>, LinkError> {
        self.0.links()
    }

    fn unguarded(&mut self) -> Result<BTreeSet<IfName>, LinkError> {
        self.0.unguarded()
    }

    fn occupied_subnets(&mut self) -> Result<Vec<IpNet>, LinkError> {
        self.0.occupied_subnets()
    }

    fn routes(&mut self) -> Result<Vec<Route>, LinkError> {
        self.0.routes()
    }

    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError> {
        self.0.traffic()
    }

    fn connections(&self) -> Box<dyn Connections> {
        self.0.connections()
    }

    fn used_ports(&mut self) -> Result<BTreeSet<(Protocol, u16)>, LinkError> {
        self.0.used_ports()
    }

    fn netns(&mut self, path: &Path) -> Result<NetnsFacts, LinkError> {
        self.0.netns(path)
    }

    fn netns_id(&mut self, path: &Path) -> Result<NetnsId, LinkError> {
        self.0.netns_id(path)
    }
}
