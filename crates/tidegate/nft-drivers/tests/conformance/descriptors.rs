//! Descriptors at and above 1024, at which `select()` in libnftables ends the process.

use std::fs::File;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tidegate_nft::*;

use crate::sample::TABLE;
use crate::subject::{ON_KERNEL, World, transaction};

#[test]
fn a_driver_opened_when_all_low_descriptors_are_taken_works() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("up to the maximum");
    let taken: Vec<File> = (0..1100)
        .map(|_| File::open("/dev/null").expect("the limit allows it"))
        .collect();
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let world = World::new(subject);
        let mut model = Ruleset::new();
        world.apply(&mut model, &transaction(|add| add.add(TABLE)));
        let refused = transaction(|t| t.create(TABLE));
        assert_eq!(
            world.driver.apply(&refused).expect_err("it is there").kind,
            Kind::Exists
        );
        assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    }
    drop(taken);
}
