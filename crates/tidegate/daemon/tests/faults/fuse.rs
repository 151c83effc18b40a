//! A driver and links that end the engine's work at a chosen point, as a kill ends the daemon's: what
//! it was about to do is not done, nor is anything undone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidegate_link::Links;
use tidegate_link::fakes::HookedLinks;
use tidegate_nft::{Driver, Error, Layer, Transaction};

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

impl Layer for FusedDriver {
    fn inner(&self) -> &dyn Driver {
        self.0.as_ref()
    }

    fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
        self.1.pass();
        let applied = self.0.apply(transaction);
        self.1.pass();
        applied
    }
}

/// Links with points before and after each step.
pub(crate) fn fused_links(links: Box<dyn Links>, fuse: Fuse) -> Box<dyn Links> {
    Box::new(HookedLinks::new(links, move |links, step| {
        fuse.pass();
        let applied = links.apply(step);
        fuse.pass();
        applied
    }))
}
