//! All or nothing.

use tidegate_nft::*;

use crate::sample::{self, TABLE, published};
use crate::steps;
use crate::subject::{World, in_order, transaction};

/// A transaction that does much and fails in its last line.
fn doomed() -> Transaction {
    let mut doomed = steps::every_operation();
    doomed
        .add_elements(&sample::publish4().id, (100..200).map(published))
        .delete(TABLE.chain(name!("nowhere")));
    doomed
}

pub(crate) fn a_refused_batch_changes_nothing(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    let before = world.text(&TABLE);
    let error = world
        .driver
        .apply(&doomed())
        .expect_err("the last line fails");
    assert_eq!(
        (error.kind, error.applied),
        (Kind::NotFound, Applied::No),
        "{error}"
    );
    let op = error.op.expect("it is known");
    assert_eq!(op.index, doomed().len() - 1);
    assert_eq!(op.text, "delete chain inet sample nowhere");
    assert_eq!(world.text(&TABLE), before);
}

pub(crate) fn a_check_changes_nothing(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    let before = world.text(&TABLE);
    world
        .driver
        .check(&steps::every_operation())
        .expect("it would be taken");
    let error = world
        .driver
        .check(&doomed())
        .expect_err("it would not be taken");
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(world.text(&TABLE), before);
}

pub(crate) fn an_inverse_takes_everything_back(world: &World) {
    let mut model = Ruleset::new();
    let nothing = world.text(&TABLE);
    let take_down = world.apply(&mut model, &sample::everything());
    let (built, built_model) = (world.text(&TABLE), model.clone());

    let steps = steps::every_operation();
    assert_eq!(steps.inverse(&model), Ok(world.apply(&mut model, &steps)));
    assert_ne!(world.text(&TABLE), built);
    let back = steps.inverse(&built_model).expect("it was applied");
    world.apply(&mut model, &back);
    assert_eq!(world.text(&TABLE), built);
    assert_eq!(model, built_model);

    world.apply(&mut model, &take_down);
    assert_eq!(world.text(&TABLE), nothing);
    assert_eq!(model, Ruleset::new());

    let destroy = transaction(|destroy| destroy.destroy_table(&TABLE));
    world.apply(&mut model, &sample::everything());
    let rebuild = world.apply(&mut model, &destroy);
    world.apply(&mut model, &rebuild);
    assert_eq!(in_order(&world.text(&TABLE)), in_order(&built));
}
