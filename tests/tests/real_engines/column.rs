//! The columns of the table.

/// Whose networks the containers are on: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The engine's own driver, the control.
    Own,
    /// Tidegate.
    Tidegate,
}

impl Column {
    /// Its heading.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Own => "own driver",
            Self::Tidegate => "Tidegate",
        }
    }
}
