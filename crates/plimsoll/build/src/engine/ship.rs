//! The installed command in another system: the running program itself, with its dynamic loader and its libraries, so that it
//! needs nothing of that system. Nothing is compiled, and it is the same version without a question.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use error_hint::FileError;

use crate::packager::SELF_VARIABLE;

/// Where it is in the other system.
pub(super) const PLACE: &str = "/opt/plimsoll";

/// The name by which Cargo finds it in PATH.
const COMMAND: &str = "cargo-plimsoll";

/// What the system says this process has mapped, one file a line (proc(5)).
const MAPS: &str = "/proc/self/maps";

/// Fills a folder with the running program and what it needs.
///
/// # Errors
/// When a file cannot be read or written.
pub fn ship(folder: &Path) -> Result<(), FileError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(FileError::at("remove", folder))?;
    }
    let libraries = folder.join("lib");
    fs::create_dir_all(&libraries).map_err(FileError::at("make", &libraries))?;
    let maps = Path::new(MAPS);
    let text = fs::read_to_string(maps).map_err(FileError::at("read", maps))?;
    let program = std::env::current_exe().map_err(FileError::at("find", Path::new(COMMAND)))?;
    let shared = shared_objects(&text, &program);
    let loader = shared.iter().find_map(|path| loader_name(path));
    for path in &shared {
        let name = path.file_name().unwrap_or_default();
        copy(path, &libraries.join(name))?;
    }
    let command = folder.join(COMMAND);
    match loader {
        None => copy(&program, &command),
        Some(loader) => {
            copy(&program, &folder.join("program"))?;
            let started = write_program(&command, &starter(loader));
            started.map_err(FileError::at("write", &command))
        }
    }
}

/// The files of a process's map that are shared objects.
fn shared_objects(maps: &str, program: &Path) -> BTreeSet<PathBuf> {
    let paths = maps.lines().filter_map(|line| {
        let path = line.split_ascii_whitespace().nth(5)?;
        let start = line.find(path)?;
        Some(Path::new(&line[start..]))
    });
    let is_shared = |path: &&Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_absolute() && *path != program && name.contains(".so")
    };
    paths.filter(is_shared).map(Path::to_owned).collect()
}

/// The name of the file where it is a dynamic loader: glibc's `ld-linux-x86-64.so.2`, musl's `ld-musl-x86_64.so.1`.
fn loader_name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    (name.starts_with("ld-") || name.starts_with("ld64.")).then_some(name)
}

/// A program that has the shipped loader start the shipped program. Its children get the libraries of the system.
fn starter(loader: &str) -> String {
    format!(
        "#!/bin/sh\n\
         {SELF_VARIABLE}=$0 exec \"${{0%/*}}/lib/{loader}\" --library-path \"${{0%/*}}/lib\" \"${{0%/*}}/program\" \"$@\"\n"
    )
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::copy(from, to)
        .map(drop)
        .map_err(FileError::at("copy", from))?;
    // The loader is started as a program, and not every distribution lets it.
    executable(to).map_err(FileError::at("write", to))
}

fn write_program(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    executable(path)
}

fn executable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use plimsoll_probe::Command;

    use super::*;

    #[test]
    fn shared_objects_are_those_that_are_mapped_from_files() {
        let maps = "55-56 r-xp 00000000 08:01 1 /usr/bin/a.song\n\
                    7f-80 r--p 00000000 08:01 2 /usr/lib/libc.so.6\n\
                    7f-80 r-xp 00001000 08:01 2 /usr/lib/libc.so.6\n\
                    7f-80 r-xp 00000000 08:01 3 /opt/a b/ld-linux-x86-64.so.2\n\
                    7f-80 rw-p 00000000 00:00 0 \n\
                    7f-80 r-xp 00000000 00:00 0 [vdso]\n";
        let found = shared_objects(maps, Path::new("/usr/bin/a.song"));
        let found: Vec<_> = found.iter().filter_map(|path| path.to_str()).collect();
        assert_eq!(
            found,
            ["/opt/a b/ld-linux-x86-64.so.2", "/usr/lib/libc.so.6"]
        );
    }

    #[test]
    fn a_shipped_program_runs_with_its_own_loader_and_libraries() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("kit");
        ship(&place).expect("shipped");
        // The program that is shipped here is that of the tests.
        let command = place.join(COMMAND).display().to_string();
        let listed = Command::new(&command, ["--list"]).text().expect("it runs");
        assert!(listed.contains("a_shipped_program_runs"), "{listed}");
        let names = fs::read_dir(place.join("lib")).expect("a folder").count();
        let is_dynamic = place.join("program").exists();
        assert_eq!(is_dynamic, names > 1, "loader and C library");
    }
}
