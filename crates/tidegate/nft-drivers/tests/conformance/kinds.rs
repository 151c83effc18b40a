//! Refusals.

use std::net::Ipv4Addr;

use tidegate_nft::*;

use crate::sample::{self, TABLE, chain, ifname, peers, publish4, published};
use crate::subject::{World, transaction};

fn absent() -> TableId {
    TableId::new(Family::Inet, name!("absent"))
}

fn delete(id: impl Into<ObjectId>) -> Op {
    Op::Delete(id.into())
}

fn flush(id: impl Into<ObjectId>) -> Op {
    Op::Flush(id.into())
}

fn add(object: impl Into<Object>) -> Op {
    Op::Add(object.into())
}

fn create(object: impl Into<Object>) -> Op {
    Op::Create(object.into())
}

fn jump(to: Name) -> Op {
    add(Rule::new(chain(name!("inner")), [Verdict::Jump(to).into()]))
}

fn on_absent_things() -> Vec<Op> {
    let rule = || Rule::new(chain(name!("absent")), [Statement::Counter]);
    let set = TABLE.set(name!("absent"));
    let map = TABLE.map(name!("absent"));
    let elements = || vec![Element::new([Mark(1).into()])];
    vec![
        delete(absent()),
        flush(absent()),
        add(Chain::regular(absent().chain(name!("c")))),
        add(Set::new(&absent(), name!("s"), Datatype::Mark)),
        add(Rule::new(absent().chain(name!("c")), [Statement::Counter])),
        Op::AddElements {
            set: absent().set(name!("s")),
            elements: elements(),
        },
        delete(chain(name!("absent"))),
        flush(chain(name!("absent"))),
        add(rule()),
        Op::Insert(rule()),
        jump(name!("absent")),
        add(Rule::new(
            chain(name!("inner")),
            [fields::IIFNAME.is_in(name!("absent"))],
        )),
        delete(set.clone()),
        delete(map.clone()),
        flush(set.clone()),
        flush(map.clone()),
        Op::AddElements {
            set: set.clone(),
            elements: elements(),
        },
        Op::DeleteElements {
            set,
            elements: elements(),
        },
        Op::DeleteElements {
            set: map,
            elements: elements(),
        },
        Op::DeleteElements {
            set: publish4().id,
            elements: vec![published(9999)],
        },
    ]
}

fn on_present_things() -> Vec<Op> {
    let elsewhere = vec![Ipv4Addr::new(10, 9, 9, 9).into(), InetService(1).into()];
    let moved = Element {
        data: None,
        ..published(8080)
    }
    .values(elsewhere);
    let other_type = [Datatype::Ifname, Datatype::Mark];
    vec![
        create(TABLE),
        create(Chain::regular(chain(name!("inner")))),
        create(peers()),
        Op::CreateElements {
            set: publish4().id,
            elements: vec![published(8080)],
        },
        Op::AddElements {
            set: publish4().id,
            elements: vec![moved],
        },
        add(Set::new(&TABLE, peers().id.name, other_type)),
    ]
}

fn on_needed_things() -> Vec<Op> {
    vec![
        delete(chain(name!("inner"))),
        delete(peers().id),
        delete(publish4().id),
    ]
}

fn that_do_not_go() -> Vec<Op> {
    let forwarding = |hook, priority| {
        let base = Base::new(ChainKind::Filter, hook, Priority(priority));
        add(Chain::base(chain(name!("forwarding")), base))
    };
    vec![
        jump(name!("forwarding")),
        forwarding(Hook::Input, -5),
        forwarding(Hook::Forward, 7),
    ]
}

pub(crate) fn each_refusal_has_its_kind_and_names_its_operation(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    let before = world.text(&TABLE);
    let cases = [
        (Kind::NotFound, on_absent_things()),
        (Kind::Exists, on_present_things()),
        (Kind::Busy, on_needed_things()),
        (Kind::Unsupported, that_do_not_go()),
    ];
    for (kind, op) in cases
        .into_iter()
        .flat_map(|(kind, ops)| ops.into_iter().map(move |op| (kind, op)))
    {
        let text = op.to_string();
        let refused: Transaction = [add(TABLE), op, add(TABLE)].into_iter().collect();
        let error = world.driver.apply(&refused).expect_err(&text);
        assert_eq!(
            (error.kind, error.applied),
            (kind, Applied::No),
            "{text}: {error}"
        );
        let op = error.op.as_ref().map(|op| (op.index, op.text.as_str()));
        assert_eq!(op, Some((1, text.as_str())), "{error}");
        assert!(!error.reason.is_empty(), "{error}");
    }
    assert_eq!(world.text(&TABLE), before);
}

pub(crate) fn an_element_deleted_twice_is_refused(world: &World) {
    let mut model = Ruleset::new();
    world.apply(&mut model, &sample::everything());
    let bridges = TABLE.set(name!("bridges"));
    let element = || [Element::new([ifname("a").into()])];
    let twice = transaction(|t| {
        t.add_elements(&bridges, element());
        t.delete_elements(&bridges, element())
            .delete_elements(&bridges, element())
    });
    let error = world.driver.apply(&twice).expect_err("the second time");
    assert_eq!(
        (error.kind, error.op.map(|op| op.index)),
        (Kind::NotFound, Some(2))
    );
    assert_eq!(world.differences(&model, &TABLE), Vec::<String>::new());
}

pub(crate) fn what_validation_finds_does_not_reach_the_kernel(world: &World) {
    let wrong = transaction(|wrong| {
        wrong.add(TABLE).add(peers());
        wrong.add_elements(&peers().id, [Element::new([Mark(1).into()])])
    });
    let error = world
        .driver
        .apply(&wrong)
        .expect_err("the element is of another type");
    assert_eq!(
        (error.kind, error.op.map(|op| op.index)),
        (Kind::Invalid, Some(2))
    );
    assert_eq!(
        error.reason,
        "set inet sample peers: key 0x1 has the type mark where ifname . ifname is wanted"
    );
    assert_eq!(
        world
            .driver
            .list(&TABLE)
            .expect_err("nothing was made")
            .kind,
        Kind::NotFound
    );
}
