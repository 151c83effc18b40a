//! The typed model of nftables objects.

mod chain;
mod family;
mod field;
mod keyword;
mod label;
mod name;
mod rule;
mod set;
mod statement;
mod value;

pub use chain::{Base, Chain, ChainKind, Hook, Policy, Priority};
pub use family::{ChainId, Family, SetId, SetKind, TableId};
pub use field::{Field, Key, Selector, Transport, fields};
pub use label::{Comment, Label, LabelError, LogPrefix};
pub use name::{Name, NameError};
pub use rule::Rule;
pub use set::{Counter, Data, DataType, Element, Set, Timeout, Verdict};
pub use statement::{
    AddrType, CtState, CtStatus, IpVersion, Log, LogLevel, MarkKind, Match, Nat, NatKind,
    NatTarget, Operand, Redirect, Reject, Statement,
};
pub use value::{
    Datatype, EtherAddr, IfName, IfNameError, InetProto, InetService, Mark, Type, Value,
};
