//! Asks the linker which file it takes for a library, and the package manager who owns that file.

use std::path::{Path, PathBuf};

use plimsoll_probe::{Command, Distribution, System};

use super::OwnedFile;
use crate::elf;

/// Where a library is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The folders that the build scripts named, in their order; the linker looks in its own after them.
    pub folders: &'a [PathBuf],
    /// A folder for what the linker writes.
    pub scratch: &'a Path,
}

/// The file that the linker takes for a library of this soname.
///
/// `cc`, by which rustc links, is asked with the folders of the build: `--trace` of ld(1) names each file that is read. It is the
/// same question as rustc's, since a build that was not linked anew prints nothing.
///
/// # Errors
/// Says why the linker could not tell.
pub fn taken(system: &dyn System, search: &Search<'_>, soname: &str) -> Result<PathBuf, String> {
    let name = soname.split(".so").next().unwrap_or(soname);
    let plain = name.strip_prefix("lib").map(str::to_owned);
    // A library that has no file for linking is named in full.
    let names = plain.into_iter().chain([format!(":{soname}")]);
    let mut said = String::new();
    for name in names {
        let output = system.run(&command(search, &name));
        let output = output.map_err(|error| error.reason())?;
        let mut files = output.stdout.lines().chain(output.stderr.lines());
        if let Some(file) = files.find_map(|line| library(line, soname)) {
            return Ok(file);
        }
        said = match output.success() {
            true => format!("cc takes no file with this soname for -l{name}"),
            false => output.complaint(),
        };
    }
    Err(said)
}

fn command(search: &Search<'_>, name: &str) -> Command {
    let out = search.scratch.join("traced.so").display().to_string();
    let mut words: Vec<String> = ["-shared", "-nostdlib", "-Wl,--no-as-needed,--trace", "-o"]
        .map(str::to_owned)
        .into();
    words.push(out);
    let folders = search.folders.iter();
    words.extend(folders.map(|folder| format!("-L{}", folder.display())));
    words.push(format!("-l{name}"));
    Command::new("cc", words)
}

/// The file of a line, if it is the library. Linkers print the path alone, or after their own name.
fn library(line: &str, soname: &str) -> Option<PathBuf> {
    let words = line.split_whitespace();
    let file = [line.trim()].into_iter().chain(words.last());
    let mut files = file.map(Path::new).filter(|path| path.is_file());
    files.find_map(|path| {
        let facts = elf::read(path).ok()?;
        let own = facts
            .soname
            .or_else(|| Some(path.file_name()?.to_str()?.to_owned()));
        (own.as_deref() == Some(soname)).then(|| path.canonicalize().ok())?
    })
}

/// A file, and its owner in the database of the distribution's package manager.
pub fn owned(system: &dyn System, distribution: &Distribution, path: &Path) -> OwnedFile {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let owner = match distribution.family {
        Some(family) => family.package_database.owner_of_file(system, &path),
        None => Err(format!(
            "the package manager of {} is not known",
            distribution.pretty_name
        )),
    };
    OwnedFile { path, owner }
}

#[cfg(test)]
mod tests {
    use plimsoll_probe::{Command, Host};

    use super::*;

    fn compile(folder: &Path, name: &str, soname: &str) {
        let source = folder.join("x.c");
        std::fs::write(&source, "void x(void) {}\n").expect("written");
        let soname = format!("-Wl,-soname,{soname}");
        let out = folder.join(name).display().to_string();
        let source = source.display().to_string();
        let command = Command::new("cc", ["-shared", "-fPIC", &soname, "-o", &out, &source]);
        assert!(Host.run(&command).expect("cc runs").success());
    }

    fn asked(folders: &[PathBuf], scratch: &Path, soname: &str) -> Result<PathBuf, String> {
        taken(&Host, &Search { folders, scratch }, soname)
    }

    #[test]
    fn the_linker_takes_a_private_copy_before_the_systems_and_no_package_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("a path");
        let systems = asked(&[], &path, "libm.so.6").expect("the system has it");
        compile(&path, "libm.so", "libm.so.6");
        let private = asked(std::slice::from_ref(&path), &path, "libm.so.6");
        assert_eq!(private, Ok(path.join("libm.so")));
        assert!(!systems.starts_with(&path), "{}", systems.display());

        let distribution = Distribution::of(&Host);
        let owner = |file: &Path| owned(&Host, &distribution, file).owner;
        // Where the package manager is not known, nothing is claimed.
        if let Ok(owner) = owner(&systems) {
            assert!(owner.is_some_and(|owner| !owner.is_changed));
        }
        assert!(matches!(owner(&path.join("libm.so")), Ok(None) | Err(_)));
    }

    #[test]
    fn a_library_without_a_file_for_linking_is_found_by_its_whole_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("a path");
        compile(&path, "libmadeup.so.3", "libmadeup.so.3");
        let folders = [path.clone()];
        let found = asked(&folders, &path, "libmadeup.so.3");
        assert_eq!(found, Ok(path.join("libmadeup.so.3")));
        let error = asked(&folders, &path, "libmadeup.so.4").expect_err("another soname");
        assert!(error.contains("libmadeup.so.4"), "{error}");
    }
}
