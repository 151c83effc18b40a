//! Systems of Debian 12, made once and never changed.

use std::path::PathBuf;

use tidegate_tests::System;

/// What an image has besides Debian's essential packages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Image {
    /// Nothing: what `apt-get install` has to do is all to be seen.
    Minimal,
    /// What building takes, but for libnftables' development package.
    Build,
}

impl Image {
    /// The folder of the image, which is made first where it is missing.
    ///
    /// # Panics
    /// When it cannot be made.
    pub(crate) fn folder(self) -> PathBuf {
        let (name, packages) = match self {
            Self::Minimal => ("bookworm-minimal", "ca-certificates"),
            Self::Build => ("bookworm-build", "build-essential,pkg-config,rpm"),
        };
        let system = System {
            name,
            suite: "bookworm",
            variant: "minbase",
            packages,
        };
        system.folder()
    }
}
