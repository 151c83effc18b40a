//! Systems of Debian, made once and never changed.

use std::path::PathBuf;

use tidegate_tests::System;

/// A release of Debian, and what the image has besides the essential packages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Image {
    /// Debian 12 and nothing: what `apt-get install` has to do is all to be seen.
    Minimal,
    /// Debian 12 and what building takes, but for libnftables' development package.
    Build,
    /// Debian 13 and what building takes.
    BuildOn13,
}

impl Image {
    /// The folder of the image, which is made first where it is missing.
    ///
    /// # Panics
    /// When it cannot be made.
    pub(crate) fn folder(self) -> PathBuf {
        let (name, suite, packages) = match self {
            Self::Minimal => ("bookworm-minimal", "bookworm", "ca-certificates"),
            Self::Build => (
                "bookworm-build",
                "bookworm",
                "build-essential,pkg-config,rpm",
            ),
            Self::BuildOn13 => ("trixie-build", "trixie", "build-essential,pkg-config"),
        };
        let system = System {
            name,
            suite,
            variant: "minbase",
            packages,
        };
        system.folder()
    }
}
