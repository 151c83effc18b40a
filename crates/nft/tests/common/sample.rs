//! A transaction with every object, value, statement and operation of the model.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tidegate_nft::*;

pub(crate) const TABLE: TableId = TableId::new(Family::Inet, name!("sample"));

pub(crate) fn chain(name: Name) -> ChainId {
    TABLE.chain(name)
}

pub(crate) fn ifname(name: &str) -> IfName {
    IfName::new(name).expect("a valid interface name")
}

fn publish_key() -> [Datatype; 2] {
    [Datatype::InetProto, Datatype::InetService]
}

/// An element of `publish4`: a published TCP port.
pub(crate) fn published(port: u16) -> Element {
    let key = vec![InetProto::TCP.into(), InetService(port).into()];
    let to = vec![Ipv4Addr::new(10, 0, 0, 2).into(), InetService(80).into()];
    Element::new(key).values(to)
}

pub(crate) fn publish4() -> Set {
    let data = [Datatype::Ipv4Addr, Datatype::InetService];
    Set::map(&TABLE, name!("publish4"), publish_key(), data)
}

pub(crate) fn peers() -> Set {
    Set::new(&TABLE, name!("peers"), [Datatype::Ifname, Datatype::Ifname])
}

fn sets() -> Vec<Set> {
    use Datatype::{
        EtherAddr as Ether, Ifname, InetService as Port, Ipv4Addr as Ip4, Ipv6Addr as Ip6, Mark,
    };
    let pair = |a, b| Element::new(vec![ifname(a).into(), ifname(b).into()]);
    let marked = Element::new(vec![
        tidegate_nft::Mark(0x10).into(),
        EtherAddr([0, 0x11, 0x22, 0x33, 0x44, 0x55]).into(),
    ]);
    let waiting = Element::new([ifname("br-9").into()])
        .timeout(Duration::from_secs(3600))
        .comment(Comment::sanitized("for an hour"));
    let to6 =
        |port: u16| -> Vec<Value> { vec![Ipv6Addr::LOCALHOST.into(), InetService(port).into()] };
    let address6 = Value::Ipv6Addr("fd00::2".parse().expect("an address"));
    vec![
        peers()
            .comment(Comment::sanitized("who may talk"))
            .elements([pair("br-1", "br-1")]),
        Set::new(&TABLE, name!("bridges"), Ifname),
        Set::new(&TABLE, name!("waiting"), Ifname)
            .timeout(Timeout::PerElement)
            .elements([waiting]),
        Set::new(&TABLE, name!("fading"), Ip4).timeout(Timeout::Default(Duration::from_secs(7200))),
        Set::new(&TABLE, name!("counted"), [Mark, Ether])
            .counter()
            .elements([marked]),
        publish4().elements([published(8080).comment(Comment::sanitized("web #1; {80}"))]),
        Set::map(&TABLE, name!("publish6"), publish_key(), [Ip6, Port])
            .elements([
                Element::new(vec![InetProto::UDP.into(), InetService(53).into()]).values(to6(53)),
            ]),
        Set::map(&TABLE, name!("addresses4"), Port, Ip4),
        Set::map(&TABLE, name!("addresses6"), Port, Ip6)
            .elements([Element::new([InetService(1).into()]).values([address6])]),
        Set::map(&TABLE, name!("ports"), Port, Port)
            .elements([Element::new([InetService(80).into()]).values([InetService(8080).into()])]),
        Set::verdict_map(&TABLE, name!("ways"), [Ifname, Ifname])
            .counter()
            .elements([
                pair("br-1", "br-2").verdict(Verdict::Jump(name!("inner"))),
                pair("br-1", "br-3").verdict(Verdict::Goto(name!("inner"))),
                pair("br-1", "br-4").verdict(Verdict::Accept),
                pair("br-1", "br-5").verdict(Verdict::Drop),
                pair("br-1", "br-6").verdict(Verdict::Continue),
                pair("br-1", "br-7").verdict(Verdict::Return).counter(),
            ]),
    ]
}

fn chains() -> Vec<Chain> {
    let base =
        |name, kind, hook, priority| Chain::base(chain(name), Base::new(kind, hook, priority));
    vec![
        Chain::regular(chain(name!("inner"))),
        base(
            name!("guard"),
            ChainKind::Filter,
            Hook::Prerouting,
            Priority::RAW,
        ),
        base(
            name!("incoming"),
            ChainKind::Filter,
            Hook::Input,
            Priority::FILTER,
        ),
        Chain::base(
            chain(name!("forwarding")),
            Base::new(ChainKind::Filter, Hook::Forward, Priority(-5)).policy(Policy::Drop),
        ),
        base(
            name!("rerouting"),
            ChainKind::Route,
            Hook::Output,
            Priority::MANGLE,
        ),
        base(
            name!("nat_in"),
            ChainKind::Nat,
            Hook::Prerouting,
            Priority::DSTNAT,
        ),
        base(
            name!("nat_out"),
            ChainKind::Nat,
            Hook::Output,
            Priority::DSTNAT,
        ),
        base(
            name!("nat_post"),
            ChainKind::Nat,
            Hook::Postrouting,
            Priority::SRCNAT,
        ),
        Chain::base(
            chain(name!("early")),
            Base::new(ChainKind::Filter, Hook::Ingress, Priority(0)).device(ifname("lo")),
        ),
    ]
}

fn rule(name: Name, statements: impl IntoIterator<Item = Statement>) -> Rule {
    Rule::new(chain(name), statements)
}

fn matching_rules() -> Vec<Rule> {
    let net4 = "127.0.0.0/8".parse().expect("a network");
    let net6 = "fd00::/8".parse().expect("a network");
    let ether = EtherAddr([2, 0, 0, 0, 0, 1]);
    let pair = || Key::from([Field::Iifname, Field::Oifname]);
    let counted = Key::from([Field::MetaMark, Field::EtherSaddr]);
    let forward = |statements: Vec<Statement>| rule(name!("forwarding"), statements);
    vec![
        forward(vec![
            fields::IIFNAME.is(ifname("br-1")),
            fields::OIFNAME.is_not_in(name!("bridges")),
            Verdict::Accept.into(),
        ]),
        forward(vec![
            fields::OIFNAME.is_not(ifname("br-2")),
            Verdict::Return.into(),
        ]),
        forward(vec![
            Statement::CtState(vec![CtState::Established, CtState::Related]),
            Statement::CtStatus(vec![CtStatus::Dnat]),
            Verdict::Accept.into(),
        ]),
        forward(vec![
            Statement::CtState(vec![CtState::New, CtState::Invalid, CtState::Untracked]),
            Statement::CtStatus(vec![
                CtStatus::SeenReply,
                CtStatus::Assured,
                CtStatus::Confirmed,
            ]),
            Statement::CtStatus(vec![CtStatus::Snat, CtStatus::Dying]),
        ]),
        forward(vec![
            pair().is_in(name!("peers")),
            Verdict::Jump(name!("inner")).into(),
        ]),
        forward(vec![
            pair().is_not_in(name!("peers")),
            Verdict::Continue.into(),
        ]),
        forward(vec![pair().verdict_from(name!("ways"))]),
        forward(vec![counted.is_in(name!("counted")), Statement::Counter]),
        forward(vec![
            fields::IP_SADDR.within(net4),
            fields::IP_DADDR.outside(net4),
            fields::L4PROTO.is(InetProto::SCTP),
        ]),
        forward(vec![
            fields::IP_DADDR.is(Ipv4Addr::LOCALHOST),
            fields::SCTP_DPORT.is(InetService(7)),
        ]),
        forward(vec![
            fields::IP6_SADDR.within(net6),
            fields::IP6_DADDR.outside(net6),
            fields::IP6_DADDR.is_not(Ipv6Addr::LOCALHOST),
            fields::sport(Transport::Udp).is(InetService(5353)),
        ]),
        forward(vec![
            fields::TCP_DPORT.is(InetService(80)),
            fields::CT_MARK.is(Mark(7)),
        ]),
        forward(vec![
            fields::L4PROTO.is(InetProto(6)),
            fields::TH_DPORT.is_not(InetService(81)),
        ]),
        forward(vec![
            fields::META_MARK.is(Mark(0xffff)),
            Verdict::Goto(name!("inner")).into(),
        ]),
        rule(
            name!("incoming"),
            [
                fields::ETHER_SADDR.is(ether),
                fields::ETHER_DADDR.is_not(ether),
                Verdict::Drop.into(),
            ],
        ),
        rule(
            name!("guard"),
            [AddrType::Local, AddrType::Multicast].map(|kind| Statement::DaddrType {
                kind,
                negated: kind == AddrType::Multicast,
            }),
        ),
        rule(
            name!("guard"),
            [AddrType::Unicast, AddrType::Broadcast].map(|kind| Statement::DaddrType {
                kind,
                negated: false,
            }),
        ),
    ]
}

fn acting_rules() -> Vec<Rule> {
    let log = |log| vec![Statement::Log(log)];
    let prefix = || LogPrefix::new("refused; #1: ").ok();
    let tcp = || fields::L4PROTO.is(InetProto::TCP);
    let mut rules = vec![
        rule(
            name!("rerouting"),
            [
                Statement::SetMark {
                    kind: MarkKind::Meta,
                    mark: Mark(5),
                },
                Statement::SetMark {
                    kind: MarkKind::Ct,
                    mark: Mark(0xdead_beef),
                },
            ],
        ),
        rule(
            name!("inner"),
            log(Log::Kernel {
                prefix: None,
                level: None,
            }),
        ),
        rule(
            name!("inner"),
            log(Log::Group {
                prefix: prefix(),
                group: 3,
            }),
        ),
        rule(name!("inner"), [tcp(), Statement::Reject(Reject::TcpReset)]),
        rule(name!("inner"), [Statement::Counter, Verdict::Accept.into()])
            .comment(Comment::sanitized("all; that } is # left")),
    ];
    for level in [
        LogLevel::Err,
        LogLevel::Warn,
        LogLevel::Notice,
        LogLevel::Info,
        LogLevel::Debug,
    ] {
        let kernel = Log::Kernel {
            prefix: prefix(),
            level: Some(level),
        };
        rules.push(rule(name!("inner"), log(kernel)));
    }
    for how in [
        Reject::PortUnreachable,
        Reject::AdminProhibited,
        Reject::HostUnreachable,
        Reject::NoRoute,
    ] {
        rules.push(rule(name!("inner"), [Statement::Reject(how)]));
    }
    rules
}

fn translating_rules() -> Vec<Rule> {
    let tcp = || fields::L4PROTO.is(InetProto::TCP);
    let dport = || Key::from(fields::TCP_DPORT);
    let proto_port = |header| Key::from([Field::L4proto, Field::Dport(header)]);
    let nat = |kind, target| Statement::Nat(Nat { kind, target });
    let literal = |address: &str, port| NatTarget::Literal {
        address: address.parse().expect("an address"),
        port,
    };
    let map = |version, key, map, with_port| NatTarget::Map {
        version,
        key,
        map,
        with_port,
    };
    let (dnat, snat) = (NatKind::Dnat, NatKind::Snat);
    let (v4, v6) = (IpVersion::V4, IpVersion::V6);
    let into = |statements: Vec<Statement>| rule(name!("nat_in"), statements);
    let post = |statements: Vec<Statement>| rule(name!("nat_post"), statements);
    let udp = || fields::L4PROTO.is(InetProto::UDP);
    vec![
        into(vec![
            tcp(),
            nat(
                dnat,
                map(v4, proto_port(Transport::Tcp), name!("publish4"), true),
            ),
        ]),
        into(vec![
            udp(),
            nat(
                dnat,
                map(v6, proto_port(Transport::Udp), name!("publish6"), true),
            ),
        ]),
        into(vec![nat(
            dnat,
            map(v4, dport(), name!("addresses4"), false),
        )]),
        into(vec![nat(
            dnat,
            map(v6, dport(), name!("addresses6"), false),
        )]),
        into(vec![tcp(), nat(dnat, literal("10.0.0.9", Some(8080)))]),
        into(vec![tcp(), nat(dnat, literal("fd00::9", Some(8080)))]),
        into(vec![nat(dnat, literal("10.0.0.9", None))]),
        into(vec![tcp(), Statement::Redirect(Redirect::Port(3128))]),
        into(vec![
            tcp(),
            Statement::Redirect(Redirect::Map {
                key: dport(),
                map: name!("ports"),
            }),
        ]),
        rule(name!("nat_out"), [Statement::Redirect(Redirect::SamePort)]),
        post(vec![nat(snat, literal("192.0.2.1", None))]),
        post(vec![tcp(), nat(snat, literal("2001:db8::1", Some(1024)))]),
        post(vec![Statement::Masquerade]),
    ]
}

/// Every object and statement, in the order in which they can be added.
pub(crate) fn everything() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add(TABLE);
    transaction.extend(chains().into_iter().map(|chain| Op::Add(chain.into())));
    transaction.extend(sets().into_iter().map(|set| Op::Add(set.into())));
    let rules = [matching_rules(), acting_rules(), translating_rules()].concat();
    transaction.extend(
        rules
            .into_iter()
            .map(|rule| Op::Add(rule.tagged("rule").into())),
    );
    transaction
}

/// Every operation, to follow [`everything`].
pub(crate) fn every_operation() -> Transaction {
    let side = TABLE.chain(name!("side"));
    let scratch = Set::new(&TABLE, name!("scratch"), Datatype::Mark);
    let mut transaction = Transaction::new();
    transaction
        .create(Chain::regular(side.clone()))
        .create(scratch.clone())
        .add(Rule::new(side.clone(), [Verdict::Drop.into()]).tagged("second"))
        .insert(Rule::new(side.clone(), [Statement::Counter]).tagged("first"))
        .create_elements(&scratch.id, [Element::new([Mark(1).into()])])
        .add_elements(
            &scratch.id,
            [1, 2, 3].map(|mark| Element::new([Mark(mark).into()])),
        )
        .delete_elements(&scratch.id, [Element::new([Mark(2).into()])])
        .flush(publish4().id)
        .add_elements(&publish4().id, [published(1), published(2)])
        .delete_elements(&publish4().id, [published(2)])
        .flush(chain(name!("guard")))
        .delete(scratch.id)
        .add(TableId::new(Family::Ip6, name!("other6")))
        .flush(TableId::new(Family::Ip6, name!("other6")))
        .delete(TableId::new(Family::Ip6, name!("other6")));
    transaction
}
