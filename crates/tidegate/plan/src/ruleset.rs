//! The constant ruleset: one table whose rules never change. Changes add and remove elements of its sets and maps
//! ([`NftSet`]). So an update costs the same on a full host, and a packet passes the same few rules however many
//! ports are published.

mod forward;
mod host;
mod leaving;
mod matches;
mod ports;
mod sources;

use std::net::Ipv6Addr;

use tidegate_model::State;
use tidegate_nft::{
    Base, Chain, ChainId, ChainKind, Hook, Key, Name, Op, Priority, Rule, Ruleset, Statement,
    Transaction, Verdict, fields, name,
};

use crate::chain_names::{FROM_ENDPOINT, HOST_DNS, HOST_GATEWAY, HOST_NONE, NEIGHBOURS};
use crate::elements;
use crate::sets::{self, NftSet, table};

use matches::{id, known_connection};
pub(crate) use ports::{NOT_ON_LIST, ON_LIST};
pub(crate) use sources::NOBODY;

/// The planned table of a state.
pub fn planned(state: &State) -> Ruleset {
    let mut ruleset = Ruleset::default();
    // The transaction begins by deleting the table, so it does not depend on the old one.
    let applied = ruleset.apply(&replace(state));
    debug_assert!(
        applied.is_ok(),
        "the constant ruleset is valid: {applied:?}"
    );
    ruleset
}

/// The transaction that replaces our table, if any, with that of a state.
pub fn replace(state: &State) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.destroy_table(&table()).add(table());
    for container in NftSet::all() {
        transaction.add(container.declaration());
    }
    // Chains that are jumped to come before the rules that jump.
    for (name, base, _) in chains() {
        let id = table().chain(name);
        transaction.push(Op::Add(Chain { id, base }.into()));
    }
    for rule in rules() {
        transaction.add(rule);
    }
    transaction.append(sets::add(elements::of_state(state)));
    transaction
}

/// The transaction that removes our table, if it is there.
pub fn remove_table() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.destroy_table(&table());
    transaction
}

/// The transaction that closes networks to new connections until the table is restored; none if there is no network.
/// It is small compared with the table, which then replaces it ([`replace`]).
pub fn shut(state: &State) -> Option<Transaction> {
    let networks = state.networks.values();
    let elements = networks.flat_map(|network| elements::of_network(state, network));
    let is_bridge = |(container, _): &sets::Entry| *container == NftSet::Bridges;
    let bridges: Vec<_> = elements.filter(is_bridge).collect();
    if bridges.is_empty() {
        return None;
    }
    let mut transaction = Transaction::new();
    transaction.add(table());
    transaction.append(sets::add(bridges));
    let id: ChainId = table().chain(name!("shut"));
    let base = Base::new(ChainKind::Filter, Hook::Forward, Priority::FILTER);
    let chain = Chain {
        id: id.clone(),
        base: Some(base),
    };
    transaction.push(Op::Add(chain.into()));
    // The chain may be there.
    transaction.flush(id.clone());
    let of_bridges = |field: Key| {
        let is_ours = field.is_in(matches::id(NftSet::Bridges));
        vec![is_ours, Verdict::Drop.into()]
    };
    for statements in [
        vec![known_connection(), Verdict::Accept.into()],
        of_bridges(fields::OIFNAME.into()),
        of_bridges(fields::IIFNAME.into()),
    ] {
        transaction.add(Rule::new(id.clone(), statements));
    }
    Some(transaction)
}

/// Chains with their hooks and rules.
type ChainPlan = (Name, Option<Base>, Vec<(&'static str, Vec<Statement>)>);

fn rules() -> Vec<Rule> {
    let rules_of = |(name, _, rules): ChainPlan| {
        let id: ChainId = table().chain(name);
        rules
            .into_iter()
            .map(move |(remark, statements)| Rule::new(id.clone(), statements).tagged(remark))
    };
    chains().into_iter().flat_map(rules_of).collect()
}

fn chains() -> Vec<ChainPlan> {
    vec![
        (
            name!("guard"),
            Some(Base::new(
                ChainKind::Filter,
                Hook::Prerouting,
                Priority::RAW,
            )),
            sources::guard(),
        ),
        (NOBODY, None, sources::nobody()),
        (FROM_ENDPOINT, None, sources::from_endpoint()),
        (
            name!("input"),
            Some(Base::new(ChainKind::Filter, Hook::Input, Priority::FILTER)),
            host::input(),
        ),
        (name!("to_resolver"), None, host::to_resolver()),
        (NEIGHBOURS, None, host::neighbours()),
        (HOST_NONE, None, host::host_none()),
        (HOST_DNS, None, host::host_dns()),
        (HOST_GATEWAY, None, host::host_gateway()),
        (
            name!("forward"),
            Some(Base::new(
                ChainKind::Filter,
                Hook::Forward,
                Priority::FILTER,
            )),
            forward::forward(),
        ),
        (name!("to_bridge"), None, forward::to_bridge()),
        (name!("from_bridge"), None, forward::from_bridge()),
        (
            name!("nat_prerouting"),
            Some(Base::new(
                ChainKind::Nat,
                Hook::Prerouting,
                Priority::DSTNAT,
            )),
            vec![(
                "to an address of the host",
                ports::to_host(name!("arriving")),
            )],
        ),
        (
            name!("nat_output"),
            Some(Base::new(ChainKind::Nat, Hook::Output, Priority::DSTNAT)),
            vec![
                (
                    "nothing to an isolated network",
                    vec![
                        fields::OIFNAME.is_in(id(NftSet::Isolated)),
                        Verdict::Drop.into(),
                    ],
                ),
                (
                    "to ::1, which the daemon relays",
                    vec![
                        fields::IP6_DADDR.is(Ipv6Addr::LOCALHOST),
                        Verdict::Accept.into(),
                    ],
                ),
                (
                    "from the host to its own address",
                    ports::to_host(name!("publish")),
                ),
            ],
        ),
        (name!("arriving"), None, ports::arriving()),
        (name!("publish"), None, ports::publish()),
        (name!("publish_at"), None, ports::publish_at()),
        (name!("publish_all"), None, ports::publish_all()),
        (name!("admit"), None, ports::admit()),
        (name!("admit_at"), None, ports::admit_at()),
        (
            name!("nat_postrouting"),
            Some(Base::new(
                ChainKind::Nat,
                Hook::Postrouting,
                Priority::SRCNAT,
            )),
            leaving::nat_postrouting(),
        ),
    ]
}
