//! Debian's dependencies, from dpkg-shlibdeps(1), which knows the symbols files of the host.

use std::path::Path;

use plimsoll_probe::{Command, RunError, limit};

use crate::depends::DependsError;

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

/// Asks dpkg-shlibdeps what the programs need. `work` is a folder for its own files.
///
/// # Errors
/// When it is missing, when it knows no package for a library, or when it finds nothing at all.
pub(super) fn shlibdeps(
    programs: &[&Path],
    package: &str,
    work: &Path,
) -> Result<Vec<String>, DependsError> {
    let folder = work.join("debian");
    let control = folder.join("control");
    let text = format!("Source: {package}\n\nPackage: {package}\nArchitecture: any\n");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&control, text))
        .map_err(|source| DependsError::Io {
            path: control,
            source,
        })?;
    let mut arguments = vec!["-O".to_owned()];
    arguments.extend(
        programs
            .iter()
            .map(|program| format!("-e{}", program.display())),
    );
    let command = Command::new("dpkg-shlibdeps", arguments).within(work);
    let output = command.limited(limit::WORK).text().map_err(refused)?;
    let clauses = parse_substvars(&output);
    if clauses.is_empty() {
        let programs: Vec<String> = programs.iter().map(|p| p.display().to_string()).collect();
        return Err(DependsError::Nothing {
            programs: programs.join(", "),
        });
    }
    Ok(clauses)
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
