//! Reading the tables of an ELF file with the `object` crate's low-level interface.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use object::elf;
use object::read::elf::{ElfFile, ElfFile32, ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, Object, ReadRef};

use super::{ElfFacts, Linkage};

/// Why a file's needs could not be read. None of these means "needs nothing".
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// The file could not be read at all.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is not an ELF file", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
    },
    /// A table is cut short or points outside of the file.
    #[error("{} is a damaged ELF file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which table, and how.
        source: object::read::Error,
    },
    /// The file is for another processor than the programs of its package.
    #[error(
        "{} is for processor {machine}, and the programs of its package are for {wanted} (e_machine of elf(5))",
        path.display()
    )]
    Machine {
        /// The file.
        path: PathBuf,
        /// Its processor.
        machine: u16,
        /// That of the programs.
        wanted: u16,
    },
    /// The file has a dynamic segment, but its section headers were removed.
    #[error(
        "{} has a dynamic segment but no dynamic section: its dependencies cannot be read",
        path.display()
    )]
    NoSections {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the facts of an ELF file.
///
/// # Errors
/// If the file cannot be read, is not an ELF file, or has inconsistent tables.
#[expect(
    clippy::redundant_closure,
    reason = "a closure is called with files of any lifetime, a function given by name with one"
)]
pub fn read(path: &Path) -> Result<ElfFacts, ElfError> {
    parsed(path, |file| facts(file), |file| facts(file))?.ok_or_else(|| ElfError::NoSections {
        path: path.to_owned(),
    })
}

/// The symbol versions that a library defines (`.gnu.version_d`), but for the one that is its own
/// name. None for a library without versions.
///
/// # Errors
/// As [`read`].
#[expect(
    clippy::redundant_closure,
    reason = "a closure is called with files of any lifetime, a function given by name with one"
)]
pub fn definitions(path: &Path) -> Result<BTreeSet<String>, ElfError> {
    parsed(
        path,
        |file| version_definitions(file),
        |file| version_definitions(file),
    )
}

/// The build id that the linker gave the file, in hexadecimal; none where it gave none.
///
/// # Errors
/// As [`read`].
#[expect(
    clippy::redundant_closure,
    reason = "a closure is called with files of any lifetime, a function given by name with one"
)]
pub fn build_id(path: &Path) -> Result<Option<String>, ElfError> {
    parsed(path, |file| build_id_of(file), |file| build_id_of(file))
}

fn build_id_of<'data, Elf, R>(file: &ElfFile<'data, Elf, R>) -> object::read::Result<Option<String>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    let id = file.build_id()?;
    Ok(id.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Parses the file and reads something out of it: `object` has one type for each class.
fn parsed<T>(
    path: &Path,
    of_32: impl FnOnce(&ElfFile32<'_, Endianness>) -> object::read::Result<T>,
    of_64: impl FnOnce(&ElfFile64<'_, Endianness>) -> object::read::Result<T>,
) -> Result<T, ElfError> {
    let data = std::fs::read(path).map_err(|source| ElfError::Io {
        path: path.to_owned(),
        source,
    })?;
    let read = match FileKind::parse(data.as_slice()) {
        Ok(FileKind::Elf32) => ElfFile32::parse(data.as_slice()).and_then(|file| of_32(&file)),
        Ok(FileKind::Elf64) => ElfFile64::parse(data.as_slice()).and_then(|file| of_64(&file)),
        _ => {
            return Err(ElfError::NotElf {
                path: path.to_owned(),
            });
        }
    };
    read.map_err(|source| ElfError::Damaged {
        path: path.to_owned(),
        source,
    })
}

/// `None` where there is a dynamic segment without a dynamic section.
fn facts<'data, Elf, R>(file: &ElfFile<'data, Elf, R>) -> object::read::Result<Option<ElfFacts>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    let endian = file.endian();
    let segments = file.elf_program_headers();
    let interpreter = interpreter(file)?;
    let dynamic = file.elf_dynamic_table()?;
    let has_segment = segments.iter().any(|s| s.p_type(endian) == elf::PT_DYNAMIC);
    if has_segment && dynamic.is_empty() {
        return Ok(None);
    }
    let mut needed = Vec::new();
    let mut soname = None;
    let mut search = Vec::new();
    for entry in &dynamic {
        match entry.tag {
            elf::DT_NEEDED => needed.push(text(dynamic.string(entry)?)),
            elf::DT_SONAME => soname = Some(text(dynamic.string(entry)?)),
            elf::DT_RPATH | elf::DT_RUNPATH => {
                let folders = text(dynamic.string(entry)?);
                search.extend(folders.split(':').map(str::to_owned));
            }
            _ => {}
        }
    }
    let linkage = match (&interpreter, has_segment) {
        (None, false) => Linkage::Static,
        (None, true) if soname.is_none() && needed.is_empty() => Linkage::StaticPie,
        _ => Linkage::Dynamic,
    };
    Ok(Some(ElfFacts {
        is_64_bit: file.elf_header().is_class_64(),
        linkage,
        interpreter,
        soname,
        needed,
        search,
        version_needs: version_needs(file)?,
    }))
}

fn interpreter<'data, Elf, R>(file: &ElfFile<'data, Elf, R>) -> object::read::Result<Option<String>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    for segment in file.elf_program_headers() {
        if let Some(path) = segment.interpreter(file.endian(), file.data())? {
            return Ok(Some(text(path)));
        }
    }
    Ok(None)
}

fn version_needs<'data, Elf, R>(
    file: &ElfFile<'data, Elf, R>,
) -> object::read::Result<BTreeMap<String, BTreeSet<String>>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_section_table();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some((libraries, link)) = sections.gnu_verneed(endian, data)? else {
        return Ok(needs);
    };
    let strings = sections.strings(endian, data, link)?;
    for library in libraries {
        let (library, versions) = library?;
        let names = needs
            .entry(text(library.file(endian, strings)?))
            .or_default();
        for version in versions {
            names.insert(text(version?.name(endian, strings)?));
        }
    }
    Ok(needs)
}

fn version_definitions<'data, Elf, R>(
    file: &ElfFile<'data, Elf, R>,
) -> object::read::Result<BTreeSet<String>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_section_table();
    let mut names = BTreeSet::new();
    let Some((definitions, link)) = sections.gnu_verdef(endian, data)? else {
        return Ok(names);
    };
    let strings = sections.strings(endian, data, link)?;
    for definition in definitions {
        let (definition, mut auxiliaries) = definition?;
        let is_base = definition.vd_flags.get(endian).contains(elf::VER_FLG_BASE);
        // The first name is the version's own; those that follow are what it is derived from.
        if let (Some(name), false) = (auxiliaries.next()?, is_base) {
            names.insert(text(name.name(endian, strings)?));
        }
    }
    Ok(names)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
