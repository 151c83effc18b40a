//! The program that writes and reads packages, and how it is called.
//!
//! In an xtask, it is the same `xtask`, built with its feature `writer`. So its libraries are compiled only when the first
//! package is written or read, and they are in the xtask's lock file: they are fetched, vendored and mirrored like all
//! others. An installed command has the package writer in itself, and calls itself.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use plimsoll_plan::toolkit::Toolkit;
use plimsoll_probe::{Command, RunError, limit};
use plimsoll_spec::{PackageContents, PackageReport};

/// The manifest of a project's xtask, relative to the project. It may be a member of the project's workspace, or a workspace
/// of its own with a lock file of its own.
pub const MANIFEST: &str = "xtask/Cargo.toml";

/// The variable that names the installed command to itself where its dynamic loader was started in its place.
pub const SELF_VARIABLE: &str = "PLIMSOLL_SELF";

/// The hidden subcommand of both.
const SUBCOMMAND: &str = "__writer";

/// Packages that compress and hash, which takes minutes without optimisation.
const OPTIMISED: [&str; 3] = ["md-5", "sha2", "zlib-rs"];

/// The exit status of an xtask that was built without the package writer.
pub const NOT_LINKED: u8 = 70;

/// How often a call is made that ends so. Cargo lets go of the target folder before it starts the program: in between, another
/// Cargo may put the xtask without the package writer in its place.
const TRIES: u8 = 5;

/// The program, for the project in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packager {
    program: Program,
    workspace: PathBuf,
}

/// How the program is started.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Program {
    /// By this Cargo, which builds the xtask first.
    Cargo(String),
    /// As it is: the installed command.
    Installed(String),
}

/// Why it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PackagerError {
    /// It did not come to a good end.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A format that writes and reads its own files could not.
    #[error("cannot {doing} {}", path.display())]
    Own {
        /// What failed, in one word: `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered something else than was asked for.
    #[error("cannot parse the output of `{command}`")]
    Answer {
        /// The command line.
        command: String,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
}

impl Packager {
    /// The one of a workspace.
    #[must_use]
    pub fn of(workspace: &Path) -> Self {
        let program = match Toolkit::this() {
            Toolkit::Xtask => Program::Cargo(cargo_program()),
            Toolkit::Installed => Program::Installed(own_program()),
        };
        let workspace = workspace.to_owned();
        Self { program, workspace }
    }

    /// The command that builds it; none where it is there.
    #[must_use]
    pub fn build_command(&self) -> Option<Command> {
        match &self.program {
            Program::Cargo(cargo) => {
                let command = Command::new(cargo, self.cargo(&["build"]));
                Some(command.within(&self.workspace).limited(limit::BUILD))
            }
            Program::Installed(_) => None,
        }
    }

    /// Writes the package of a specification. `epoch` is the time that dates in it take, in
    /// seconds since 1970 (UTC).
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn write(&self, spec: &Path, epoch: u32) -> Result<PackageReport, PackagerError> {
        self.answer(&["write", &text(spec)], Some(epoch))
    }

    /// Unpacks the files of a package below a folder, and says what the package says of itself.
    ///
    /// # Errors
    /// When it cannot be run, or fails: the file is not a package, or is damaged.
    pub fn unpack(&self, file: &Path, folder: &Path) -> Result<PackageContents, PackagerError> {
        self.answer(&["unpack", &text(file), &text(folder)], None)
    }

    /// Writes the same package under another version.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn restamp(&self, file: &Path, out: &Path, version: &str) -> Result<(), PackagerError> {
        let command = self.command(&["restamp", &text(file), &text(out), version], None);
        self.run(&command).map(drop)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        words: &[&str],
        epoch: Option<u32>,
    ) -> Result<T, PackagerError> {
        let command = self.command(words, epoch);
        let output = self.run(&command)?;
        serde_json::from_str(&output).map_err(|source| PackagerError::Answer {
            command: command.pasteable(),
            source,
        })
    }

    fn run(&self, command: &Command) -> Result<String, PackagerError> {
        let mut said = command.text();
        for _ in 1..TRIES {
            let status = match &said {
                Err(RunError::Failed { status, .. }) => *status,
                _ => None,
            };
            if status != Some(NOT_LINKED.into()) {
                break;
            }
            said = command.text();
        }
        Ok(said?)
    }

    /// The command that runs it with words of its own.
    fn command(&self, own: &[&str], epoch: Option<u32>) -> Command {
        let (program, mut arguments) = match &self.program {
            Program::Cargo(cargo) => {
                let mut arguments = self.cargo(&["run", "--quiet"]);
                arguments.push("--".to_owned());
                (cargo, arguments)
            }
            Program::Installed(program) => (program, Vec::new()),
        };
        arguments.push(SUBCOMMAND.to_owned());
        arguments.extend(words(own));
        let mut command = Command::new(program, arguments);
        let epoch = epoch.map(|epoch| ("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string()));
        command.env.extend(epoch);
        command.within(&self.workspace).limited(limit::WORK)
    }

    /// The arguments of Cargo that do something with the xtask and its package writer.
    fn cargo(&self, verb: &[&str]) -> Vec<String> {
        let manifest = text(&self.workspace.join(MANIFEST));
        let mut arguments = words(verb);
        arguments.extend(words(&["--locked", "--manifest-path", &manifest]));
        arguments.extend(words(&["--features", "writer"]));
        for package in OPTIMISED {
            let setting = format!("profile.dev.package.{package}.opt-level=3");
            arguments.extend(["--config".to_owned(), setting]);
        }
        arguments
    }
}

/// The Cargo that runs this program, else the one in PATH.
#[must_use]
pub fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The installed command, as it is started again. By its name where the system does not tell its path.
fn own_program() -> String {
    let path = std::env::var_os(SELF_VARIABLE).map(PathBuf::from);
    let path = path.or_else(|| std::env::current_exe().ok());
    path.map_or_else(|| "cargo-plimsoll".to_owned(), |path| text(&path))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn packager(workspace: &Path, program: Program) -> Packager {
        let workspace = workspace.to_owned();
        Packager { program, workspace }
    }

    /// A Cargo that ends with the first status at first, and then with the second. The file `runs` says how often it ran.
    fn failing(folder: &Path, first: u8, then: u8) -> Packager {
        let cargo = folder.join("cargo");
        let script = format!(
            "#!/bin/sh\necho run >>runs\ntest $(wc -l <runs) -gt 1 || exit {first}\nexit {then}\n"
        );
        std::fs::write(&cargo, script).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&cargo, mode).expect("executable");
        packager(folder, Program::Cargo(cargo.display().to_string()))
    }

    fn runs(folder: &Path) -> usize {
        let runs = std::fs::read_to_string(folder.join("runs")).expect("it ran");
        runs.lines().count()
    }

    #[test]
    fn the_projects_own_xtask_is_run_with_its_lock_file() {
        let packager = packager(Path::new("/w"), Program::Cargo("cargo".to_owned()));
        let line = packager.command(&["unpack", "a.deb", "b"], None).line();
        let start =
            "cargo run --quiet --locked --manifest-path /w/xtask/Cargo.toml --features writer ";
        assert!(line.starts_with(start), "{line}");
        assert!(line.ends_with(" -- __writer unpack a.deb b"), "{line}");
        assert!(packager.build_command().is_some());
    }

    #[test]
    fn an_installed_command_calls_itself_and_builds_nothing() {
        let packager = packager(Path::new("/w"), Program::Installed("/p".to_owned()));
        let command = packager.command(&["write", "spec.json"], Some(1));
        assert_eq!(command.line(), "/p __writer write spec.json");
        let epoch = ("SOURCE_DATE_EPOCH".to_owned(), "1".to_owned());
        assert_eq!(command.env, [epoch]);
        assert_eq!(packager.build_command(), None);
    }

    #[test]
    fn an_xtask_without_the_writer_that_another_cargo_put_there_is_built_again() {
        for (first, then, expected) in [(70, 0, 2), (0, 0, 1), (2, 0, 1), (70, 70, 5)] {
            let folder = tempfile::tempdir().expect("a folder");
            let packager = failing(folder.path(), first, then);
            let result = packager.restamp(Path::new("a"), Path::new("b"), "1-1");
            assert_eq!(runs(folder.path()), expected, "{first} {then}");
            assert_eq!(result.is_ok(), first == 0 || (first, then) == (70, 0));
        }
    }
}
