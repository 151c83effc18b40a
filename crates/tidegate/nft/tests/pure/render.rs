//! Our own rendering, as it is meant to be.

use expect_test::{Expect, expect};
use tidegate_nft::*;

use crate::sample::{TABLE, chain, ifname, publish4, published};

fn check(ops: impl IntoIterator<Item = Op>, text: Expect) {
    let transaction: Transaction = ops.into_iter().collect();
    text.assert_eq(&transaction.to_text());
}

fn rule(statements: impl IntoIterator<Item = Statement>) -> Op {
    Op::Add(Rule::new(chain(name!("c")), statements).into())
}

#[test]
fn tables_and_chains() {
    let base = Base::new(ChainKind::Nat, Hook::Prerouting, Priority::DSTNAT).policy(Policy::Drop);
    check(
        [
            Op::Add(TABLE.into()),
            Op::Create(Chain::regular(chain(name!("c"))).into()),
            Op::Add(Chain::base(chain(name!("nat_in")), base).into()),
            Op::Flush(chain(name!("c")).into()),
            Op::Delete(TABLE.into()),
        ],
        expect![[r#"
            add table inet sample
            create chain inet sample c
            add chain inet sample nat_in { type nat hook prerouting priority -100; policy drop; }
            flush chain inet sample c
            delete table inet sample
        "#]],
    );
}

#[test]
fn sets_and_elements() {
    let element = || published(8080).comment(Comment::sanitized("web"));
    let publish = publish4()
        .comment(Comment::sanitized("ports"))
        .elements([element()]);
    let minute = std::time::Duration::from_secs(60);
    let waiting = Set::new(&TABLE, name!("waiting"), Datatype::Ifname)
        .timeout(Timeout::Default(minute))
        .counter()
        .elements([Element::new([ifname("br-1").into()])
            .timeout(minute)
            .counter()]);
    let ways = Set::verdict_map(&TABLE, name!("ways"), [Datatype::Ifname, Datatype::Mark]);
    let way = Element::new(vec![ifname("br-1").into(), Mark(16).into()])
        .verdict(Verdict::Goto(name!("c")));
    check(
        [
            Op::Add(publish.into()),
            Op::Add(waiting.into()),
            Op::Add(ways.clone().into()),
            Op::AddElements {
                set: ways.id,
                elements: vec![way],
            },
            Op::CreateElements {
                set: publish4().id,
                elements: vec![published(1), published(2)],
            },
            Op::DeleteElements {
                set: publish4().id,
                elements: vec![element()],
            },
            Op::Flush(publish4().id.into()),
        ],
        expect![[r#"
            add map inet sample publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; comment "ports"; elements = { 6 . 8080 comment "web" : 10.0.0.2 . 80 }; }
            add set inet sample waiting { type ifname; timeout 60s; counter; elements = { "br-1" counter packets 0 bytes 0 timeout 60s }; }
            add map inet sample ways { type ifname . mark : verdict; }
            add element inet sample ways { "br-1" . 0x10 : goto c }
            create element inet sample publish4 { 6 . 1 : 10.0.0.2 . 80, 6 . 2 : 10.0.0.2 . 80 }
            delete element inet sample publish4 { 6 . 8080 }
            flush map inet sample publish4
        "#]],
    );
}

#[test]
fn translations() {
    let to = |target| {
        Statement::Nat(Nat {
            kind: NatKind::Dnat,
            target,
        })
    };
    let key = || Key::from([Field::L4proto, Field::Dport(Transport::Tcp)]);
    let at = || Key::from([Field::IpDaddr, Field::L4proto, Field::Dport(Transport::Tcp)]);
    let map = |key, map, with_port| NatTarget::Map {
        version: IpVersion::V4,
        key,
        map,
        with_port,
    };
    let literal = |address: &str, port| NatTarget::Literal {
        address: address.parse().expect("an address"),
        port,
    };
    let tcp = || fields::L4PROTO.is(InetProto::TCP);
    check(
        [
            rule([tcp(), to(map(key(), name!("publish4"), true))]),
            rule([tcp(), to(map(at(), name!("publish4_at"), true))]),
            rule([to(map(
                Key::from(fields::TCP_DPORT),
                name!("addresses"),
                false,
            ))]),
            rule([tcp(), to(literal("10.0.0.1", Some(80)))]),
            rule([tcp(), to(literal("fd00::1", Some(80)))]),
            rule([to(literal("fd00::1", None))]),
        ],
        expect![[r#"
            add rule inet sample c meta l4proto 6 dnat ip addr . port to meta l4proto . tcp dport map @publish4
            add rule inet sample c meta l4proto 6 dnat ip addr . port to ip daddr . meta l4proto . tcp dport map @publish4_at
            add rule inet sample c dnat ip to tcp dport map @addresses
            add rule inet sample c meta l4proto 6 dnat ip to 10.0.0.1:80
            add rule inet sample c meta l4proto 6 dnat ip6 to [fd00::1]:80
            add rule inet sample c dnat ip6 to fd00::1
        "#]],
    );
}

#[test]
fn the_canonical_form() {
    let base = Base::new(ChainKind::Filter, Hook::Forward, Priority::FILTER);
    let transaction: Transaction = [
        Op::Add(TABLE.into()),
        Op::Add(Chain::base(chain(name!("forwarding")), base).into()),
        Op::Add(publish4().elements([published(443), published(80)]).into()),
        Op::Add(Chain::regular(chain(name!("c"))).into()),
        rule([Statement::Counter, Verdict::Accept.into()]),
        Op::Insert(
            Rule::new(
                chain(name!("c")),
                [Statement::CtState(vec![CtState::Invalid])],
            )
            .comment(Comment::sanitized("first")),
        ),
    ]
    .into_iter()
    .collect();
    let mut ruleset = Ruleset::new();
    ruleset.apply(&transaction).expect("valid");
    expect![[r#"
        table inet sample {
        	map publish4 {
        		type inet_proto . inet_service : ipv4_addr . inet_service;
        		elements = { 6 . 80 : 10.0.0.2 . 80,
        			     6 . 443 : 10.0.0.2 . 80 }
        	}

        	chain c {
        		ct state invalid comment "first"
        		counter accept
        	}

        	chain forwarding {
        		type filter hook forward priority 0; policy accept;
        	}
        }
    "#]]
    .assert_eq(&ruleset.to_text());
}
