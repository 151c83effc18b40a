//! The constant ruleset: one table whose rules never change. What changes is an element of one of
//! its sets or maps ([`Container`]), so that an update costs the same however much is there, and a
//! packet passes the same few rules however many ports are published.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use tidegate_model::{Protocol, State};
use tidegate_nft::{
    AddrType, Base, Chain, ChainId, ChainKind, CtState, CtStatus, Field, Hook, InetProto,
    IpVersion, Key, Name, Nat, NatKind, NatTarget, Op, Priority, Rule, Ruleset, Statement,
    Transaction, Transport, Verdict, fields, name,
};

use crate::elements;
use crate::sets::{self, Container, table};

/// The table of a state, as the kernel is to have it.
pub fn planned(state: &State) -> Ruleset {
    let mut ruleset = Ruleset::default();
    // The transaction begins by deleting the table: nothing in it depends on what was there.
    let applied = ruleset.apply(&replace(state));
    debug_assert!(
        applied.is_ok(),
        "the constant ruleset is valid: {applied:?}"
    );
    ruleset
}

/// The transaction that puts the table of a state in place of whatever table of ours is there.
pub fn replace(state: &State) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.destroy_table(&table()).add(table());
    for container in Container::all() {
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

/// The chain that sees what comes from bridges on which the host has addresses.
pub(crate) const FROM_ENDPOINT: Name = name!("from_endpoint");

/// The transaction that closes networks to new connections until the table is in place again; none where there is no
/// network. It is small beside the table, which takes its place whole ([`replace`]).
pub fn shut(state: &State) -> Option<Transaction> {
    let networks = state.networks.values();
    let elements = networks.flat_map(|network| elements::of_network(state, network));
    let is_bridge = |(container, _): &sets::Entry| *container == Container::Bridges;
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
        let is_ours = field.is_in(self::id(Container::Bridges));
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
/// The chains that see what comes from networks that do not reach all of the host.
pub(crate) const HOST_NONE: Name = name!("host_none");
/// See [`HOST_NONE`].
pub(crate) const HOST_DNS: Name = name!("host_dns");
/// See [`HOST_NONE`].
pub(crate) const HOST_GATEWAY: Name = name!("host_gateway");

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
            guard(),
        ),
        (FROM_ENDPOINT, None, from_endpoint()),
        (
            name!("input"),
            Some(Base::new(ChainKind::Filter, Hook::Input, Priority::FILTER)),
            input(),
        ),
        (name!("to_resolver"), None, to_resolver()),
        (HOST_NONE, None, host_none()),
        (HOST_DNS, None, host_dns()),
        (HOST_GATEWAY, None, host_gateway()),
        (
            name!("forward"),
            Some(Base::new(
                ChainKind::Filter,
                Hook::Forward,
                Priority::FILTER,
            )),
            forward(),
        ),
        (name!("to_bridge"), None, to_bridge()),
        (name!("from_bridge"), None, from_bridge()),
        (
            name!("nat_prerouting"),
            Some(Base::new(
                ChainKind::Nat,
                Hook::Prerouting,
                Priority::DSTNAT,
            )),
            vec![("to an address of the host", to_host(name!("arriving")))],
        ),
        (
            name!("nat_output"),
            Some(Base::new(ChainKind::Nat, Hook::Output, Priority::DSTNAT)),
            vec![
                (
                    "nothing to an isolated network",
                    vec![
                        fields::OIFNAME.is_in(id(Container::Isolated)),
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
                    to_host(name!("publish")),
                ),
            ],
        ),
        (name!("arriving"), None, arriving()),
        (name!("publish"), None, publish()),
        (name!("publish_at"), None, publish_at()),
        (name!("publish_all"), None, publish_all()),
        (name!("admit"), None, admit()),
        (name!("admit_at"), None, admit_at()),
        (
            name!("nat_postrouting"),
            Some(Base::new(
                ChainKind::Nat,
                Hook::Postrouting,
                Priority::SRCNAT,
            )),
            nat_postrouting(),
        ),
    ]
}

/// Who may be a source, and where: before the kernel tracks the connection, so that what is dropped here leaves no trace.
///
/// Loopback addresses are the host's own (RFC 1122 section 3.2.1.3), and nobody else's. The kernel's own check comes
/// after the destination is translated, so that it would let a port that is published on 127.0.0.1 be reached by
/// whoever sends a packet for that address over the wire; and an interface with `route_localnet`, as our bridges have,
/// passes no check at all. What really is of the host comes in by its loopback.
fn guard() -> Vec<(&'static str, Vec<Statement>)> {
    let drop = |statement| vec![statement, Verdict::Drop.into()];
    vec![
        (
            "where it comes in",
            vec![Key::from([Field::Iifname]).verdict_from(id(Container::Entrances))],
        ),
        (
            "nobody else reaches the host's loopback",
            drop(fields::IP_DADDR.within(loopback())),
        ),
        (
            "nobody else sends as the host's loopback",
            drop(fields::IP_SADDR.within(loopback())),
        ),
        (
            "nobody else sends as an endpoint",
            drop(fields::IP_SADDR.is_in(id(Container::Ours4))),
        ),
        (
            "nobody else sends as an endpoint",
            drop(fields::IP6_SADDR.is_in(id(Container::Ours6))),
        ),
    ]
}

/// A source is one to which the host's routes lead back by the same bridge, or another address of the same namespace.
/// Who has none yet may look for one (0.0.0.0, `::`). Link-local addresses are of the link alone, and never
/// forwarded (RFC 4291 section 2.5.6).
fn from_endpoint() -> Vec<(&'static str, Vec<Statement>)> {
    let link_local = Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);
    let other = |saddr, container| {
        let key = Key::from([Field::Iifname, saddr, Field::EtherSaddr]);
        key.is_not_in(id(container))
    };
    vec![
        (
            "no endpoint reaches the host's loopback",
            vec![fields::IP_DADDR.within(loopback()), Verdict::Drop.into()],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP_SADDR.is_not(Ipv4Addr::UNSPECIFIED),
                Statement::NoWayBack,
                other(Field::IpSaddr, Container::Elsewhere4),
                Verdict::Drop.into(),
            ],
        ),
        (
            "an endpoint sends as itself",
            vec![
                Key::from([Field::Iifname, Field::Ip6Saddr]).is_in(id(Container::Here6)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP6_SADDR.is_not(Ipv6Addr::UNSPECIFIED),
                fields::IP6_SADDR.outside(link_local),
                Statement::NoWayBack,
                other(Field::Ip6Saddr, Container::Elsewhere6),
                Verdict::Drop.into(),
            ],
        ),
    ]
}

fn input() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "questions for names",
            vec![for_names(), Verdict::Jump(name!("to_resolver")).into()],
        ),
        (
            "from a network that does not reach all of the host",
            vec![Key::from([Field::Iifname]).verdict_from(id(Container::HostAccess))],
        ),
    ]
}

fn for_names() -> Statement {
    let port = Key::from([Field::L4proto, Field::Dport(Transport::Any)]);
    port.is_in(id(Container::Resolver))
}

/// Answers to what the host asked for, and what IPv6 neighbours need to find each other, which the kernel does not track.
fn host_none() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        ("answers", vec![known_connection(), Verdict::Accept.into()]),
        (
            "neighbours that find each other",
            vec![
                fields::L4PROTO.is(InetProto::ICMPV6),
                Statement::CtState(vec![CtState::Untracked]),
                Verdict::Accept.into(),
            ],
        ),
        ("nothing else to the host", vec![Verdict::Drop.into()]),
    ]
}

fn host_dns() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "questions for names",
            vec![for_names(), Verdict::Accept.into()],
        ),
        ("nothing else", vec![Verdict::Goto(HOST_NONE).into()]),
    ]
}

fn host_gateway() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |daddr, container| {
        let key = Key::from([Field::Iifname, daddr]);
        vec![key.is_in(id(container)), Verdict::Accept.into()]
    };
    vec![
        ("to a gateway", to(Field::IpDaddr, Container::Gateways4)),
        ("to a gateway", to(Field::Ip6Daddr, Container::Gateways6)),
        ("nothing else", vec![Verdict::Goto(HOST_NONE).into()]),
    ]
}

/// Names are asked for at a gateway, and over its own bridge.
fn to_resolver() -> Vec<(&'static str, Vec<Statement>)> {
    let at_gateway = |daddr, container| {
        let key = Key::from([Field::Iifname, daddr]);
        vec![key.is_in(id(container)), Verdict::Return.into()]
    };
    vec![
        (
            "by an endpoint of the network",
            at_gateway(Field::IpDaddr, Container::Gateways4),
        ),
        (
            "by an endpoint of the network",
            at_gateway(Field::Ip6Daddr, Container::Gateways6),
        ),
        ("by nobody else", vec![Verdict::Drop.into()]),
    ]
}

fn forward() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "to an endpoint",
            vec![
                fields::OIFNAME.is_in(id(Container::Bridges)),
                Verdict::Jump(name!("to_bridge")).into(),
            ],
        ),
        (
            "from an endpoint to elsewhere",
            vec![
                fields::IIFNAME.is_in(id(Container::Bridges)),
                Verdict::Jump(name!("from_bridge")).into(),
            ],
        ),
    ]
}

fn to_bridge() -> Vec<(&'static str, Vec<Statement>)> {
    let accept = |statement| vec![statement, Verdict::Accept.into()];
    let pair = Key::from([Field::Iifname, Field::Oifname]);
    let open = |daddr| Key::from([daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    vec![
        ("answers", accept(known_connection())),
        (
            "endpoints of networks that may talk",
            accept(pair.clone().is_in(id(Container::Peers))),
        ),
        (
            "nothing else into an internal network",
            vec![
                fields::OIFNAME.is_in(id(Container::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "nothing out of an internal network, through a published port neither",
            vec![
                fields::IIFNAME.is_in(id(Container::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "errors about a connection, but of no endpoint",
            vec![
                fields::IIFNAME.is_not_in(id(Container::Bridges)),
                errors(),
                Verdict::Accept.into(),
            ],
        ),
        (
            "through a published port",
            accept(Statement::CtStatus(vec![CtStatus::Dnat])),
        ),
        (
            "nothing else between endpoints of a network",
            vec![pair.is_in(id(Container::SameBridge)), Verdict::Drop.into()],
        ),
        (
            "an endpoint's own port, with a list",
            to_admit_at(Field::IpDaddr, Container::Restricted4At),
        ),
        (
            "an endpoint's own port, with a list",
            to_admit_at(Field::Ip6Daddr, Container::Restricted6At),
        ),
        (
            "to an open port",
            accept(open(Field::IpDaddr).is_in(id(Container::Open4))),
        ),
        (
            "to an open port",
            accept(open(Field::Ip6Daddr).is_in(id(Container::Open6))),
        ),
        (
            "ICMP into a routed network",
            icmp(InetProto::ICMP, Container::Routed4),
        ),
        (
            "ICMP into a routed network",
            icmp(InetProto::ICMPV6, Container::Routed6),
        ),
        (
            "into an unprotected network",
            vec![
                fields::OIFNAME.is_in(id(Container::Unprotected4)),
                ipv4(),
                Verdict::Accept.into(),
            ],
        ),
        (
            "into an unprotected network",
            vec![
                fields::OIFNAME.is_in(id(Container::Unprotected6)),
                ipv6(),
                Verdict::Accept.into(),
            ],
        ),
        ("nothing else to an endpoint", vec![Verdict::Drop.into()]),
    ]
}

/// What belongs to no connection is not translated (a reset out of turn, an ICMP error about nothing, neighbour
/// discovery that is sent to elsewhere) and would show the endpoint's own address. Where that is not hidden it passes: the
/// host sees half of a connection whose answers come another way.
fn from_bridge() -> Vec<(&'static str, Vec<Statement>)> {
    let untranslated = |container, family| {
        vec![
            Statement::CtState(vec![CtState::Invalid, CtState::Untracked]),
            fields::IIFNAME.is_in(id(container)),
            family,
            Verdict::Drop.into(),
        ]
    };
    vec![
        ("answers", vec![known_connection(), Verdict::Accept.into()]),
        (
            "errors to who may talk to it",
            vec![
                errors(),
                Key::from([Field::Oifname, Field::Iifname]).is_in(id(Container::Peers)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "nothing out of an internal network",
            vec![
                fields::IIFNAME.is_in(id(Container::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "nothing out that cannot be translated",
            untranslated(Container::Translated4, ipv4()),
        ),
        (
            "nothing out that cannot be translated",
            untranslated(Container::Translated6, ipv6()),
        ),
        ("out of any other network", vec![Verdict::Accept.into()]),
    ]
}

fn to_host(chain: Name) -> Vec<Statement> {
    let to_host = Statement::DaddrType {
        kind: AddrType::Local,
        negated: false,
    };
    vec![to_host, Verdict::Jump(chain).into()]
}

/// What comes from elsewhere is let in by the list of its port before it is translated: by its own source, and to
/// the port that it was sent to. What the host itself sends does not come here. A port of one address goes before
/// that of every address, as in [`publish`]: what endpoints ask of a gateway's port for names meets no list of a
/// port 53 that is published at every address.
fn arriving() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |chain| vec![Verdict::Jump(chain).into()];
    let all = |container, version| {
        let port = Key::from([Field::L4proto, Field::Dport(Transport::Any)]);
        let jump = Verdict::Jump(name!("admit")).into();
        vec![version, port.is_in(id(container)), jump]
    };
    vec![
        (
            "a port of one address, with a list",
            to_admit_at(Field::IpDaddr, Container::Restricted4At),
        ),
        (
            "a port of one address, with a list",
            to_admit_at(Field::Ip6Daddr, Container::Restricted6At),
        ),
        ("published on one address", to(name!("publish_at"))),
        ("a port with a list", all(Container::Restricted4, to_ipv4())),
        ("a port with a list", all(Container::Restricted6, to_ipv6())),
        ("published on every address", to(name!("publish_all"))),
    ]
}

fn to_admit_at(daddr: Field, restricted: Container) -> Vec<Statement> {
    let port = Key::from([daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    vec![
        port.is_in(id(restricted)),
        Verdict::Jump(name!("admit_at")).into(),
    ]
}

/// By the list of a port of every address.
fn admit() -> Vec<(&'static str, Vec<Statement>)> {
    let port = |saddr| Key::from([saddr, Field::L4proto, Field::Dport(Transport::Any)]);
    admitting(
        port(Field::IpSaddr).is_in(id(Container::Allowed4)),
        port(Field::Ip6Saddr).is_in(id(Container::Allowed6)),
    )
}

/// By the list of a port of one address.
fn admit_at() -> Vec<(&'static str, Vec<Statement>)> {
    let port =
        |saddr, daddr| Key::from([saddr, daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    admitting(
        port(Field::IpSaddr, Field::IpDaddr).is_in(id(Container::Allowed4At)),
        port(Field::Ip6Saddr, Field::Ip6Daddr).is_in(id(Container::Allowed6At)),
    )
}

fn admitting(listed4: Statement, listed6: Statement) -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (ON_LIST, vec![listed4, Verdict::Return.into()]),
        (ON_LIST, vec![listed6, Verdict::Return.into()]),
        (NOT_ON_LIST, vec![Verdict::Drop.into()]),
    ]
}

/// What the rule is called that lets in who is on a port's list.
pub(crate) const ON_LIST: &str = "on the allow-list of the port";
/// What the rule is called that keeps everybody else out.
pub(crate) const NOT_ON_LIST: &str = "not on the allow-list of the port";

/// What the host sends to itself. Also the order for everybody else: the more exact goes first.
fn publish() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |chain| vec![Verdict::Jump(chain).into()];
    vec![
        ("published on one address", to(name!("publish_at"))),
        ("published on every address", to(name!("publish_all"))),
    ]
}

/// One rule for each protocol and map. nftables 0.9.8 takes a map with addresses and ports only
/// after a match on the transport protocol; later releases take this form too.
fn publish_at() -> Vec<(&'static str, Vec<Statement>)> {
    translating("published on one address", |protocol, version| {
        let (daddr, map) = match version {
            IpVersion::V4 => (Field::IpDaddr, Container::Publish4At(protocol)),
            IpVersion::V6 => (Field::Ip6Daddr, Container::Publish6At(protocol)),
        };
        ([daddr, Field::Dport(transport(protocol))], map)
    })
}

fn publish_all() -> Vec<(&'static str, Vec<Statement>)> {
    translating("published on every address", |protocol, version| {
        let map = match version {
            IpVersion::V4 => Container::Publish4,
            IpVersion::V6 => Container::Publish6,
        };
        ([Field::L4proto, Field::Dport(transport(protocol))], map)
    })
}

fn translating(
    what: &'static str,
    by: impl Fn(Protocol, IpVersion) -> ([Field; 2], Container),
) -> Vec<(&'static str, Vec<Statement>)> {
    let of_protocol = |protocol| {
        [IpVersion::V4, IpVersion::V6].map(|version| {
            let (key, map) = by(protocol, version);
            (what, dnat(protocol, version, key, map))
        })
    };
    Protocol::ALL.into_iter().flat_map(of_protocol).collect()
}

fn dnat(protocol: Protocol, version: IpVersion, key: [Field; 2], map: Container) -> Vec<Statement> {
    let target = NatTarget::Map {
        version,
        key: key.into(),
        map: id(map),
        with_port: true,
    };
    vec![
        fields::L4PROTO.is(InetProto(protocol.number())),
        Statement::Nat(Nat {
            kind: NatKind::Dnat,
            target,
        }),
    ]
}

fn transport(protocol: Protocol) -> Transport {
    match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Sctp => Transport::Sctp,
    }
}

fn nat_postrouting() -> Vec<(&'static str, Vec<Statement>)> {
    let pair = Key::from([Field::Iifname, Field::Oifname]);
    vec![
        (
            "an endpoint that reaches its own network's published port",
            vec![
                pair.is_in(id(Container::SameBridge)),
                Statement::CtStatus(vec![CtStatus::Dnat]),
                Statement::Masquerade,
            ],
        ),
        (
            "the host's loopback has no way back from a bridge",
            vec![
                fields::OIFNAME.is_in(id(Container::Bridges)),
                fields::IP_SADDR.within(loopback()),
                Statement::Masquerade,
            ],
        ),
        (
            "an endpoint with no way out answers its own network alone",
            vec![
                fields::OIFNAME.is_in(id(Container::Internal)),
                Statement::CtStatus(vec![CtStatus::Dnat]),
                Statement::Masquerade,
            ],
        ),
        (
            "out under a chosen address",
            snat(IpVersion::V4, Container::Snat4),
        ),
        (
            "out under a chosen address",
            snat(IpVersion::V6, Container::Snat6),
        ),
        (
            "out under the host's address",
            masquerade(Container::Masquerading4, ipv4()),
        ),
        (
            "out under the host's address",
            masquerade(Container::Masquerading6, ipv6()),
        ),
    ]
}

fn snat(version: IpVersion, map: Container) -> Vec<Statement> {
    let target = NatTarget::Map {
        version,
        key: fields::IIFNAME.into(),
        map: id(map),
        with_port: false,
    };
    let snat = Statement::Nat(Nat {
        kind: NatKind::Snat,
        target,
    });
    vec![fields::OIFNAME.is_not_in(id(Container::Bridges)), snat]
}

fn masquerade(bridges: Container, family: Statement) -> Vec<Statement> {
    vec![
        fields::IIFNAME.is_in(id(bridges)),
        fields::OIFNAME.is_not_in(id(Container::Bridges)),
        family,
        Statement::Masquerade,
    ]
}

fn icmp(protocol: InetProto, bridges: Container) -> Vec<Statement> {
    vec![
        fields::OIFNAME.is_in(id(bridges)),
        fields::L4PROTO.is(protocol),
        Verdict::Accept.into(),
    ]
}

/// IPv4, told by an address: what is forwarded never comes from a loopback address.
fn ipv4() -> Statement {
    fields::IP_SADDR.outside(loopback())
}

/// IPv6, told in the same way.
fn ipv6() -> Statement {
    fields::IP6_SADDR.outside(Ipv6Net::from(Ipv6Addr::LOCALHOST))
}

/// IPv4, told by an address of the host's, which is no multicast address.
fn to_ipv4() -> Statement {
    let multicast = std::net::Ipv4Addr::new(224, 0, 0, 0);
    fields::IP_DADDR.outside(Ipv4Net::new_assert(multicast, 4))
}

/// IPv6, told in the same way.
fn to_ipv6() -> Statement {
    let multicast = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);
    fields::IP6_DADDR.outside(Ipv6Net::new_assert(multicast, 8))
}

fn known_connection() -> Statement {
    Statement::CtState(vec![CtState::Established])
}

/// Errors about a connection, which the kernel takes for a part of it whoever sends them: what they quote, anybody can
/// know or guess, and what is behind that is the sender's.
fn errors() -> Statement {
    Statement::CtState(vec![CtState::Related])
}

fn loopback() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)
}

fn id(container: Container) -> Name {
    container.id().name
}
