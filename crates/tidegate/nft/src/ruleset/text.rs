//! The canonical form.

use std::fmt::{self, Display, Formatter};

use super::{ChainState, Ruleset, SetState, TableState};
use crate::model::TableId;
use crate::render::{Declaration, Joined};

impl Ruleset {
    /// The canonical form: like `nft list ruleset`, which nft reads too. Tables, then sets, then
    /// chains by name; elements by key; rules in order.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// The canonical form of one table; empty when it is not there.
    #[must_use]
    pub fn table_text(&self, id: &TableId) -> String {
        self.table(id)
            .map(|table| InTable(id, table).to_string())
            .unwrap_or_default()
    }
}

impl Display for Ruleset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tables
            .iter()
            .try_for_each(|(id, table)| write!(f, "{}", InTable(id, table)))
    }
}

struct InTable<'a>(&'a TableId, &'a TableState);

impl Display for InTable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(id, table) = self;
        writeln!(f, "table {id} {{")?;
        let sets = table.sets.values().map(ToString::to_string);
        let chains = table.chains.values().map(ToString::to_string);
        let blocks: Vec<_> = sets.chain(chains).collect();
        write!(f, "{}", Joined(&blocks, "\n"))?;
        f.write_str("}\n")
    }
}

impl Display for SetState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\t{} {} {{", self.set.id.kind.name(), self.set.id.name)?;
        writeln!(f, "\t\t{}", Declaration(&self.set))?;
        if !self.elements.is_empty() {
            let elements: Vec<_> = self.elements.values().collect();
            writeln!(
                f,
                "\t\telements = {{ {} }}",
                Joined(&elements, ",\n\t\t\t     ")
            )?;
        }
        f.write_str("\t}\n")
    }
}

impl Display for ChainState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\tchain {} {{", self.chain.id.name)?;
        if let Some(base) = &self.chain.base {
            writeln!(f, "\t\t{base}")?;
        }
        self.rules
            .iter()
            .try_for_each(|rule| writeln!(f, "\t\t{rule}"))?;
        f.write_str("\t}\n")
    }
}
