//! Operations on a ruleset.

use crate::model::{Chain, ChainId, Element, Rule, Set, SetId, TableId};

/// Something that can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A table.
    Table(TableId),
    /// A chain.
    Chain(Chain),
    /// A set or map, with the elements in its declaration.
    Set(Set),
    /// A rule, at the end of its chain.
    Rule(Rule),
}

impl Object {
    /// What it is called once it is there; a rule has its chain's name.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        match self {
            Self::Table(table) => ObjectId::Table(table.clone()),
            Self::Chain(chain) => ObjectId::Chain(chain.id.clone()),
            Self::Set(set) => ObjectId::Set(set.id.clone()),
            Self::Rule(rule) => ObjectId::Chain(rule.chain.clone()),
        }
    }
}

macro_rules! conversions {
    ($target:ident: $($kind:ident($inner:ty)),+) => {$(
        impl From<$inner> for $target {
            fn from(inner: $inner) -> Self {
                Self::$kind(inner)
            }
        }
    )+};
}

conversions!(Object: Table(TableId), Chain(Chain), Set(Set), Rule(Rule));
conversions!(ObjectId: Table(TableId), Chain(ChainId), Set(SetId));

/// Something that can be deleted or emptied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// A table.
    Table(TableId),
    /// A chain.
    Chain(ChainId),
    /// A set or map.
    Set(SetId),
}

impl ObjectId {
    /// The table that it is, or is in.
    #[must_use]
    pub const fn table(&self) -> &TableId {
        match self {
            Self::Table(table) => table,
            Self::Chain(chain) => &chain.table,
            Self::Set(set) => &set.table,
        }
    }
}

/// One operation. Its `Display` is one line of nft's language, without the newline.
///
/// Nothing here needs a handle, so nothing has to be read from the kernel before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds an object. Success where the same one is there already; a rule is added each time.
    Add(Object),
    /// Adds an object that must not be there yet. Not for rules, which have no identity.
    Create(Object),
    /// Adds a rule at the beginning of its chain.
    Insert(Rule),
    /// Removes a table with all that is in it, a chain with its rules, or a set with its elements.
    Delete(ObjectId),
    /// Removes the rules of a table or chain, or the elements of a set.
    Flush(ObjectId),
    /// Adds elements to a set that must be there. Success where an equal element is there already.
    AddElements {
        /// The set or map.
        set: SetId,
        /// At least one.
        elements: Vec<Element>,
    },
    /// Adds elements that must not be there yet.
    CreateElements {
        /// The set or map.
        set: SetId,
        /// At least one.
        elements: Vec<Element>,
    },
    /// Removes elements that must be there. Their keys count alone.
    DeleteElements {
        /// The set or map.
        set: SetId,
        /// At least one.
        elements: Vec<Element>,
    },
}

impl Op {
    /// The object it works on.
    #[must_use]
    pub fn target(&self) -> ObjectId {
        match self {
            Self::Add(object) | Self::Create(object) => object.id(),
            Self::Insert(rule) => ObjectId::Chain(rule.chain.clone()),
            Self::Delete(id) | Self::Flush(id) => id.clone(),
            Self::AddElements { set, .. }
            | Self::CreateElements { set, .. }
            | Self::DeleteElements { set, .. } => ObjectId::Set(set.clone()),
        }
    }
}
