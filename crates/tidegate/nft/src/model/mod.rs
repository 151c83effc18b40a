//! The typed model of nftables objects.

mod chain;
mod comment;
mod conntrack;
mod element;
mod family;
mod field;
mod keyword;
mod name;
mod nat;
mod rule;
mod selector;
mod set;
mod statement;
mod value;

pub use chain::{Base, Chain, ChainKind, Hook, Policy, Priority};
pub use comment::{Comment, CommentError};
pub use conntrack::{AddrType, CtState, CtStatus, Side};
pub use element::{Counter, Data, Element, Verdict};
pub use family::{ChainId, Family, SetId, SetKind, TableId};
pub use field::{Field, Key, Transport};
pub use name::{Name, NameError};
pub use nat::{IpVersion, Nat, NatKind, NatTarget};
pub use rule::Rule;
pub use selector::{Selector, fields};
pub use set::{DataType, Set, Timeout};
pub use statement::{Match, Operand, Statement};
pub use value::{
    Datatype, EtherAddr, IfName, IfNameError, InetProto, InetService, Mark, Type, Value, Values,
};
