//! The typed model of nftables objects.

mod chain;
mod conntrack;
mod element;
mod family;
mod field;
mod keyword;
mod label;
mod log;
mod name;
mod nat;
mod rule;
mod selector;
mod set;
mod statement;
mod value;

pub use chain::{Base, Chain, ChainKind, Hook, Policy, Priority};
pub use conntrack::{AddrType, CtState, CtStatus, Side};
pub use element::{Counter, Data, Element, Verdict};
pub use family::{ChainId, Family, SetId, SetKind, TableId};
pub use field::{Field, Key, Transport};
pub use label::{Comment, Label, LabelError, LogPrefix};
pub use log::{Log, LogLevel};
pub use name::{Name, NameError};
pub use nat::{IpVersion, Nat, NatKind, NatTarget, Redirect};
pub use rule::Rule;
pub use selector::{Selector, fields};
pub use set::{DataType, Set, Timeout};
pub use statement::{MarkKind, Match, Operand, Reject, Statement};
pub use value::{
    Datatype, EtherAddr, IfName, IfNameError, InetProto, InetService, Mark, Type, Value, Values,
};
