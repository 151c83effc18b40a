//! A transaction with every object, value and statement of the model.

mod acting;
mod matching;
mod sets;
mod translating;

use std::net::Ipv4Addr;

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

/// Every object and statement, in the order in which they can be added.
pub(crate) fn everything() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add(TABLE);
    transaction.extend(chains().into_iter().map(|chain| Op::Add(chain.into())));
    transaction.extend(sets::sets().into_iter().map(|set| Op::Add(set.into())));
    let rules = [
        matching::matching_rules(),
        acting::acting_rules(),
        translating::translating_rules(),
    ]
    .concat();
    transaction.extend(
        rules
            .into_iter()
            .map(|rule| Op::Add(rule.tagged("rule").into())),
    );
    transaction
}
