//! A program that was built.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::elf::{self, ElfError, ElfFacts};
use crate::sum::Sum;

/// A program or library as it came out of the build, or out of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltProgram {
    /// Its name, that of its file for a library that was built; of a file among the assets, its path in the package.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its path in a package; none before it is in one.
    pub dest: Option<String>,
    /// The declared libraries that the plan has it link, by their names.
    pub libraries: Vec<String>,
    /// What its file says.
    pub elf: ElfFacts,
    /// What tells it from every other build.
    pub identity: Identity,
}

/// What tells a program from every other build of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// The linker's build id (`NT_GNU_BUILD_ID`), in hexadecimal; none where the linker gave it none.
    pub build_id: Option<String>,
    /// The SHA-256 sum of the file, in hexadecimal.
    pub sha256: String,
}

impl BuiltProgram {
    /// Whether it was not built, but is an asset.
    #[must_use]
    pub fn is_asset(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Its path in a package, or its name where it is in none.
    #[must_use]
    pub fn place(&self) -> &str {
        self.dest.as_deref().unwrap_or(&self.name)
    }

    /// Reads the file of a program.
    ///
    /// # Errors
    /// As [`elf::read`].
    pub fn read(name: &str, path: &Path, libraries: Vec<String>) -> Result<Self, ElfError> {
        let sum = Sum::of_file(path).map_err(|source| ElfError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            dest: None,
            libraries,
            elf: elf::read(path)?,
            identity: Identity {
                build_id: elf::build_id(path)?,
                sha256: sum.sha256,
            },
        })
    }
}
