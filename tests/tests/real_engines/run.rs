//! Runs the cases with an engine: with its own driver and with Tidegate side by side, each on a host of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use test_support::{Need, require, require_root_kernel};

use crate::cases::{self, Case};
use crate::column::Column;
use crate::engine::{ENGINES, Engine};
use crate::report::{self, Outcome};
use crate::scene::Scene;

#[test]
fn podman_4_3_with_cni() {
    answers_as_wanted(&ENGINES[0]);
}

#[test]
fn podman_5_4_with_netavark() {
    answers_as_wanted(&ENGINES[1]);
}

#[test]
fn docker_20_10() {
    answers_as_wanted(&ENGINES[2]);
}

#[test]
fn docker_26_1() {
    answers_as_wanted(&ENGINES[3]);
}

#[test]
fn containerd_1_6_with_ctr() {
    answers_as_wanted(&ENGINES[4]);
}

#[test]
fn containerd_1_7_with_cri() {
    answers_as_wanted(&ENGINES[5]);
}

#[test]
fn libcni_1_1() {
    answers_as_wanted(&ENGINES[6]);
}

fn answers_as_wanted(engine: &'static Engine) {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let outcomes = std::thread::scope(|scope| {
        let columns = engine
            .columns()
            .iter()
            .map(|&column| scope.spawn(move || column_of(engine, column)));
        let columns: Vec<_> = columns.collect();
        let outcomes = columns
            .into_iter()
            .map(|column| column.join().expect("no host fails"));
        outcomes.flatten().collect::<Vec<_>>()
    });
    let faults: Vec<String> = outcomes.iter().flat_map(Outcome::faults).collect();
    println!("{}", report::add(outcomes));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn column_of(engine: &'static Engine, column: Column) -> Vec<Outcome> {
    let all = std::env::var("TIDEGATE_TEST_ENGINES").is_ok_and(|value| value == "all");
    let part = std::env::var("TIDEGATE_TEST_CASES").unwrap_or_default();
    let is_tried =
        |case: &&Case| case.applies(engine) && (all || !case.is_long) && case.name.contains(&part);
    let host = engine.host(column);
    let outcomes = cases::all().filter(is_tried).map(|case| {
        let scene = Scene::new(&host, engine, column, case.name);
        let ended = catch_unwind(AssertUnwindSafe(|| (case.run)(&scene)));
        let cleared = catch_unwind(AssertUnwindSafe(|| scene.clear()));
        let stopped = ended.and(cleared).err().map(|panic| {
            let text = panic.downcast_ref::<String>();
            text.cloned()
                .unwrap_or_else(|| "a panic without a text".to_owned())
        });
        let outcome = Outcome {
            engine: engine.name,
            column,
            case: case.name,
            answers: scene.take_answers(),
            stopped,
        };
        println!("{outcome}");
        outcome
    });
    outcomes.collect()
}
