//! What an ELF file needs from its system.
//!
//! The reader looks at the program headers (`PT_INTERP`, `PT_DYNAMIC`) and the tables that the
//! dynamic linker uses: `DT_NEEDED`, `DT_SONAME`, `DT_RUNPATH` and the version needs (`.gnu.version_r`). See
//! elf(5) and the *Linux Standard Base Core Specification*, "Symbol Versioning".
//!
//! It never runs the file and never asks `ldd`, which would list transitive libraries too.

mod machine;
mod read;
mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use machine::machine;
pub use read::{ElfError, build_id, definitions, read};
pub use version::SymbolVersion;

/// How a program finds its libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linkage {
    /// Fixed address, no interpreter, nothing to load.
    Static,
    /// Position independent, relocates itself, no interpreter, nothing to load.
    StaticPie,
    /// Loaded by an interpreter (`PT_INTERP`), or a shared object.
    Dynamic,
}

impl Linkage {
    /// Whether the file runs without a dynamic linker and without any shared library.
    #[must_use]
    pub fn is_static(self) -> bool {
        matches!(self, Self::Static | Self::StaticPie)
    }
}

impl fmt::Display for Linkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Static => "static",
            Self::StaticPie => "static-pie",
            Self::Dynamic => "dynamic",
        })
    }
}

/// The facts of one ELF file that packaging depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ElfFacts {
    /// Whether it is an ELFCLASS64 file: RPM marks the capabilities of such a file `(64bit)`.
    pub is_64_bit: bool,
    /// How it finds its libraries.
    pub linkage: Linkage,
    /// The dynamic linker that it names, for instance `/lib64/ld-linux-x86-64.so.2`.
    pub interpreter: Option<String>,
    /// Its soname, if it is a shared library.
    pub soname: Option<String>,
    /// The libraries that it needs directly (`DT_NEEDED`), in the order of the file.
    pub needed: Vec<String>,
    /// The folders that it has the dynamic linker search before the system's (`DT_RPATH`, `DT_RUNPATH`), in the order of the file.
    pub search: Vec<String>,
    /// Per library, the symbol versions that it needs; a library without versions is absent.
    pub version_needs: BTreeMap<String, BTreeSet<String>>,
}

impl ElfFacts {
    /// Whether the file names the library itself.
    #[must_use]
    pub fn needs(&self, soname: &str) -> bool {
        self.needed.iter().any(|needed| needed == soname)
    }

    /// The versions that the file needs of one library, in name order.
    pub fn versions_of(&self, soname: &str) -> impl Iterator<Item = &str> {
        self.version_needs
            .get(soname)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The newest version with the given prefix that any library must have: with `GLIBC` the
    /// oldest glibc that the file runs on.
    #[must_use]
    pub fn ceiling(&self, prefix: &str) -> Option<SymbolVersion> {
        self.version_needs
            .values()
            .flatten()
            .filter_map(|name| SymbolVersion::parse(name))
            .filter(|version| version.prefix == prefix)
            .max()
    }
}
