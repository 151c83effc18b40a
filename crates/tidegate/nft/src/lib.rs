#![doc = include_str!("../README.md")]

mod diff;
mod driver;
mod kind;
mod model;
mod op;
mod render;
mod ruleset;
mod transaction;
mod validate;

pub use diff::{Difference, Shape};
pub use driver::*;
pub use kind::Kind;
pub use model::*;
pub use op::{Object, ObjectId, Op};
pub use ruleset::{ChainState, Refusal, Ruleset, SetState, TableState};
pub use transaction::{NotInvertible, Transaction};
pub use validate::Invalid;
