//! How the toolkit is run, for what it calls and for the commands that its hints name.

use std::sync::OnceLock;

/// How the toolkit is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Toolkit {
    /// As a part of a project's own xtask, which Cargo builds.
    #[default]
    Xtask,
    /// As the command `cargo plimsoll`, which is installed.
    Installed,
}

static THIS: OnceLock<Toolkit> = OnceLock::new();

impl Toolkit {
    /// The one of this process: [`Toolkit::Xtask`] unless its main function says otherwise.
    #[must_use]
    pub fn this() -> Self {
        THIS.get().copied().unwrap_or_default()
    }

    /// Makes it the one of this process. It counts only once, before anything asks for it.
    pub fn begin(self) {
        THIS.get_or_init(|| self);
    }

    /// The words that the user types before the name of a task.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Xtask => "cargo xtask",
            Self::Installed => "cargo plimsoll",
        }
    }
}

/// A task as the user types it.
#[must_use]
pub fn command(task: &str) -> String {
    format!("{} {task}", Toolkit::this().prefix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_says_nothing_is_an_xtask() {
        assert_eq!(Toolkit::this(), Toolkit::Xtask);
        assert_eq!(command("dist --plan"), "cargo xtask dist --plan");
        assert_eq!(Toolkit::Installed.prefix(), "cargo plimsoll");
    }
}
