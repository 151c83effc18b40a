//! Whether dnf takes a package where a profile stands in for its distribution.
//!
//! createrepo_c(8) makes a repository of the packages and of the stand-in, and dnf(8) is asked to
//! install all into an empty root, as a test: it resolves, and has rpm check the transaction. The
//! host's own repositories, configuration and rpm database stay out of it.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use error_hint::{FileError, Hint};

use crate::refuse::Answer;
use plimsoll_build::packager::{Packager, PackagerError};
use plimsoll_plan::plan::Arch;
use plimsoll_probe::{Command, RunError, limit};
use plimsoll_spec::{PackageSpec, Relation};

/// What is resolved.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What writes the stand-in.
    pub packager: &'a Packager,
    /// The stand-in, from [`Profile::package`](super::Profile::package).
    pub stand_in: &'a PackageSpec,
    /// Packages of the distribution that those would take the place of: what obsoletes looks at names, not at what is provided.
    pub obsoleted: &'a [PackageSpec],
    /// The packages, each with its name.
    pub packages: &'a [(&'a str, &'a Path)],
    /// The architecture of all.
    pub arch: Arch,
    /// An absolute path; the folder is emptied first.
    pub folder: &'a Path,
}

/// Why it is not known whether dnf would take a package.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The specification of the stand-in cannot be written.
    #[error("cannot write the specification of the stand-in")]
    Json(#[source] serde_json::Error),
    /// The stand-in cannot be written.
    #[error("cannot write the stand-in")]
    Packager(#[source] PackagerError),
    /// A program cannot be run, or hangs.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A program failed for another reason than that the package is refused.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it said.
        output: String,
    },
}

impl Hint for ResolveError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Run(RunError::NotFound { program }) => {
                Some(format!("install {}", program.replace('_', "-")).into())
            }
            Self::Run(error) => error.hint(),
            Self::File(error) => error.hint(),
            _ => None,
        }
    }
}

/// Asks dnf.
///
/// # Errors
/// When it cannot be asked, or fails without an answer.
pub fn resolve(request: &Request<'_>) -> Result<Answer, ResolveError> {
    let folder = request.folder;
    lay_out(request)?;
    let (made, output) = run(&createrepo(folder))?;
    if !made {
        return Err(ResolveError::Failed {
            program: "createrepo_c".to_owned(),
            output,
        });
    }
    let stand_in = std::iter::once(request.stand_in.name.as_str());
    let names = stand_in.chain(request.packages.iter().map(|(name, _)| *name));
    let (taken, output) = run(&dnf(folder, request.arch, &names.collect::<Vec<_>>()))?;
    read(taken, &output).ok_or_else(|| ResolveError::Failed {
        program: "dnf".to_owned(),
        output,
    })
}

fn lay_out(request: &Request<'_>) -> Result<(), ResolveError> {
    let folder = request.folder;
    let repository = repository(folder);
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(FileError::at("remove", folder))?;
    }
    fs::create_dir_all(&repository).map_err(FileError::at("make", &repository))?;
    let write =
        |path: &Path, text: &str| fs::write(path, text).map_err(FileError::at("write", path));
    write(&configuration_file(folder), &configuration(folder, "test"))?;
    for stand_in in std::iter::once(&divided(request)).chain(request.obsoleted) {
        let stand_in = PackageSpec {
            out: repository.join(format!("stand-in-{}.rpm", stand_in.name)),
            work: folder.join("work"),
            ..stand_in.clone()
        };
        let spec = folder.join("stand-in.json");
        let text = serde_json::to_string(&stand_in).map_err(ResolveError::Json)?;
        write(&spec, &text)?;
        let written = request.packager.write(&spec, stand_in.source_date_epoch);
        written.map_err(ResolveError::Packager)?;
    }
    for (name, package) in request.packages {
        let copied = fs::copy(package, repository.join(format!("package-{name}.rpm")));
        copied.map_err(FileError::at("copy", package))?;
    }
    Ok(())
}

/// The stand-in. It needs the packages that stand in by their own names, and does not provide them itself: dnf would install what
/// obsoletes a package in the place of one that is only asked for.
fn divided(request: &Request<'_>) -> PackageSpec {
    let mut stand_in = request.stand_in.clone();
    for package in request.obsoleted {
        let relations = &mut stand_in.relations;
        relations.retain(|relation, text| {
            relation != Relation::Provides || text.split(' ').next() != Some(&package.name)
        });
        let itself = format!("{} = {}", package.name, package.full_version());
        relations.add(Relation::Depends, [itself]);
    }
    stand_in
}

/// The folder of the repository in a request's folder.
#[must_use]
pub fn repository(folder: &Path) -> PathBuf {
    folder.join("repository")
}

fn configuration_file(folder: &Path) -> PathBuf {
    folder.join("dnf.conf")
}

/// dnf.conf(5) with one repository, and nothing of the host's; `flags` are rpm's, for every
/// transaction.
#[must_use]
pub fn configuration(folder: &Path, flags: &str) -> String {
    let repository = repository(folder);
    format!(
        "[main]\n\
         cachedir=/cache\n\
         gpgcheck=0\n\
         metadata_expire=0\n\
         plugins=0\n\
         reposdir=/nonexistent\n\
         tsflags={flags}\n\
         varsdir=/nonexistent\n\
         [profile]\n\
         baseurl=file://{}\n\
         name=profile\n",
        repository.display()
    )
}

fn createrepo(folder: &Path) -> Command {
    let repository = repository(folder).display().to_string();
    Command::new("createrepo_c", ["--quiet", "--no-database", &repository])
}

/// The cache, the logs and rpm's database are all below the root, which is a folder of ours.
fn dnf(folder: &Path, arch: Arch, names: &[&str]) -> Command {
    let arguments = [
        format!("--config={}", configuration_file(folder).display()),
        format!("--installroot={}", folder.join("root").display()),
        format!("--forcearch={}", arch.machine()),
        "--releasever=1".to_owned(),
        "--assumeyes".to_owned(),
        "--quiet".to_owned(),
        "install".to_owned(),
    ];
    let names = names.iter().map(|name| (*name).to_owned());
    Command::new("dnf", arguments.into_iter().chain(names))
}

/// Whether a program succeeds, and what it prints. A name in it may be in any language, so the locale has UTF-8.
fn run(command: &Command) -> Result<(bool, String), ResolveError> {
    let command = command.clone().limited(limit::WORK);
    let output = command.with_env("LC_ALL", "C.UTF-8").output()?;
    let is_well = output.success();
    Ok((is_well, output.stdout + &output.stderr))
}

/// What a refusal says: what is missing, or what cannot be there together.
const REFUSALS: [&str; 4] = [
    "nothing provides ",
    " conflicts with ",
    " obsoletes ",
    // Of a rich relation with a condition that holds.
    "but none of the providers can be installed",
];

/// What dnf says: each relation for which it refuses. None: it failed otherwise.
fn read(taken: bool, output: &str) -> Option<Answer> {
    if taken {
        return Some(Answer::Accepted);
    }
    let lines = output
        .lines()
        .map(|line| line.trim_start_matches([' ', '-']))
        .map(|line| line.strip_prefix("Problem: ").unwrap_or(line));
    let mut unmet: Vec<&str> = lines
        .filter(|line| REFUSALS.iter().any(|words| line.contains(words)))
        .collect();
    unmet.sort_unstable();
    unmet.dedup();
    (!unmet.is_empty()).then(|| Answer::Refused(unmet.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dnf_is_kept_to_its_folder() {
        let call = dnf(Path::new("/f"), Arch::Arm64, &["profile-x", "x"]);
        assert_eq!(
            format!("{} {}", call.program, call.args.join(" ")),
            "dnf --config=/f/dnf.conf --installroot=/f/root --forcearch=aarch64 --releasever=1 \
             --assumeyes --quiet install profile-x x"
        );
        assert!(
            configuration(Path::new("/f"), "test").contains("\nbaseurl=file:///f/repository\n")
        );
    }

    #[test]
    fn a_refusal_names_every_requirement_once() {
        let output = "\
Error: 
 Problem: conflicting requests
  - nothing provides systemd needed by x-1-1.x86_64
  - nothing provides libc.so.6(GLIBC_2.34)(64bit) needed by x-1-1.x86_64
  - nothing provides systemd needed by x-1-1.x86_64
(try to add '--skip-broken' to skip uninstallable packages)
";
        let words = "nothing provides libc.so.6(GLIBC_2.34)(64bit) needed by x-1-1.x86_64; \
                     nothing provides systemd needed by x-1-1.x86_64";
        assert_eq!(read(false, output), Some(Answer::Refused(words.into())));
        assert_eq!(read(true, ""), Some(Answer::Accepted));
    }

    #[test]
    fn a_conflict_is_a_refusal() {
        let line = "package x-1-1.x86_64 from profile conflicts with systemd < 240 provided by y-1-1.x86_64 from profile";
        let output = format!("Error: \n Problem: conflicting requests\n  - {line}\n");
        assert_eq!(read(false, &output), Some(Answer::Refused(line.into())));
    }

    #[test]
    fn a_rich_requirement_whose_condition_holds_is_a_refusal() {
        let line =
            "package x-1-1.x86_64 requires (a if b), but none of the providers can be installed";
        let output = format!("Error: \n Problem: {line}\n  - conflicting requests\n");
        assert_eq!(read(false, &output), Some(Answer::Refused(line.into())));
    }

    #[test]
    fn a_failure_without_a_reason_is_not_a_refusal() {
        assert_eq!(read(false, "Error: Failed to download metadata\n"), None);
    }

    #[test]
    fn a_program_that_is_missing_is_to_be_installed() {
        let error = ResolveError::Run(RunError::NotFound {
            program: "createrepo_c".into(),
        });
        assert_eq!(error.hint().as_deref(), Some("install createrepo-c"));
    }
}
