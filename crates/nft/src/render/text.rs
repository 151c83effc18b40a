//! nft's own language (nft(8)), in words that every release from 0.9.3 reads.

use std::fmt::{self, Display, Formatter, Result};

use crate::model::{
    Base, Chain, ChainId, Data, DataType, Element, Field, IfName, Key, Match, Nat, NatTarget,
    Operand, Redirect, Reject, Rule, Set, SetId, Statement, TableId, Timeout, Type, Value, Verdict,
};
use crate::op::{Object, ObjectId, Op};

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Add(object) => write!(f, "add {object}"),
            Self::Create(object) => write!(f, "create {object}"),
            Self::Insert(rule) => write!(f, "insert rule {} {rule}", rule.chain),
            Self::Delete(id) => write!(f, "delete {id}"),
            Self::Flush(id) => write!(f, "flush {id}"),
            Self::AddElements { set, elements } => {
                write!(f, "add element {set} {}", Braced(elements))
            }
            Self::CreateElements { set, elements } => {
                write!(f, "create element {set} {}", Braced(elements))
            }
            Self::DeleteElements { set, elements } => {
                let keys = elements.iter().map(|element| Joined(&element.key, " . "));
                write!(
                    f,
                    "delete element {set} {}",
                    Braced(&keys.collect::<Vec<_>>())
                )
            }
        }
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Table(table) => write!(f, "table {table}"),
            Self::Chain(Chain { id, base: None }) => write!(f, "chain {id}"),
            Self::Chain(Chain {
                id,
                base: Some(base),
            }) => write!(f, "chain {id} {{ {base} }}"),
            Self::Set(set) => {
                write!(
                    f,
                    "{} {} {{ {}",
                    set.id.kind.name(),
                    set.id,
                    Declaration(set)
                )?;
                if !set.elements.is_empty() {
                    write!(f, " elements = {};", Braced(&set.elements))?;
                }
                f.write_str(" }")
            }
            Self::Rule(rule) => write!(f, "rule {} {rule}", rule.chain),
        }
    }
}

/// With the word that says what it is, as `delete` and `flush` take it.
impl Display for ObjectId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Table(table) => write!(f, "table {table}"),
            Self::Chain(chain) => write!(f, "chain {chain}"),
            Self::Set(set) => write!(f, "{} {set}", set.kind.name()),
        }
    }
}

impl Display for TableId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.family.name(), self.name)
    }
}

impl Display for ChainId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.table, self.name)
    }
}

impl Display for SetId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.table, self.name)
    }
}

/// What stands between the braces of a base chain.
impl Display for Base {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "type {} hook {}", self.kind.name(), self.hook.name())?;
        if let Some(device) = &self.device {
            write!(f, " device {device}")?;
        }
        write!(
            f,
            " priority {}; policy {};",
            self.priority.0,
            self.policy.name()
        )
    }
}

/// What stands between the braces of a set, apart from its elements.
pub(crate) struct Declaration<'a>(pub(crate) &'a Set);

impl Display for Declaration<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Set {
            key,
            data,
            timeout,
            counter,
            comment,
            ..
        } = self.0;
        write!(f, "type {key}")?;
        match data {
            DataType::None => f.write_str(";")?,
            DataType::Values(data) => write!(f, " : {data};")?,
            DataType::Verdict => f.write_str(" : verdict;")?,
        }
        match timeout {
            Timeout::Never => {}
            Timeout::PerElement => f.write_str(" flags timeout;")?,
            Timeout::Default(timeout) => write!(f, " timeout {}s;", timeout.as_secs())?,
        }
        if *counter {
            f.write_str(" counter;")?;
        }
        comment
            .iter()
            .try_for_each(|comment| write!(f, " comment {comment};"))
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Joined(&self.key, " . "))?;
        if let Some(counter) = self.counter {
            write!(
                f,
                " counter packets {} bytes {}",
                counter.packets, counter.bytes
            )?;
        }
        if let Some(timeout) = self.timeout {
            write!(f, " timeout {}s", timeout.as_secs())?;
        }
        if let Some(comment) = &self.comment {
            write!(f, " comment {comment}")?;
        }
        match &self.data {
            None => Ok(()),
            Some(Data::Values(values)) => write!(f, " : {}", Joined(values, " . ")),
            Some(Data::Verdict(verdict)) => write!(f, " : {verdict}"),
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Continue => f.write_str("continue"),
            Self::Return => f.write_str("return"),
            Self::Jump(chain) => write!(f, "jump {chain}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
        }
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Joined(self.parts(), " . "))
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::InetProto(protocol) => write!(f, "{}", protocol.0),
            Self::InetService(port) => write!(f, "{}", port.0),
            Self::Ipv4Addr(address) => write!(f, "{address}"),
            Self::Ipv6Addr(address) => write!(f, "{address}"),
            Self::Ifname(name) => write!(f, "{name}"),
            Self::Mark(mark) => write!(f, "{:#x}", mark.0),
            Self::EtherAddr(address) => {
                let bytes = address.0.map(|byte| format!("{byte:02x}"));
                write!(f, "{}", bytes.join(":"))
            }
        }
    }
}

/// In quotes, as nft reads it.
impl Display for IfName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "\"{}\"", self.as_str())
    }
}

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
            Self::DaddrType { kind, negated } => {
                write!(f, "fib daddr type {}{}", not(negated), kind.name())
            }
            Self::Counter => f.write_str("counter"),
            Self::Verdict(verdict) => write!(f, "{verdict}"),
            Self::VerdictMap { key, map } => write!(f, "{key} vmap @{map}"),
            Self::Masquerade => f.write_str("masquerade"),
            Self::Nat(nat) => write!(f, "{nat}"),
            Self::Redirect(redirect) => write!(f, "{redirect}"),
            Self::Reject(reject) => write!(f, "{reject}"),
            Self::Log(log) => write!(f, "{log}"),
            Self::SetMark { kind, mark } => write!(f, "{} mark set {:#x}", kind.name(), mark.0),
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

impl Display for Redirect {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::SamePort => f.write_str("redirect"),
            Self::Port(port) => write!(f, "redirect to :{port}"),
            Self::Map { key, map } => write!(f, "redirect to :{key} map @{map}"),
        }
    }
}

impl Display for Reject {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::PortUnreachable => "reject",
            Self::AdminProhibited => "reject with icmpx type admin-prohibited",
            Self::HostUnreachable => "reject with icmpx type host-unreachable",
            Self::NoRoute => "reject with icmpx type no-route",
            Self::TcpReset => "reject with tcp reset",
        })
    }
}

impl Display for crate::model::Log {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (Self::Kernel { prefix, .. } | Self::Group { prefix, .. }) = self;
        f.write_str("log")?;
        if let Some(prefix) = prefix {
            write!(f, " prefix {prefix}")?;
        }
        match self {
            Self::Kernel { level: None, .. } => Ok(()),
            Self::Kernel {
                level: Some(level), ..
            } => write!(f, " level {}", level.name()),
            Self::Group { group, .. } => write!(f, " group {group}"),
        }
    }
}

/// Things with something between them.
#[derive(Clone, Copy)]
pub(crate) struct Joined<'a, T>(pub(crate) &'a [T], pub(crate) &'a str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(self.1)?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

/// Things between braces, with commas between them.
struct Braced<'a, T>(&'a [T]);

impl<T: Display> fmt::Display for Braced<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{{ {} }}", Joined(self.0, ", "))
    }
}
