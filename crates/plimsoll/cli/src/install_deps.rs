//! `--install-deps`: installs what the host lacks through its package manager, in sight.

mod lacking;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use error_hint::{Failure, Result};
use plimsoll_plan::toolkit;
use plimsoll_probe::{
    Distribution, Family, Findings, Host, NativeDep, PackageLists, PackageManager, System, probe,
};

use crate::run;
use lacking::Lacking;

/// Package lists older than this are fetched anew before something is installed.
const LISTS_KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Something that is needed and that no probe asks for.
#[derive(Debug, Clone, Copy)]
pub struct Extra {
    /// A command that succeeds where it is there.
    pub present: &'static [&'static str],
    /// Its package in each family that has one, by the family's name.
    pub packages: &'static [(&'static str, &'static str)],
}

impl Extra {
    fn package(&self, family: Family) -> Option<&'static str> {
        let mut packages = self.packages.iter();
        packages
            .find(|(name, _)| *name == family.name)
            .map(|(_, package)| *package)
    }
}

/// What is going to be done, and so what must be there.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// Building and packaging.
    Dist,
    /// A project's checks and tests, which build and package too, and need these besides.
    Test(&'a [Extra]),
}

/// What this host has. With a purpose, this first installs the packages that the purpose needs and that the host lacks, and then
/// probes again.
///
/// What only some flavour or format needs ([`Purpose::Dist`]: optional libraries, the static C library,
/// what packages are made with) may be refused by the package manager, as some libraries are on RHEL
/// without a subscription: that is said, and the plan says what follows from it.
///
/// # Errors
/// Where something is missing whose package is not known, where the package manager fails, and
/// without root and sudo.
pub fn findings(
    purpose: Option<Purpose<'_>>,
    libraries: &BTreeMap<String, NativeDep>,
) -> Result<Findings> {
    let host = run::host()?;
    let findings = probe(&host, libraries, None);
    let lacking = match purpose {
        Some(purpose) => Lacking::of(purpose, libraries, &findings, &host),
        None => Lacking::default(),
    };
    if lacking == Lacking::default() {
        return Ok(findings);
    }
    let Some(manager) = findings.distribution.package_manager() else {
        return Err(unknown(&findings.distribution));
    };
    refresh(manager)?;
    if !lacking.required.is_empty() {
        install(manager, &lacking.required)?;
    }
    install_what_there_is(manager, &lacking.wished);
    Ok(probe(&host, libraries, None))
}

/// Fetches the package lists where they are missing or old, and the manager does not look after them.
fn refresh(manager: &PackageManager) -> Result<()> {
    match &manager.lists {
        Some(lists) if are_stale(lists, Path::new(lists.folder)) => {
            let args: Vec<String> = lists.refresh.iter().map(|arg| (*arg).to_owned()).collect();
            as_root(manager, &args)
        }
        _ => Ok(()),
    }
}

fn install(manager: &PackageManager, packages: &[String]) -> Result<()> {
    as_root(manager, &manager.install_args(packages))
}

/// Installs all of `packages`, or where that is refused each one that is not.
fn install_what_there_is(manager: &PackageManager, packages: &[String]) {
    if packages.is_empty() || install(manager, packages).is_ok() {
        return;
    }
    for package in packages {
        if let Err(error) = install(manager, std::slice::from_ref(package)) {
            run::say(&format!("going on without {package}: {error}"));
        }
    }
}

/// Runs the package manager, through sudo where this process is not root's.
fn as_root(manager: &PackageManager, args: &[String]) -> Result<()> {
    let sudo = match run::is_root() {
        true => None,
        false if Host.find_program("sudo").is_some() => Some("sudo"),
        false => {
            let line = run::command(manager.program, args).pasteable();
            return Err(Failure::hinted(
                format!("`{line}` needs root"),
                "run it as root",
            ));
        }
    };
    let environment = manager.environment.iter().copied();
    let env = (!manager.environment.is_empty()).then_some("env");
    let words = sudo.into_iter().chain(env).chain(environment);
    let words = words.chain([manager.program]);
    let words: Vec<&str> = words.chain(args.iter().map(String::as_str)).collect();
    run::shown(words[0], &words[1..])
}

/// Whether the lists in `folder` were never fetched, or not for [`LISTS_KEEP`].
fn are_stale(lists: &PackageLists, folder: &Path) -> bool {
    let names = Host.list(folder).unwrap_or_default();
    if !names.iter().any(|name| name.contains(lists.part_of_name)) {
        return true;
    }
    let touched = folder.join(lists.touched).metadata();
    let fetched = touched.and_then(|meta| meta.modified());
    let age = fetched.map(|then| SystemTime::now().duration_since(then).unwrap_or_default());
    age.map_or(true, |age| age > LISTS_KEEP)
}

fn unknown(distribution: &Distribution) -> Failure {
    let message = format!(
        "the package names of {} are not known",
        distribution.pretty_name
    );
    let hint = format!(
        "install what `{}` shows as missing, and leave out --install-deps",
        toolkit::command("probe")
    );
    Failure::hinted(message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stale(folder: &Path) -> bool {
        let debian = Family::named("debian").unwrap();
        are_stale(debian.package_manager.lists.as_ref().unwrap(), folder)
    }

    #[test]
    fn lists_that_were_never_fetched_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        assert!(stale(&folder.path().join("missing")));
        std::fs::create_dir(folder.path().join("partial")).unwrap();
        assert!(stale(folder.path()), "an image's emptied folder");
        std::fs::write(folder.path().join("deb.debian.org_main_Packages.lz4"), "").unwrap();
        assert!(!stale(folder.path()));
    }

    #[test]
    fn lists_of_long_ago_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        let partial = folder.path().join("partial");
        std::fs::create_dir(&partial).unwrap();
        std::fs::write(folder.path().join("main_Packages"), "").unwrap();
        let then = SystemTime::now() - 2 * LISTS_KEEP;
        std::fs::File::open(&partial)
            .unwrap()
            .set_modified(then)
            .unwrap();
        assert!(stale(folder.path()));
    }
}
