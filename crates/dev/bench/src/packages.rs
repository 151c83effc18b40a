//! What is handed out: how large it is, and how long it takes to make it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::programs::{program, run as feed};
use crate::report::{Row, Section};
use crate::sample::{Summary, timed};
use crate::say;

/// Titles of the sections, by which targets find them.
pub(crate) const SIZES: &str = "sizes of programs and packages";
const TIMES: &str = "cargo xtask dist";
/// The name of the row of the static daemon.
pub(crate) const STATIC_DAEMON: &str = "tidegated, static";

/// Makes the packages of this host twice, the first time with nothing compiled yet: in a clone of
/// the checkout that this is run in.
///
/// # Errors
/// When they cannot be made.
pub(crate) fn run() -> anyhow::Result<Vec<Section>> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    let mut git = Command::new(program("git")?);
    feed(
        git.args(["clone", "--quiet", "--shared", "."]).arg(&source),
        "",
    )?;
    let about = "Compiles and packages every flavour of this host in a clone of the last commit; \
                 warm is a second run without changes. Crates were downloaded before.";
    let mut times = Section::new(TIMES, about, "s");
    for name in ["cold", "warm"] {
        say(&format!("cargo xtask dist, {name}"));
        let ((), took) = timed(|| dist(&source))?;
        times.push(Row::new(name, Some(Summary::once(took.as_secs_f64()))));
    }
    Ok(vec![sizes(&source.join("target/dist"))?, times])
}

fn dist(source: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // By name, since each host leaves out the formats of other families.
    command.args(["xtask", "dist", "--format", "deb,rpm,tar"]);
    command.current_dir(source);
    // Nothing of the checkout that this is run in may be used.
    command.env_remove("CARGO_TARGET_DIR");
    command.env_remove("CARGO_MANIFEST_DIR");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.context("cargo cannot be started")?;
    ensure!(status.success(), "`cargo xtask dist` failed ({status})");
    Ok(())
}

fn sizes(folder: &Path) -> anyhow::Result<Section> {
    let about = "Stripped programs as shipped, and packages.";
    let mut section = Section::new(SIZES, about, "MB");
    let manifest = std::fs::read(folder.join("manifest.json")).context("reading the manifest")?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let artifacts = manifest["artifacts"].as_array();
    for artifact in artifacts.into_iter().flatten() {
        let file = artifact["file"].as_str().context("an artifact is a file")?;
        let path = folder.join(file);
        section.push(row(file, std::fs::metadata(&path)?.len()));
        let (format, flavour) = (artifact["format"].as_str(), artifact["flavour"].as_str());
        let programs = match format {
            Some("tar") => programs_in("gzip", "--decompress", &path)?,
            Some("deb") => programs_in("dpkg-deb", "--fsys-tarfile", &path)?,
            _ => Vec::new(),
        };
        for (name, bytes) in programs {
            let flavour = flavour.context("an artifact has a flavour")?;
            section.push(row(&format!("{name}, {flavour}"), bytes));
        }
    }
    Ok(section)
}

fn row(name: &str, bytes: u64) -> Row {
    Row::new(name, Some(Summary::once(bytes as f64 / 1e6)))
}

/// The programs in a package, with their bytes; `unpack` makes a plain tar archive of its standard input.
fn programs_in(unpack: &str, option: &str, package: &Path) -> anyhow::Result<Vec<(String, u64)>> {
    let mut unpacking = Command::new(program(unpack)?);
    // dpkg-deb reads from standard input what it is given as `-`, and gzip likewise.
    unpacking
        .args([option, "-"])
        .stdin(std::fs::File::open(package)?);
    let mut unpacking = unpacking.stdout(Stdio::piped()).spawn()?;
    let plain = unpacking.stdout.take().context("its output is a pipe")?;
    let mut tar = Command::new(program("tar")?);
    let listed = tar.args(["--list", "--verbose", "--numeric-owner"]);
    let listed = listed.stdin(plain).output()?;
    let is_unpacked = unpacking.wait()?.success();
    ensure!(
        is_unpacked && listed.status.success(),
        "{unpack} and tar cannot list {}",
        package.display()
    );
    Ok(programs(&String::from_utf8_lossy(&listed.stdout)))
}

/// The programs in a listing of tar: mode, owner, bytes, date, time and path in each line.
fn programs(listing: &str) -> Vec<(String, u64)> {
    let program = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (folder, name) = words.last()?.rsplit_once('/')?;
        let is_program =
            words[0].starts_with("-rwx") && (folder.ends_with("/bin") || folder.ends_with("/sbin"));
        let bytes = words.get(2)?.parse().ok()?;
        is_program.then(|| (name.to_owned(), bytes))
    };
    listing.lines().filter_map(program).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_a_listing() {
        let listing = "\
drwxr-xr-x 0/0               0 2026-11-21 10:00 tidegate-0.1.0/usr/sbin/
-rwxr-xr-x 0/0         7000000 2026-11-21 10:00 tidegate-0.1.0/usr/sbin/tidegated
-rwxr-xr-x 0/0         2000000 2026-11-21 10:00 tidegate-0.1.0/usr/bin/tidegate
-rw-r--r-- 0/0             100 2026-11-21 10:00 tidegate-0.1.0/usr/share/man/man1/tidegate.1
";
        let expected = [
            ("tidegated".to_owned(), 7_000_000),
            ("tidegate".to_owned(), 2_000_000),
        ];
        assert_eq!(programs(listing), expected);
    }
}
