//! Names of architectures.

use std::borrow::Cow;

use error_hint::Hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One architecture under its several names.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Arch {
    /// 64-bit x86.
    Amd64,
    /// 64-bit ARM.
    Arm64,
    /// 32-bit ARM with hardware floating point.
    Armhf,
}

/// A target whose architecture has no name in the package formats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no package architecture is known for target {target}")]
pub struct UnknownArch {
    /// The triple.
    pub target: String,
}

impl Hint for UnknownArch {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some("build on x86_64, aarch64 or armv7, or for one of them".into())
    }
}

impl Arch {
    /// The architecture of a target triple.
    ///
    /// # Errors
    /// When no package format has a name for it here.
    pub fn of(target: &str) -> Result<Self, UnknownArch> {
        let machine = target.split('-').next().unwrap_or_default();
        match machine {
            "x86_64" => Ok(Self::Amd64),
            "aarch64" => Ok(Self::Arm64),
            "armv7" => Ok(Self::Armhf),
            _ => Err(UnknownArch {
                target: target.to_owned(),
            }),
        }
    }

    /// The name that the list of distributions gives it, which is Debian's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
        }
    }

    /// The target triple with glibc.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::Armhf => "armv7-unknown-linux-gnueabihf",
        }
    }

    /// The name that RPM gives it.
    #[must_use]
    pub fn machine(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
            Self::Armhf => "armv7hl",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_rpm_and_cargo_have_their_own_names_of_an_architecture() {
        for (arch, name, triple, machine) in [
            (Arch::Amd64, "amd64", "x86_64-unknown-linux-gnu", "x86_64"),
            (Arch::Arm64, "arm64", "aarch64-unknown-linux-gnu", "aarch64"),
            (
                Arch::Armhf,
                "armhf",
                "armv7-unknown-linux-gnueabihf",
                "armv7hl",
            ),
        ] {
            assert_eq!(
                (arch.as_str(), arch.triple(), arch.machine()),
                (name, triple, machine)
            );
            assert_eq!(Arch::of(triple), Ok(arch));
        }
        let error = Arch::of("riscv64gc-unknown-linux-gnu").expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "no package architecture is known for target riscv64gc-unknown-linux-gnu"
        );
    }
}
