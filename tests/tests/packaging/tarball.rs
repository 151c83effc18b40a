//! The static programs where there is nothing else.

use std::path::PathBuf;
use std::process::Command;

use test_support::need::find_program;
use test_support::{Need, require, require_root_kernel};

use crate::dist::needed;
use crate::packages::{Packages, finished};
use crate::root::Root;
use crate::traffic;

/// The files that a dynamic program loads, as the dynamic linker finds them.
fn loaded(program: &str) -> Vec<PathBuf> {
    let text = finished(Command::new("ldd").arg(program)).success();
    let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
    paths.map(PathBuf::from).collect()
}

/// Unpacks the tar file without its top folder, once it has the folder to unpack into.
fn unpack() -> Command {
    let mut unpack = Command::new("tar");
    unpack
        .args(["--extract", "--gzip", "--strip-components=1", "--file"])
        .arg(Packages::fixed().file("tar"));
    unpack
}

#[test]
fn the_static_daemon_names_no_library() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("readelf")
    );
    assert_eq!(Packages::fixed().artifact("tar")["flavour"], "static");
    let folder = tempfile::tempdir().unwrap();
    let fixed = needed(
        unpack().arg("--directory").arg(folder.path()),
        folder.path(),
    );
    assert!(!fixed.contains("NEEDED"), "{fixed}");
}

#[test]
fn the_static_programs_work_beside_nothing_but_nft() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    let root = Root::empty();
    finished(unpack().arg("--directory").arg(root.layer())).success();

    let nft = find_program("nft").expect("nft is needed, and was found");
    let nft = nft.to_string_lossy();
    root.put(nft.as_ref().as_ref(), "/usr/sbin/nft");
    for library in loaded(&nft) {
        root.put(&library, &library.to_string_lossy());
    }
    let programs = root.programs("/usr/sbin/tidegated", "/usr/bin/tidegate");
    traffic::works(&programs, "exec", "static");
}
