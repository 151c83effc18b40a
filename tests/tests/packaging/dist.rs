//! The flavours of what is in the packages of this source tree.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use test_support::{Need, require};
use tidegate_tests::workspace;

use crate::machine::TRIAL;
use crate::packages::{Packages, finished, xtask};

/// The libraries that the daemon of a package names, as binutils read them.
pub(crate) fn needed(unpack: &mut Command, folder: &Path) -> String {
    finished(unpack).success();
    let daemon =
        finished(
            Command::new("find")
                .arg(folder)
                .args(["-name", "tidegated", "-size", "+1M"]),
        );
    let daemon = daemon.success();
    finished(Command::new("readelf").arg("--dynamic").arg(daemon.trim())).success()
}

fn needed_of_deb(packages: &Packages) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut unpack = Command::new("dpkg-deb");
    unpack
        .arg("--extract")
        .arg(packages.file("deb"))
        .arg(folder.path());
    needed(&mut unpack, folder.path())
}

#[test]
fn only_the_dynamic_daemon_needs_the_library() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("readelf")
    );
    assert!(needed_of_deb(Packages::dynamic()).contains("[libnftables.so.1]"));
    let exec = needed_of_deb(Packages::dynamic_exec());
    assert!(
        exec.contains("[libc.so.6]") && !exec.contains("libnftables"),
        "{exec}"
    );
}

/// Stands in for Cargo: in the place of the daemon that it built, there is one that lost its library.
const LOSES_THE_LIBRARY: &str = r#"#!/bin/sh
case " $* " in *" --profile trial "*) ;; *) exec "$REAL_CARGO" "$@" ;; esac
"$REAL_CARGO" "$@"
cp --remove-destination "$LOST" target/dist/build/dynamic/trial/tidegated
"#;

#[test]
fn a_build_that_lost_the_library_is_not_packaged() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("dpkg-deb")
    );
    let folder = tempfile::tempdir().unwrap();
    // The other run leaves the client, which is as planned.
    Packages::dynamic();
    let mut unpack = Command::new("dpkg-deb");
    unpack
        .arg("--extract")
        .arg(Packages::dynamic_exec().file("deb"))
        .arg(folder.path());
    finished(&mut unpack).success();
    let cargo = folder.path().join("cargo");
    std::fs::write(&cargo, LOSES_THE_LIBRARY).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();

    xtask(&["dist", "--help"]).success();
    let mut command = Command::new(workspace().join("target/debug/xtask"));
    command
        .args(["dist", "--flavour", "dynamic"])
        .args(TRIAL.split(' '))
        .arg("--out")
        .arg(folder.path().join("out"));
    let real = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command
        .env("CARGO", &cargo)
        .env("REAL_CARGO", real)
        .current_dir(workspace());
    command.env("LOST", folder.path().join("usr/sbin/tidegated"));
    command.env("CARGO_MANIFEST_DIR", workspace().join("xtask"));
    let output = finished(&mut command);
    assert_eq!(output.code, Some(1), "{output:#?}");
    for fault in [
        "tidegated: flavour dynamic is planned, but libnftables.so.1 is not linked",
        "tidegated: says it is dynamic-exec, but dynamic is planned",
    ] {
        assert!(
            output.stderr.contains(fault),
            "{fault} is not in {}",
            output.stderr
        );
    }
    assert!(!folder.path().join("out/manifest.json").exists());
}

#[test]
fn a_reader_that_goes_ends_a_listing_silently() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let line = "\"$0\" xtask dist --all --plan; echo \"exit code $?\" >&2";
    let mut command = Command::new("sh");
    // Nobody reads: the other end of the pipe is closed before anything is written.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.args(["-c", line]).arg(cargo).stdout(writer);
    let ran = finished(command.current_dir(workspace()));
    assert!(ran.stderr.trim_end().ends_with("exit code 0"), "{ran:?}");
    assert!(!ran.stderr.contains("error"), "{ran:?}");
}
