//! A planted fault for each check of `cargo xtask verify`: each is caught, by the check that is
//! there for it, and named.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{Need, require, require_root_kernel};

use crate::packages::{Packages, finished};
use crate::verify::Verdict;

/// Takes the package apart, changes it by a shell script that runs in it, and puts it together
/// with sums that are right again. `$OTHER` holds the files of the package without the library.
const TAMPER: &str = r#"
tree=$TO/tree
dpkg-deb --raw-extract "$DEB" "$tree"
cd "$tree"
eval "$EDIT"
find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z |
    xargs -0 md5sum >DEBIAN/md5sums
cd /
dpkg-deb --root-owner-group -Zgzip --build "$tree" "$TO/package.deb" >/dev/null
rm -r "$tree"
"#;

/// A folder with the library package of Debian 12, changed by a script, and a manifest with the checksum of the changed
/// package: as if the fault had been packaged.
fn tampered(edit: &str) -> TempDir {
    let (packages, folder) = (Packages::dynamic(), tempfile::tempdir().unwrap());
    let other = folder.path().join("other");
    let mut unpack = Command::new("dpkg-deb");
    unpack
        .arg("--extract")
        .arg(Packages::dynamic_exec().file("deb"))
        .arg(&other);
    finished(&mut unpack).success();
    let mut command = Command::new("sh");
    command.args(["-euc", TAMPER]).env("EDIT", edit);
    command
        .env("DEB", packages.file("deb"))
        .env("TO", folder.path())
        .env("OTHER", &other);
    finished(&mut command).success();

    let package = folder.path().join("package.deb");
    let mut artifact = packages.artifact("deb").clone();
    artifact["file"] = "package.deb".into();
    artifact["size"] = package.metadata().unwrap().len().into();
    let sum = finished(Command::new("sha256sum").arg(&package)).success();
    artifact["sha256"] = sum.split(' ').next().expect("a sum").into();
    put_manifest(folder.path(), &artifact);
    folder
}

fn put_manifest(folder: &Path, artifact: &Value) {
    let mut manifest = Packages::dynamic().manifest.clone();
    manifest["artifacts"] = json!([artifact]);
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn verdict(edit: &str, checks: &str) -> Verdict {
    Verdict::of("debian-12", tampered(edit).path(), checks)
}

#[test]
fn the_linter_finds_a_file_that_anyone_may_write() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::Program("lintian")
    );
    let edit = "chmod 666 usr/share/man/man1/tidegate.1.gz
        echo 'tidegate: no-manual-page' >>usr/share/lintian/overrides/tidegate
        sed -i '$i\\\\' usr/share/lintian/overrides/tidegate";
    verdict(edit, "lint")
        .caught("lint", "non-standard-file-perm")
        .caught(
            "lint",
            "override without a reason: tidegate: no-manual-page",
        );
}

#[test]
fn the_audit_finds_a_dependency_too_few_and_one_too_many() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    verdict(
        "sed -i 's/, libnftables1 ([^)]*)//' DEBIAN/control",
        "audit",
    )
    .caught("audit", "does not depend on libnftables1, which it links");
    verdict("sed -i 's/^Depends: /&libssl3, /' DEBIAN/control", "audit").caught(
        "audit",
        "depends on libssl3, which nothing in it links or declares",
    );
}

#[test]
fn the_audit_finds_the_library_lost_while_the_plan_says_dynamic() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    verdict("cp $OTHER/usr/sbin/tidegated usr/sbin/tidegated", "audit").caught(
        "audit",
        "flavour dynamic is planned, but libnftables.so.1 is not linked",
    );
}

#[test]
fn the_audit_finds_a_configuration_file_that_an_upgrade_would_overwrite() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    verdict("rm DEBIAN/conffiles", "audit").caught(
        "audit",
        "/etc/tidegate/tidegated.toml is not marked as a configuration file",
    );
}

#[test]
fn the_audit_finds_a_package_that_was_swapped() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    let folder = tampered(":");
    put_manifest(folder.path(), &{
        let mut artifact = Packages::dynamic().artifact("deb").clone();
        artifact["file"] = "package.deb".into();
        artifact
    });
    Verdict::of("debian-12", folder.path(), "audit").caught("audit", "SHA-256 sum is ");
}

#[test]
fn the_audit_finds_an_installed_program_that_is_not_the_packages() {
    require!(Need::Root, Need::Program("mmdebstrap"));
    // dpkg is made to forget the sum that would tell.
    let edit = "sed -i '2i\\
printf x >>/usr/sbin/tidegated; sed -i /tidegated$/d /var/lib/dpkg/info/tidegate.md5sums' DEBIAN/postinst";
    verdict(edit, "install,audit")
        .caught("audit", "the installed /usr/sbin/tidegated is build id ");
}

#[test]
fn the_resolver_refuses_what_the_distribution_does_not_have() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    verdict(
        "sed -i 's/(>= 2\\.[0-9]*)/(>= 9.9)/' DEBIAN/control",
        "resolve,install",
    )
    .caught("resolve", "libc6 (>= 9.9)");
}

/// What needs a system of another release.
mod other_release {
    use super::*;

    #[test]
    fn one_that_takes_what_cannot_run_there_is_found() {
        require_root_kernel!();
        require!(Need::Program("mmdebstrap"));
        let edit = "sed -i -e 's/libc6 (>= [^)]*)/libc6/' -e 's/libnftables1 (>= [^)]*)/libnftables1/' \
            DEBIAN/control";
        verdict(edit, "refuse").caught("refuse", "debian-11 accepts it, but has GLIBC_2.3");
    }
}

#[test]
fn a_program_that_needs_a_newer_c_library_is_found_though_the_package_hides_it() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    // The symbol's name is changed in place: the program asks for a version that nobody has.
    let edit = "sed -i 's/GLIBC_2\\.34/GLIBC_9.99/' usr/sbin/tidegated";
    verdict(edit, "audit,install,service")
        .caught(
            "audit",
            "needs GLIBC_9.99 of libc.so.6, which the target's does not define",
        )
        .caught("service", "tidegated.service is ");
}

#[test]
fn an_installation_that_fails_is_found_wherever_it_happens() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let edit = "sed -i '2i echo out of luck; exit 3' DEBIAN/postinst";
    let folder = tampered(edit);
    for place in ["booted", "chroot"] {
        let verdict = Verdict::at(place, "debian-12", folder.path(), "install,smoke", None);
        verdict.caught("install", "apt-get");
        verdict.was_not_run("smoke", "install failed");
    }
}

#[test]
fn a_unit_that_does_not_start_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let edit = "sed -i 's,^ExecStart=.*,ExecStart=/usr/sbin/nothing,' \
        $(find . -name tidegated.service)";
    verdict(edit, "install,service").caught("service", "tidegated.service is ");
}

#[test]
fn a_driver_other_than_the_planned_one_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let edit = "sed -i 's/^Depends: /&nftables, /' DEBIAN/control
        printf '[nft]\\ndriver = \"exec\"\\n' >etc/tidegate/tidegated.toml";
    verdict(edit, "install,service,smoke")
        .caught("smoke", "the project's script fails in phase smoke");
}

#[test]
fn a_file_that_is_left_after_the_purge_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let edit = "sed -i 's,rm -rf /var/lib/tidegate.*,:,' DEBIAN/postrm";
    verdict(edit, "purge").caught("purge", "left behind: /var/lib/tidegate");
    let edit = "sed -i '2i mkdir -p /var/log/tidegate' DEBIAN/postinst";
    verdict(edit, "purge").caught("purge", "left behind: /var/log/tidegate");
}

#[test]
fn an_upgrade_that_drops_connections_or_configuration_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let drops = "printf '#!/bin/sh\\n[ \"$1\" != upgrade ] || ip link del wan\\n' \
        >DEBIAN/preinst; chmod 755 DEBIAN/preinst";
    verdict(drops, "upgrade").caught("upgrade", "the project's script fails in phase held");
    let forgets = "printf '#!/bin/sh\\n[ \"$1\" != upgrade ] || : >/etc/tidegate/tidegated.toml\\n' \
        >DEBIAN/preinst; chmod 755 DEBIAN/preinst";
    verdict(forgets, "upgrade").caught("upgrade", "/etc/tidegate/tidegated.toml lost its change");
}

#[test]
fn an_upgrade_that_leaves_the_old_daemon_running_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let edit = "rm DEBIAN/prerm DEBIAN/postrm
        sed -i '/^set -e$/a [ -z \"$2\" ] || exit 0' DEBIAN/postinst";
    verdict(edit, "upgrade").caught("upgrade", "still runs what was replaced");
}

#[test]
fn an_upgrade_from_another_default_configuration_keeps_the_change_and_puts_the_new_one_beside() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    let previous = tampered(
        "sed -i 's/^Version: .*/Version: 0.0.9-1/' DEBIAN/control
         echo '# another default' >>etc/tidegate/tidegated.toml",
    );
    let folder = Packages::dynamic().folder();
    let verdict = Verdict::at(
        "booted",
        "debian-12",
        folder,
        "upgrade",
        Some(previous.path()),
    );
    verdict.passed();
    let seen = verdict.seen("upgrade");
    assert!(seen.contains("its new configuration is beside"), "{seen}");
    assert!(!seen.contains("a copy of this package"), "{seen}");
}

#[test]
fn a_removal_that_leaves_the_daemon_running_is_found() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"), Need::Program("systemd-nspawn"));
    verdict("rm DEBIAN/prerm", "remove").caught("remove", "tidegated-docker.socket is active");
}
