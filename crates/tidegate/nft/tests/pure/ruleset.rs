//! The ruleset in memory.

use expect_test::{Expect, expect};
use tidegate_nft::*;

use crate::sample::{self, TABLE, chain, publish4, published};

fn transaction(build: impl FnOnce(&mut Transaction) -> &mut Transaction) -> Transaction {
    let mut transaction = Transaction::new();
    build(&mut transaction);
    transaction
}

fn sampled() -> Ruleset {
    let mut ruleset = Ruleset::new();
    ruleset.apply(&sample::everything()).expect("valid");
    ruleset
}

/// Applies it, expects this inverse, and sees that the inverse leads back.
fn check_inverse(transaction: &Transaction, inverse: Expect) {
    let before = sampled();
    let mut after = before.clone();
    let found = after.apply(transaction).expect("valid");
    assert_eq!(transaction.inverse(&before), Ok(found.clone()));
    inverse.assert_eq(&found.to_text());
    let again = after.apply(&found).expect("an inverse is valid");
    assert_eq!(after, before);
    // Taken back and done again, it is where it led.
    let mut forth = before.clone();
    forth.apply(transaction).expect("valid");
    after.apply(&again).expect("an inverse is valid");
    assert_eq!(after, forth);
}

#[test]
fn the_inverse_of_element_changes_is_by_key() {
    let change = transaction(|change| {
        change
            .add_elements(&publish4().id, [published(8080), published(1)])
            .delete_elements(&publish4().id, [published(8080)])
    });
    check_inverse(
        &change,
        expect![[r#"
        add element inet sample publish4 { 6 . 8080 comment "web #1; {80}" : 10.0.0.2 . 80 }
        delete element inet sample publish4 { 6 . 1 }
    "#]],
    );
}

#[test]
fn the_inverse_of_what_was_made_takes_it_away_and_nothing_else() {
    let side = TABLE.chain(name!("side"));
    let scratch = Set::verdict_map(&TABLE, name!("scratch"), Datatype::Mark);
    let to_side = Element::new([Mark(1).into()]).verdict(Verdict::Jump(side.name.clone()));
    let lookup = Key::from(fields::META_MARK).verdict_from(scratch.id.name.clone());
    let change = transaction(|change| {
        change
            .add(scratch.clone())
            .add(Chain::regular(side.clone()))
            .add(Rule::new(side.clone(), [Verdict::Drop.into()]))
            .add_elements(&scratch.id, [to_side])
            .add(Rule::new(chain(name!("rerouting")), [lookup]))
    });
    check_inverse(
        &change,
        expect![[r#"
            flush chain inet sample rerouting
            add rule inet sample rerouting counter comment "rule #77976c7416517c63"
            flush map inet sample scratch
            flush chain inet sample side
            delete chain inet sample side
            delete map inet sample scratch
        "#]],
    );
}

#[test]
fn the_inverse_of_a_rule_writes_its_chain_again() {
    let change = transaction(|change| {
        change
            .insert(Rule::new(chain(name!("guard")), [Statement::Counter]))
            .add(Rule::new(chain(name!("guard")), [Verdict::Drop.into()]))
            .flush(chain(name!("nat_out")))
    });
    check_inverse(
        &change,
        expect![[r#"
            flush chain inet sample nat_out
            add rule inet sample nat_out dnat ip to 10.0.0.9 comment "rule #693f9bd22803c7b8"
            flush chain inet sample guard
            flush chain inet sample guard
            add rule inet sample guard ip saddr != 0.0.0.0 fib saddr . iif oif missing drop comment "rule #98d7b0b99c0b236e"
            add rule inet sample guard fib daddr type local fib daddr type != multicast comment "rule #1c87cb3d5e60466e"
            add rule inet sample guard fib saddr type unicast fib saddr type broadcast comment "rule #814d7c6ff903a521"
        "#]],
    );
}

#[test]
fn the_inverse_of_a_policy_is_the_other() {
    let base = Base::new(ChainKind::Filter, Hook::Prerouting, Priority::RAW).policy(Policy::Drop);
    let change = transaction(|change| change.add(Chain::base(chain(name!("guard")), base)));
    check_inverse(
        &change,
        expect![[r#"
        add chain inet sample guard { type filter hook prerouting priority -300; policy accept; }
    "#]],
    );
}

#[test]
fn a_table_that_is_destroyed_is_built_again() {
    let before = sampled();
    let mut after = before.clone();
    let destroy = transaction(|destroy| destroy.destroy_table(&TABLE));
    let rebuild = after.apply(&destroy).expect("valid");
    assert_eq!(after, Ruleset::new());
    after.apply(&rebuild).expect("valid");
    assert_eq!(after, before);
    assert_eq!(rebuild.ops(), before.to_transaction().ops());
}

#[test]
fn a_transaction_that_would_be_refused_has_no_inverse() {
    let absent = transaction(|absent| absent.delete(chain(name!("absent"))));
    let error = absent.inverse(&sampled()).expect_err("nothing to invert");
    assert_eq!(
        error.to_string(),
        "operation 0 cannot be inverted because it would be refused: \
         chain inet sample absent does not exist"
    );
}

#[test]
fn jumps_that_never_end_are_refused() {
    let jump = |from: Name, to: Name| Rule::new(chain(from), [Verdict::Jump(to).into()]);
    let apart = transaction(|apart| {
        apart
            .add(Chain::regular(chain(name!("round"))))
            .add(jump(name!("round"), name!("inner")))
            .add(jump(name!("inner"), name!("round")))
    });
    let mut ruleset = sampled();
    let refusal = ruleset.apply(&apart).expect_err("`forwarding` leads there");
    assert_eq!(refusal.kind, Kind::Other);
    assert_eq!(ruleset, sampled());
}

#[test]
fn differences_between_rulesets_are_named() {
    let before = sampled();
    let mut after = before.clone();
    let change = transaction(|change| {
        change
            .delete_elements(&publish4().id, [published(8080)])
            .flush(chain(name!("nat_out")))
            .add(TableId::new(Family::Ip, name!("extra")))
    });
    after.apply(&change).expect("valid");
    assert_eq!(before.diff(&before), []);
    let lines: String = before
        .diff(&after)
        .iter()
        .map(|one| format!("{one}\n"))
        .collect();
    expect![[r#"
        - set inet sample publish4 { 6 . 8080 comment "web #1; {80}" : 10.0.0.2 . 80 }
        - chain inet sample nat_out: `dnat ip to 10.0.0.9 comment "rule #693f9bd22803c7b8"`
        + table ip extra
    "#]]
    .assert_eq(&lines);
}
