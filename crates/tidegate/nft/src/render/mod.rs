//! nft's own language (nft(8)), in words that every release from 0.9.3 reads.

mod rule;

use std::fmt::{self, Display, Formatter, Result};

use crate::model::{
    Base, Chain, ChainId, Data, DataType, Element, IfName, Set, SetId, TableId, Timeout, Type,
    Value, Verdict,
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
            intervals,
            comment,
            ..
        } = self.0;
        write!(f, "type {key}")?;
        match data {
            DataType::None => f.write_str(";")?,
            DataType::Values(data) => write!(f, " : {data};")?,
            DataType::Verdict => f.write_str(" : verdict;")?,
        }
        let flags = match (intervals, *timeout == Timeout::PerElement) {
            (false, false) => "",
            (true, false) => " flags interval;",
            (false, true) => " flags timeout;",
            (true, true) => " flags interval,timeout;",
        };
        f.write_str(flags)?;
        if let Timeout::Default(timeout) = timeout {
            write!(f, " timeout {}s;", timeout.as_secs())?;
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
            Self::Ipv4Net(net) => write!(f, "{net}"),
            Self::Ipv6Net(net) => write!(f, "{net}"),
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
