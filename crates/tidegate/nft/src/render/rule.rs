//! Rules and their statements.

use std::fmt::{Display, Formatter, Result};

use super::Joined;
use crate::model::{Field, Key, Match, Nat, NatTarget, Operand, Rule, Statement};

/// The statements and the comment, without the chain.
impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Joined(&self.statements, " "))?;
        self.comment
            .iter()
            .try_for_each(|comment| write!(f, " comment {comment}"))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let not = |negated: &bool| if *negated { "!= " } else { "" };
        match self {
            Self::Match(comparison) => write!(f, "{comparison}"),
            Self::Lookup { key, set, negated } => write!(f, "{key} {}@{set}", not(negated)),
            Self::CtState(states) => {
                let names: Vec<_> = states.iter().map(|state| state.name()).collect();
                write!(f, "ct state {}", names.join(","))
            }
            Self::CtStatus(marks) => {
                let names: Vec<_> = marks.iter().map(|mark| mark.name()).collect();
                write!(f, "ct status {}", names.join(","))
            }
            Self::AddrType { of, kind, negated } => {
                let (of, kind) = (of.name(), kind.name());
                write!(f, "fib {of} type {}{kind}", not(negated))
            }
            Self::NoWayBack => f.write_str("fib saddr . iif oif missing"),
            Self::Counter => f.write_str("counter"),
            Self::Verdict(verdict) => write!(f, "{verdict}"),
            Self::VerdictMap { key, map } => write!(f, "{key} vmap @{map}"),
            Self::Masquerade => f.write_str("masquerade"),
            Self::Nat(nat) => write!(f, "{nat}"),
        }
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(
            f,
            "{} {}",
            self.field,
            if self.negated { "!= " } else { "" }
        )?;
        match &self.operand {
            Operand::Value(value) => write!(f, "{value}"),
            Operand::Ipv4Net(net) => write!(f, "{net}"),
            Operand::Ipv6Net(net) => write!(f, "{net}"),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Iifname => f.write_str("iifname"),
            Self::Oifname => f.write_str("oifname"),
            Self::L4proto => f.write_str("meta l4proto"),
            Self::MetaMark => f.write_str("meta mark"),
            Self::CtMark => f.write_str("ct mark"),
            Self::IpSaddr => f.write_str("ip saddr"),
            Self::IpDaddr => f.write_str("ip daddr"),
            Self::Ip6Saddr => f.write_str("ip6 saddr"),
            Self::Ip6Daddr => f.write_str("ip6 daddr"),
            Self::EtherSaddr => f.write_str("ether saddr"),
            Self::EtherDaddr => f.write_str("ether daddr"),
            Self::Sport(transport) => write!(f, "{} sport", transport.name()),
            Self::Dport(transport) => write!(f, "{} dport", transport.name()),
        }
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Joined(self.fields(), " . "))
    }
}

/// `dnat ip addr . port to KEY map @m` is what 0.9.8 reads; `dnat ip to KEY map @m` with ports in the
/// map is refused there. All later releases read both.
impl Display for Nat {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} ", self.kind.name(), self.target.version().name())?;
        match &self.target {
            NatTarget::Literal {
                address,
                port: None,
            } => write!(f, "to {address}"),
            NatTarget::Literal {
                address,
                port: Some(port),
            } => {
                write!(f, "to {}", std::net::SocketAddr::new(*address, *port))
            }
            NatTarget::Map {
                key,
                map,
                with_port,
                ..
            } => {
                write!(
                    f,
                    "{}to {key} map @{map}",
                    if *with_port { "addr . port " } else { "" }
                )
            }
        }
    }
}
