//! Debian's dependencies, from dpkg-shlibdeps(1), which knows the symbols files of the host.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use error_hint::FileError;

use plimsoll_probe::{Command, RunError, limit};

use crate::depends::{DependsError, something};
use crate::format::Programs;

/// One relationship clause, for instance `libc6 (>= 2.34)` or `systemd | systemd-sysusers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause<'a> {
    /// The alternatives, in order.
    pub(super) alternatives: Vec<Alternative<'a>>,
}

/// One package of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alternative<'a> {
    /// The package's name.
    pub(super) package: &'a str,
    /// What stands in the parentheses after `>=`, if anything.
    pub(super) at_least: Option<&'a str>,
}

impl<'a> Clause<'a> {
    /// Reads a clause of a relationship field, see deb-control(5).
    #[must_use]
    pub(super) fn parse(text: &'a str) -> Self {
        let alternatives = text.split('|').map(Alternative::parse).collect();
        Self { alternatives }
    }

    /// The alternative that is this package.
    #[must_use]
    pub(super) fn alternative(&self, package: &str) -> Option<&Alternative<'a>> {
        self.alternatives
            .iter()
            .find(|alternative| alternative.package == package)
    }
}

impl<'a> Alternative<'a> {
    fn parse(text: &'a str) -> Self {
        let (package, version) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let at_least = version
            .trim()
            .strip_prefix("(>=")
            .and_then(|rest| rest.strip_suffix(')'))
            .map(str::trim);
        Self {
            package: package.split(':').next().unwrap_or(package),
            at_least,
        }
    }
}

/// Asks dpkg-shlibdeps what the ELF files of a package need. `work` is a folder for its own files.
///
/// It gets them in the places that they have in the package, so that it finds the libraries that the package brings itself. Those of
/// other packages of the build are put beside them: it asks for no package of what is in the same folder.
///
/// # Errors
/// When it is missing, when it knows no package for a library, or when it finds nothing at all.
pub(super) fn shlibdeps(programs: &Programs<'_>, work: &Path) -> Result<Vec<String>, DependsError> {
    let staged = stage(programs, work)?;
    let mut arguments = vec!["-O".to_owned()];
    arguments.extend(folders(programs).into_iter().map(|it| format!("-l{it}")));
    arguments.extend(staged.iter().map(|path| format!("-e{path}")));
    let command = Command::new("dpkg-shlibdeps", arguments).within(work);
    let output = command.limited(limit::WORK).text().map_err(refused)?;
    something(programs.built, parse_substvars(&output))
}

/// Puts the ELF files and the links below `debian/NAME`, and returns the paths of the files.
fn stage(programs: &Programs<'_>, work: &Path) -> Result<Vec<String>, DependsError> {
    let Programs { package, files, .. } = *programs;
    let root = format!("debian/{package}");
    let marker = work.join(&root).join("DEBIAN");
    let control = work.join("debian/control");
    let text = format!("Source: {package}\n\nPackage: {package}\nArchitecture: any\n");
    if work.exists() {
        fs::remove_dir_all(work).map_err(FileError::at("remove", work))?;
    }
    fs::create_dir_all(&marker).map_err(FileError::at("make", &marker))?;
    fs::write(&control, text).map_err(FileError::at("write", &control))?;
    let mut staged = Vec::new();
    for file in files {
        let below = format!("{root}{}", file.dest);
        let path = work.join(&below);
        let is_elf = programs.built.iter().any(|it| it.path == file.source);
        if !is_elf && file.link.is_none() {
            continue;
        }
        let folder = path.parent().unwrap_or(work);
        fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
        let put = match &file.link {
            Some(text) => symlink(text, &path),
            None => fs::copy(&file.source, &path).map(drop),
        };
        put.map_err(FileError::at("write", &path))?;
        staged.extend(file.link.is_none().then_some(below));
    }
    for lent in programs.lent {
        let path = work.join(format!("{root}{}/{}", folder_of(&lent.dest), lent.soname));
        let folder = path.parent().unwrap_or(work);
        fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
        fs::copy(&lent.file, &path).map_err(FileError::at("write", &path))?;
    }
    Ok(staged)
}

/// The folders of the libraries that packages of the build bring.
fn folders<'a>(programs: &Programs<'a>) -> BTreeSet<&'a str> {
    let assets = programs.built.iter().filter(|it| it.is_asset());
    let assets = assets.map(|it| it.name.as_str());
    let lent = programs.lent.iter().map(|it| it.dest.as_str());
    assets.chain(lent).map(folder_of).collect()
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn refused(source: RunError) -> DependsError {
    match source {
        RunError::NotFound { .. } => DependsError::NoShlibdeps { source },
        _ => DependsError::Shlibdeps { source },
    }
}

/// The clauses of `shlibs:Depends=…`; `Pre-Depends` for essential packages counts the same.
fn parse_substvars(output: &str) -> Vec<String> {
    let mut clauses: Vec<String> = output
        .lines()
        .filter_map(|line| line.strip_prefix("shlibs:")?.split_once("epends="))
        .flat_map(|(_, value)| value.split(','))
        .map(|clause| clause.trim().to_owned())
        .filter(|clause| !clause.is_empty())
        .collect();
    clauses.sort();
    clauses.dedup();
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_read_out_of_substvars() {
        let output = "shlibs:Depends=libnftables1 (>= 1.0.2), libc6 (>= 2.34)\n";
        assert_eq!(
            parse_substvars(output),
            ["libc6 (>= 2.34)", "libnftables1 (>= 1.0.2)"]
        );
        assert_eq!(parse_substvars("shlibs:Depends=\n"), [""; 0]);
    }

    #[test]
    fn a_clause_has_alternatives_with_versions() {
        let clause = Clause::parse("libc6 (>= 2.34) | libc6-udeb:any");
        assert_eq!(
            clause.alternative("libc6").and_then(|a| a.at_least),
            Some("2.34")
        );
        assert_eq!(
            clause.alternative("libc6-udeb").and_then(|a| a.at_least),
            None
        );
        assert_eq!(clause.alternative("libc"), None);
    }
}
