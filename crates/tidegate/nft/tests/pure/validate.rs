//! What is refused before the kernel sees it, with the object's name.

use expect_test::{Expect, expect};
use tidegate_nft::*;

use crate::sample::{TABLE, chain, ifname, peers, publish4, published};

/// Applies the operations on top of some declarations, and expects the last to be found wrong.
fn check(op: Op, message: Expect) {
    let post = Base::new(ChainKind::Nat, Hook::Postrouting, Priority::SRCNAT);
    let mut transaction = Transaction::new();
    transaction
        .add(TABLE)
        .add(publish4())
        .add(peers())
        .add(Set::verdict_map(&TABLE, name!("ways"), Datatype::Mark))
        .add(Chain::regular(chain(name!("c"))))
        .add(Chain::base(chain(name!("nat_post")), post));
    transaction.validate().expect("the declarations are right");
    transaction.push(op);
    let invalid = transaction.validate().expect_err("it is wrong");
    assert_eq!(invalid.index, transaction.len() - 1);
    message.assert_eq(&invalid.to_string());

    let mut ruleset = Ruleset::new();
    let refusal = ruleset
        .apply(&transaction)
        .expect_err("the fake refuses it too");
    assert_eq!(
        (refusal.index, refusal.kind),
        (invalid.index, Kind::Invalid)
    );
    assert_eq!(ruleset, Ruleset::new());
}

fn rule(statements: impl IntoIterator<Item = Statement>) -> Op {
    Op::Add(Rule::new(chain(name!("c")), statements).into())
}

#[test]
fn elements_of_another_type() {
    let add = |set: Set, element: Element| Op::AddElements {
        set: set.id,
        elements: vec![element],
    };
    let bare = Element {
        data: None,
        ..published(80)
    };
    let ways = || Set::verdict_map(&TABLE, name!("ways"), Datatype::Mark);
    let mark = || Element::new([Mark(1).into()]);
    check(
        add(peers(), Element::new([ifname("a").into()])),
        expect![[
            r#"operation 6: set inet sample peers: key "a" has the type ifname where ifname . ifname is wanted"#
        ]],
    );
    check(
        add(peers(), Element::new([]).counter()),
        expect![
            "operation 6: set inet sample peers: key  has the type  where ifname . ifname is wanted"
        ],
    );
    check(
        add(publish4(), bare.clone()),
        expect!["operation 6: map inet sample publish4: 6 . 80 has no data, but it is a map"],
    );
    check(
        add(publish4(), bare.clone().values([Mark(1).into()])),
        expect![
            "operation 6: map inet sample publish4: data of 6 . 80 has the type mark where ipv4_addr . inet_service is wanted"
        ],
    );
    check(
        add(publish4(), bare.verdict(Verdict::Drop)),
        expect![
            "operation 6: map inet sample publish4: 6 . 80 : drop maps to a verdict, but it is a map of values"
        ],
    );
    check(
        add(ways(), mark().values([Mark(1).into()])),
        expect![
            "operation 6: map inet sample ways: 0x1 : 0x1 maps to values, but it is a verdict map"
        ],
    );
    check(
        add(ways(), mark()),
        expect!["operation 6: map inet sample ways: 0x1 has no data, but it is a map"],
    );
    check(
        add(ways(), mark().verdict(Verdict::Drop).counter()),
        expect![
            "operation 6: map inet sample ways: 0x1 counter packets 0 bytes 0 : drop has a counter, but its set has none"
        ],
    );
    let minute = std::time::Duration::from_secs(60);
    check(
        add(ways(), mark().verdict(Verdict::Drop).timeout(minute)),
        expect![
            "operation 6: map inet sample ways: 0x1 timeout 60s : drop has a timeout, but its elements have none"
        ],
    );
    check(
        Op::AddElements {
            set: peers().id,
            elements: vec![],
        },
        expect!["operation 6: set inet sample peers: there are no elements to add"],
    );
    check(
        Op::AddElements {
            set: TABLE.map(name!("peers")),
            elements: vec![mark()],
        },
        expect!["operation 6: map inet sample peers: it is not a map"],
    );
    check(
        Op::DeleteElements {
            set: peers().id,
            elements: vec![mark()],
        },
        expect![
            "operation 6: set inet sample peers: key 0x1 has the type mark where ifname . ifname is wanted"
        ],
    );
    let mixed = vec![mark(), Element::new([ifname("a").into()])];
    check(
        Op::AddElements {
            set: TABLE.set(name!("elsewhere")),
            elements: mixed,
        },
        expect![[
            r#"operation 6: set inet sample elsewhere: key "a" has the type ifname where mark is wanted"#
        ]],
    );
}

#[test]
fn declarations_that_make_no_sense() {
    let four = vec![Datatype::Ifname; 5];
    check(
        Op::Add(Set::new(&TABLE, name!("s"), Type::new(four)).into()),
        expect![
            "operation 6: set inet sample s: its key (ifname . ifname . ifname . ifname . ifname) takes 80 bytes where the kernel has 64"
        ],
    );
    check(
        Op::Add(Set::new(&TABLE, name!("s"), Type::new([])).into()),
        expect!["operation 6: set inet sample s: its key has no type"],
    );
    let half = Timeout::Default(std::time::Duration::from_millis(500));
    let set = Set::new(&TABLE, name!("s"), Datatype::Mark);
    check(
        Op::Add(set.clone().timeout(half).into()),
        expect![
            "operation 6: set inet sample s: a timeout is a number of whole seconds, not 500ms"
        ],
    );
    let renamed = Set {
        id: TABLE.map(name!("s")),
        ..set
    };
    check(
        Op::Add(renamed.into()),
        expect!["operation 6: map inet sample s: is declared as a set but used as a map"],
    );
    let base = |kind, hook| {
        Op::Add(Chain::base(chain(name!("b")), Base::new(kind, hook, Priority(0))).into())
    };
    check(
        base(ChainKind::Nat, Hook::Forward),
        expect![
            "operation 6: chain inet sample b: there are no nat chains at hook forward of family inet"
        ],
    );
    check(
        base(ChainKind::Route, Hook::Input),
        expect![
            "operation 6: chain inet sample b: there are no route chains at hook input of family inet"
        ],
    );
    check(
        base(ChainKind::Filter, Hook::Ingress),
        expect!["operation 6: chain inet sample b: hook ingress needs a device"],
    );
    let arp = TableId::new(Family::Arp, name!("t"));
    let forward = Base::new(ChainKind::Filter, Hook::Forward, Priority(0));
    check(
        Op::Add(Chain::base(arp.chain(name!("b")), forward).into()),
        expect!["operation 6: chain arp t b: family arp has no hook forward"],
    );
}

#[test]
fn rules_that_make_no_sense() {
    let pair = || Key::from([Field::Iifname, Field::Oifname]);
    let nat = |target| {
        Statement::Nat(Nat {
            kind: NatKind::Dnat,
            target,
        })
    };
    let literal = NatTarget::Literal {
        address: [10, 0, 0, 1].into(),
        port: Some(80),
    };
    let map = |version, key, map| NatTarget::Map {
        version,
        key,
        map,
        with_port: false,
    };
    let port = Key::from(fields::TCP_DPORT);
    let wrong = Match {
        field: Field::IpDaddr,
        operand: Operand::Value(Mark(1).into()),
        negated: false,
    };
    check(
        rule([]),
        expect!["operation 6: chain inet sample c: a rule without statements"],
    );
    check(
        rule([Statement::Match(wrong)]),
        expect![
            "operation 6: chain inet sample c: `ip daddr 0x1` its right side has the type mark where ipv4_addr is wanted"
        ],
    );
    check(
        rule([Verdict::Drop.into(), Statement::Counter]),
        expect!["operation 6: chain inet sample c: `drop` ends the rule too early"],
    );
    check(
        rule([fields::IIFNAME.is_in(name!("peers"))]),
        expect![
            "operation 6: chain inet sample c: `iifname @peers` its key has the type ifname where ifname . ifname is wanted"
        ],
    );
    check(
        rule([pair().verdict_from(name!("peers"))]),
        expect![
            "operation 6: chain inet sample c: `iifname . oifname vmap @peers` needs a verdict map, which peers is not"
        ],
    );
    check(
        rule([Key::from(fields::META_MARK).is_in(name!("ways"))]),
        expect![
            "operation 6: chain inet sample c: `meta mark @ways` needs a set, which ways is not"
        ],
    );
    check(
        rule([nat(literal)]),
        expect![
            "operation 6: chain inet sample c: `dnat ip to 10.0.0.1:80` needs a match on the transport protocol before it"
        ],
    );
    check(
        rule([nat(map(IpVersion::V4, port, name!("publish4")))]),
        expect![
            "operation 6: chain inet sample c: `dnat ip to tcp dport map @publish4` its key has the type inet_service where inet_proto . inet_service is wanted"
        ],
    );
    check(
        rule([Statement::CtState(vec![])]),
        expect!["operation 6: chain inet sample c: `ct state ` names no state"],
    );
    check(
        rule([
            fields::IP_SADDR.is([10, 0, 0, 1].into()),
            fields::IP6_DADDR.is(std::net::Ipv6Addr::LOCALHOST),
        ]),
        expect![
            "operation 6: chain inet sample c: `ip saddr 10.0.0.1 ip6 daddr ::1` looks at both versions of IP, or at the wrong one"
        ],
    );
    let misplaced = NatTarget::Literal {
        address: [10, 0, 0, 1].into(),
        port: None,
    };
    check(
        Op::Add(Rule::new(chain(name!("nat_post")), [nat(misplaced)]).into()),
        expect![
            "operation 6: chain inet sample nat_post: `dnat ip to 10.0.0.1` cannot be in a nat chain at hook postrouting"
        ],
    );
    check(
        Op::Create(Rule::new(chain(name!("c")), [Statement::Counter]).into()),
        expect![
            "operation 6: chain inet sample c: rules are added or inserted: nft cannot create them"
        ],
    );
}

#[test]
fn intervals_where_they_may_not_be() {
    let net: ipnet::Ipv4Net = "10.208.0.0/24".parse().unwrap();
    let plain = Set::new(&TABLE, name!("subnets"), Datatype::Ipv4Addr).intervals();
    check(
        Op::Add(plain.into()),
        expect![
            "operation 6: set inet sample subnets: has intervals, but its key is not concatenated"
        ],
    );
    let of_names = Element::new([ifname("a").into(), net.into()]);
    let exact = Set::new(
        &TABLE,
        name!("exact"),
        [Datatype::Ifname, Datatype::Ipv4Addr],
    );
    check(
        Op::Add(exact.elements([of_names]).into()),
        expect![[
            r#"operation 6: set inet sample exact: "a" . 10.208.0.0/24 has an interval, but its set has none"#
        ]],
    );
    let to_net = Element::new([Mark(1).into()]).values([net.into()]);
    let map = Set::map(&TABLE, name!("m"), Datatype::Mark, Datatype::Ipv4Addr);
    check(
        Op::Add(map.elements([to_net]).into()),
        expect!["operation 6: map inet sample m: 0x1 : 10.208.0.0/24 maps to an interval"],
    );
}
