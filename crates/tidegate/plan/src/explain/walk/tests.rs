use super::*;
use tidegate_nft::{
    ChainKind, Datatype, Family, IpVersion, Priority, Ruleset, Set, TableId, Transaction, fields,
    name,
};

/// A host without addresses, and with a route to 10.0.0.0/8 by `lan`.
struct Nowhere;

impl Ground for Nowhere {
    fn is_local(&self, _: IpAddr) -> bool {
        false
    }

    fn is_broadcast(&self, address: IpAddr) -> bool {
        address == IpAddr::from([10, 255, 255, 255])
    }

    fn leads(&self, to: IpAddr, by: &IfName) -> bool {
        by.as_str() == "lan" && matches!(to, IpAddr::V4(ip) if ip.octets()[0] == 10)
    }
}

fn packet() -> Packet {
    Packet {
        version: IpVersion::V4,
        iif: None,
        oif: None,
        mac: None,
        saddr: None,
        daddr: Some([192, 0, 2, 1].into()),
        sport: None,
        port: Some((80, tidegate_model::Protocol::Tcp)),
        asked: Some(80),
        is_dnat: false,
        is_snat: false,
    }
}

fn filter(policy: Policy) -> Base {
    Base::new(ChainKind::Filter, Hook::Prerouting, Priority::RAW).policy(policy)
}

/// Whether a packet passes a base chain with these rules, beside a chain `other` with those, and what
/// was done.
fn walk(base: Base, rules: Vec<Vec<Statement>>, other: Vec<Vec<Statement>>) -> (bool, String) {
    let table = TableId::new(Family::Inet, name!("t"));
    let mut transaction = Transaction::new();
    let verdicts = Set::verdict_map(&table, name!("verdicts"), Datatype::InetService);
    let port = |port| [Value::from(InetService(port))];
    transaction.add(table.clone());
    transaction.add(tidegate_nft::Chain::base(table.chain(name!("base")), base));
    transaction.add(tidegate_nft::Chain::regular(table.chain(name!("other"))));
    transaction.add(verdicts.elements([Element::new(port(80)).verdict(Verdict::Drop)]));
    for (chain, rules) in [(name!("base"), rules), (name!("other"), other)] {
        for rule in rules {
            transaction.add(Rule::new(table.chain(chain.clone()), rule).tagged("a rule"));
        }
    }
    let mut ruleset = Ruleset::new();
    ruleset.apply(&transaction).unwrap();
    let mut walk = Walk {
        state: &State::default(),
        table: ruleset.table(&table).unwrap(),
        steps: Vec::new(),
        beside: Beside::default(),
    };
    let mut packet = packet();
    let passes = walk.passes(Hook::Prerouting, &mut packet, &Nowhere);
    let actions: Vec<String> = walk.steps.into_iter().map(|step| step.action).collect();
    (passes, actions.join(", "))
}

#[test]
fn a_chain_that_is_left_without_a_verdict_is_left_to_its_policy() {
    assert!(walk(filter(Policy::Accept), Vec::new(), Vec::new()).0);
    assert!(!walk(filter(Policy::Drop), Vec::new(), Vec::new()).0);
    assert!(
        !walk(
            filter(Policy::Drop),
            vec![vec![Verdict::Return.into()]],
            Vec::new()
        )
        .0
    );
}

#[test]
fn a_jump_comes_back_and_a_goto_does_not() {
    let to = |verdict: Verdict| {
        let rules = vec![vec![verdict.into()], vec![Verdict::Drop.into()]];
        walk(
            filter(Policy::Accept),
            rules,
            vec![vec![Verdict::Return.into()]],
        )
    };
    let (passes, actions) = to(Verdict::Jump(name!("other")));
    assert_eq!(
        (passes, actions.as_str()),
        (false, "jump other, return, drop")
    );
    let (passes, actions) = to(Verdict::Goto(name!("other")));
    assert_eq!((passes, actions.as_str()), (true, "goto other, return"));
}

#[test]
fn a_verdict_map_decides_by_its_element() {
    let of_port = Key::from(fields::TCP_DPORT).verdict_from(name!("verdicts"));
    let (passes, actions) = walk(filter(Policy::Accept), vec![vec![of_port]], Vec::new());
    assert_eq!((passes, actions.as_str()), (false, "drop"));
    let of_udp = Key::from(fields::UDP_DPORT).verdict_from(name!("verdicts"));
    assert!(walk(filter(Policy::Accept), vec![vec![of_udp]], Vec::new()).0);
}

#[test]
fn a_source_is_one_address_and_has_a_way_back_by_the_interface_that_it_came_by_or_is_not_known() {
    let table = TableId::new(Family::Inet, name!("t"));
    let mut transaction = Transaction::new();
    let base = tidegate_nft::Chain::base(table.chain(name!("base")), filter(Policy::Accept));
    transaction.add(table.clone()).add(base);
    let broadcast = Statement::AddrType {
        of: Side::Source,
        kind: AddrType::Broadcast,
        negated: false,
    };
    for statement in [Statement::NoWayBack, broadcast] {
        let rule = vec![statement, Verdict::Drop.into()];
        transaction.add(Rule::new(table.chain(name!("base")), rule).tagged("a rule"));
    }
    let mut ruleset = Ruleset::new();
    ruleset.apply(&transaction).unwrap();
    for (iif, saddr, passes) in [
        ("lan", Some([10, 0, 0, 7]), true),
        ("lan", Some([10, 255, 255, 255]), false),
        ("lan", Some([192, 0, 2, 7]), false),
        ("wan", Some([10, 0, 0, 7]), false),
        ("wan", None, true),
    ] {
        let mut walk = Walk {
            state: &State::default(),
            table: ruleset.table(&table).unwrap(),
            steps: Vec::new(),
            beside: Beside::default(),
        };
        let mut packet = Packet {
            iif: Some(iif.parse().unwrap()),
            saddr: saddr.map(Into::into),
            ..packet()
        };
        let passed = walk.passes(Hook::Prerouting, &mut packet, &Nowhere);
        assert_eq!(passed, passes, "{saddr:?} by {iif}");
    }
}
