//! Big transactions and big answers.

use std::net::Ipv4Addr;

use tidegate_nft::*;

use crate::sample::{TABLE, publish4};
use crate::subject::{World, transaction};

const MANY: u16 = 10_000;

fn published(port: u16) -> Element {
    let key = vec![InetProto::TCP.into(), InetService(port).into()];
    let to = vec![
        Ipv4Addr::from(0x0a00_0000 + u32::from(port)).into(),
        InetService(80).into(),
    ];
    Element::new(key).values(to)
}

pub(crate) fn ten_thousand_elements_in_one_transaction(world: &World) {
    let mut model = Ruleset::new();
    world.apply(
        &mut model,
        &transaction(|base| base.add(TABLE).add(publish4())),
    );
    let all = transaction(|all| all.add_elements(&publish4().id, (1..=MANY).map(published)));
    let back = world.apply(&mut model, &all);
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    world.apply(&mut model, &back);
    // The same, one operation for each.
    let each = (1..=MANY).map(|port| Op::AddElements {
        set: publish4().id,
        elements: vec![published(port)],
    });
    world.apply(&mut model, &each.collect());
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    let count = model
        .table(&TABLE)
        .and_then(|table| table.set(&name!("publish4")));
    assert_eq!(count.map(SetState::len), Some(usize::from(MANY)));
}

pub(crate) fn two_hundred_thousand_bytes_of_errors(world: &World) {
    let mut model = Ruleset::new();
    world.apply(
        &mut model,
        &transaction(|base| base.add(TABLE).add(publish4())),
    );
    // Each of these is refused by itself, and nft quotes each.
    let refused = (1..=2_500).map(|port| Op::DeleteElements {
        set: publish4().id,
        elements: vec![published(port)],
    });
    let refused: Transaction = refused.collect();
    let long = Comment::sanitized(&"x".repeat(128));
    // Few enough for a child, where each error quotes the whole line.
    let few = (1..=100).flat_map(|port| {
        let add = vec![published(port).comment(long.clone())];
        let delete = vec![published(port + 5_000)];
        [
            Op::AddElements {
                set: publish4().id,
                elements: add,
            },
            Op::DeleteElements {
                set: publish4().id,
                elements: delete,
            },
        ]
    });
    let few: Transaction = few.collect();
    for (transaction, first) in [(refused, 0), (few, 1)] {
        let error = world
            .driver
            .apply(&transaction)
            .expect_err("all are refused");
        assert_eq!(error.kind, Kind::NotFound);
        assert_eq!(error.op.as_ref().map(|op| op.index), Some(first));
        assert!(
            error.to_string().len() < 1_000,
            "{}",
            error.to_string().len()
        );
        assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
    }
}
