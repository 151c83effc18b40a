//! A program that was built.

use crate::elf::ElfFacts;

/// A program as it came out of the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltProgram {
    /// Its name.
    pub name: String,
    /// Whether the plan has it link the C library.
    pub links_library: bool,
    /// What its file says.
    pub elf: ElfFacts,
}
