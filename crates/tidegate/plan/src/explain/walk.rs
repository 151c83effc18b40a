//! Takes a packet through the rules of our table, as the kernel would.

use std::net::IpAddr;

use tidegate_api::explain::{MatchedElement, Step};
use tidegate_model::{IfName, RESOLVERS, State};
use tidegate_nft::{
    AddrType, Base, ChainState, CtState, CtStatus, Data, Element, Hook, InetService, Key, Name,
    Nat, NatKind, NatTarget, Policy, Rule, Side, Statement, TableState, Value, Verdict,
};

use super::beside::Beside;
use super::owner;
use super::packet::{Held, Packet};
use crate::steps;

/// The table, and what it has done so far.
pub(super) struct Walk<'a> {
    pub(super) state: &'a State,
    pub(super) table: &'a TableState,
    pub(super) steps: Vec<Step>,
    /// The chains of other programs.
    pub(super) beside: Beside,
}

/// What rules ask of the host besides the packet.
pub(super) trait Ground {
    /// Whether an address is one of the host's.
    fn is_local(&self, address: IpAddr) -> bool;

    /// Whether an address is for all of a network that the host is on.
    fn is_broadcast(&self, address: IpAddr) -> bool;

    /// Whether the host has a route to an address through an interface.
    fn leads(&self, to: IpAddr, by: &IfName) -> bool;
}

/// How a chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Dropped,
    /// Without a verdict.
    Passed,
}

/// The result of a statement.
enum StatementResult {
    /// Continue with the next statement.
    Next,
    /// The next rule's turn.
    NoMatch,
    Verdict(Verdict),
    /// Done, with its description; the packet continues at the next hook.
    Translated(String),
}

impl Walk<'_> {
    /// Whether the packet passes all chains at a hook, in the order of their priorities. Chains of other programs come
    /// after ours of the same priority.
    pub(super) fn passes(&mut self, hook: Hook, packet: &mut Packet, ground: &dyn Ground) -> bool {
        let table = self.table;
        let base_of = |chain: &'_ ChainState| chain.chain().base.clone();
        let mut chains: Vec<(Base, &ChainState)> = table
            .chains()
            .filter_map(|chain| Some((base_of(chain).filter(|base| base.hook == hook)?, chain)))
            .collect();
        chains.sort_by_key(|(base, _)| base.priority);
        let mut others = self.beside.priorities(hook);
        others.dedup();
        let mut others = others.into_iter().peekable();
        for (base, chain) in chains {
            while let Some(priority) = others.next_if(|it| *it < i64::from(base.priority.0)) {
                if !self.beside.passes(hook, priority, packet) {
                    return false;
                }
            }
            let passes = match self.chain(chain, packet, ground) {
                End::Accepted => true,
                End::Dropped => false,
                End::Passed => base.policy == Policy::Accept,
            };
            if !passes {
                return false;
            }
        }
        let passes = others.all(|priority| self.beside.passes(hook, priority, packet));
        if passes {
            self.beside.has_passed(hook, packet);
        }
        passes
    }

    fn chain(&mut self, chain: &ChainState, packet: &mut Packet, ground: &dyn Ground) -> End {
        for rule in chain.rules() {
            match self.rule(rule, packet, ground) {
                None | Some(Verdict::Continue) => {}
                Some(Verdict::Accept) => return End::Accepted,
                Some(Verdict::Drop) => return End::Dropped,
                Some(Verdict::Return) => return End::Passed,
                Some(Verdict::Jump(to)) => match self.called(&to, packet, ground) {
                    End::Passed => {}
                    end => return end,
                },
                Some(Verdict::Goto(to)) => return self.called(&to, packet, ground),
            }
        }
        End::Passed
    }

    fn called(&mut self, name: &Name, packet: &mut Packet, ground: &dyn Ground) -> End {
        let table = self.table;
        let chain = table.chain(name);
        chain.map_or(End::Passed, |chain| self.chain(chain, packet, ground))
    }

    /// The verdict of a rule; none if the rule has none or does not match.
    fn rule(&mut self, rule: &Rule, packet: &mut Packet, ground: &dyn Ground) -> Option<Verdict> {
        let mut elements = Vec::new();
        for statement in &rule.statements {
            let (verdict, action) = match self.statement(statement, packet, ground, &mut elements) {
                StatementResult::Next => continue,
                StatementResult::NoMatch => return None,
                StatementResult::Verdict(verdict) => (verdict.clone(), verdict.to_string()),
                StatementResult::Translated(how) => (Verdict::Accept, how),
            };
            self.steps.push(Step {
                chain: rule.chain.name.to_string(),
                rule: role(rule),
                elements,
                action,
            });
            return Some(verdict);
        }
        None
    }

    fn statement(
        &self,
        statement: &Statement,
        packet: &mut Packet,
        ground: &dyn Ground,
        elements: &mut Vec<MatchedElement>,
    ) -> StatementResult {
        let if_it = |matches| match matches {
            true => StatementResult::Next,
            false => StatementResult::NoMatch,
        };
        match statement {
            Statement::Match(comparison) => if_it(packet.passes(comparison)),
            Statement::Lookup { key, set, negated } => match values(packet, key) {
                None => StatementResult::NoMatch,
                Some(values) => {
                    if_it(self.find(set, values.as_deref(), elements).is_some() != *negated)
                }
            },
            Statement::CtState(states) => if_it(states.contains(&CtState::New)),
            Statement::CtStatus(marks) => if_it(marks.iter().any(|mark| match mark {
                CtStatus::Dnat => packet.is_dnat,
                CtStatus::Snat => packet.is_snat,
                // Before the first packet of a connection, nothing is tracked.
                CtStatus::SeenReply | CtStatus::Assured | CtStatus::Confirmed | CtStatus::Dying => {
                    false
                }
            })),
            Statement::AddrType { of, kind, negated } => {
                if_it(is_of_kind(packet, ground, *of, *kind) != *negated)
            }
            // An unknown source counts as arriving by the right interface.
            Statement::NoWayBack => if_it(match (packet.saddr, &packet.iif) {
                (Some(from), Some(iif)) if self.is_answered(packet.daddr, from, iif) => false,
                (Some(from), Some(iif)) => ground.is_local(from) || !ground.leads(from, iif),
                _ => false,
            }),
            Statement::Counter => StatementResult::Next,
            Statement::Verdict(verdict) => StatementResult::Verdict(verdict.clone()),
            Statement::VerdictMap { key, map } => {
                let data = self.data(packet, key, map, elements);
                match data {
                    Some(Data::Verdict(verdict)) => StatementResult::Verdict(verdict),
                    Some(Data::Values(_)) | None => StatementResult::NoMatch,
                }
            }
            Statement::Masquerade => {
                (packet.saddr, packet.is_snat) = (None, true);
                StatementResult::Translated("masquerade".into())
            }
            Statement::Nat(nat) => self.nat(nat, packet, elements),
        }
    }

    /// Whether the packet is for the DNS server, which alone has a route back to the sender.
    fn is_answered(&self, to: Option<IpAddr>, from: IpAddr, by: &IfName) -> bool {
        let networks = self.state.networks.values();
        let mut networks = networks.filter(|network| network.bridge == *by);
        to.is_some_and(|to| RESOLVERS.contains(&to))
            && networks.any(|network| {
                let answered = steps::answered(network);
                answered.iter().any(|net| net.contains(&from))
            })
    }

    fn nat(
        &self,
        nat: &Nat,
        packet: &mut Packet,
        elements: &mut Vec<MatchedElement>,
    ) -> StatementResult {
        if nat.target.version() != packet.version {
            return StatementResult::NoMatch;
        }
        let (address, port) = match &nat.target {
            NatTarget::Literal { address, port } => (*address, *port),
            NatTarget::Map { key, map, .. } => match self.data(packet, key, map, elements) {
                Some(Data::Values(values)) => match target(&values) {
                    Some(target) => target,
                    None => return StatementResult::NoMatch,
                },
                Some(Data::Verdict(_)) | None => return StatementResult::NoMatch,
            },
        };
        match nat.kind {
            NatKind::Dnat => packet.translate_destination(address, port),
            NatKind::Snat => (packet.saddr, packet.is_snat) = (Some(address), true),
        }
        let to = port.map_or_else(
            || address.to_string(),
            |port| std::net::SocketAddr::new(address, port).to_string(),
        );
        StatementResult::Translated(format!("{} to {to}", nat.kind.name()))
    }

    /// The data of a map for the packet's key.
    fn data(
        &self,
        packet: &Packet,
        key: &Key,
        map: &Name,
        elements: &mut Vec<MatchedElement>,
    ) -> Option<Data> {
        let values = values(packet, key)??;
        self.find(map, Some(&values), elements)?.data.clone()
    }

    /// The element of a set or map with the key, if there is one. It is recorded.
    fn find(
        &self,
        set: &Name,
        key: Option<&[Value]>,
        elements: &mut Vec<MatchedElement>,
    ) -> Option<&Element> {
        let element = self.table.set(set)?.matching(key?)?;
        elements.push(MatchedElement {
            set: set.to_string(),
            element: element.to_string(),
            of: owner::of(self.state, set, element),
        });
        Some(element)
    }
}

pub(super) fn is_to_host(packet: &Packet, ground: &dyn Ground) -> bool {
    packet.daddr.is_some_and(|to| ground.is_local(to))
}

fn is_of_kind(packet: &Packet, ground: &dyn Ground, of: Side, kind: AddrType) -> bool {
    let is_source = of == Side::Source;
    let address = if is_source {
        packet.saddr
    } else {
        packet.daddr
    };
    let is = |test: &dyn Fn(IpAddr) -> bool| address.is_some_and(test);
    let is_local = is(&|ip| ground.is_local(ip));
    let is_broadcast = is(&|ip| ground.is_broadcast(ip));
    let is_multicast = is(&|ip| ip.is_multicast());
    match kind {
        AddrType::Local => is_local,
        AddrType::Multicast => is_multicast,
        AddrType::Broadcast => is_broadcast,
        AddrType::Unicast => !(is_local || is_multicast || is_broadcast),
    }
}

/// The packet's value of a key: none if it lacks a field; `Some(None)` if the value is unknown, and thus in no set.
fn values(packet: &Packet, key: &Key) -> Option<Option<Vec<Value>>> {
    let mut values = Some(Vec::new());
    for field in key.fields() {
        match packet.held(*field) {
            Held::Absent => return None,
            Held::Unknown => values = None,
            Held::Value(value) => {
                if let Some(values) = &mut values {
                    values.push(value);
                }
            }
        }
    }
    Some(values)
}

/// The address and port of a map's data.
fn target(values: &[Value]) -> Option<(IpAddr, Option<u16>)> {
    let (address, port) = values.split_first()?;
    let address = match address {
        Value::Ipv4Addr(ip) => IpAddr::V4(*ip),
        Value::Ipv6Addr(ip) => IpAddr::V6(*ip),
        _ => return None,
    };
    match port {
        [] => Some((address, None)),
        [Value::InetService(InetService(port))] => Some((address, Some(*port))),
        _ => None,
    }
}

/// The purpose of the rule: its comment without the digest.
fn role(rule: &Rule) -> String {
    let comment = rule.comment.as_ref().map_or("", |comment| comment.as_str());
    let role = comment.rsplit_once(" #").map_or(comment, |(role, _)| role);
    role.to_owned()
}

#[cfg(test)]
mod tests;
