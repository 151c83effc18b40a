//! The package managers' databases of installed packages.

use std::fmt;

use crate::{Command, System, triple};

/// The package that a library belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The package's name.
    pub package: String,
    /// The source that it was built from, such as `gcc-12`.
    pub source: String,
}

/// The database of installed packages.
pub trait PackageDatabase: fmt::Debug + Sync {
    /// The package with the library of that soname that a program for `target` (a triple) gets; none where no package has
    /// it.
    ///
    /// # Errors
    /// Says why the database could not tell.
    fn owner(
        &self,
        system: &dyn System,
        soname: &str,
        target: &str,
    ) -> Result<Option<Owner>, String>;
}

/// dpkg's: dpkg-query(1).
#[derive(Debug)]
pub(crate) struct Dpkg;

impl PackageDatabase for Dpkg {
    fn owner(
        &self,
        system: &dyn System,
        soname: &str,
        target: &str,
    ) -> Result<Option<Owner>, String> {
        let pattern = format!("*/{soname}");
        let found = run(system, "dpkg-query", &["--search", &pattern])?;
        // It says so with exit status 1, too, that nothing was found.
        let Some(package) = package_of(&found.unwrap_or_default(), target) else {
            return Ok(None);
        };
        let format = "--showformat=${source:Package}";
        let source = run(system, "dpkg-query", &["--show", format, &package])?;
        let name = package.split(':').next().unwrap_or(&package).to_owned();
        Ok(source.map(|source| Owner {
            package: name,
            source: source.trim().to_owned(),
        }))
    }
}

/// The package of the file in the folder of the target's architecture, out of lines such as
/// `libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6`; else the first one.
fn package_of(found: &str, target: &str) -> Option<String> {
    let folder = format!("/{}/", triple::gnu_prefix(target));
    let lines = found.lines().filter_map(|line| line.split_once(": "));
    let files: Vec<(&str, &str)> = lines.filter(|(_, path)| path.starts_with('/')).collect();
    let in_folder = files.iter().find(|(_, path)| path.contains(&folder));
    let (packages, _) = in_folder.or_else(|| files.first())?;
    packages.split(", ").next().map(str::to_owned)
}

/// rpm's: rpm(8).
#[derive(Debug)]
pub(crate) struct Rpm;

impl PackageDatabase for Rpm {
    fn owner(
        &self,
        system: &dyn System,
        soname: &str,
        target: &str,
    ) -> Result<Option<Owner>, String> {
        let is_64_bit = triple::architecture(target).contains("64");
        let capability = match is_64_bit {
            true => format!("{soname}()(64bit)"),
            false => soname.to_owned(),
        };
        let format = "--queryformat=%{NAME} %{SOURCERPM}\\n";
        let arguments = ["--query", "--whatprovides", format, &capability];
        let found = run(system, "rpm", &arguments)?.unwrap_or_default();
        let first = found.lines().next().and_then(|line| line.split_once(' '));
        Ok(first.map(|(package, source)| Owner {
            package: package.to_owned(),
            source: source.to_owned(),
        }))
    }
}

/// What a query prints; none where it has exit status 1: nothing was found.
fn run(system: &dyn System, program: &str, args: &[&str]) -> Result<Option<String>, String> {
    let command = Command::new(program, args.iter().copied());
    match system.run(&command) {
        Ok(output) if output.success() => Ok(Some(output.stdout)),
        Ok(output) if output.status == Some(1) => Ok(None),
        Ok(output) => Err(output.complaint()),
        Err(error) => Err(error.reason()),
    }
}
