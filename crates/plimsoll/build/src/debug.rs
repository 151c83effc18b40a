//! The debug information of a program, in a file of its own.
//!
//! A debugger finds that file by the build id of the program, and without one by its name (`.gnu_debuglink`), see the GDB manual,
//! "Debugging Information in Separate Files".

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use error_hint::{FileError, Hint};
use object::{Object, ObjectSection};
use plimsoll_probe::{Command, RunError, limit};

use crate::elf::{self, ElfError};

/// A program in two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The program without symbols.
    pub program: PathBuf,
    /// Its debug information.
    pub debug: PathBuf,
    /// The build id of both, in hexadecimal.
    pub build_id: String,
}

impl Split {
    /// Where debuggers look for the debug information of this program, see the GDB manual. `suffix` is `.debug`, or nothing for
    /// the program itself.
    #[must_use]
    pub fn place(&self, suffix: &str) -> String {
        place(&self.build_id, suffix)
    }
}

/// Where debuggers look for the files of a build id.
#[must_use]
pub fn place(build_id: &str, suffix: &str) -> String {
    let (first, rest) = build_id.split_at_checked(2).unwrap_or((build_id, ""));
    format!("/usr/lib/debug/.build-id/{first}/{rest}{suffix}")
}

/// Why a program cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// The linker gave it no build id.
    #[error("{} has no build id, by which debuggers find its symbols", program.display())]
    NoBuildId {
        /// The program.
        program: PathBuf,
    },
    /// It has no debug information.
    #[error("{} has no debug information: its debug package would be empty", program.display())]
    Nothing {
        /// The program.
        program: PathBuf,
    },
    /// It is no ELF file, or is damaged.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A file cannot be read or made.
    #[error(transparent)]
    File(#[from] FileError),
    /// objcopy(1) failed.
    #[error("cannot take the debug information out of a program")]
    Objcopy(#[source] RunError),
}

impl Hint for DebugError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NoBuildId { .. } => Some(
                "add `rustflags = [\"-Clink-arg=-Wl,--build-id\"]` to [cargo] of packaging/dist.toml".into(),
            ),
            Self::Nothing { .. } => Some(
                "set `debug = \"line-tables-only\"` or `debug = true` in the Cargo profile, and leave out `strip`; or leave \
                 out `debug-packages`"
                    .into(),
            ),
            Self::Objcopy(RunError::NotFound { .. }) => Some("install binutils".into()),
            Self::Objcopy(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Elf(_) => None,
        }
    }
}

/// Writes a program without symbols and its debug information to a folder, which need not exist.
///
/// # Errors
/// When it has no build id or no debug information, or objcopy(1) fails.
pub fn split(program: &Path, folder: &Path) -> Result<Split, DebugError> {
    let path = || program.to_owned();
    let build_id = elf::build_id(program)?;
    let build_id = build_id.ok_or_else(|| DebugError::NoBuildId { program: path() })?;
    if !has_debug_information(program)? {
        return Err(DebugError::Nothing { program: path() });
    }
    fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
    let debug = folder.join(format!("{build_id}.debug"));
    let stripped = folder.join(program.file_name().unwrap_or_default());
    let [from, to_debug, to] = [program, &debug, &stripped].map(|path| path.display().to_string());
    objcopy(&["--only-keep-debug", &from, &to_debug])?;
    let link = format!("--add-gnu-debuglink={to_debug}");
    objcopy(&["--strip-all", &link, &from, &to])?;
    Ok(Split {
        program: stripped,
        debug,
        build_id,
    })
}

fn objcopy(arguments: &[&str]) -> Result<(), DebugError> {
    let command = Command::new("objcopy", arguments.iter().copied());
    let ran = command.limited(limit::WORK).text();
    ran.map(drop).map_err(DebugError::Objcopy)
}

/// Whether a file has a section with DWARF entries (<https://dwarfstd.org>, `.debug_info`).
fn has_debug_information(path: &Path) -> Result<bool, DebugError> {
    let data = fs::read(path).map_err(FileError::at("read", path))?;
    let file = object::File::parse(&*data).map_err(|source| ElfError::Damaged {
        path: path.to_owned(),
        source,
    })?;
    let section = file.section_by_name(".debug_info");
    Ok(section.is_some_and(|section| section.size() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debuggers_look_where_the_build_id_says() {
        let place = place("abcdef", ".debug");
        assert_eq!(place, "/usr/lib/debug/.build-id/ab/cdef.debug");
    }

    /// Compiles a C program.
    fn compiled(folder: &Path, flags: &[&str]) -> PathBuf {
        let source = folder.join("a.c");
        fs::write(
            &source,
            "int answer(void) { return 42; }\nint main(void) { return answer(); }\n",
        )
        .expect("written");
        let program = folder.join("a");
        let mut cc = std::process::Command::new("cc");
        cc.args(flags).arg("-o").args([&program, &source]);
        assert!(cc.status().expect("a compiler").success());
        program
    }

    #[test]
    fn a_program_and_its_symbols_are_two_files_of_one_build_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = compiled(folder.path(), &["-g", "-Wl,--build-id"]);
        let split = split(&program, &folder.path().join("out")).expect("two files");
        assert!(has_debug_information(&split.debug).expect("read"));
        assert!(!has_debug_information(&split.program).expect("read"));
        for file in [&split.program, &split.debug] {
            assert_eq!(
                elf::build_id(file).expect("read").as_ref(),
                Some(&split.build_id)
            );
        }
        let data = fs::read(&split.program).expect("read");
        let file = object::File::parse(&*data).expect("an ELF file");
        assert!(file.section_by_name(".symtab").is_none());
        assert!(file.section_by_name(".gnu_debuglink").is_some());
    }

    #[test]
    fn a_program_without_debug_information_or_build_id_is_refused_with_what_mends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for (flags, fault, hint) in [
            (
                ["-g0", "-Wl,--build-id"],
                "has no debug information",
                "set `debug = ",
            ),
            (
                ["-g", "-Wl,--build-id=none"],
                "has no build id",
                "add `rustflags = ",
            ),
        ] {
            let program = compiled(folder.path(), &flags);
            let error = split(&program, &folder.path().join("out")).expect_err("refused");
            assert!(error.to_string().contains(fault), "{error}");
            assert!(
                error.hint().is_some_and(|it| it.starts_with(hint)),
                "{error}"
            );
        }
    }
}
