//! What a test needs from the host, and what happens when it is not there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something that a test cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Root, or at least effective user id 0 in a user namespace that may make network namespaces.
    Root,
    /// The `ip` program and a kernel that lets it make a network namespace.
    NetworkNamespaces,
    /// A kernel with nf_tables, asked through `nft` in a namespace of its own.
    NfTables,
    /// A program, looked up in `PATH`, `/usr/sbin` and `/sbin`.
    Program(&'static str),
    /// A commit in the history of the source tree. A shallow clone lacks it, and an archive of the source has none: there, a
    /// test that needs it is skipped under `CI=true` too, and counted as skipped.
    Commit(&'static str),
}

impl Need {
    /// `None` when it is there, else the reason why it is not.
    #[must_use]
    pub fn unmet(self) -> Option<String> {
        match self {
            Need::Root => {
                let uid = rustix::process::geteuid();
                (!uid.is_root()).then(|| format!("needs root, runs as user {}", uid.as_raw()))
            }
            Need::NetworkNamespaces => probe("unshare", &["--net", "true"]),
            Need::NfTables => probe("unshare", &["--net", "nft", "list", "tables"]),
            Need::Program(name) => find_program(name)
                .is_none()
                .then(|| format!("needs the program {name}")),
            Need::Commit(commit) => {
                let object = format!("{commit}^{{commit}}");
                probe("git", &["cat-file", "-e", &object])
            }
        }
    }
}

fn probe(program: &str, args: &[&str]) -> Option<String> {
    let line = format!("{program} {}", args.join(" "));
    let mut command = Command::new(find_program(program).unwrap_or_else(|| program.into()));
    match command
        .args(args)
        .env("PATH", search_path())
        .stdin(Stdio::null())
        .output()
    {
        Err(error) => Some(format!("`{line}` did not start: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            Some(format!("`{line}` failed: {}", stderr.trim()))
        }
    }
}

/// `PATH` with the folders of system programs added, which a plain user's `PATH` lacks.
#[must_use]
pub fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin")
}

/// The first file called `name` in [`search_path`].
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path())
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| Path::is_file(path))
}

/// What becomes of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Run,
    Skip(String),
    Fail(String),
}

fn decide(test: &str, unmet: Option<String>, is_ci: bool) -> Decision {
    match unmet {
        None => Decision::Run,
        Some(reason) if is_ci => Decision::Fail(format!(
            "{test} cannot run, and CI=true makes that a failure: {reason}"
        )),
        Some(reason) => Decision::Skip(format!("skipped {test}: {reason}")),
    }
}

/// Whether everything in `needs` is met. Prints why a test is skipped; see [`require!`](crate::require).
///
/// # Panics
/// When something but a commit is missing and `CI=true`: there, a test that cannot run is a failure.
#[must_use]
pub fn met(test: &str, needs: &[Need]) -> bool {
    let unmet = needs
        .iter()
        .find_map(|need| need.unmet().map(|why| (need, why)));
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let is_failure = is_ci && !matches!(unmet, Some((Need::Commit(_), _)));
    match decide(test, unmet.map(|(_, why)| why), is_failure) {
        Decision::Run => true,
        Decision::Fail(message) => panic!("{message}"),
        Decision::Skip(message) => {
            // Not `eprintln!`: libtest captures that, and shows it for failing tests only.
            // `cargo xtask test` counts these lines, so that a skipped test is not called passed.
            let _ = writeln!(std::io::stderr(), "{message}");
            false
        }
    }
}

/// Returns from the calling test, saying why, when one of the [`Need`]s is not met.
/// Panics instead when `CI=true`.
#[macro_export]
macro_rules! require {
    ($($need:expr),+ $(,)?) => {
        if !$crate::need::met(
            std::thread::current().name().unwrap_or(module_path!()),
            &[$($need),+],
        ) {
            return;
        }
    };
}

/// [`require!`] for the usual kernel test: root, network namespaces, and `nft` with nf_tables.
#[macro_export]
macro_rules! require_root_kernel {
    () => {
        $crate::require!(
            $crate::Need::Root,
            $crate::Need::Program("ip"),
            $crate::Need::NetworkNamespaces,
            $crate::Need::Program("nft"),
            $crate::Need::NfTables,
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let reason = Need::Program("no-such-program-here").unmet();
        assert_eq!(
            reason.as_deref(),
            Some("needs the program no-such-program-here")
        );
    }

    #[test]
    fn what_is_missing_is_a_skip_on_a_laptop_and_a_failure_in_ci() {
        let missing = || Some("needs root".to_owned());
        let skip = Decision::Skip("skipped t: needs root".to_owned());
        assert_eq!(decide("t", missing(), false), skip);
        assert!(matches!(decide("t", missing(), true), Decision::Fail(_)));
        assert_eq!(decide("t", None, true), Decision::Run);
    }

    #[test]
    fn a_present_program_is_met() {
        assert_eq!(Need::Program("sh").unmet(), None);
        assert!(met("a_present_program_is_met", &[Need::Program("sh")]));
    }
}
