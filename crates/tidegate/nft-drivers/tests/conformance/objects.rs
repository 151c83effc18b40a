//! What the model has, the kernel takes.

use tidegate_nft::*;

use crate::sample::{self, TABLE, published};
use crate::steps;
use crate::subject::{Subject, World, transaction};

pub(crate) fn every_object_and_statement_is_taken(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
}

pub(crate) fn every_operation_is_taken(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    world.apply(&mut model, &steps::every_operation());
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
}

pub(crate) fn the_start_can_be_repeated(world: &World) {
    let mut model = Ruleset::new();
    let mut start = transaction(|start| start.destroy_table(&TABLE));
    start.append(sample::everything());
    for _ in 0..2 {
        world.apply(&mut model, &start);
        assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    }
}

pub(crate) fn drift_is_seen(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    let guard = TABLE.chain(name!("guard"));
    let drift = transaction(|drift| {
        drift.add_elements(&sample::publish4().id, [published(9)]);
        drift.delete_elements(&sample::publish4().id, [published(8080)]);
        drift.flush(guard.clone());
        drift.add(Chain::regular(TABLE.chain(name!("foreign_one"))))
    });
    world.driver.apply(&drift).expect("taken");
    let rules = model
        .table(&TABLE)
        .and_then(|table| table.chain(&guard.name));
    let rules = rules
        .expect("planned")
        .rules()
        .iter()
        .map(|rule| format!("- chain {guard}: `{rule}`"));
    let mut expected: Vec<_> = rules.collect();
    expected.push("+ chain inet sample foreign_one".to_owned());
    expected.push("+ set inet sample publish4 { 6 . 9 : 10.0.0.2 . 80 }".to_owned());
    expected.push(
        "- set inet sample publish4 { 6 . 8080 comment \"web #1; {80}\" : 10.0.0.2 . 80 }"
            .to_owned(),
    );
    let mut found = world.differences(&model, &TABLE);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

pub(crate) fn a_table_is_replaced_with_any_content(world: &World) {
    let small = transaction(|small| {
        small
            .destroy_table(&TABLE)
            .create(TABLE)
            .create(sample::peers())
    });
    let mut model = Ruleset::new();
    world.apply(&mut model, &small);
    world.apply(
        &mut model,
        &transaction(|table| table.destroy_table(&TABLE)),
    );
    assert_eq!(
        world.driver.list(&TABLE).expect_err("it is gone").kind,
        Kind::NotFound
    );
    world.apply(&mut model, &small);
    world.apply(&mut model, &small);
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
}

pub(crate) fn it_says_what_it_is(world: &World) {
    let about = world.driver.describe();
    let expected = match world.subject {
        Subject::Fake => ("fake", "in memory"),
        Subject::PerTransaction => ("exec", "one process per transaction"),
        Subject::LongLived => ("exec", "one long-lived child"),
        #[cfg(feature = "libnftables")]
        Subject::Library => ("library", "one long-lived context"),
    };
    assert_eq!((about.driver, about.mode.0), expected);
    assert_eq!(about.json, Support::Yes);
    if let Some(netns) = &world.netns {
        let version = about.version.as_deref().expect("it says its release");
        assert!(
            netns.sh("nft -v").contains(&format!("v{version} ")),
            "{version}"
        );
    }
}

pub(crate) fn it_works_after_a_refusal(world: &World) {
    let missing = TableId::new(Family::Inet, name!("absent"));
    let mut model = Ruleset::new();
    for round in 0..3 {
        let refused = transaction(|refused| refused.delete(missing.clone()));
        assert_eq!(
            world.driver.apply(&refused).expect_err("refused").kind,
            Kind::NotFound
        );
        let table = TableId::new(
            Family::Ip,
            Name::new(format!("round_{round}")).expect("valid"),
        );
        world.apply(&mut model, &transaction(|add| add.create(table.clone())));
        assert_eq!(world.differences(&model, &table), Vec::<String>::new());
    }
}

pub(crate) fn filling_makes_the_set_or_finds_it(world: &World) {
    let mut model = Ruleset::new();
    let fill = |port| transaction(|t| t.fill(&sample::publish4(), [published(port)]));
    let refused = world.driver.apply(&fill(1)).expect_err("there is no table");
    assert_eq!(
        (refused.kind, refused.op.map(|op| op.index)),
        (Kind::NotFound, Some(0))
    );
    world.apply(&mut model, &transaction(|t| t.add(TABLE)));
    let undo = [1, 2, 2].map(|port| world.apply(&mut model, &fill(port)));
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    undo.iter()
        .rev()
        .for_each(|inverse| drop(world.apply(&mut model, inverse)));
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    assert_eq!(
        model.table(&TABLE).map(|table| table.sets().count()),
        Some(0)
    );
}
