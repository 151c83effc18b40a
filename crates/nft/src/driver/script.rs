//! A transaction as nft reads it.

use crate::transaction::Transaction;

/// Between operations that share a line.
const SEPARATOR: &str = "; ";

/// Rendered operations, each without a newline inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    ops: Vec<String>,
    bytes: usize,
}

impl Script {
    pub(crate) fn new(transaction: &Transaction) -> Self {
        Self::of_lines(transaction.ops().iter().map(ToString::to_string).collect())
    }

    pub(crate) fn of_lines(ops: Vec<String>) -> Self {
        let bytes = ops.iter().map(|op| op.len() + SEPARATOR.len()).sum();
        Self { ops, bytes }
    }

    pub(crate) fn op(&self, index: usize) -> Option<&str> {
        self.ops.get(index).map(String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    /// About as many bytes as any of its forms has.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// One operation a line.
    pub(crate) fn lines(&self) -> String {
        let mut text = String::with_capacity(self.bytes);
        for op in &self.ops {
            text.push_str(op);
            text.push('\n');
        }
        text
    }

    /// All on one line, without the newline.
    pub(crate) fn joined(&self) -> String {
        self.ops.join(SEPARATOR)
    }

    /// The operation on this line of [`lines`](Self::lines), from 1.
    pub(crate) fn at_line(&self, line: usize) -> Option<usize> {
        line.checked_sub(1).filter(|index| *index < self.ops.len())
    }

    /// The operation at this byte of [`joined`](Self::joined), from nought. A byte of a separator
    /// belongs to the operation before it: nft points there when it misses something.
    pub(crate) fn at_column(&self, column: usize) -> Option<usize> {
        let mut end = 0;
        self.ops.iter().position(|op| {
            end += op.len() + SEPARATOR.len();
            column < end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_operations() {
        let script = Script::of_lines(vec!["add a".into(), "add b".into()]);
        assert_eq!(script.joined(), "add a; add b");
        assert_eq!(script.lines(), "add a\nadd b\n");
        let columns: Vec<_> = [0, 5, 6, 7, 12, 99].map(|at| script.at_column(at)).into();
        assert_eq!(columns, [Some(0), Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!(
            [0, 1, 2, 3].map(|line| script.at_line(line)),
            [None, Some(0), Some(1), None]
        );
    }
}
