//! The real machine.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::{CProgram, Command, Output, RunError, System, Tried};

/// Where administrators' programs are, whether or not PATH says so.
const SBIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host;

/// The same machine, with variables that Cargo gives to a build.
#[derive(Debug, Clone, Default)]
pub struct HostWith {
    /// The variables; where the environment has one too, this one counts.
    pub env: BTreeMap<String, String>,
}

impl System for HostWith {
    fn run(&self, command: &Command) -> Result<Output, RunError> {
        let mut command = command.clone();
        let own = std::mem::take(&mut command.env);
        command.env.extend(self.env.clone());
        command.env.extend(own);
        command.output()
    }

    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError> {
        try_c(self, program)
    }

    fn env(&self, name: &str) -> Option<String> {
        let own = self.env.get(name).cloned();
        own.or_else(|| Host.env(name))
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        Host.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Host.list(folder)
    }

    fn exists(&self, path: &Path) -> bool {
        Host.exists(path)
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        Host.find_program(name)
    }
}

impl System for Host {
    fn run(&self, command: &Command) -> Result<Output, RunError> {
        command.output()
    }

    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError> {
        try_c(self, program)
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(SBIN.map(PathBuf::from));
        let folders = std::env::join_paths(folders).ok()?;
        which::which_in_global(name, Some(folders)).ok()?.next()
    }
}

/// Compiles and links a program in a folder that is removed afterwards, and runs it where that is wanted.
fn try_c(system: &dyn System, program: &CProgram) -> Result<Tried, RunError> {
    let io = |source| RunError::Io {
        program: program.compiler.clone(),
        source,
    };
    let scratch = tempfile::tempdir().map_err(io)?;
    let source = scratch.path().join("probe.c");
    let binary = scratch.path().join("probe");
    std::fs::write(&source, &program.source).map_err(io)?;
    let (source, binary) = (source.to_string_lossy(), binary.to_string_lossy());
    let mut compile = Command::new(&program.compiler, ["-o", &*binary, &*source]);
    compile.args.extend(program.flags.iter().cloned());
    let compiled = system.run(&compile)?;
    match (compiled.success(), program.run) {
        (false, _) => Ok(Tried::Refused(compiled)),
        (true, false) => Ok(Tried::Linked),
        (true, true) => system.run(&Command::new(binary, [""; 0])).map(Tried::Ran),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_build_are_heard_by_programs_and_by_the_probe() {
        let env = [("PLIMSOLL_ONE", "1"), ("PLIMSOLL_TWO", "2")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let system = HostWith { env: env.into() };
        let question = Command::new("sh", ["-c", "echo $PLIMSOLL_ONE $PLIMSOLL_TWO"]);
        let question = question.with_env("PLIMSOLL_TWO", "own");
        assert_eq!(system.run(&question).unwrap().stdout, "1 own\n");
        assert_eq!(system.env("PLIMSOLL_ONE").as_deref(), Some("1"));
        assert_eq!(system.env("PATH"), Host.env("PATH"));
    }

    #[test]
    fn only_executable_files_are_programs() {
        assert!(Host.find_program("sh").is_some_and(|sh| sh.is_absolute()));
        assert_eq!(Host.find_program("/etc/os-release"), None);
        assert_eq!(Host.find_program("no-such-program"), None);
    }

    #[test]
    fn files_folders_and_programs_are_the_hosts_with_variables_or_without() {
        let folder = tempfile::tempdir().unwrap();
        let (file, missing) = (folder.path().join("a"), folder.path().join("c"));
        for name in ["b", "a"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let with_variables = HostWith::default();
        for system in [&Host as &dyn System, &with_variables] {
            assert_eq!(system.read(&file).unwrap(), "a");
            assert!(system.read(&missing).is_err());
            assert_eq!(system.list(folder.path()).unwrap(), ["a", "b"]);
            assert!(system.list(&missing).is_err());
            assert!(system.exists(&file) && !system.exists(&missing));
            let shell = system.find_program("sh");
            assert!(shell.is_some_and(|sh| sh.ends_with("sh")));
            assert_eq!(system.find_program("no-such-program"), None);
        }
    }

    #[test]
    fn a_c_program_is_refused_linked_or_run() {
        let with_variables = HostWith::default();
        for system in [&Host as &dyn System, &with_variables] {
            let tried = |source: &str, run| {
                let program = CProgram {
                    compiler: "cc".into(),
                    source: source.into(),
                    flags: Vec::new(),
                    run,
                };
                system.try_c(&program).unwrap()
            };
            let ends_with_3 = "int main(void) { return 3; }\n";
            assert_eq!(tried(ends_with_3, false), Tried::Linked);
            let ran = tried(ends_with_3, true);
            assert!(matches!(&ran, Tried::Ran(output) if output.status == Some(3)));
            assert!(matches!(tried("int main", true), Tried::Refused(_)));
        }
    }
}
