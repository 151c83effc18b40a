//! Running other programs in sight of the user: data goes to stdout, all else to stderr.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll_plan::toolkit::Toolkit;
use plimsoll_probe::{Command, HostWith, limit};
use serde::Serialize;

/// What makes a folder the root of a project that is packaged.
const MARK: &str = "packaging/dist.toml";

/// The root of the project that is packaged: the folder that holds `packaging/dist.toml`, at or
/// above the package that Cargo runs (`CARGO_MANIFEST_DIR`), else the working folder. An installed
/// command begins at the working folder in any case. Where there is none, it is the folder that the
/// search began in, and reading the file says what is missing.
pub fn root() -> PathBuf {
    let manifest = match Toolkit::this() {
        Toolkit::Xtask => std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        Toolkit::Installed => None,
    };
    let start = manifest.or_else(|| std::env::current_dir().ok());
    let start = start.unwrap_or_else(|| PathBuf::from("."));
    root_above(&start).unwrap_or(start)
}

fn root_above(start: &Path) -> Option<PathBuf> {
    let found = start.ancestors().find(|folder| folder.join(MARK).is_file());
    found.map(Path::to_owned)
}

/// The project's target folder, wherever Cargo's settings have it.
///
/// # Errors
/// Where Cargo does not say.
pub fn target() -> Result<PathBuf> {
    Ok(plimsoll_build::source::target_folder(&root())?)
}

/// The Cargo that runs this program, else the one in PATH.
pub fn cargo() -> String {
    plimsoll_build::packager::cargo_program()
}

/// Writes a line to standard error; nothing is to be done where that is closed.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes a line to standard output. Where the reader has gone, as `head` does, nothing more is said.
///
/// # Errors
/// Where standard output takes nothing for another reason, as on a full disk.
pub fn print(line: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written to"),
    }
}

/// A value as people read JSON.
///
/// # Errors
/// Where it cannot be written as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::of(&error))
}

/// A command in the workspace's root that fetches, compiles or tests.
pub fn command<S: AsRef<str>>(program: &str, args: &[S]) -> Command {
    let command = Command::new(program, args.iter().map(AsRef::as_ref));
    command.within(&root()).limited(limit::BUILD)
}

/// Shows a command and runs it.
///
/// # Errors
/// Where it cannot be started, or fails.
pub fn shown<S: AsRef<str>>(program: &str, args: &[S]) -> Result<()> {
    let command = command(program, args);
    say(&format!("$ {}", command.pasteable()));
    Ok(command.show()?)
}

/// This host with the variables that Cargo gives to a build here, so that a probe has them too.
///
/// # Errors
/// Where a setting cannot be honoured.
pub(crate) fn host() -> Result<HostWith> {
    // No profile changes what a probe finds; the plan looks at the one that builds.
    let env = plimsoll_build::settings::read(&root(), "release")?.env;
    Ok(HostWith { env })
}

/// Whether this process is root's.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_nearest_folder_above_that_is_packaged() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("examples/inner");
        std::fs::create_dir_all(inner.join("xtask/src")).unwrap();
        assert_eq!(root_above(&inner), None);
        for project in [outer.path(), &inner] {
            std::fs::create_dir_all(project.join("packaging")).unwrap();
            std::fs::write(project.join(MARK), "").unwrap();
        }
        assert_eq!(root_above(&inner.join("xtask/src")), Some(inner.clone()));
        assert_eq!(root_above(&inner), Some(inner));
        let beside = outer.path().join("crates");
        assert_eq!(root_above(&beside), Some(outer.path().to_owned()));
    }

    #[test]
    fn the_root_of_the_package_that_runs_is_found() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
