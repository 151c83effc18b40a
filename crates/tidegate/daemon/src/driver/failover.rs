//! A driver with another one on standby.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tidegate_nft::{
    Applied, BaseChain, Description, Driver, Error, Kind, Listing, TableId, Transaction,
};
use tidegate_nft_drivers::Opened;

use super::{InUse, info};

/// Losses in a row after which the driver is not used again. A driver that is lost twice in a row is not lost by
/// chance.
const LOSSES: u32 = 2;

/// Opens the driver on standby.
type Open = Box<dyn Fn() -> Result<Opened, Error> + Send + Sync>;

/// Uses one driver until it is lost again and again, and from then on another.
///
/// The transaction of a lost driver is given to the other one if it cannot take effect twice: if nothing of it was
/// done, or if it builds a whole table.
pub(crate) struct Failover {
    first: Box<dyn Driver>,
    open: Open,
    second: OnceLock<Box<dyn Driver>>,
    losses: AtomicU32,
    is_switched: AtomicBool,
    in_use: InUse,
}

impl Failover {
    pub(crate) fn new(first: Box<dyn Driver>, open: Open, in_use: InUse) -> Self {
        Self {
            first,
            open,
            second: OnceLock::new(),
            losses: AtomicU32::new(0),
            is_switched: AtomicBool::new(false),
            in_use,
        }
    }

    /// Uses the current driver. If it is lost and `may_repeat` accepts the error, uses the other one.
    fn with<T>(
        &self,
        work: impl Fn(&dyn Driver) -> Result<T, Error>,
        may_repeat: impl Fn(&Error) -> bool,
    ) -> Result<T, Error> {
        if let Some(second) = self.second() {
            return work(second);
        }
        let error = match work(self.first.as_ref()) {
            Err(error) if error.kind == Kind::DriverGone => error,
            done => {
                self.losses.store(0, Ordering::Relaxed);
                return done;
            }
        };
        let losses = self.losses.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(%error, losses, "the nft driver was lost");
        if losses < LOSSES && !may_repeat(&error) {
            return Err(error);
        }
        let Some(second) = self.opened() else {
            return Err(error);
        };
        if losses >= LOSSES {
            self.switch(second, &error);
        }
        match may_repeat(&error) {
            true => work(second),
            false => Err(error),
        }
    }

    /// The other driver, once it is the one in use.
    fn second(&self) -> Option<&dyn Driver> {
        let is_switched = self.is_switched.load(Ordering::Relaxed);
        self.second.get().filter(|_| is_switched).map(AsRef::as_ref)
    }

    /// The other driver, opened.
    fn opened(&self) -> Option<&dyn Driver> {
        if self.second.get().is_none() {
            match (self.open)() {
                // Another thread may have been faster: one is as good as the other.
                Ok(opened) => drop(self.second.set(opened.driver)),
                Err(error) => tracing::error!(%error, "the driver on standby does not open"),
            }
        }
        self.second.get().map(AsRef::as_ref)
    }

    fn switch(&self, second: &dyn Driver, error: &Error) {
        self.is_switched.store(true, Ordering::Relaxed);
        let lost = self.first.describe().driver;
        let why = format!("the {lost} driver was lost {LOSSES} times in a row: {error}");
        let name = second.describe().driver;
        tracing::warn!("using the nft driver {name} from here on: {why}");
        self.in_use.set(info(second.describe(), &why));
    }
}

impl Driver for Failover {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        let may_repeat =
            |error: &Error| error.applied == Applied::No || transaction.replaces_a_table();
        self.with(|driver| driver.apply(transaction), may_repeat)
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.with(|driver| driver.check(transaction), |_| true)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.with(|driver| driver.list(table), |_| true)
    }

    fn base_chains(&self, except: &TableId) -> Result<Vec<BaseChain>, Error> {
        self.with(|driver| driver.base_chains(except), |_| true)
    }

    fn describe(&self) -> &Description {
        self.second().unwrap_or(self.first.as_ref()).describe()
    }

    fn close(&self) -> Result<(), Error> {
        let second = self.second.get().map_or(Ok(()), |second| second.close());
        self.first.close().and(second)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use tidegate_api::DriverInfo;
    use tidegate_nft::{FakeDriver, Family, Layer, name};

    use super::*;

    const TABLE: TableId = TableId::new(Family::Inet, name!("sample"));

    /// A driver that is lost as often as it is told to, before or while it applies.
    struct Mortal {
        driver: FakeDriver,
        lost: Arc<AtomicUsize>,
        how: Error,
    }

    impl Mortal {
        fn new(lost: &Arc<AtomicUsize>, applied: Applied) -> Box<Self> {
            let closed = FakeDriver::new();
            closed.close().unwrap();
            let mut how = closed.apply(&Transaction::new()).unwrap_err();
            how.applied = applied;
            Box::new(Self {
                driver: FakeDriver::new(),
                lost: Arc::clone(lost),
                how,
            })
        }
    }

    impl Layer for Mortal {
        fn inner(&self) -> &dyn Driver {
            &self.driver
        }

        fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
            let left = |lost: usize| lost.checked_sub(1);
            match self
                .lost
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            {
                Ok(_) => Err(self.how.clone()),
                Err(_) => self.driver.apply(transaction),
            }
        }
    }

    struct Scene {
        failover: Failover,
        lost: Arc<AtomicUsize>,
        in_use: InUse,
        second: Arc<FakeDriver>,
    }

    /// The driver on standby, of which the test keeps a hold.
    struct Shared(Arc<FakeDriver>);

    impl Layer for Shared {
        fn inner(&self) -> &dyn Driver {
            self.0.as_ref()
        }
    }

    fn scene(applied: Applied) -> Scene {
        let (lost, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(FakeDriver::new()));
        let first = Mortal::new(&lost, applied);
        let in_use = InUse::from(info(first.describe(), "it opens"));
        let standby = Arc::clone(&second);
        let open = move || {
            Ok(Opened {
                driver: Box::new(Shared(Arc::clone(&standby))),
                why: String::new(),
                fallback: None,
            })
        };
        Scene {
            failover: Failover::new(first, Box::new(open), in_use.clone()),
            lost,
            in_use,
            second,
        }
    }

    fn add() -> Transaction {
        let mut add = Transaction::new();
        add.add(TABLE);
        add
    }

    fn replace() -> Transaction {
        let mut replace = Transaction::new();
        replace.destroy_table(&TABLE).add(TABLE);
        replace
    }

    fn has_it(scene: &Scene) -> bool {
        scene.second.ruleset().table(&TABLE).is_some()
    }

    #[test]
    fn a_driver_that_is_lost_before_it_did_anything_is_stood_in_for() {
        let scene = scene(Applied::No);
        scene.lost.store(1, Ordering::Relaxed);
        scene.failover.apply(&add()).unwrap();
        assert!(has_it(&scene));
        assert_eq!(
            scene.in_use.get().why,
            "it opens",
            "once is no reason to switch"
        );
    }

    #[test]
    fn the_standby_does_not_repeat_a_transaction_that_may_be_done() {
        let scene = scene(Applied::Unknown);
        scene.lost.store(1, Ordering::Relaxed);
        let error = scene.failover.apply(&add()).unwrap_err();
        assert_eq!(error.applied, Applied::Unknown);
        assert!(!has_it(&scene));
    }

    #[test]
    fn a_whole_table_may_be_replaced_twice() {
        let scene = scene(Applied::Unknown);
        scene.lost.store(1, Ordering::Relaxed);
        scene.failover.apply(&replace()).unwrap();
        assert!(has_it(&scene));
    }

    #[test]
    fn a_driver_that_is_lost_twice_in_a_row_is_not_used_again_and_that_is_reported() {
        let scene = scene(Applied::Unknown);
        scene.lost.store(2, Ordering::Relaxed);
        scene.failover.apply(&add()).unwrap_err();
        scene.failover.apply(&replace()).unwrap();
        let DriverInfo { why, .. } = scene.in_use.get();
        assert!(why.contains("was lost 2 times in a row"), "{why}");
        scene.second.close().unwrap();
        let closed = scene.failover.list(&TABLE).unwrap_err();
        assert_eq!(closed.kind, Kind::DriverGone, "it is asked, and it alone");
    }

    #[test]
    fn losses_with_successes_between_them_are_chance() {
        let scene = scene(Applied::Unknown);
        for _ in 0..5 {
            scene.lost.store(1, Ordering::Relaxed);
            scene.failover.apply(&add()).unwrap_err();
            scene.failover.apply(&add()).unwrap();
        }
        assert_eq!(scene.in_use.get().why, "it opens");
    }
}
