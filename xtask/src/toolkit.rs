//! The packaging toolkit as others get it: its crates as they are published.

use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll::run;
use plimsoll_probe::{Command, limit};

/// Arguments of `cargo xtask toolkit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where each crate gets a folder with what its package file holds
    #[arg(long, value_name = "DIR")]
    vendor: PathBuf,
}

/// Where Cargo puts the package files, relative to the workspace.
const PACKAGES: &str = "target/publish/package";

/// The toolkit's crates, and what they depend on of this workspace. Cargo finds out which needs which.
const CRATES: [&str; 8] = [
    "error-hint",
    "plimsoll",
    "plimsoll-build",
    "plimsoll-plan",
    "plimsoll-probe",
    "plimsoll-spec",
    "plimsoll-verify",
    "plimsoll-writer",
];

/// Makes their documentation, as docs.rs does, and takes a warning as an error.
///
/// # Errors
/// Where Cargo or rustdoc finds a fault; the reason is above.
pub(crate) fn document() -> Result<()> {
    let warnings = "build.rustdocflags=[\"--deny=warnings\"]";
    let what = ["doc", "--no-deps", "--features", "plimsoll/writer"];
    cargo(what.into_iter().chain(["--config", warnings]))
}

/// Makes a package file of each, checks it against the index of crates.io, and stops before anything is uploaded.
///
/// The checks of the example build what the package files hold. Cargo's own build of them is turned off: Cargo unpacks a
/// package file below `CARGO_HOME/registry/src` once for each version. A checkout at the same path as an earlier one is then
/// built with the earlier one's files.
///
/// # Errors
/// Where one could not be published; the reason is above.
pub(crate) fn publish() -> Result<()> {
    let places = ["--target-dir", "target/publish"];
    let what = [
        "publish",
        "--dry-run",
        "--no-verify",
        "--allow-dirty",
        "--quiet",
    ];
    cargo(what.into_iter().chain(places))
}

/// Packages the crates and unpacks them in a folder.
///
/// # Errors
/// Where Cargo cannot package one, or the folder cannot be written.
pub(crate) fn run(args: &Args) -> Result<()> {
    vendor(&args.vendor)
}

/// Unpacks each crate's package file in a folder of a folder. One that holds what it held is left alone, so that Cargo
/// builds it no second time.
///
/// # Errors
/// Where Cargo cannot package one, or the folder cannot be written.
pub(crate) fn vendor(folder: &Path) -> Result<()> {
    let packages = run::root().join(PACKAGES);
    if packages.exists() {
        std::fs::remove_dir_all(&packages).with_context(|| cannot("remove", &packages))?;
    }
    let what = ["package", "--no-verify", "--allow-dirty", "--quiet"];
    let places = ["--target-dir", "target/publish"];
    cargo(what.into_iter().chain(places))?;
    let folder = run::root().join(folder);
    for name in CRATES {
        unpack(&package_of(&packages, name)?, &folder, name)?;
    }
    Ok(())
}

/// The package file of a crate, of any version.
fn package_of(packages: &Path, name: &str) -> Result<PathBuf> {
    let is_it = |path: &PathBuf| {
        let file = path.file_name().and_then(|name| name.to_str());
        let version = file.and_then(|file| file.strip_prefix(name)?.strip_suffix(".crate"));
        version.is_some_and(|version| {
            let mut characters = version.chars();
            characters.next() == Some('-') && characters.next().is_some_and(|c| c.is_ascii_digit())
        })
    };
    let entries = std::fs::read_dir(packages).with_context(|| cannot("read", packages))?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let found = files.find(is_it);
    found.with_context(|| format!("{} holds no package of {name}", packages.display()))
}

fn unpack(package: &Path, folder: &Path, name: &str) -> Result<()> {
    let (there, new) = (folder.join(name), folder.join(format!("{name}.new")));
    let remove = |path: &Path| match path.exists() {
        true => std::fs::remove_dir_all(path).with_context(|| cannot("remove", path)),
        false => Ok(()),
    };
    remove(&new)?;
    std::fs::create_dir_all(&new).with_context(|| cannot("make", &new))?;
    let [file, target] = [package, &new].map(|path| path.display().to_string());
    // The files of a package all have one date: without a new one, Cargo would not see that they changed.
    let how = ["--extract", "--gzip", "--touch", "--strip-components=1"];
    let places = ["--file", &file, "--directory", &target];
    run::shown("tar", &[&how[..], &places[..]].concat())?;
    if there.exists() && is_same(&there, &new)? {
        return remove(&new);
    }
    remove(&there)?;
    std::fs::rename(&new, &there).with_context(|| cannot("make", &there))
}

/// Whether two folders hold the same files, apart from the commit that they were packaged from.
fn is_same(one: &Path, other: &Path) -> Result<bool> {
    let [one, other] = [one, other].map(|path| path.display().to_string());
    let commit = "--exclude=.cargo_vcs_info.json";
    let diff = Command::new("diff", ["--recursive", "--brief", commit, &one, &other]);
    let output = diff.limited(limit::WORK).output()?;
    match output.status {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(Failure::new(format!("diff failed: {}", output.complaint()))),
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}

fn cargo<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<()> {
    let crates = CRATES.into_iter().flat_map(|name| ["--package", name]);
    let arguments: Vec<&str> = arguments.chain(crates).collect();
    run::shown(&run::cargo(), &arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_differs_from_those_whose_names_begin_alike() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str| folder.path().join(name);
        for file in ["plimsoll-plan-0.1.0.crate", "plimsoll-0.1.0.crate"] {
            std::fs::write(named(file), "").unwrap();
        }
        let found = package_of(folder.path(), "plimsoll").unwrap();
        assert_eq!(found, named("plimsoll-0.1.0.crate"));
        let error = package_of(folder.path(), "plimsoll-spec").unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("holds no package of plimsoll-spec")
        );
    }

    #[test]
    fn what_did_not_change_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("sample-0.1.0");
        let package = folder.path().join("sample-0.1.0.crate");
        let mut dates = Vec::new();
        for (text, commit) in [("one", "abc"), ("one", "def"), ("two", "def")] {
            std::fs::create_dir_all(&source).unwrap();
            std::fs::write(source.join("lib.rs"), text).unwrap();
            std::fs::write(source.join(".cargo_vcs_info.json"), commit).unwrap();
            let [file, inside] = [&package, folder.path()].map(|path| path.display().to_string());
            let pack = Command::new("tar", ["-czf", &file, "-C", &inside, "sample-0.1.0"]);
            pack.show().unwrap();
            unpack(&package, folder.path(), "sample").unwrap();
            let there = folder.path().join("sample/lib.rs");
            assert_eq!(std::fs::read_to_string(&there).unwrap(), text);
            dates.push(there.metadata().unwrap().modified().unwrap());
        }
        assert_eq!(dates[0], dates[1]);
        assert_ne!(dates[1], dates[2]);
        assert!(!folder.path().join("sample.new").exists());
    }
}
