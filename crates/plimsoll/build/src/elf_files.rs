//! Every ELF file of a package: the programs that were built, and helpers, plugins and libraries among the assets.

use std::path::{Path, PathBuf};

use plimsoll_plan::config::Config;
use plimsoll_probe::FlavourName;
use plimsoll_spec::PackageFile;

use crate::elf::{self, ElfError};
use crate::program::BuiltProgram;

/// The ELF files that a system loads, of these paths in a package and where they are: the built ones as they are, each of the
/// others with its path in the package as its name.
///
/// # Errors
/// When one cannot be read, or is of another architecture than the built ones.
pub fn all(
    files: impl Iterator<Item = (String, PathBuf)>,
    built: &[BuiltProgram],
    flavour: FlavourName,
    config: &Config,
) -> Result<Vec<BuiltProgram>, ElfError> {
    let machine = match built.first() {
        Some(program) => elf::machine(&program.path)?,
        None => None,
    };
    let matrix = config.matrix();
    let mut found = Vec::new();
    for (dest, path) in files {
        if let Some(program) = built.iter().find(|program| program.path == path) {
            found.push(BuiltProgram {
                dest: Some(dest),
                ..program.clone()
            });
            continue;
        }
        let Some(own) = elf::machine(&path)? else {
            continue;
        };
        if let Some(wanted) = machine.filter(|wanted| *wanted != own) {
            return Err(ElfError::Machine {
                path,
                machine: own,
                wanted,
            });
        }
        let mut other = BuiltProgram::read(&dest, &path, Vec::new())?;
        let linked = matrix.flavour(flavour).into_iter();
        let linked = linked.flat_map(|flavour| matrix.linked(flavour));
        let needed = linked.filter(|(_, library)| other.elf.needs(&library.soname));
        other.libraries = needed.map(|(name, _)| name.to_owned()).collect();
        other.dest = Some(dest);
        found.push(other);
    }
    Ok(found)
}

/// The paths of the files of a package that have content, and where they are: no links, folders and ghosts.
pub(crate) fn of_package(files: &[PackageFile]) -> impl Iterator<Item = (String, PathBuf)> {
    let files = files.iter().filter(|file| file.has_content());
    files.map(|file| (file.dest.clone(), file.source.clone()))
}

/// The library of a soname among the files of a package.
#[must_use]
pub fn brought<'a>(programs: &'a [BuiltProgram], soname: &str) -> Option<&'a BuiltProgram> {
    programs.iter().find(|program| {
        let name = Path::new(program.place()).file_name();
        let is_named = || name.is_some_and(|name| name == soname);
        program.elf.soname.as_deref() == Some(soname) || is_named()
    })
}
