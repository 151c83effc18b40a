//! The package managers' databases of installed packages.

use std::fmt;
use std::path::Path;

use crate::{Command, System, triple};

/// The package that a library belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The package's name.
    pub package: String,
    /// The source that it was built from, such as `gcc-12`.
    pub source: String,
}

/// The package that a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOwner {
    /// The package's name.
    pub package: String,
    /// Its version, as the package manager writes it.
    pub version: String,
    /// The source that it was built from, with its version: packages of one build have the same.
    pub source: String,
    /// Whether the file is another one than the package brought.
    pub is_changed: bool,
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

    /// The package that a file belongs to; none where no package has it. `file` is an absolute path without links.
    ///
    /// # Errors
    /// Says why the database could not tell.
    fn owner_of_file(&self, _: &dyn System, file: &Path) -> Result<Option<FileOwner>, String> {
        Err(format!(
            "nothing can say which package owns {}",
            file.display()
        ))
    }
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

    fn owner_of_file(&self, system: &dyn System, file: &Path) -> Result<Option<FileOwner>, String> {
        for name in names_of(&file.display().to_string()) {
            let Some(found) = run(system, "dpkg-query", &["--search", &name])? else {
                continue;
            };
            let lines = found.lines().filter_map(|line| line.split_once(": "));
            let mut owners = lines
                .filter(|(packages, path)| *path == name && !packages.starts_with("diversion by "));
            let Some(package) = owners.next().and_then(|(all, _)| all.split(", ").next()) else {
                continue;
            };
            let format = "--showformat=${Version} ${source:Package} ${source:Version}";
            let shown = run(system, "dpkg-query", &["--show", format, package])?;
            let changed = changed(system, "dpkg", &["--verify", package], &name)?;
            return Ok(shown.and_then(|shown| described(package, &shown, changed)));
        }
        Ok(None)
    }
}

/// The names that dpkg may have a file by: /lib and /usr/lib are one folder where /usr is merged, and each package names
/// either.
fn names_of(file: &str) -> Vec<String> {
    let short = file
        .strip_prefix("/usr")
        .filter(|rest| rest.starts_with("/lib"));
    let other = short.map(str::to_owned);
    std::iter::once(file.to_owned()).chain(other).collect()
}

/// What a query says of a package: its version, and its source.
fn described(package: &str, shown: &str, is_changed: bool) -> Option<FileOwner> {
    let (version, source) = shown.trim().split_once(' ')?;
    Some(FileOwner {
        package: package.split(':').next().unwrap_or(package).to_owned(),
        version: version.to_owned(),
        source: source.to_owned(),
        is_changed,
    })
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

    fn owner_of_file(&self, system: &dyn System, file: &Path) -> Result<Option<FileOwner>, String> {
        let name = file.display().to_string();
        let format = "--queryformat=%{NAME} %{VERSION}-%{RELEASE} %{SOURCERPM}\\n";
        let found = run(system, "rpm", &["--query", "--file", format, &name])?;
        let found = found.unwrap_or_default();
        let first = found.lines().next().and_then(|line| line.split_once(' '));
        let Some((package, shown)) = first else {
            return Ok(None);
        };
        let arguments = ["--verify", "--nodeps", "--noscripts", package];
        let changed = changed(system, "rpm", &arguments, &name)?;
        Ok(described(package, shown, changed))
    }
}

/// Whether a verification, of dpkg(1) or rpm(8), says of a file that its digest is another one: `5` is the third letter of its
/// line then. Both end with a failure where any file of the package was changed.
fn changed(system: &dyn System, program: &str, args: &[&str], file: &str) -> Result<bool, String> {
    let command = Command::new(program, args.iter().copied());
    let output = system.run(&command).map_err(|error| error.reason())?;
    let mut lines = output.stdout.lines();
    Ok(lines.any(|line| {
        line.as_bytes().get(2) == Some(&b'5') && line.split_whitespace().last() == Some(file)
    }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Output;
    use crate::fakes::FakeSystem;

    const FILE: &str = "/usr/lib/x86_64-linux-gnu/libz.so.1.2.13";
    const SHOW: &str =
        "dpkg-query --show --showformat=${Version} ${source:Package} ${source:Version}";

    fn told(database: &dyn PackageDatabase, system: &FakeSystem) -> String {
        match database.owner_of_file(system, Path::new(FILE)) {
            Ok(Some(owner)) => {
                let changed = if owner.is_changed { ", changed" } else { "" };
                let FileOwner {
                    package,
                    version,
                    source,
                    ..
                } = owner;
                format!("{package} {version} of {source}{changed}")
            }
            Ok(None) => "nobody's".to_owned(),
            Err(reason) => reason,
        }
    }

    #[test]
    fn dpkg_has_a_file_by_either_name_of_a_merged_folder() {
        let dpkg = |verified: &str| {
            FakeSystem::new()
                .refuses(&format!("dpkg-query --search {FILE}"), "")
                .answers(
                    "dpkg-query --search /lib/x86_64-linux-gnu/libz.so.1.2.13",
                    "diversion by other from: /lib/x86_64-linux-gnu/libz.so.1.2.13\n\
                     zlib1g:amd64: /lib/x86_64-linux-gnu/libz.so.1.2.13\n",
                )
                .answers(
                    &format!("{SHOW} zlib1g:amd64"),
                    "1:1.2.13-1 zlib 1:1.2.13-1",
                )
                .answers("dpkg --verify zlib1g:amd64", verified)
        };
        let whole = "zlib1g 1:1.2.13-1 of zlib 1:1.2.13-1";
        assert_eq!(told(&Dpkg, &dpkg("")), whole);
        let other = "??5??????   /lib/x86_64-linux-gnu/libother.so\n";
        assert_eq!(told(&Dpkg, &dpkg(other)), whole);
        let lost = "missing     /lib/x86_64-linux-gnu/libz.so.1.2.13\n";
        assert_eq!(told(&Dpkg, &dpkg(lost)), whole);
        let changed = "??5??????   /lib/x86_64-linux-gnu/libz.so.1.2.13\n";
        assert_eq!(told(&Dpkg, &dpkg(changed)), format!("{whole}, changed"));
        let nobody = FakeSystem::new()
            .refuses(&format!("dpkg-query --search {FILE}"), "")
            .refuses(
                "dpkg-query --search /lib/x86_64-linux-gnu/libz.so.1.2.13",
                "",
            );
        assert_eq!(told(&Dpkg, &nobody), "nobody's");
        let missing = told(&Dpkg, &FakeSystem::new());
        assert_eq!(missing, "dpkg-query is not installed");
    }

    #[test]
    fn rpm_is_asked_for_the_file_and_its_digest() {
        let query = format!(
            "rpm --query --file --queryformat=%{{NAME}} %{{VERSION}}-%{{RELEASE}} %{{SOURCERPM}}\\n {FILE}"
        );
        let verify = "rpm --verify --nodeps --noscripts zlib-ng-compat";
        let system = FakeSystem::new().answers(
            &query,
            "zlib-ng-compat 2.2.4-1.fc42 zlib-ng-2.2.4-1.fc42.src.rpm\n",
        );
        let whole = "zlib-ng-compat 2.2.4-1.fc42 of zlib-ng-2.2.4-1.fc42.src.rpm";
        assert_eq!(told(&Rpm, &system.clone().answers(verify, "")), whole);
        let changed = Output {
            status: Some(1),
            stdout: format!("S.5....T.    {FILE}\n"),
            ..Output::default()
        };
        let changed = system.replies(verify, changed);
        assert_eq!(told(&Rpm, &changed), format!("{whole}, changed"));
        let nobody = FakeSystem::new().refuses(&query, "");
        assert_eq!(told(&Rpm, &nobody), "nobody's");
    }

    /// A database of a project's own family, which knows libraries alone.
    #[derive(Debug)]
    struct OfLibraries;

    impl PackageDatabase for OfLibraries {
        fn owner(&self, _: &dyn System, _: &str, _: &str) -> Result<Option<Owner>, String> {
            Ok(None)
        }
    }

    #[test]
    fn a_database_that_knows_no_files_says_so() {
        let said = told(&OfLibraries, &FakeSystem::new());
        assert_eq!(said, format!("nothing can say which package owns {FILE}"));
    }

    #[test]
    fn a_library_of_32_bits_is_asked_for_without_a_mark() {
        let ask = "rpm --query --whatprovides --queryformat=%{NAME} %{SOURCERPM}\\n libz.so.1";
        let system = FakeSystem::new().answers(ask, "zlib zlib-1.3.src.rpm\n");
        let owner = Rpm.owner(&system, "libz.so.1", "armv7-unknown-linux-gnueabihf");
        assert_eq!(owner.unwrap().unwrap().source, "zlib-1.3.src.rpm");
    }
}
