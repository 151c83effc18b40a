//! Random transactions, given to the ruleset in memory and to the kernel: both take the same ones,
//! and both hold the same afterwards. So the fake refuses what the kernel refuses, and what it says
//! takes a transaction back does so in the kernel.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tidegate_nft::*;

use crate::sample::ifname;
use crate::subject::{Subject, World};

const TABLES: [TableId; 2] = [
    TableId::new(Family::Inet, name!("one")),
    TableId::new(Family::Inet, name!("two")),
];

fn table() -> impl Strategy<Value = TableId> {
    prop::sample::select(TABLES.to_vec())
}

fn chain_name() -> impl Strategy<Value = Name> {
    prop_oneof![Just(name!("aa")), Just(name!("bb")), Just(name!("entry"))]
}

fn chain() -> impl Strategy<Value = Chain> {
    (table(), chain_name(), any::<bool>()).prop_map(|(table, name, drops)| {
        let policy = if drops { Policy::Drop } else { Policy::Accept };
        let base = Base::new(ChainKind::Filter, Hook::Forward, Priority(7)).policy(policy);
        let is_base = name == name!("entry");
        Chain {
            id: table.chain(name),
            base: is_base.then_some(base),
        }
    })
}

fn set() -> impl Strategy<Value = Set> {
    (table(), 0..3).prop_map(|(table, which)| match which {
        0 => Set::new(&table, name!("names"), Datatype::Ifname),
        1 => Set::map(&table, name!("marks"), Datatype::Mark, Datatype::Mark),
        _ => Set::verdict_map(&table, name!("ways"), Datatype::Mark),
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let key = || Key::from(fields::META_MARK);
    let statement = prop_oneof![
        Just(Statement::Counter),
        Just(Verdict::Accept.into()),
        chain_name().prop_map(|chain| Verdict::Jump(chain).into()),
        chain_name().prop_map(|chain| Verdict::Goto(chain).into()),
        Just(fields::IIFNAME.is_in(name!("names"))),
        Just(fields::OIFNAME.is_not_in(name!("names"))),
        Just(key().verdict_from(name!("ways"))),
    ];
    let rule = |(table, chain, statement): (TableId, Name, Statement)| {
        // No chain leads to itself: validation would refuse it where the kernel may not.
        let loops = matches!(&statement, Statement::Verdict(to) if to.target() == Some(&chain));
        let statement = if loops { Statement::Counter } else { statement };
        Rule::new(table.chain(chain), [statement]).tagged("r")
    };
    (table(), chain_name(), statement).prop_map(rule)
}

/// A set, and elements that would fit it.
fn elements() -> impl Strategy<Value = (SetId, Vec<Element>)> {
    let marks = prop::collection::vec((0_u32..4, 0_u32..2, chain_name()), 1..4);
    (set(), marks).prop_map(|(set, marks)| {
        let element = |(mark, to, chain): (u32, u32, Name)| match set.data {
            DataType::None if set.key == Datatype::Ifname.into() => {
                Element::new([ifname(&format!("br-{mark}")).into()])
            }
            DataType::None => Element::new([Mark(mark).into()]),
            DataType::Values(_) => Element::new([Mark(mark).into()]).values([Mark(to).into()]),
            DataType::Verdict => Element::new([Mark(mark).into()]).verdict(Verdict::Jump(chain)),
        };
        (set.id.clone(), marks.into_iter().map(element).collect())
    })
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    prop_oneof![
        1 => table().prop_map(ObjectId::Table),
        3 => chain().prop_map(|chain| ObjectId::Chain(chain.id)),
        3 => set().prop_map(|set| ObjectId::Set(set.id)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => table().prop_map(|table| Op::Add(table.into())),
        1 => table().prop_map(|table| Op::Create(table.into())),
        4 => chain().prop_map(|chain| Op::Add(chain.into())),
        1 => chain().prop_map(|chain| Op::Create(chain.into())),
        4 => set().prop_map(|set| Op::Add(set.into())),
        1 => set().prop_map(|set| Op::Create(set.into())),
        1 => table().prop_map(|table| {
            Op::Add(Set::new(&table, name!("marks"), Datatype::Mark).into())
        }),
        6 => rule().prop_map(|rule| Op::Add(rule.into())),
        2 => rule().prop_map(Op::Insert),
        3 => object_id().prop_map(Op::Delete),
        2 => object_id().prop_map(Op::Flush),
        6 => elements().prop_map(|(set, elements)| Op::AddElements { set, elements }),
        1 => elements().prop_map(|(set, elements)| Op::CreateElements { set, elements }),
        3 => elements().prop_map(|(set, elements)| Op::DeleteElements { set, elements }),
    ]
}

fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    let transaction = prop::collection::vec(op(), 1..5).prop_map(Transaction::from_iter);
    prop::collection::vec(transaction, 1..16)
}

/// Tables, sets and some chains to begin with, or hardly anything would be taken.
fn start() -> Transaction {
    let objects = |table: &TableId| {
        let entry = Base::new(ChainKind::Filter, Hook::Forward, Priority(7));
        [
            Object::Table(table.clone()),
            Chain::regular(table.chain(name!("aa"))).into(),
            Chain::base(table.chain(name!("entry")), entry).into(),
            Set::new(table, name!("names"), Datatype::Ifname).into(),
            Set::map(table, name!("marks"), Datatype::Mark, Datatype::Mark).into(),
            Set::verdict_map(table, name!("ways"), Datatype::Mark).into(),
        ]
    };
    TABLES.iter().flat_map(objects).map(Op::Add).collect()
}

fn check_same(world: &World, model: &Ruleset) -> Result<(), TestCaseError> {
    for table in &TABLES {
        match (world.driver.list(table), model.table(table)) {
            (Ok(_), Some(_)) => {
                prop_assert_eq!(world.differences(model, table), Vec::<String>::new())
            }
            (Err(error), None) => prop_assert_eq!(error.kind, Kind::NotFound),
            (found, planned) => prop_assert!(false, "{table}: {found:?} and {planned:?}"),
        }
    }
    Ok(())
}

fn check(world: &World, transactions: &[Transaction]) -> Result<(), TestCaseError> {
    let mut model = Ruleset::new();
    let all = TABLES.iter().fold(Transaction::new(), |mut all, table| {
        all.destroy_table(table);
        all
    });
    world.apply(&mut model, &all);
    world.apply(&mut model, &start());
    for transaction in transactions {
        let before = model.clone();
        match (model.apply(transaction), world.driver.apply(transaction)) {
            (Ok(inverse), Ok(())) => {
                prop_assert_eq!(&transaction.inverse(&before), &Ok(inverse.clone()));
                let again = world.apply(&mut model, &inverse);
                prop_assert_eq!(&model, &before, "{}\ninverse:\n{}", transaction, inverse);
                check_same(world, &model)?;
                world.apply(&mut model, &again);
            }
            (Err(_), Err(error)) => {
                prop_assert_eq!(error.applied, Applied::No);
                prop_assert_eq!(&model, &before);
            }
            (model, kernel) => {
                prop_assert!(
                    false,
                    "{before}\n{transaction}model: {model:?}\nkernel: {kernel:?}"
                );
            }
        }
        check_same(world, &model)?;
    }
    Ok(())
}

#[test]
fn the_fake_and_the_kernel_agree() {
    if !Subject::LongLived.can_run() {
        return;
    }
    let world = World::new(Subject::LongLived);
    // PROPTEST_CASES looks further than there is time for each time.
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked { Config::default().cases } else { 8 };
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&transactions(), |steps| check(&world, &steps));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
