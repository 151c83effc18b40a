//! Threads and namespaces.

use std::sync::mpsc::channel;
use std::time::Duration;

use test_support::Netns;
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::sample::{TABLE, ifname, publish4, published};
use crate::subject::{ON_KERNEL, World, transaction};

fn base() -> Transaction {
    transaction(|base| base.add(TABLE).add(publish4()))
}

/// Each thread adds and deletes its own element over and over: were two of its updates exchanged,
/// one would be refused.
pub(crate) fn updates_of_eight_threads_keep_their_order(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &base());
    std::thread::scope(|scope| {
        for port in 1..=8 {
            let driver = &world.driver;
            scope.spawn(move || {
                let add = transaction(|t| t.create_elements(&publish4().id, [published(port)]));
                let delete = transaction(|t| t.delete_elements(&publish4().id, [published(port)]));
                for _ in 0..20 {
                    driver.apply(&add).expect("it is not there");
                    driver.apply(&delete).expect("it is there");
                }
                driver.apply(&add).expect("it is not there");
            });
        }
    });
    let all = transaction(|t| t.add_elements(&publish4().id, (1..=8).map(published)));
    model.apply(&all).expect("valid");
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
}

pub(crate) fn closing_ends_it(world: &World) {
    world.driver.apply(&base()).expect("open");
    world.driver.close().expect("it ends as it should");
    let error = world.driver.apply(&base()).expect_err("closed");
    assert_eq!((error.kind, error.applied), (Kind::DriverGone, Applied::No));
    assert_eq!(
        world.driver.close().expect_err("closed").kind,
        Kind::DriverGone
    );
}

#[test]
fn two_namespaces_at_once() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let worlds = [World::new(subject), World::new(subject)];
        std::thread::scope(|scope| {
            for (number, world) in worlds.iter().enumerate() {
                scope.spawn(move || {
                    let mut model = Ruleset::new();
                    world.apply(&mut model, &base());
                    for port in 1..=50 {
                        let port = port + 1000 * u16::try_from(number).expect("two");
                        world.apply(
                            &mut model,
                            &transaction(|t| t.create_elements(&publish4().id, [published(port)])),
                        );
                    }
                    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
                });
            }
        });
    }
}

#[test]
fn a_driver_works_where_it_was_opened_for_and_nowhere_else() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let (here, there) = (Netns::new(), Netns::new());
        let from_inside = here.run(|| subject.open(Location::Current));
        let to_other = here.run(|| subject.open(Location::Path(there.path())));
        let table = |name| TableId::new(Family::Inet, name);
        let add = |name| transaction(|t| t.add(table(name)));
        from_inside.apply(&add(name!("inside"))).expect("taken");
        to_other.apply(&add(name!("other"))).expect("taken");
        assert_eq!(here.sh("nft list ruleset").trim(), "table inet inside {\n}");
        assert_eq!(there.sh("nft list ruleset").trim(), "table inet other {\n}");
    }
}

#[test]
fn a_namespace_that_is_not_there_is_named() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let missing = Location::Path("/run/netns/no-such-namespace".into());
        let options = ExecOptions::default();
        let Err(error) = ExecDriver::open(missing, options) else {
            panic!("it is not there")
        };
        assert_eq!(error.kind, Kind::NotFound);
        assert!(
            error.reason.contains("/run/netns/no-such-namespace"),
            "{error}"
        );
    }
}

/// A big transaction in one namespace keeps its driver busy until its last operation is done; one in
/// another namespace is answered in the meantime.
#[test]
fn a_slow_namespace_does_not_hold_another_up() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let (slow, quick) = (World::new(subject), World::new(subject));
        slow.driver.apply(&base()).expect("taken");
        quick.driver.apply(&base()).expect("taken");
        let rules = (0..40_000).map(|number| {
            let statement = fields::IIFNAME.is(ifname(&format!("br-{number}")));
            Op::Add(Rule::new(TABLE.chain(name!("long")), [statement]).into())
        });
        let long = Op::Add(Chain::regular(TABLE.chain(name!("long"))).into());
        let big: Transaction = std::iter::once(long).chain(rules).collect();
        let (done, order) = channel();
        std::thread::scope(|scope| {
            let (finished, started) = (done.clone(), channel());
            let (slow, big) = (&slow, &big);
            scope.spawn(move || {
                started.0.send(()).expect("awaited");
                slow.driver.apply(big).expect("taken");
                finished.send("slow").expect("awaited");
            });
            started.1.recv().expect("it started");
            for port in 1..=3 {
                let add = transaction(|t| t.add_elements(&publish4().id, [published(port)]));
                quick.driver.apply(&add).expect("taken");
            }
            done.send("quick").expect("awaited");
        });
        let first = order
            .recv_timeout(Duration::from_secs(60))
            .expect("both end");
        assert_eq!(first, "quick", "{subject:?}");
    }
}
