//! A transaction as nft reads it.

use std::fmt::Write;

use tidegate_nft::Transaction;

/// Between operations that share a line.
const SEPARATOR: &str = "; ";

/// Rendered operations, each without a newline inside: one text, since that of a whole state has megabytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// One operation a line.
    text: String,
    /// Where in the text each operation ends, and its newline follows.
    ends: Vec<usize>,
}

impl Script {
    pub(crate) fn new(transaction: &Transaction) -> Self {
        let mut script = Self::default();
        for op in transaction.ops() {
            // To write to a String does not fail.
            let _ = write!(script.text, "{op}");
            script.end_line();
        }
        script
    }

    pub(crate) fn of_lines(ops: &[&str]) -> Self {
        let mut script = Self::default();
        for op in ops {
            script.text.push_str(op);
            script.end_line();
        }
        script
    }

    fn end_line(&mut self) {
        self.ends.push(self.text.len());
        self.text.push('\n');
    }

    pub(crate) fn op(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before)? + 1,
            None => 0,
        };
        self.text.get(start..end)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// About as many bytes as any of its forms has.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.len() * (SEPARATOR.len() - 1)
    }

    /// One operation a line.
    pub(crate) fn lines(&self) -> &str {
        &self.text
    }

    /// All on one line, without the newline.
    pub(crate) fn joined(&self) -> String {
        self.text.trim_end_matches('\n').replace('\n', SEPARATOR)
    }

    /// The operation on this line of [`lines`](Self::lines), from 1.
    pub(crate) fn at_line(&self, line: usize) -> Option<usize> {
        line.checked_sub(1).filter(|index| *index < self.len())
    }

    /// The operation at this byte of [`joined`](Self::joined), from nought. A byte of a separator
    /// belongs to the operation before it: nft points there when it misses something.
    pub(crate) fn at_column(&self, column: usize) -> Option<usize> {
        // Each newline before the operation's end has become a separator.
        let end = |(index, end): (usize, &usize)| end + (index + 1) * (SEPARATOR.len() - 1) + 1;
        self.ends
            .iter()
            .enumerate()
            .position(|found| column < end(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_operations() {
        let script = Script::of_lines(&["add a", "add b"]);
        assert_eq!(script.joined(), "add a; add b");
        assert_eq!(script.lines(), "add a\nadd b\n");
        let ops = [0, 1, 2].map(|index| script.op(index));
        assert_eq!(ops, [Some("add a"), Some("add b"), None]);
        let columns: Vec<_> = [0, 5, 6, 7, 12, 99].map(|at| script.at_column(at)).into();
        assert_eq!(columns, [Some(0), Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!(
            [0, 1, 2, 3].map(|line| script.at_line(line)),
            [None, Some(0), Some(1), None]
        );
    }
}
